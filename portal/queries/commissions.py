"""What referrals earned."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from portal.db import reading
from portal.queries import tenancy

if TYPE_CHECKING:
    from portal.access import Actor


@dataclass(frozen=True, slots=True)
class CommissionRow:
    """One amount earned, or below zero given back; `base` and `amount` in minor units."""

    id: int
    referral: str
    name: str
    level: int
    subscriber: int
    document: str
    month: date
    base: int
    percent: Decimal
    amount: int
    state: str
    currency: str


_ROWS: Final = """
select m.id, r.code as referral, r.name, m.level, s.number as subscriber, m.document, m.month,
       m.base, m.percent, m.amount, m.state
from commission m
join referral r on r.id = m.referral
left join subscriber s on s.id = m.subscriber
where m.cloud = $1 and ($2::date is null or m.month = $2) and ($3::text is null or r.code = $3)
  and m.id > $4
order by m.id limit $5
"""


async def rows(
    actor: Actor,
    cloud_slug: str,
    *,
    month: date | None = None,
    referral: str | None = None,
    after: int = 0,
    limit: int = 100,
) -> tuple[list[CommissionRow], int | None]:
    """A page of commissions; `month` is the first day of the document's month, `referral` a code."""
    async with reading(actor) as tx:
        cloud = await tenancy.cloud_facts(tx, cloud_slug)
        found = await tx.fetch(_ROWS, cloud.id, month, referral, after, limit + 1)
    page = [CommissionRow(**row, currency=cloud.currency) for row in found[:limit]]
    return page, page[-1].id if len(found) > limit else None
