"""What one camera's month earned and cost, and each charge behind that."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from portal.access import Actor, shows
from portal.billing import commission
from portal.billing.money import percent_of
from portal.billing.period import Period
from portal.books.queries import closing, why
from portal.books.queries.why import CameraReasons, ChargeReason
from portal.db import Transaction, snapshot
from portal.kit.queries.tenancy import CloudFacts


@dataclass(frozen=True, slots=True)
class Side:
    """Charges of one side, their sum, and what they come to after discounts and credit notes."""

    rows: Sequence[ChargeReason]
    after: int

    @property
    def charges(self) -> int:
        """Before discounts."""
        return sum(row.amount for row in self.rows)

    @property
    def taken_off(self) -> int:
        """What discounts and credit notes took off."""
        return self.charges - self.after


@dataclass(frozen=True, slots=True)
class CameraBooks:
    """A camera's month in minor units: what its close made, or its days so far.

    `later` are corrections of this month that later closes made. `cost` and `commission` are None
    for who may not know them. `unpriced` are codes of services whose price is known at the close.
    """

    closed: bool
    retail: Side
    cost: Side | None
    commission: int | None
    later: Sequence[ChargeReason]
    unpriced: Sequence[str]
    differs: bool

    @property
    def margin(self) -> int | None:
        """What is left; None for who may not know it."""
        if self.cost is None or self.commission is None:
            return None
        return self.retail.after - self.cost.after - self.commission


_MARGIN: Final = """
select coalesce(sum(m.revenue), 0)::bigint as revenue, coalesce(sum(m.cost), 0)::bigint as cost,
       coalesce(sum(m.commission), 0)::bigint as commission
from margin m join camera c on c.id = m.camera
where m.cloud = $1 and c.external_id = $3
  and m.period = (select id from period where cloud = $1 and starts_on = $2 and state = 'closed')
"""
# Months before its own that a close corrected for this camera.
_CORRECTED: Final = """
select distinct h.original_period from charge h
where h.cloud = $1 and h.original_period < $2
  and h.period = (select id from period where cloud = $1 and starts_on = $2)
  and h.camera = (select id from camera where cloud = $1 and external_id = $3)
order by 1
"""
_TERMS: Final = """
select s.referral, t.discount_percent
from camera c join subscriber s on s.id = c.subscriber join subscriber_terms t on t.id = s.id
where c.cloud = $1 and c.external_id = $2
"""


async def get(
    actor: Actor, cloud: CloudFacts, external_id: str, period: Period, *, now: datetime
) -> CameraBooks:
    """A camera's month as far as the actor may know it. Raises `NotFound`."""
    is_whole = shows(actor, "sales", "cost")
    async with snapshot(actor) as tx:
        reasons = await why.of_camera(actor, cloud, external_id, period, now=now)
        rows = [row for row in reasons.rows if row.billed_in in {None, period.start}]
        differs = reasons.differs
        of = cloud.id, period.start, external_id
        if reasons.closed:
            for month in await tx.fetch(_CORRECTED, *of):
                earlier = await why.of_camera(
                    actor, cloud, external_id, Period.of(month["original_period"]), now=now
                )
                rows += [row for row in earlier.rows if row.billed_in == period.start]
        sides: tuple[Side, Side | None, int | None]
        retail = [row for row in rows if row.side == "retail"]
        wholesale = [row for row in rows if row.side == "wholesale"]
        if not is_whole:
            sides = Side(retail, sum(row.amount for row in retail)), None, None
        elif reasons.closed:
            made = await tx.fetchrow(_MARGIN, *of)
            assert made is not None, "sums are one row"
            sides = Side(retail, made["revenue"]), Side(wholesale, made["cost"]), made["commission"]
        else:
            sides = await _so_far(tx, cloud, external_id, retail, wholesale)
    sold, cost, earned = sides
    later = _later(reasons, period)
    return CameraBooks(reasons.closed, sold, cost, earned, later, reasons.unpriced, differs)


def _later(reasons: CameraReasons, period: Period) -> list[ChargeReason]:
    return [row for row in reasons.rows if row.billed_in not in {None, period.start}]


async def _so_far(
    tx: Transaction,
    cloud: CloudFacts,
    external_id: str,
    retail: Sequence[ChargeReason],
    wholesale: Sequence[ChargeReason],
) -> tuple[Side, Side, int]:
    """As the close will take discounts and commissions, rounded for the camera alone."""
    charges, cost = (sum(row.amount for row in rows) for rows in (retail, wholesale))
    cost -= percent_of(cost, cloud.wholesale_discount_percent)
    terms = await tx.fetchrow(_TERMS, cloud.id, external_id)
    earned = 0
    if terms is not None:
        charges -= percent_of(charges, terms["discount_percent"])
        if terms["referral"] is not None:
            known = await closing.referrals(tx, cloud.id)
            agreed = commission.terms(terms["referral"], known, cloud.level_percents)
            earned = sum(one.amount for one in commission.on_issue(charges, agreed))
    return Side(retail, charges), Side(wholesale, cost), earned
