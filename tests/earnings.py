"""Commissions without a close: parts of a document, each with its day."""

from __future__ import annotations

from datetime import date
from itertools import count

from portal.db import Transaction
from tests.cast import NORTH

REX_IS, LIZ_IS = 1, 2
"""Row ids of the two referrals."""
_PERIOD = """
insert into period (cloud, starts_on, state) values ($1, $2, 'open')
on conflict (cloud, starts_on) do update set state = excluded.state returning id
"""
_INVOICE = """
insert into invoice (cloud, subscriber, period, month, side, type, issuer, number, sequence,
  issued_at, issued_on, currency, locale, seller, buyer, discount_percent, tax_percent, subtotal,
  discount, taxable, tax, total)
values ($1, $2, $3, $4, 'retail', 'invoice', $1, $5, 1, now(), current_date, 'EUR', 'en', '{}',
  '{}', 0, 0, 100, 0, 100, 0, 100)
on conflict do nothing
"""
_EARN = """
insert into commission (cloud, referral, subscriber, invoice, allocation, document, month, level,
  basis, base, percent, amount, day)
select i.cloud, $4, i.subscriber, i.id, $5, i.number, $3, 1, 'collected', $6, 100, $6, $7
from invoice i where i.cloud = $1 and i.subscriber = $2 and i.month = $3 returning id
"""
parts = count(1)


async def earn(
    tx: Transaction,
    amount: int,
    month: str,
    day: str,
    *,
    cloud: int = NORTH,
    subscriber: int = 1,
    referral: int = REX_IS,
) -> int:
    """A part of a commission, of a day, on a subscriber's document of a month; its row id."""
    first = date.fromisoformat(f"{month}-01")
    period = await tx.fetchval(_PERIOD, cloud, first)
    number = f"{cloud}-{month}-{subscriber}"
    await tx.execute(_INVOICE, cloud, subscriber, period, first, number)
    facts = cloud, subscriber, first, referral, next(parts), amount, date.fromisoformat(day)
    return int(await tx.fetchval(_EARN, *facts))
