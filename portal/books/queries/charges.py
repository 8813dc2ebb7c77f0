"""Charges of a period, camera by camera."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any, Final

from asyncpg import Record

from portal.access import Actor
from portal.billing.charge import Charge
from portal.billing.period import Period
from portal.db import Transaction, snapshot
from portal.kit.queries.tenancy import CloudFacts


@dataclass(frozen=True, slots=True)
class ChargeRow:
    """One charge; `quantity` is exact, `amount` in minor units of `currency`."""

    id: int
    camera: str
    side: str
    kind: str
    service: str | None
    tariff: str | None
    subscriber: int | None
    original_period: date
    quantity: Fraction
    unit_price: Decimal | None
    amount: int
    currency: str


_ROWS: Final = """
select h.id, c.external_id as camera, h.side, h.kind, s.code as service, t.code as tariff,
       b.number as subscriber, h.original_period, h.quantity_numerator,
       h.quantity_denominator, h.unit_price, h.amount
from charge h
join period p on p.cloud = h.cloud and p.id = h.period
join camera c on c.id = h.camera
left join service s on s.id = h.service
left join tariff t on t.id = h.tariff
left join subscriber b on b.id = h.subscriber
where h.cloud = $1 and p.starts_on = $2
  and ($3::text is null or c.external_id = $3) and ($4::text is null or h.side = $4) and h.id > $5
order by h.id limit $6
"""


async def list_page(
    actor: Actor,
    cloud: CloudFacts,
    period: Period,
    *,
    camera: str | None = None,
    side: str | None = None,
    after: int = 0,
    limit: int = 100,
) -> tuple[list[ChargeRow], int | None]:
    """A page of the charges made by the close of a month, and the id after which the next begins.

    Corrections of older months are among them, each with its own `original_period`.
    """
    async with snapshot(actor) as tx:
        found = await tx.fetch(_ROWS, cloud.id, period.start, camera, side, after, limit + 1)
    page = [ChargeRow(**with_quantity(row), currency=cloud.currency) for row in found[:limit]]
    return page, page[-1].id if len(found) > limit else None


# Month by month, as charges are found: that of the charges, and those after it, which correct them.
_OF_MONTHS: Final = """
select h.side, h.kind, h.camera, h.subscriber, h.subscription, h.tariff, h.version, h.service,
       h.rate, h.quantity_numerator, h.quantity_denominator, h.unit_price, h.amount
from period p join charge h on h.cloud = $1 and h.period = p.id
where p.cloud = $1 and p.starts_on >= $2 and h.original_period = $2"""
_CHARGED: Final = f"""
{_OF_MONTHS} and h.camera = any($3)
union all
{_OF_MONTHS} and p.starts_on = $2 and {{of_pools}}
union all
{_OF_MONTHS} and h.corrects and {{of_pools}}
""".format(of_pools="h.side = 'wholesale' and h.service = any($4) and not h.camera = any($3)")


async def charged_for(
    tx: Transaction, cloud: int, month: date, cameras: Sequence[int], pools: Sequence[int]
) -> list[Charge]:
    """All that was charged about a month for some cameras (row ids), and for all of some pools.

    Earlier corrections of the month are among them.
    """
    rows = await tx.fetch(_CHARGED, cloud, month, cameras, pools)
    return [Charge(**with_quantity(row)) for row in rows]


def with_quantity(row: Record) -> dict[str, Any]:
    """A charge's row with its exact quantity in place of numerator and denominator."""
    facts: dict[str, Any] = dict(row)
    above, below = facts.pop("quantity_numerator"), facts.pop("quantity_denominator")
    return {**facts, "quantity": Fraction(int(above), int(below))}
