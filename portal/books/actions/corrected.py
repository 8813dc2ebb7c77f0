"""What a month corrects of months before it: as its close charged it, or would charge it now."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from typing import Final

from asyncpg import Record

from portal.access import Actor, Permission
from portal.billing.charge import exact_sum
from portal.billing.period import Period
from portal.books.actions.closing.corrections import corrections_due
from portal.books.queries.charges import with_quantity
from portal.db import Transaction, snapshot
from portal.kit.actions.permit import require
from portal.kit.queries.tenancy import CloudFacts

ROWS_MAX: Final = 10_000
_KEY: Final = "side, kind, camera, subscriber, subscription, tariff, version, service, rate"
_CHARGED: Final = f"""
select h.id, h.original_period, {_KEY}, h.quantity_numerator, h.quantity_denominator, h.amount
from charge h
where h.cloud = $1 and h.corrects
  and h.period = (select id from period where cloud = $1 and starts_on = $2)
"""  # noqa: S608 - names of ours
_DAYS_CHARGED: Final = """
select d.days from corrected_days d where d.cloud = $1 and d.month = h.original_period
  and d.camera = h.camera and d.period = (select id from period where cloud = $1 and starts_on = $2)
"""
_DAYS_DUE: Final = """
select d.days from usage_change d
where d.cloud = $1 and d.month = h.original_period and d.camera = h.camera
"""
_DUE: Final = f"""
select null::bigint as id, original_period, {_KEY}, quantity_numerator, quantity_denominator,
       amount
from unnest($2::date[], $3::text[], $4::text[], $5::bigint[], $6::bigint[], $7::bigint[],
            $8::bigint[], $9::bigint[], $10::bigint[], $11::bigint[], $12::numeric[],
            $13::numeric[], $14::bigint[])
  as h(original_period, {_KEY}, quantity_numerator, quantity_denominator, amount)
"""  # noqa: S608 - names of ours
_ROWS: Final = """
with h as ({source})
select h.original_period, h.side, h.kind, c.external_id as camera, c.name, b.number as subscriber,
       coalesce(b.name, '') as customer, coalesce(nullif(s.short, ''), s.name, t.name, '') as what,
       coalesce(s.unit, '') as unit, coalesce(nullif(s.unit_plural, ''), s.unit, '') as unit_plural,
       coalesce(o.amount, 0)::bigint as before, h.amount,
       coalesce(o.numerators, '{{}}') as numerators,
       coalesce(o.denominators, '{{}}') as denominators,
       h.quantity_numerator, h.quantity_denominator,
       exists (select from usage_correction u where u.cloud = $1 and u.camera = h.camera
               and u.day >= h.original_period
               and u.day < h.original_period + interval '1 month') as by_hand,
       coalesce(({days}), 0) as days
from h
join camera c on c.cloud = $1 and c.id = h.camera
left join subscriber b on b.cloud = $1 and b.id = h.subscriber
left join service s on s.id = h.service
left join tariff t on t.cloud = $1 and t.id = h.tariff
left join lateral (
  select sum(x.amount) as amount, array_agg(x.quantity_numerator) as numerators,
         array_agg(x.quantity_denominator) as denominators
  from period q
  join charge x on x.cloud = $1 and x.period = q.id and x.camera = h.camera
  where q.cloud = $1 and q.starts_on >= h.original_period
    and x.original_period = h.original_period and (h.id is null or x.id < h.id)
    and x.side = h.side and x.kind = h.kind
    and (x.subscriber, x.subscription, x.tariff, x.version, x.service, x.rate)
      is not distinct from (h.subscriber, h.subscription, h.tariff, h.version, h.service, h.rate)
) o on true
order by h.original_period, h.side, c.external_id, h.kind, h.service limit {limit}
"""


@dataclass(frozen=True, slots=True)
class Correction:
    """What a charge of a closed month becomes, in minor units: `before`, `after`, the difference.

    `quantity_before` and `quantity` are the same of its quantity, exact, in `unit`; a recurring
    charge's is months of a camera, and has no unit of a service. `days` are those on which usage
    changed, bit 0 the month's first; 0 where they are not known, as of a pool that another camera's
    usage moved. `by_hand` where a person corrected usage of the camera in that month; else it came
    late.
    """

    original_period: date
    side: str
    kind: str
    camera: str
    name: str
    subscriber: int | None
    customer: str
    what: str
    unit: str
    unit_plural: str
    quantity_before: Fraction
    quantity: Fraction
    before: int
    amount: int
    by_hand: bool
    days: int

    @property
    def after(self) -> int:
        """What it comes to with the difference."""
        return self.before + self.amount

    @property
    def changed_on(self) -> list[date]:
        """The days on which usage changed."""
        places = range(self.days.bit_length())
        return [
            self.original_period + timedelta(days=day) for day in places if self.days >> day & 1
        ]

    @property
    def quantity_after(self) -> Fraction:
        """The quantity that is right."""
        return self.quantity_before + self.quantity


async def corrections_of(actor: Actor, cloud: CloudFacts, period: Period) -> list[Correction]:
    """By older month, side and camera; `ROWS_MAX` at most. Nothing is written.

    Of a month that is closed what it charged, of another what its close would charge now.
    """
    require(actor, Permission.MARGINS_READ)
    async with snapshot(actor) as tx:
        closed = await tx.fetchval(
            "select exists (select from period where cloud = $1 and starts_on = $2"
            " and state = 'closed')",
            cloud.id,
            period.start,
        )
        if closed:
            query = _ROWS.format(source=_CHARGED, days=_DAYS_CHARGED, limit=ROWS_MAX)
            rows = await tx.fetch(query, cloud.id, period.start)
        else:
            query = _ROWS.format(source=_DUE, days=_DAYS_DUE, limit=ROWS_MAX)
            rows = await tx.fetch(query, cloud.id, *await _due(tx, cloud, period))
    return [_correction(row) for row in rows]


def _correction(row: Record) -> Correction:
    facts = with_quantity(row)
    above, below = facts.pop("numerators"), facts.pop("denominators")
    return Correction(**facts, quantity_before=exact_sum(map(int, above), map(int, below)))


async def _due(tx: Transaction, cloud: CloudFacts, period: Period) -> list[list[object]]:
    """The columns of what a close would correct now."""
    rows = [
        (
            *(one.month, *charge.key),
            *(charge.quantity.numerator, charge.quantity.denominator, charge.amount),
        )
        for one in await corrections_due(tx, cloud, period)
        for charge in one.charges
    ]
    return [list(column) for column in zip(*rows, strict=True)] or [[] for _ in range(13)]
