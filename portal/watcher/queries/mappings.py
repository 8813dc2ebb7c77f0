"""What Watcher's organizations and presets stand for, and which still wait for an answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from portal.access import Actor
from portal.db import snapshot
from portal.kit.queries.tenancy import CloudFacts


@dataclass(frozen=True, slots=True)
class Mapping:
    """An organization (`subscriber` is a number) or a preset (`tariff` is a code) of a cloud.

    `cameras` live in it or under it by the last complete readings. `connection` leads to the
    Watcher that it is in, whose number is `watcher`; None: none was connected yet.
    """

    what: Literal["organization", "preset"]
    id: int
    watcher: int
    connection: int | None
    title: str
    subscriber: int | None
    tariff: str | None
    cameras: int


_ROWS: Final = """
with living as (
  select coalesce(n.same_as, n.id) as watcher, i.organization, i.preset
  from camera_interval i join connection n on n.id = i.connection
  where i.cloud = $1 and i.until is null
), watchers as (
  select coalesce(same_as, id) as id,
         coalesce(min(id) filter (where ended_at is null), min(id)) as connection
  from connection where cloud = $1 group by 1
), listed as (
  select 'organization' as what, o.organization as id, o.watcher, o.title, s.number as subscriber,
         null as tariff,
         (select count(*) from living l where l.organization = o.organization
          and l.watcher = o.watcher) as cameras
  from watcher_organization o left join subscriber s on s.id = o.subscriber
  where o.cloud = $1 and (o.subscriber is not null) = $2
  union all
  select 'preset', p.preset, p.watcher, p.title, null, t.code,
         (select count(*) from living l where l.preset = p.preset and l.watcher = p.watcher)
  from watcher_preset p left join tariff t on t.id = p.tariff
  where p.cloud = $1 and (p.tariff is not null) = $2
)
select l.*, w.connection from listed l left join watchers w on w.id = l.watcher
where (l.what, l.id, l.watcher) > ($3, $4, $6) order by l.what, l.id, l.watcher limit $5
"""


async def list_page(
    actor: Actor, cloud: CloudFacts, *, mapped: bool, after: tuple[str, int, int] | None, limit: int
) -> list[Mapping]:
    """Organizations, then presets, by id: those that are mapped, or those that wait for it."""
    what, number, watcher = after or ("", 0, 0)
    async with snapshot(actor) as tx:
        found = await tx.fetch(_ROWS, cloud.id, mapped, what, number, limit, watcher)
        return [Mapping(**row) for row in found]
