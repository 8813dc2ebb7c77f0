"""Revenue, cost and margin of each camera of each subscriber in a closed period."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from portal.access import Actor
from portal.billing.period import Period
from portal.db import snapshot
from portal.kit.queries.tenancy import CloudFacts


@dataclass(frozen=True, slots=True)
class MarginRow:
    """Minor units of `currency`; `subscriber` is None for cost that no subscription bears."""

    id: int
    camera: str
    subscriber: int | None
    revenue: int
    cost: int
    commission: int
    currency: str

    @property
    def margin(self) -> int:
        """What is left of the revenue."""
        return self.revenue - self.cost - self.commission


_ROWS: Final = """
select m.id, c.external_id as camera, s.number as subscriber, m.revenue, m.cost, m.commission
from period p
join camera c on c.cloud = p.cloud
join margin m on m.cloud = p.cloud and m.period = p.id and m.camera = c.id
left join subscriber s on s.id = m.subscriber
where p.cloud = $1 and p.starts_on = $2 and p.state = 'closed'
  and ($3::bigint = 0 or (c.external_id, coalesce(s.number, 0)) > (
    select a.external_id, coalesce(t.number, 0) from margin l
    join camera a on a.id = l.camera left join subscriber t on t.id = l.subscriber where l.id = $3))
order by c.external_id, coalesce(s.number, 0) limit $4
"""


async def list_page(
    actor: Actor, cloud: CloudFacts, period: Period, *, after: int = 0, limit: int = 100
) -> tuple[list[MarginRow], int | None]:
    """A page of a closed month's margins, by camera's external id; empty while it is open."""
    async with snapshot(actor) as tx:
        found = await tx.fetch(_ROWS, cloud.id, period.start, after, limit + 1)
    page = [MarginRow(**row, currency=cloud.currency) for row in found[:limit]]
    return page, page[-1].id if len(found) > limit else None
