"""Organizations and presets that wait for a mapping: what they cost, and what fits them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from portal.access import Actor
from portal.billing.period import Period, local_date
from portal.billing.reconciliation import wholesale_worth
from portal.books.queries import rating
from portal.db import Transaction, snapshot
from portal.kit.queries.tenancy import CloudFacts
from portal.watcher.forms.connection import MATCHES_MAX
from portal.watcher.queries.mappings import What

VALUED_MAX: Final = 2_000
"""Cameras in what waits; of more nothing is valued, so that a page of a first reading is quick."""
Key = tuple[What, int, int]
"""What waits: an organization or a preset, by its connection and number."""


@dataclass(frozen=True, slots=True)
class Match:
    """What waits, and the only subscriber or tariff that is called the same."""

    what: What
    connection: int
    id: int
    title: str
    cameras: int
    target: str
    name: str

    @property
    def key(self) -> Key:
        """What tells it from the others."""
        return self.what, self.connection, self.id


_WATCHERS: Final = """
with watchers as materialized (
  select coalesce(same_as, id) as id,
         coalesce(min(id) filter (where ended_at is null), min(id)) as connection
  from connection where cloud = $1 group by 1
)
"""
_CAMERAS: Final = (
    _WATCHERS
    + """
select i.camera, w.connection, case when o.id is not null then i.organization end as organization,
       case when p.id is not null then i.preset end as preset
from camera_interval i
join connection n on n.id = i.connection
join watchers w on w.id = coalesce(n.same_as, n.id)
left join watcher_organization o on o.cloud = $1 and o.organization = i.organization
  and o.watcher = w.id and o.subscriber is null
left join watcher_preset p on p.cloud = $1 and p.preset = i.preset and p.watcher = w.id
  and p.tariff is null
where i.cloud = $1 and i.until is null and (o.id is not null or p.id is not null)
limit $2
"""
)
# Names are compared as people read them. One that several have, or several wait under, is no match.
# Who is called so is looked up name by name: a join would read every customer.
_MATCHES: Final = """
, waiting as materialized (
  select *, count(*) over (partition by what, watcher, called) = 1 as is_alone from (
    select 'organization' as what, watcher, organization as id, title, cameras,
           lower(btrim(regexp_replace(title, '\\s+', ' ', 'g'))) as called
    from watcher_organization where cloud = $1 and subscriber is null
    union all
    select 'preset', watcher, preset, title, cameras,
           lower(btrim(regexp_replace(title, '\\s+', ' ', 'g')))
    from watcher_preset where cloud = $1 and tariff is null and not is_deleted
  ) one
)
select g.what, coalesce(w.connection, 0) as connection, g.id, g.title, t.target, t.name, g.cameras
from waiting g
cross join lateral (
  select min(one.target) as target, min(one.name) as name, count(*) as count from (
    select s.number::text as target, s.name
    from (
      select w.subscriber from subscriber_word w
      where w.cloud = $1 and w.kind = 'name' and w.word = left(g.called, 60) offset 0
    ) w
    cross join lateral (
      select s.number, s.name from subscriber s
      where s.id = w.subscriber
        and lower(btrim(regexp_replace(s.name, '\\s+', ' ', 'g'))) = g.called
      limit 1
    ) s
    where g.what = 'organization'
    union all
    select code, name from tariff
    where cloud = $1 and g.what = 'preset'
      and lower(btrim(regexp_replace(name, '\\s+', ' ', 'g'))) = g.called
  ) one
) t
left join watchers w on w.id = g.watcher
where g.is_alone and g.called <> '' and t.count = 1
order by g.what, lower(g.title), g.id, connection limit $2
"""


async def matches(actor: Actor, cloud: CloudFacts) -> list[Match]:
    """What waits and is called as exactly one subscriber or tariff is; organizations first."""
    async with snapshot(actor) as tx:
        return [Match(**row) for row in await tx.fetch(_WATCHERS + _MATCHES, cloud.id, MATCHES_MAX)]


async def values(actor: Actor, cloud: CloudFacts, *, now: datetime) -> Mapping[Key, int] | None:
    """What the platform charges this month for the cameras of each, in minor units.

    A camera that waits for both, its organization and its preset, is in the value of either. None
    where there are more cameras than are valued.
    """
    async with snapshot(actor) as tx:
        rows = await tx.fetch(_CAMERAS, cloud.id, VALUED_MAX + 1)
        if len(rows) > VALUED_MAX:
            return None
        worth = await _worth(tx, cloud, sorted({row["camera"] for row in rows}), now)
    found: dict[Key, int] = defaultdict(int)
    for row in rows:
        if row["organization"] is not None:
            found["organization", row["connection"], row["organization"]] += worth[row["camera"]]
        if row["preset"] is not None:
            found["preset", row["connection"], row["preset"]] += worth[row["camera"]]
    return found


async def _worth(
    tx: Transaction, cloud: CloudFacts, cameras: Sequence[int], now: datetime
) -> dict[int, int]:
    if not cameras:
        return {}
    book = await rating.price_book(tx, cloud, Period.of(local_date(now, cloud.timezone)))
    facts = await rating.of_cameras(tx, book, cameras)
    days = range(book.period.days)
    prices = book.prices.wholesale
    return {one.camera: wholesale_worth(prices, one, days) for one in facts.cameras}
