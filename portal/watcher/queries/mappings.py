"""What Watcher's organizations and presets stand for, and which still wait for an answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from portal.access import Actor
from portal.db import snapshot
from portal.errors import no_such
from portal.kit.queries.pages import Sorts, numbered
from portal.kit.queries.tenancy import CloudFacts

What = Literal["organization", "preset"]
STATES: Final = ("waiting", "mapped")
COUNTED_MAX: Final = 1000
"""Of more it is enough to know that they are so many."""


@dataclass(frozen=True, slots=True)
class Mapping:
    """An organization or a preset of a cloud's Watchers, and what it is mapped to.

    `is_mapped` once a person has said what it stands for: `target`, a subscriber's number or a
    tariff's code, and `name`, what that is called, are "" before, and where they are not the
    actor's to see. `cameras` live in it or under it by the last complete readings. `watcher` is the
    number of its Watcher, to which `connection` leads, 0 before one was connected; `url` is where,
    "" where the cloud has only one. The rest says what a preset records; None: unknown.
    """

    what: What
    id: int
    watcher: int
    connection: int
    url: str
    title: str
    is_mapped: bool
    target: str
    name: str
    cameras: int
    continuous_depth_days: int | None
    motion_depth_days: int | None
    faces: bool | None
    plates: bool | None
    is_deleted: bool

    @property
    def subscriber(self) -> int | None:
        """The number of the subscriber whose organization it is."""
        return int(self.target) if self.what == "organization" and self.target else None

    @property
    def tariff(self) -> str | None:
        """The code of the tariff that a preset stands for."""
        return self.target if self.what == "preset" and self.target else None


@dataclass(frozen=True, slots=True)
class Mappings:
    """One page of the list, and how many there are on all pages."""

    rows: Sequence[Mapping]
    total: int


_LISTED: Final = """
with living as materialized (
  select coalesce(n.same_as, n.id) as watcher, i.organization, i.preset, count(*) as cameras
  from camera_interval i join connection n on n.id = i.connection
  where i.cloud = $1 and i.until is null group by 1, 2, 3
), watchers as (
  select distinct on (coalesce(same_as, id)) coalesce(same_as, id) as id, id as connection,
         case when count(*) over (partition by cloud) > count(*) over
           (partition by cloud, coalesce(same_as, id)) then url else '' end as url
  from connection where cloud = $1 order by coalesce(same_as, id), ended_at is not null, id
), listed as (
  select 'organization' as what, o.organization as id, o.watcher,
         coalesce(w.connection, 0) as connection, coalesce(w.url, '') as url, o.title,
         o.subscriber is not null as is_mapped,
         coalesce(s.number::text, '') as target, coalesce(s.name, '') as name,
         (select coalesce(sum(l.cameras), 0)::bigint from living l
          where l.organization = o.organization and l.watcher = o.watcher) as cameras,
         null::int as continuous_depth_days, null::int as motion_depth_days,
         null::bool as faces, null::bool as plates, false as is_deleted
  from watcher_organization o left join watchers w on w.id = o.watcher
  left join subscriber s on s.id = o.subscriber
  where o.cloud = $1
  union all
  select 'preset', p.preset, p.watcher, coalesce(w.connection, 0), coalesce(w.url, ''), p.title,
         p.tariff is not null,
         coalesce(t.code, ''),
         coalesce(t.name, ''),
         (select coalesce(sum(l.cameras), 0)::bigint from living l
          where l.preset = p.preset and l.watcher = p.watcher),
         p.continuous_depth_days, p.motion_depth_days, p.faces, p.plates, p.is_deleted
  from watcher_preset p left join watchers w on w.id = p.watcher
  left join tariff t on t.id = p.tariff
  where p.cloud = $1
)
"""
_WHERE: Final = """
from listed
where ($2::bool is null or is_mapped = $2)
  and ($3::text is null or strpos(lower(title), lower($3)) > 0 or id::text = $3
       or strpos(lower(name), lower($3)) > 0 or lower(target) = lower($3))
  and ($4::text is null or what = $4)
"""
_SORTS: Final = Sorts({"title": "lower(title)", "cameras": "cameras"}, tie="what, id, connection")
_WAITING_FIRST: Final = " order by is_mapped, what, cameras desc, id, connection"
_WAITING: Final = """
select least((
  select count(*) from (
    select from watcher_organization where cloud = $1 and subscriber is null limit $2) one
) + (
  select count(*) from (
    select from watcher_preset where cloud = $1 and tariff is null limit $2) one
), $2)::int
"""
_AFTER: Final = """
select * from listed where is_mapped = $2 and (what, id, watcher) > ($3, $4, $5)
order by what, id, watcher limit $6
"""


async def count_waiting(actor: Actor) -> int:
    """How many organizations and presets of the actor's own cloud wait to be mapped."""
    async with snapshot(actor) as tx:
        found: int = await tx.fetchval(_WAITING, actor.cloud, COUNTED_MAX)
        return found


async def list_page(
    actor: Actor, cloud: CloudFacts, *, mapped: bool, after: tuple[str, int, int] | None, limit: int
) -> list[Mapping]:
    """Organizations, then presets, by id: those that are mapped, or those that wait for it."""
    async with snapshot(actor) as tx:
        rows = await tx.fetch(_LISTED + _AFTER, cloud.id, mapped, *(after or ("", 0, 0)), limit)
        return [Mapping(**row) for row in rows]


async def list_for_portal(
    actor: Actor,
    cloud: CloudFacts,
    *,
    state: str = "",
    text: str = "",
    what: What | None = None,
    sort: str = "",
    offset: int = 0,
    limit: int = 50,
) -> Mappings:
    """Organizations and presets of a cloud; without a sort what waits comes first.

    `state` is one of STATES or ""; `text` is a part of a title or a name, an id, a number or a
    code; `what` narrows to organizations or presets; `sort` is title or cameras, with "-" in
    front for downwards.
    """
    mapped = None if state not in STATES else state == "mapped"
    order = _SORTS.order_by(sort) if sort else _WAITING_FIRST
    async with snapshot(actor) as tx:
        facts = (cloud.id, mapped, text or None, what)
        total = await tx.fetchval(_LISTED + "select count(*) " + _WHERE, *facts)
        ordered = _LISTED + "select * " + _WHERE + order
        rows = await numbered(tx, ordered, facts, total, offset=offset, limit=limit)
        return Mappings([Mapping(**row) for row in rows], total)


# Any connection that leads to it says which Watcher is meant; 0 is the one that is connected next.
_SHOWN_BY: Final = """
select coalesce((select coalesce(same_as, id) from connection where cloud = $1 and id = $2),
                case when $2 = 0 then 0 end)
"""
_ONE: Final = "select * from listed where what = $2 and id = $3 and watcher = $4"


async def get(actor: Actor, cloud: CloudFacts, what: What, number: int, connection: int) -> Mapping:
    """One that the Watcher of a connection of the cloud has shown. Raises `NotFound`."""
    async with snapshot(actor) as tx:
        meant = await tx.fetchval(_SHOWN_BY, cloud.id, connection)
        row = await tx.fetchrow(_LISTED + _ONE, cloud.id, what, number, meant)
    if row is None:
        raise no_such(what, number)
    return Mapping(**row)
