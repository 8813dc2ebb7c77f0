"""Invoices as a close would have issued them, of any amount, and the laws that books keep with them."""

from __future__ import annotations

from datetime import date
from itertools import count
from typing import Any

import asyncpg

from portal.books.queries.verify.balances import BALANCES
from portal.books.queries.verify.laws import LAWS as DOCUMENT_LAWS
from portal.books.queries.verify.ledger import LEDGER
from portal.books.queries.verify.money import MONEY

NOTHING_LEFT = "never less than nothing is left"
_place = count(1)
# Each is of a month of its own, far away, as a close issues one document a month to a customer.
_INVOICE = """
with m as (
  insert into period (cloud, starts_on) values ($1, (date '2199-12-01' - make_interval(months => $8))::date)
  returning id, starts_on
)
insert into invoice (cloud, subscriber, period, month, side, type, issuer, number, sequence, issued_at,
  issued_on, due_on, currency, locale, seller, buyer, discount_percent, tax_percent, subtotal,
  discount, taxable, tax, total)
select c.id, $2, m.id, m.starts_on, case when $2::bigint is null then 'wholesale' else 'retail' end,
  case when $3::bigint + $4 > 0 then 'invoice' else 'credit_note' end,
  case when $2::bigint is null then 0 else c.id end, $5, $8, $6::date + time '02:00', $6, $7, c.currency, 'en', '{}',
  jsonb_build_object('name', 'Somebody'), 0, 0, $3, 0, $3, $4, $3::bigint + $4
from cloud c, m where c.id = $1 returning id
"""
_LINE = """
insert into invoice_line (cloud, subscriber, invoice, position, kind, original_period, name, quantity, amount)
select $1, $2, $3, u.position - 1, 'service', '2026-10-01', 'Service', 1, u.amount
from unnest($4::bigint[]) with ordinality as u (amount, position)
"""


async def issue(
    connection: Any,
    cloud: int,
    subscriber: int | None,
    taxable: int,
    *,
    tax: int = 0,
    due: str = "2026-11-17",
    issued: str = "2026-11-03",
    lines: tuple[int, ...] = (),
) -> str:
    """An invoice, or below 0 the note of a negative month; to the cloud itself without a subscriber."""
    place = next(_place)
    number = f"{'PLAT' if subscriber is None else 'NORTH'}-2025-{place:06d}"
    made = await connection.fetchval(
        _INVOICE,
        *(cloud, subscriber, taxable, tax, number, date.fromisoformat(issued)),
        date.fromisoformat(due) if taxable > 0 else None,
        place,
    )
    await connection.execute(_LINE, cloud, subscriber, made, list(lines or (taxable,)))
    return number


OF_SOURCES = ("what of a source is free is kept", "cards are charged no more than the invoice")
LAWS = {
    **LEDGER,
    **BALANCES,
    NOTHING_LEFT: DOCUMENT_LAWS[NOTHING_LEFT],
    **{law: MONEY[law] for law in OF_SOURCES},
}
"""Each finds what breaks a law of money; nothing does. What closes make is held to the others."""


async def broken_laws(url: str) -> list[str]:
    """The laws that the books of a database break, read as its owner."""
    connection = await asyncpg.connect(url)
    try:
        return [law for law, query in LAWS.items() if await connection.fetch(query)]
    finally:
        await connection.close()
