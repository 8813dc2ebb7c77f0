"""What a period's documents say, the same for drafts and for the books; numbers without gaps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from portal.billing.invoice import DocumentType, Line, Totals, document_type, totals
from portal.billing.money import plain, rounded
from portal.books.queries.closing import Buyer, Labels, Party
from portal.db import Transaction
from portal.kit.queries.tenancy import CloudFacts
from portal.values.lines import SERVICE

PLATFORM_ISSUER: Final = 0


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
class Issuer:
    """Who numbers a document: the platform or a cloud (by id), in its own zone."""

    id: int
    prefix: str
    zone: str


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
        exempt=parties[1].is_exempt,
    )
    return Draft(
        "wholesale",
        None,
        parties,
        lines,
        cloud.wholesale_discount_percent,
        cloud.wholesale_tax_percent,
        tax_exempt=parties[1].is_exempt,
        totals=figures,
        type=document_type(figures),
    )


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


def kept_lines(lines: Sequence[Line], names: Labels) -> list[dict[str, Any]]:
    """Lines as JSON keeps them: days as text, quantities and prices as decimals in text."""
    kept = []
    for line in lines:
        facts = facts_of(line, names)
        valid_from = facts.pop("valid_from")
        kept.append(
            {
                "kind": line.kind,
                "version": line.version,
                "service": line.service,
                "original_period": line.original_period.isoformat(),
                **facts,
                "valid_from": None if valid_from is None else str(valid_from),
                "quantity": plain(rounded(line.quantity)),
                "unit_price": None if line.unit_price is None else plain(line.unit_price),
                "amount": line.amount,
            }
        )
    return kept


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
