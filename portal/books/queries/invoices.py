"""Issued documents: lists, one with its lines, and its PDF."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from time import monotonic
from typing import Any, Final

from asyncpg import Record

from portal.access import Actor
from portal.billing.invoice import status_of
from portal.db import Transaction, snapshot
from portal.errors import Conflict, NotFound, no_such
from portal.gateways.documents.fonts import reason_of
from portal.kit.queries import tenancy


@dataclass(frozen=True, slots=True)
class InvoiceLine:
    """A line as issued; `amount` in minor units."""

    kind: str
    description: str
    detail: str
    unit: str
    quantity: Decimal
    unit_price: Decimal | None
    amount: int
    original_period: date


@dataclass(frozen=True, slots=True)
class Invoice:
    """An invoice or credit note. Amounts: minor units of `currency`, negative on a credit note."""

    id: int
    number: str
    type: str
    side: str
    subscriber: int | None
    name: str
    month: date
    issued_at: datetime
    issued_on: date
    due_on: date | None
    currency: str
    subtotal: int
    discount: int
    discount_percent: Decimal
    taxable: int
    tax: int
    tax_percent: Decimal
    tax_exempt: bool
    total: int
    credited: int
    paid: int
    credits: str | None
    reason: str
    seller: dict[str, Any]
    buyer: dict[str, Any]
    has_file: bool
    has_usage: bool
    lacks: str | None
    command: str | None
    lines: Sequence[InvoiceLine] = ()

    @property
    def waits_for(self) -> str:
        """Why its PDF waits for a font, "" when it does not."""
        return reason_of(self.lacks) if self.lacks else ""

    @property
    def status(self) -> str:
        """What is due of it: open, partly_paid, paid, credited; issued for a credit note."""
        return str(status_of(self.total, self.paid, self.credited))


@dataclass(frozen=True, slots=True)
class Filters:
    """Which documents of a cloud to list; None is all."""

    month: date | None = None
    side: str | None = None
    subscriber: int | None = None
    text: str | None = None


FILE_SECONDS: Final = 15
"""How long a PDF that is being made is waited for."""
FILE_LOOK_SECONDS: Final = 0.2
FRESH_SECONDS: Final = 600
"""Documents issued longer ago are not waited for: their PDF is late for a reason."""

_FILE: Final = """
select i.number, f.sha256, f.content, f.usage_sha256, f.usage_content, w.characters, w.command,
       extract(epoch from book_now() - i.issued_at) as age_seconds
from invoice i
left join invoice_file f on f.cloud = i.cloud and f.invoice = i.id
left join invoice_wait w on w.cloud = i.cloud and w.invoice = i.id
where i.cloud = $1 and i.number = $2
"""
_SELECT: Final = """
select i.id, i.number, i.type, i.side, s.number as subscriber, i.buyer->>'name' as name, i.month,
       i.issued_at, i.issued_on, i.due_on, i.currency, i.subtotal, i.discount, i.discount_percent,
       i.taxable, i.tax, i.tax_percent, i.tax_exempt, i.total, i.reason, i.seller, i.buyer,
       o.number as credits,
       (select coalesce(-sum(n.total), 0)::bigint from invoice n
        where n.cloud = i.cloud and n.credits = i.id) as credited,
       0::bigint as paid,
       f.invoice is not null as has_file, f.usage_sha256 is not null as has_usage,
       w.characters as lacks, w.command
from invoice i
left join invoice_file f on f.cloud = i.cloud and f.invoice = i.id
left join invoice_wait w on w.cloud = i.cloud and w.invoice = i.id
left join subscriber s on s.id = i.subscriber
left join invoice o on o.id = i.credits
where i.cloud = $1
"""
_FILTERED: Final = (
    _SELECT
    + """
  and ($2::date is null or i.month = $2) and ($3::text is null or i.side = $3)
  and ($4::bigint is null or s.number = $4)
  and ($5::text is null
    or i.number ilike '%' || $5 || '%' or i.buyer->>'name' ilike '%' || $5 || '%')
