"""Referrals who are paid at an account that their subscriber pays from: what they earn is held."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from asyncpg import Record

from portal.access import SYSTEM
from portal.crypto.marks import Marks
from portal.db import atomic

REFERRALS_AT_ONCE: Final = 2_000
_ACCOUNTS: Final = """
select r.id, r.cloud, r.iban from referral r
where r.id > $1 and r.iban <> '' and exists (
  select from payer_account a where a.issuer = r.cloud and a.cloud = r.cloud)
order by r.id limit $2
"""
_HOLD: Final = """
insert into commission_hold (cloud, referral, invoice, level, why)
select distinct m.cloud, m.referral, m.invoice, m.level, 'iban'
from unnest($1::bigint[], $2::bigint[], $3::bytea[]) as own(cloud, referral, mark)
join payer_account a on a.issuer = own.cloud and a.cloud = own.cloud and a.mark = own.mark
join commission m on m.cloud = own.cloud and m.referral = own.referral
  and m.subscriber = a.subscriber
where m.amount > 0
  and not exists (select from statement_entry e
                  where e.cloud = m.cloud and e.commission = m.id and not e.freed)
  and not exists (select from commission_hold h
                  where h.cloud = m.cloud and h.invoice = m.invoice
                    and h.referral = m.referral and h.level = m.level)
order by m.cloud, m.invoice, m.referral, m.level
on conflict do nothing
"""


async def hold_own_accounts(marks: Marks) -> None:
    """Hold what is on no statement yet, where the accounts agree; again changes nothing.

    `marks` are those by which payers' accounts are known. An account may become known, or a
    referral name one, after it was earned: so this is asked for again and again, and before
    statements are drafted. What a person released stays released.
    """
    last = 0
    while rows := await _held_after(last, marks):
        last = rows[-1]["id"]


async def _held_after(last: int, marks: Marks) -> Sequence[Record]:
    """The same of some referrals, those after a row id: which they were."""
    async with atomic(SYSTEM) as tx:
        rows: Sequence[Record] = await tx.fetch(_ACCOUNTS, last, REFERRALS_AT_ONCE)
        if rows:
            accounts = [marks("".join(row["iban"].split()).upper()) for row in rows]
            clouds, referrals = ([row[name] for row in rows] for name in ("cloud", "id"))
            await tx.execute(_HOLD, clouds, referrals, accounts)
        return rows
