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

_ROWS: Final = """
select u.camera as camera_id, u.meter as meter_id, c.external_id, u.day, m.key, u.quantity
from usage u join camera c on c.id = u.camera and c.cloud = u.cloud join meter m on m.id = u.meter
where u.cloud = $1 and u.day >= $2 and u.day < $3
  and ($4::bigint is null or u.camera = $4)
  and ($5::bigint is null or (u.camera, u.meter, u.day) > ($5, $6, $7))
order by u.camera, u.meter, u.day limit $8
"""


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
            _ROWS,
            cloud.id,
            period.start,
            period.end,
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
