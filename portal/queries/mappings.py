"""What Watcher's organizations and presets stand for, and which still wait for an answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from portal.db import reading
from portal.queries import tenancy

if TYPE_CHECKING:
    from portal.access import Actor


@dataclass(frozen=True, slots=True)
class Mapping:
    """An organization (`subscriber` is a number) or a preset (`tariff` is a code) of a cloud.

    `cameras` live in it or under it by the last complete readings.
    """

    what: Literal["organization", "preset"]
    id: int
    title: str
    subscriber: int | None
    tariff: str | None
    cameras: int


_ROWS: Final = """
with living as (
  select organization, preset from camera_interval where cloud = $1 and until is null
), listed as (
  select 'organization' as what, o.organization as id, o.title, s.number as subscriber,
         null as tariff,
         (select count(*) from living l where l.organization = o.organization) as cameras
  from watcher_organization o left join subscriber s on s.id = o.subscriber
  where o.cloud = $1 and (o.subscriber is not null) = $2
  union all
  select 'preset', p.preset, p.title, null, t.code,
         (select count(*) from living l where l.preset = p.preset)
  from watcher_preset p left join tariff t on t.id = p.tariff
  where p.cloud = $1 and (p.tariff is not null) = $2
)
select * from listed where (what, id) > ($3, $4) order by what, id limit $5
"""


async def rows(
    actor: Actor, cloud_slug: str, *, mapped: bool, after: tuple[str, int] | None, limit: int
) -> list[Mapping]:
    """Organizations, then presets, by id: those that are mapped, or those that wait for it."""
    what, number = after or ("", 0)
    async with reading(actor) as tx:
        cloud = await tenancy.cloud_facts(tx, cloud_slug)
        found = await tx.fetch(_ROWS, cloud.id, mapped, what, number, limit)
        return [Mapping(**row) for row in found]
