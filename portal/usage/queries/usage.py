"""Usage as it was read: rows for the API, and sums for the screens."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final

from portal.access import Actor
from portal.billing.period import Period
from portal.db import snapshot
from portal.errors import no_such
from portal.kit.queries.tenancy import CloudFacts
from portal.tables.usage_days import unrolled
from portal.usage.queries.seen import seen
from portal.words import _


@dataclass(frozen=True, slots=True)
class UsageRow:
    """A camera's quantity of a meter on a day, in the meter's base unit."""

    camera: str
    day: date
    meter: str
    quantity: int


UsageKey = tuple[int, int, date]
"""Where a page ended: camera id, meter id, day."""

# A camera's month is one lookup, camera after camera until the page is full. Each row has a day at
# least, so as many of them as days are wanted are enough.
_ROWS: Final = f"""
select u.camera as camera_id, u.meter as meter_id, u.external_id, d.day, u.key, d.quantity
from (
  select u.*, c.external_id, m.key
  from camera c
  cross join lateral (
    select * from seen_usage u where u.cloud = $1 and u.month = $2 and u.camera = c.id offset 0
  ) u
  join meter m on m.id = u.meter
  where c.cloud = $1 and ($3::bigint is null or c.id = $3)
    and ($4::bigint is null or c.id >= $4 and (c.id, u.meter) >= ($4, $5))
  order by c.id, u.meter limit $7
) u cross join lateral {unrolled()} d
where $4::bigint is null or (u.camera, u.meter, d.day) > ($4, $5, $6::date)
order by u.camera, u.meter, d.day limit $7
"""  # noqa: S608 - columns of ours


async def list_page(
    actor: Actor,
    cloud: CloudFacts,
    period: Period,
    *,
    camera: str | None = None,
    after: UsageKey | None = None,
    limit: int = 100,
) -> tuple[list[UsageRow], UsageKey | None]:
    """A page of a month's usage, of one camera (by external id) or all; where the next begins."""
    async with snapshot(actor) as tx:
        camera_id = None
        if camera is not None:
            camera_id = await tx.fetchval(
                "select id from camera where cloud = $1 and external_id = $2", cloud.id, camera
            )
            if camera_id is None:
                raise no_such(_("camera"), camera)
        found = await tx.fetch(
            seen(_ROWS),
            cloud.id,
            period.start,
            camera_id,
            *(after or (None, None, None)),
            limit + 1,
        )
    page = [
        UsageRow(
            camera=row["external_id"], day=row["day"], meter=row["key"], quantity=row["quantity"]
        )
        for row in found[:limit]
    ]
    more = len(found) > limit
    last = found[limit - 1] if more else None
    return page, (last["camera_id"], last["meter_id"], last["day"]) if last else None