"""
)


async def list_page(
    actor: Actor,
    cloud_slug: str,
    filters: Filters,
    *,
    after: int = 0,
    limit: int = 100,
) -> tuple[list[Invoice], int | None]:
    """A page of documents in order of issue, without lines, and the id the next begins after."""
    async with snapshot(actor) as tx:
        cloud = await tenancy.cloud_facts(tx, cloud_slug)
        found = await tx.fetch(
            _FILTERED + " and i.id > $6 order by i.id limit $7",
            cloud.id,
            filters.month,
            filters.side,
            filters.subscriber,
            filters.text,
            after,
            limit + 1,
        )
        page = [Invoice(**row) for row in found[:limit]]
        lines = await _lines(tx, cloud.id, [one.id for one in page])
    page = [_with_lines(one, lines.get(one.id, [])) for one in page]
    return page, page[-1].id if len(found) > limit else None


async def get(actor: Actor, cloud_slug: str, number: str) -> Invoice:
    """A document with its lines. `NotFound` when it is not there or not this actor's to see."""
    async with snapshot(actor) as tx:
        cloud = await tenancy.cloud_facts(tx, cloud_slug)
        row = await tx.fetchrow(_SELECT + " and i.number = $2", cloud.id, number)
        if row is None:
            raise no_such("document", number)
        lines = await _lines(tx, cloud.id, [row["id"]])
    return _with_lines(Invoice(**row), lines.get(row["id"], []))


async def cloud_of(actor: Actor, number: str) -> str:
    """The slug of the cloud whose document has this number, where the portals know no more of it.

    Its own numbers come before the platform's to it (issuer 0), should the two be the same.
    `NotFound` when it is not there or not this actor's to see.
    """
    async with snapshot(actor) as tx:
        slug: str | None = await tx.fetchval(
            "select c.slug from invoice i join cloud c on c.id = i.cloud"
            " where i.number = $1 and i.issuer in (0, coalesce($2::bigint, 0))"
            " order by i.issuer desc limit 1",
            number,
            actor.cloud,
        )
    if slug is None:
        raise no_such("document", number)
    return slug


def _with_lines(invoice: Invoice, lines: Sequence[InvoiceLine]) -> Invoice:
    values = {name: getattr(invoice, name) for name in Invoice.__slots__}
    return Invoice(**{**values, "lines": lines})


async def _lines(tx: Transaction, cloud: int, ids: Sequence[int]) -> dict[int, list[InvoiceLine]]:
    found: dict[int, list[InvoiceLine]] = {}
    for row in await tx.fetch(
        "select invoice, kind, description, detail, unit, quantity, unit_price, amount,"
        " original_period from invoice_line"
        " where cloud = $1 and invoice = any($2) order by invoice, position",
        cloud,
        ids,
    ):
        invoice, *line = row.values()
        found.setdefault(invoice, []).append(InvoiceLine(*line))
    return found


@dataclass(frozen=True, slots=True)
class InvoiceFile:
    """A file of a document: its PDF, or the CSV of its cameras."""

    number: str
    sha256: str
    content: bytes


async def file(actor: Actor, cloud_slug: str, number: str) -> InvoiceFile:
    """A document's PDF as it was made.

    One that has just been issued is waited for a few seconds; after that it is `Conflict` while it
    is still being made, and at once, with the reason and the command, where it waits for a font.
    Raises `NotFound`.
    """
    row = await _file(actor, cloud_slug, number)
    return InvoiceFile(row["number"], row["sha256"], row["content"])


async def usage_file(actor: Actor, cloud_slug: str, number: str) -> InvoiceFile:
    """The CSV of a document's cameras, as it is attached to its PDF.

    Raises like `file`, and `NotFound` for a document that lists its cameras itself.
    """
    row = await _file(actor, cloud_slug, number)
    if row["usage_content"] is None:
        raise NotFound(f"{row['number']} lists its cameras itself; there is no CSV of them.")
    return InvoiceFile(row["number"], row["usage_sha256"], row["usage_content"])


async def _file(actor: Actor, cloud_slug: str, number: str) -> Record:
    deadline = monotonic() + FILE_SECONDS
    while True:
        row = await _look_at_file(actor, cloud_slug, number)
        if row["content"] is not None:
            return row
        if row["characters"] is not None:
            raise Conflict(
                f"The PDF of {row['number']} waits for a font. {reason_of(row['characters'])}"
                f" Run as root on every worker's machine: {row['command']}"
            )
        if row["age_seconds"] > FRESH_SECONDS or monotonic() > deadline:
            raise Conflict("The PDF of this document is still being made; try again in a moment.")
        await asyncio.sleep(FILE_LOOK_SECONDS)


async def _look_at_file(actor: Actor, cloud_slug: str, number: str) -> Record:
    async with snapshot(actor) as tx:
        cloud = await tenancy.cloud_facts(tx, cloud_slug)
        row = await tx.fetchrow(_FILE, cloud.id, number)
    if row is None:
        raise no_such("document", number)
    return row
