"""What Watcher's organizations and presets stand for, and which still wait for an answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from asyncpg import Record

from portal.access import Actor
from portal.db import Transaction, snapshot
from portal.errors import no_such
from portal.kit.queries.pages import Sorts, in_order, numbered
from portal.kit.queries.rows import row_of
from portal.kit.queries.tenancy import CloudFacts

What = Literal["organization", "preset"]
STATES: Final = ("waiting", "mapped")
COUNTED_MAX: Final = 1000
"""Of more it is enough to know that they are so many."""
LISTED_MAX: Final = 10_000
"""Up to so many of a list are counted; of more it is said that they are more."""


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
    """One page of the list, and how many there are on all pages; with `is_more` more than that."""

    rows: Sequence[Mapping]
    total: int
    is_more: bool = False


# Which there are, with what they are ordered by; what is said of each is looked up.
_LISTED: Final = """
with listed as (
  select 'organization' as what, o.organization as id, o.watcher, o.title, o.cameras,
         o.subscriber is not null as is_mapped, o.subscriber as target
  from watcher_organization o where o.cloud = $1
  union all
  select 'preset', p.preset, p.watcher, p.title, p.cameras, p.tariff is not null, p.tariff
  from watcher_preset p where p.cloud = $1
)
"""
_FACTS: Final = """
with one as (
  select * from unnest($2::text[], $3::bigint[], $4::bigint[]) with ordinality
    as one(what, id, watcher, place)
), watchers as (
  select distinct on (coalesce(same_as, id)) coalesce(same_as, id) as id, id as connection,
         case when count(*) over (partition by cloud) > count(*) over
           (partition by cloud, coalesce(same_as, id)) then url else '' end as url
  from connection where cloud = $1 order by coalesce(same_as, id), ended_at is not null, id
)
select f.*, coalesce(w.connection, 0) as connection, coalesce(w.url, '') as url
from (
  select one.place, one.what, one.id, one.watcher, o.title, o.subscriber is not null as is_mapped,
         coalesce(s.number::text, '') as target, coalesce(s.name, '') as name, o.cameras,
         null::int as continuous_depth_days, null::int as motion_depth_days,
         null::bool as faces, null::bool as plates, false as is_deleted
  from one join watcher_organization o
    on o.cloud = $1 and o.watcher = one.watcher and o.organization = one.id
  left join subscriber s on s.id = o.subscriber
  where one.what = 'organization'
  union all
  select one.place, one.what, one.id, one.watcher, p.title, p.tariff is not null,
         coalesce(t.code, ''), coalesce(t.name, ''), p.cameras,
         p.continuous_depth_days, p.motion_depth_days, p.faces, p.plates, p.is_deleted
  from one join watcher_preset p
    on p.cloud = $1 and p.watcher = one.watcher and p.preset = one.id
  left join tariff t on t.id = p.tariff
  where one.what = 'preset'
) f
left join watchers w on w.id = f.watcher
order by f.place
"""
_WHERE: Final = """
from listed where ($2::bool is null or is_mapped = $2) and ($3::text is null or what = $3)
"""
_COUNT: Final = "select count(*)::int from (select {where} limit ${most}) one"
_TEXT: Final = """
  and (strpos(lower(title), lower($4)) > 0 or id::text = $4
       or what = 'organization' and target in (
         select s.id from subscriber s
         where s.cloud = $1 and (strpos(lower(s.name), lower($4)) > 0 or s.number::text = $4))
       or what = 'preset' and target in (
         select t.id from tariff t
         where t.cloud = $1 and (strpos(lower(t.name), lower($4)) > 0
                                 or lower(t.code) = lower($4))))
