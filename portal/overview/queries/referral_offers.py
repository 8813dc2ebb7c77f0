"""The tariffs that referrals may offer, and what each would earn them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from typing import Final

from portal.access import Actor
from portal.billing.commission import earned
from portal.billing.money import to_minor
from portal.billing.period import local_date
from portal.db import snapshot
from portal.kit.queries.tenancy import CloudFacts

OFFERED_MAX: Final = 100
"""Of more tariffs the first by name are offered in a form."""


@dataclass(frozen=True, slots=True)
class Included:
    """A service that a tariff includes: its short name, how much, and in which unit."""

    service: str
    quantity: Decimal
    unit: str


@dataclass(frozen=True, slots=True)
class Offer:
    """A tariff as an agent offers it; `commission` is about what it earns a camera and month.

    It is in minor units, of the monthly price without a discount.
    """

    code: str
    name: str
    note: str
    monthly_price: Decimal
    commission: int
    included: tuple[Included, ...]


_OFFERS: Final = """
select t.code, t.name, t.note, v.id, v.monthly_price
from tariff t
join lateral (
  select v.id, v.monthly_price from tariff_version v
  where v.cloud = t.cloud and v.tariff = t.id and v.valid_from <= $2
  order by v.valid_from desc limit 1
) v on true
where t.cloud = $1 and t.offered
order by not t.is_default, lower(t.name), t.code limit $3
"""
_ITEMS: Final = """
select i.version, coalesce(nullif(s.short, ''), s.name) as service, i.quantity,
       case when i.quantity = 1 then s.unit else coalesce(nullif(s.unit_plural, ''), s.unit) end
         as unit
from tariff_item i join service s on s.id = i.service
where i.cloud = $1 and i.version = any($2::bigint[]) order by i.version, i.position
"""


async def offers(actor: Actor, cloud: CloudFacts, *, now: datetime) -> list[Offer]:
    """The tariffs that are offered today, the preselected one first."""
    async with snapshot(actor) as tx:
        percent = await tx.fetchval(
            "select percent from referral where cloud = $1 and id = $2", cloud.id, actor.referral
        )
        today = local_date(now, cloud.timezone)
        rows = await tx.fetch(_OFFERS, cloud.id, today, OFFERED_MAX)
        items = await tx.fetch(_ITEMS, cloud.id, [row["id"] for row in rows])
    included: dict[int, list[Included]] = {row["id"]: [] for row in rows}
    for version, *facts in (tuple(item.values()) for item in items):
        included[version].append(Included(*facts))
    return [
        Offer(
            code=row["code"],
            name=row["name"],
            note=row["note"],
            monthly_price=row["monthly_price"],
            commission=earned(
                to_minor(Fraction(row["monthly_price"]), cloud.currency), percent or Decimal(0)
            ),
            included=tuple(included[row["id"]]),
        )
        for row in rows
    ]
