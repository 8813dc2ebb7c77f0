"""What Camledger would write to a Watcher, counted before anybody says that it decides."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from portal.access import Actor
from portal.billing.period import local_date
from portal.db import snapshot
from portal.kit.queries.tenancy import CloudFacts
from portal.watcher.queries import connections, provisioning

NOT_MADE: Final = 0
"""Stands for a connection that is not there yet: no preset of it is known, and no camera."""
_CAMERAS: Final = """
with right_ones as (select * from unnest($4::bigint[], $5::bigint[]) as r(tariff, preset))
select count(*) filter (where s.tariff = any($6::bigint[]) and not exists (
         select from right_ones r where r.tariff = s.tariff and r.preset = i.preset))::int
         as moved,
       count(*) filter (where i.enabled and (c.suspended or b.suspended or e.recording_off))::int
         as switched_off
from camera_interval i
join camera c on c.cloud = i.cloud and c.id = i.camera
left join subscriber b on b.cloud = i.cloud and b.id = c.subscriber
left join dunning_episode e on e.cloud = i.cloud and e.subscriber = c.subscriber
  and e.ended_at is null
left join subscription s on s.cloud = i.cloud and s.camera = i.camera
  and s.starts_on <= $3 and (s.ends_on is null or $3 < s.ends_on)
where i.cloud = $1 and i.connection = $2 and i.until is null
"""


@dataclass(frozen=True, slots=True)
class Planned:
    """How many presets would be made and changed, cameras given a preset and switched off.

    `unclear` are tariffs that no preset can stand for: their cameras stay as they are.
    `is_read` is whether the Watcher's cameras are known, so that they could be counted.
    """

    made: int
    changed: int
    moved: int
    switched_off: int
    unclear: int
    is_read: bool


async def get(
    actor: Actor, cloud: CloudFacts, connection: int = NOT_MADE, *, now: datetime
) -> Planned:
    """What would be written to a connection as it was last read, or to one to come.

    Nothing is asked of the Watcher. Raises `NotFound` for a connection that is not the cloud's.
    """
    async with snapshot(actor) as tx:
        if connection != NOT_MADE:
            await connections.get_in(tx, cloud.id, connection)
        every = await provisioning.tariffs(tx, cloud, connection, now)
        states = [one for one in every if not one.is_quiet]
        pairs = [(state.id, preset) for state in states for preset in sorted(state.presets)]
        placed = [one.id for one in states if one.plan.make or one.plan.target is not None]
        row = await tx.fetchrow(
            _CAMERAS,
            cloud.id,
            connection,
            local_date(now, cloud.timezone),
            [tariff for tariff, _preset in pairs],
            [preset for _tariff, preset in pairs],
            placed,
        )
        is_read = await tx.fetchval(
            "select exists (select from reading where cloud = $1 and connection = $2"
            " and state = 'complete')",
            cloud.id,
            connection,
        )
    assert row is not None, "an aggregate has a row"
    return Planned(
        made=sum(one.plan.make for one in states),
        changed=sum(one.plan.change for one in states),
        moved=row["moved"],
        switched_off=row["switched_off"],
        unclear=sum(one.plan.wanted is None for one in states),
        is_read=is_read,
    )
