"""Making a period's documents: lines and totals, numbers without gaps, commissions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from portal.billing.invoice import DocumentType, Line, Totals, document_type, totals
from portal.billing.money import rounded
from portal.billing.numbering import issue_year, number_of
from portal.billing.period import Period, local_date
from portal.books.queries import closing
from portal.books.queries.closing import Buyer, Labels, Party
from portal.db import Transaction
from portal.kit.actions.bulk import copy_rows
from portal.kit.queries.tenancy import CloudFacts
from portal.values import languages
from portal.values.lines import SERVICE

PLATFORM_ISSUER: Final = 0
DOCUMENTS_AT_ONCE: Final = 1_000


@dataclass(frozen=True, slots=True)
class Draft:
    """What a document will say, before it has a number. `buyer` is None on the wholesale side."""

    side: str
    buyer: Buyer | None
    parties: tuple[Party, Party]
    lines: Sequence[Line]
    discount_percent: Decimal
    tax_percent: Decimal
    tax_exempt: bool
    totals: Totals
    type: DocumentType | None
    """None for a total of 0, which is not issued: its charges stay billed."""


@dataclass(frozen=True, slots=True)
class Issued:
    """A draft with its row id and number."""

    id: int
    sequence: int
    number: str
    draft: Draft


@dataclass(frozen=True, slots=True)
class Issue:
    """The occasion: which cloud's period, which month, and when its documents are issued."""

    cloud: CloudFacts
    period_id: int
    period: Period
    now: datetime


@dataclass(frozen=True, slots=True)
class Issuer:
    """Who numbers a document: the platform or a cloud (by id), in its own zone."""

    id: int
    prefix: str
    zone: str


async def draft_retail(tx: Transaction, issue: Issue) -> list[Draft]:
    """Each subscriber's document, in order of subscriber number."""
    cloud = issue.cloud
    lines = await closing.lines(tx, cloud.id, issue.period_id, "retail")
    seller = await closing.cloud_party(tx, cloud.id)
    buyers = await closing.buyers(tx, cloud.id, [one for one in lines if one is not None])
    return [retail_document(cloud, seller, buyer, lines[buyer.id]) for buyer in buyers]


async def draft_wholesale(tx: Transaction, issue: Issue) -> Draft:
    """What the platform asks of the cloud."""
    cloud = issue.cloud
    lines = (await closing.lines(tx, cloud.id, issue.period_id, "wholesale")).get(None, [])
    parties = ((await closing.platform(tx)).party, await closing.cloud_party(tx, cloud.id))
    return wholesale_document(cloud, parties, lines)


def retail_document(cloud: CloudFacts, seller: Party, buyer: Buyer, lines: Sequence[Line]) -> Draft:
    """What a subscriber's lines become, under today's discount and tax."""
    figures = totals(
        sum(line.amount for line in lines),
        buyer.discount_percent,
        cloud.tax_percent,
        exempt=buyer.tax_exempt,
    )
    return Draft(
        "retail",
        buyer,
        (seller, buyer.party),
        lines,
        buyer.discount_percent,
        cloud.tax_percent,
        buyer.tax_exempt,
        figures,
        document_type(figures),
    )


def wholesale_document(
    cloud: CloudFacts, parties: tuple[Party, Party], lines: Sequence[Line]
) -> Draft:
    """What the lines of the cloud's cost become."""
    figures = totals(
        sum(line.amount for line in lines),
        cloud.wholesale_discount_percent,
        cloud.wholesale_tax_percent,
    )
    return Draft(
        "wholesale",
        None,
        parties,
        lines,
        cloud.wholesale_discount_percent,
        cloud.wholesale_tax_percent,
        tax_exempt=False,
        totals=figures,
        type=document_type(figures),
    )


