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
CHOICES_MAX: Final = 2000
"""More are not offered; a number or a code can be typed."""


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


@dataclass(frozen=True, slots=True)
class Choices:
    """What there is to map to: subscribers (number, name) and tariffs (code, name)."""

    subscribers: Sequence[tuple[str, str]]
    tariffs: Sequence[tuple[str, str]]


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
"""
_SORTS: Final = Sorts({"title": "lower(title)", "cameras": "cameras"}, tie="what, id, connection")
_WAITING_FIRST: Final = " order by is_mapped, what, cameras desc, id, connection"
_AFTER: Final = """
select * from listed where is_mapped = $2 and (what, id, watcher) > ($3, $4, $5)
order by what, id, watcher limit $6
"""


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
    sort: str = "",
    offset: int = 0,
    limit: int = 50,
) -> Mappings:
    """Organizations and presets of a cloud; without a sort what waits comes first.

    `state` is one of STATES or ""; `text` is a part of a title or a name, an id, a number or a
    code; `sort` is title or cameras, with "-" in front for downwards.
    """
    mapped = None if state not in STATES else state == "mapped"
    order = _SORTS.order_by(sort) if sort else _WAITING_FIRST
    async with snapshot(actor) as tx:
        facts = (cloud.id, mapped, text or None)
        total = await tx.fetchval(_LISTED + "select count(*) " + _WHERE, *facts)
        ordered = _LISTED + "select * " + _WHERE + order
        rows = await numbered(tx, ordered, facts, total, offset=offset, limit=limit)
        return Mappings([Mapping(**row) for row in rows], total)


async def require_known(
    actor: Actor, cloud: CloudFacts, what: What, number: int, connection: int
) -> None:
    """Raise `NotFound` unless the Watcher of a connection of the cloud has shown it."""
    async with snapshot(actor) as tx:
        table = "watcher_organization" if what == "organization" else "watcher_preset"
        query = (
            f"select exists (select from {table} w left join connection n"  # noqa: S608 - names of ours
            f" on n.cloud = w.cloud and coalesce(n.same_as, n.id) = w.watcher"
            f" where w.cloud = $1 and w.{what} = $2 and coalesce(n.id, 0) = $3)"
        )
        if not await tx.fetchval(query, cloud.id, number, connection):
            raise no_such(what, number)


async def choices(actor: Actor, cloud: CloudFacts) -> Choices:
    """Subscribers and tariffs of a cloud, by name."""
    async with snapshot(actor) as tx:
        subscribers = await tx.fetch(
            "select number::text as key, name from subscriber where cloud = $1"
            " order by lower(name), number limit $2",
            cloud.id,
            CHOICES_MAX,
        )
        tariffs = await tx.fetch(
            "select code as key, name from tariff where cloud = $1 order by lower(name), code"
            " limit $2",
            cloud.id,
            CHOICES_MAX,
        )
    return Choices(
        subscribers=[(row["key"], row["name"]) for row in subscribers],
        tariffs=[(row["key"], row["name"]) for row in tariffs],
    )
