"""Which camera of the books one a sync run has found: told apart by Watcher, and by its name there.

A name is one camera's in one Watcher; another Watcher of the cloud may have one of the same name,
and that is another camera. The first one that has a name has it as its external id, what comes
after it is "gate@12", with the number of its Watcher; neither ever changes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import count
from typing import Final

from portal.billing.readings import CameraReading
from portal.db import Transaction
from portal.values.external_id import id_for
from portal.values.text import NAME_MAX
from portal.watcher.actions.sync.history import SyncRun

# One table at a time, wherever all cameras of a cloud are gone through: what PostgreSQL has guessed
# of a cloud that is being filled is wrong, and then a join looks through all of it for each one.
_OURS: Final = """
select id, watcher_name from camera
where cloud = $1 and watcher = $2 and watcher_name = any($3::text[])
"""
_BY_HAND: Final = """
select id, external_id, subscriber from camera
where cloud = $1 and watcher is null and external_id = any($2::text[]) for no key update
"""
_OWNERS: Final = """
select organization, subscriber from watcher_organization
where cloud = $1 and watcher = $2 and subscriber is not null
"""
_IS_ALONE: Final = """
select count(distinct coalesce(same_as, id)) = 1 from connection
where cloud = $1 and ended_at is null
"""
_CLAIM: Final = """
update camera c set watcher = $2, watcher_name = n.name
from unnest($3::bigint[], $4::text[]) as n(id, name) where c.cloud = $1 and c.id = n.id
"""
_MAKE: Final = """
insert into camera (cloud, external_id, name, watcher, watcher_name)
select $1, n.external_id, n.title, $2, n.name
from unnest($3::text[], $4::text[], $5::text[]) as n(external_id, title, name)
order by n.external_id
on conflict do nothing returning id, watcher_name
"""
_RENAME: Final = """
update camera c set name = n.title from unnest($1::bigint[], $2::text[]) as n(id, title)
where c.id = n.id and c.name <> n.title
"""


async def identify(
    tx: Transaction, run: SyncRun, found: Mapping[str, CameraReading]
) -> dict[str, int]:
    """Row ids of cameras by Watcher's name, made where they are new.

    One that was registered by hand and never met is the first one that is met under its id. Where
    the cloud has several Watchers, its owner must be the owner of the organization it is in.
    """
    ids = {
        row["watcher_name"]: row["id"]
        for row in await tx.fetch(_OURS, run.cloud, run.watcher, list(found))
    }
    new = {name: reading for name, reading in found.items() if name not in ids}
    if new:
        ids |= await _claim(tx, run, new)
        for suffix, marked in _marks(run.watcher):
            left = [name for name in new if name not in ids]
            if not left:
                break
            rows = await tx.fetch(
                _MAKE,
                run.cloud,
                run.watcher,
                [id_for(name, suffix, marked=marked) for name in left],
                [(new[name].title or id_for(name))[:NAME_MAX] for name in left],
                left,
            )
            ids |= {row["watcher_name"]: row["id"] for row in rows}
    return ids


def _marks(watcher: int) -> Iterator[tuple[str, bool]]:
    """What makes an id another one, until it is free: "@12", then the name's hash, then "@12.2".

    Each id that is taken is a camera's, so one is soon free.
    """
    yield "", False
    yield f"@{watcher}", False
    yield f"@{watcher}", True
    yield from ((f"@{watcher}.{number}", True) for number in count(2))


async def rename(tx: Transaction, seen: Mapping[int, CameraReading]) -> None:
    """Call cameras (by row id) what their Watcher calls them; without a title they stay."""
    titled = {camera: found.title[:NAME_MAX] for camera, found in seen.items() if found.title}
    await tx.execute(_RENAME, list(titled), list(titled.values()))


async def _claim(tx: Transaction, run: SyncRun, new: Mapping[str, CameraReading]) -> dict[str, int]:
    by_id = {id_for(name): name for name in new}
    rows = await tx.fetch(_BY_HAND, run.cloud, list(by_id))
    if not rows:
        return {}
    is_alone = await tx.fetchval(_IS_ALONE, run.cloud)
    owners = {
        row["organization"]: row["subscriber"]
        for row in await tx.fetch(_OWNERS, run.cloud, run.watcher)
    }
    claimed: dict[str, int] = {}
    for row in rows:
        name = by_id[row["external_id"]]
        if is_alone or row["subscriber"] in {None, owners.get(new[name].organization)}:
            claimed[name] = row["id"]
    await tx.execute(_CLAIM, run.cloud, run.watcher, list(claimed.values()), list(claimed))
    return claimed