async def issue_documents(tx: Transaction, issue: Issue, drafts: Sequence[Draft]) -> list[Issued]:
    """Number and store drafts of one side that have a total, in the order given."""
    due = [draft for draft in drafts if draft.type is not None]
    if not due:
        return []
    cloud = issue.cloud
    if due[0].side == "retail":
        issuer = Issuer(cloud.id, cloud.invoice_prefix, cloud.timezone)
    else:
        platform = await closing.platform(tx)
        issuer = Issuer(PLATFORM_ISSUER, platform.invoice_prefix, platform.timezone)
    year = issue_year(issue.now, issuer.zone)
    first = await next_numbers(tx, issuer, year, len(due))
    ids = await _ids(tx, "invoice_id_seq", len(due))
    issued = [
        Issued(row, first + place, number_of(issuer.prefix, year, first + place), draft)
        for place, (row, draft) in enumerate(zip(ids, due, strict=True))
    ]
    names = await closing.labels(tx, cloud.id)
    for start in range(0, len(issued), DOCUMENTS_AT_ONCE):
        some = issued[start : start + DOCUMENTS_AT_ONCE]
        await _store(tx, issue, issuer, some)
        await _store_lines(tx, issue, names, some)
    return issued


async def next_numbers(tx: Transaction, issuer: Issuer, year: int, count: int) -> int:
    """Take the next `count` numbers of an issuer's year; the first of them.

    The series' row stays locked until the transaction ends, so a number is used or never given.
    """
    last = await tx.fetchval(
        "insert into series (issuer, prefix, year, last_number) values ($1, $2, $3, $4)"
        " on conflict (issuer, year) do update"
        " set last_number = series.last_number + excluded.last_number returning last_number",
        issuer.id,
        issuer.prefix,
        year,
        count,
    )
    return int(last) - count + 1


async def _ids(tx: Transaction, sequence: str, count: int) -> list[int]:
    rows = await tx.fetch(
        f"select nextval('{sequence}') as id from generate_series(1, $1::int)",  # noqa: S608 - a name of ours
        count,
    )
    return [row["id"] for row in rows]


async def _store(tx: Transaction, issue: Issue, issuer: Issuer, issued: Sequence[Issued]) -> None:
    issued_on = local_date(issue.now, issuer.zone)
    due_on = issued_on + timedelta(days=issue.cloud.payment_days)
    rows = []
    for one in issued:
        draft = one.draft
        seller, buyer = draft.parties
        rows.append(
            {
                "id": one.id,
                "cloud": issue.cloud.id,
                "subscriber": draft.buyer.id if draft.buyer else None,
                "period": issue.period_id,
                "month": issue.period.start,
                "side": draft.side,
                "type": str(draft.type),
                "issuer": issuer.id,
                "number": one.number,
                "sequence": one.sequence,
                "issued_at": issue.now,
                "issued_on": issued_on,
                "due_on": due_on if draft.totals.total > 0 else None,
                "currency": issue.cloud.currency,
                "locale": languages.spoken_in(
                    issue.cloud.locale, draft.buyer.language if draft.buyer else None
                ),
                "seller": seller.as_object(),
                "buyer": buyer.as_object(),
                "discount_percent": draft.discount_percent,
                "tax_percent": draft.tax_percent,
                "tax_exempt": draft.tax_exempt,
                "subtotal": draft.totals.subtotal,
                "discount": draft.totals.discount,
                "taxable": draft.totals.taxable,
                "tax": draft.totals.tax,
                "total": draft.totals.total,
                "reason": "",
            }
        )
    await copy_rows(tx, "invoice", rows)


async def _store_lines(
    tx: Transaction, issue: Issue, names: Labels, issued: Sequence[Issued]
) -> None:
    rows = []
    for one in issued:
        for position, line in enumerate(one.draft.lines):
            rows.append(
                {
                    "cloud": issue.cloud.id,
                    "subscriber": one.draft.buyer.id if one.draft.buyer else None,
                    "invoice": one.id,
                    "position": position,
                    "kind": line.kind,
                    "version": line.version,
                    "service": line.service,
                    "original_period": line.original_period,
                    **facts_of(line, names),
                    "quantity": rounded(line.quantity),
                    "unit_price": line.unit_price,
                    "amount": line.amount,
                }
            )
    await copy_rows(tx, "invoice_line", rows)


def facts_of(line: Line, names: Labels) -> dict[str, object]:
    """What a line keeps of what was sold: names and the unit as they are today.

    Example: {"name": "Home 7", "valid_from": date(2026, 10, 1), "service_name": "", "unit": ""}.
    """
    service, unit = names.services.get(line.service or 0, ("", ""))
    if line.kind == SERVICE:
        return {"name": service, "service_name": "", "valid_from": None, "unit": unit}
    return {
        "name": names.tariffs[line.tariff or 0],
        "service_name": service,
        "valid_from": names.versions[line.version or 0],
        "unit": unit,
    }
