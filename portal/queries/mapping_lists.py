"""The worklist of mappings: what waits first, then what is mapped, and what it may be mapped to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from portal.db import reading
from portal.errors import NotFound
from portal.queries import tenancy
from portal.queries.pages import last_page

if TYPE_CHECKING:
    from collections.abc import Sequence

    from portal.access import Actor

What = Literal["organization", "preset"]
STATES: Final = ("waiting", "mapped")
CHOICES_MAX: Final = 2000
"""More are not offered; a number or a code can be typed."""


@dataclass(frozen=True, slots=True)
class Line:
    """An organization or a preset of a cloud's Watchers, and what it is mapped to.

    `target` is a subscriber's number or a tariff's code, "" while it waits; `name` what that is
    called. `cameras` live in it or under it. The rest says what a preset records; None: unknown.
    """

    what: What
    id: int
    title: str
    target: str
    name: str
    cameras: int
    continuous_depth_days: int | None
    motion_depth_days: int | None
    faces: bool | None
    plates: bool | None
    is_deleted: bool

    @property
    def is_mapped(self) -> bool:
        """Whether a person has said what it stands for."""
        return bool(self.target)


@dataclass(frozen=True, slots=True)
class Lines:
    """One page of the list, and how many lines there are on all pages."""

    rows: Sequence[Line]
    total: int


@dataclass(frozen=True, slots=True)
class Choices:
    """What there is to map to: subscribers (number, name) and tariffs (code, name)."""

    subscribers: Sequence[tuple[str, str]]
    tariffs: Sequence[tuple[str, str]]


_LISTED: Final = """
with living as materialized (
  select organization, preset, count(*) as cameras from camera_interval
  where cloud = $1 and until is null group by organization, preset
), listed as (
  select 'organization' as what, o.organization as id, o.title, coalesce(s.number::text, '')
           as target, coalesce(s.name, '') as name,
         (select coalesce(sum(l.cameras), 0)::bigint from living l
          where l.organization = o.organization) as cameras,
         null::int as continuous_depth_days, null::int as motion_depth_days,
         null::bool as faces, null::bool as plates, false as is_deleted
  from watcher_organization o left join subscriber s on s.id = o.subscriber
  where o.cloud = $1
  union all
  select 'preset', p.preset, p.title, coalesce(t.code, ''), coalesce(t.name, ''),
         (select coalesce(sum(l.cameras), 0)::bigint from living l where l.preset = p.preset),
         p.continuous_depth_days, p.motion_depth_days, p.faces, p.plates, p.is_deleted
  from watcher_preset p left join tariff t on t.id = p.tariff
  where p.cloud = $1
)
"""
_WHERE: Final = """
from listed
where ($2::bool is null or (target <> '') = $2)
  and ($3::text is null or strpos(lower(title), lower($3)) > 0 or id::text = $3
       or strpos(lower(name), lower($3)) > 0 or lower(target) = lower($3))
"""
_SORTS: Final = {
    "": "target <> '', what, cameras desc, id",
    "title": "lower(title), what, id",
    "-title": "lower(title) desc, what, id",
    "cameras": "cameras, what, id",
    "-cameras": "cameras desc, what, id",
}


async def listed(
    actor: Actor,
    cloud_slug: str,
    *,
    state: str = "",
    text: str = "",
    sort: str = "",
    offset: int = 0,
    limit: int = 50,
) -> Lines:
    """Organizations and presets of a cloud; without a sort what waits comes first.

    `state` is one of STATES or ""; `text` is a part of a title or a name, an id, a number or a
    code; `sort` is title or cameras, with "-" in front for downwards.
    """
    mapped = None if state not in STATES else state == "mapped"
    async with reading(actor) as tx:
        cloud = await tenancy.cloud_facts(tx, cloud_slug)
        facts = (cloud.id, mapped, text or None)
        total = await tx.fetchval(_LISTED + "select count(*) " + _WHERE, *facts)
        rows = await tx.fetch(
            _LISTED + "select * " + _WHERE + f" order by {_SORTS[sort]} offset $4 limit $5",
            *facts,
            last_page(offset, limit, total),
            limit,
        )
        return Lines([Line(**row) for row in rows], total)


async def demand_known(actor: Actor, cloud_slug: str, what: What, number: int) -> None:
    """Raise `NotFound` unless a Watcher of the cloud has shown it."""
    async with reading(actor) as tx:
        cloud = await tenancy.cloud_facts(tx, cloud_slug)
        query = (
            "select exists (select from watcher_organization"
            " where cloud = $1 and organization = $2)"
            if what == "organization"
            else "select exists (select from watcher_preset where cloud = $1 and preset = $2)"
        )
        if not await tx.fetchval(query, cloud.id, number):
            raise NotFound(f"There is no {what} {number}.")


async def choices(actor: Actor, cloud_slug: str) -> Choices:
    """Subscribers and tariffs of a cloud, by name."""
    async with reading(actor) as tx:
        cloud = await tenancy.cloud_facts(tx, cloud_slug)
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
        [(row["key"], row["name"]) for row in subscribers],
        [(row["key"], row["name"]) for row in tariffs],
    )