"""
# Without a text: of each table no more than the page and what is before it.
_PAGE: Final = """
select what, id, watcher from (
  (select 'organization' as what, o.organization as id, o.watcher, o.title, o.cameras,
          o.subscriber is not null as is_mapped
   from watcher_organization o
   where o.cloud = $1 and ($2::bool is null or (o.subscriber is not null) = $2)
     and ($3::text is null or $3 = 'organization')
   order by {organizations} limit $4::bigint + $5::bigint)
  union all
  (select 'preset', p.preset, p.watcher, p.title, p.cameras, p.tariff is not null
   from watcher_preset p
   where p.cloud = $1 and ($2::bool is null or (p.tariff is not null) = $2)
     and ($3::text is null or $3 = 'preset')
   order by {presets} limit $4::bigint + $5::bigint)
) listed
"""
_SORTS: Final = Sorts({"title": "lower(title)", "cameras": "cameras"}, tie="what, id, watcher")
_WAITING_FIRST: Final = " order by is_mapped, what, cameras desc, id, watcher"
# The same within one table, as its index has it.
_FIRST_OF: Final = {
    "organizations": "(o.subscriber is not null), o.cameras desc, o.organization, o.watcher",
    "presets": "(p.tariff is not null), p.cameras desc, p.preset, p.watcher",
}
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
select what, id, watcher from listed where is_mapped = $2 and (what, id, watcher) > ($3, $4, $5)
order by what, id, watcher limit $6
"""


async def count_waiting(actor: Actor, cloud: CloudFacts | None = None) -> int:
    """How many organizations and presets wait to be mapped: of a cloud, or of the actor's own.

    COUNTED_MAX are that many or more.
    """
    async with snapshot(actor) as tx:
        of = actor.cloud if cloud is None else cloud.id
        found: int = await tx.fetchval(_WAITING, of, COUNTED_MAX)
        return found


async def list_page(
    actor: Actor, cloud: CloudFacts, *, mapped: bool, after: tuple[str, int, int] | None, limit: int
) -> list[Mapping]:
    """Organizations, then presets, by id: those that are mapped, or those that wait for it."""
    async with snapshot(actor) as tx:
        rows = await tx.fetch(_LISTED + _AFTER, cloud.id, mapped, *(after or ("", 0, 0)), limit)
        return await _facts(tx, cloud, rows)


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
    counted: int = LISTED_MAX,
) -> Mappings:
    """Organizations and presets of a cloud; without a sort what waits comes first.

    `state` is one of STATES or ""; `text` is a part of a title or a name, an id, a number or a
    code; `what` narrows to organizations or presets; `sort` is title or cameras, with "-" in
    front for downwards. Up to `counted` are counted.
    """
    mapped = None if state not in STATES else state == "mapped"
    order = _SORTS.order_by(sort) if sort else _WAITING_FIRST
    where = _WHERE + (_TEXT if text else "")
    async with snapshot(actor) as tx:
        facts = (cloud.id, mapped, what, *([text] if text else []))
        count = _LISTED + _COUNT.format(where=where, most=len(facts) + 1)
        found = await tx.fetchval(count, *facts, counted + 1)
        total = min(found, counted)
        if text or sort:
            ordered, read = _LISTED + "select what, id, watcher " + where + order, numbered
        else:
            ordered, read = _PAGE.format(**_FIRST_OF) + order, in_order
        rows = await read(tx, ordered, facts, total, offset=offset, limit=limit)
        return Mappings(await _facts(tx, cloud, rows), total, is_more=found > counted)


async def _facts(tx: Transaction, cloud: CloudFacts, rows: Sequence[Record]) -> list[Mapping]:
    """What is said of those that are named by `what`, `id` and `watcher`, in their order."""
    named = [[row[name] for row in rows] for name in ("what", "id", "watcher")]
    return [row_of(Mapping, row) for row in await tx.fetch(_FACTS, cloud.id, *named)]


# Any connection that leads to it says which Watcher is meant; 0 is the one that is connected next.
_SHOWN_BY: Final = """
select coalesce((select coalesce(same_as, id) from connection where cloud = $1 and id = $2),
                case when $2 = 0 then 0 end)
"""
_ONE: Final = "select what, id, watcher from listed where what = $2 and id = $3 and watcher = $4"


async def get(actor: Actor, cloud: CloudFacts, what: What, number: int, connection: int) -> Mapping:
    """One that the Watcher of a connection of the cloud has shown. Raises `NotFound`."""
    async with snapshot(actor) as tx:
        meant = await tx.fetchval(_SHOWN_BY, cloud.id, connection)
        rows = await tx.fetch(_LISTED + _ONE, cloud.id, what, number, meant)
        found = await _facts(tx, cloud, rows)
    if not found:
        raise no_such(what, number)
    return found[0]
