"""A sync run is complete: what it found counts now, all of it in one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from asyncpg import Record

from portal import tables
from portal.access import SYSTEM
from portal.billing.period import local_date
from portal.billing.readings import CameraReading, Organization, Preset, Range
from portal.db import Transaction, atomic
from portal.errors import Conflict
from portal.kit.actions.locks import lock_books_shared, lock_histories
from portal.kit.actions.rows import update
from portal.kit.queries import tenancy
from portal.kit.queries.tenancy import CloudFacts
from portal.watcher.actions import differences
from portal.watcher.actions.sync.facts import store
from portal.watcher.actions.sync.follow import follow
from portal.watcher.actions.sync.found import unpack
from portal.watcher.actions.sync.history import SyncRun, apply, close, reassign
from portal.watcher.actions.sync.identify import identify, rename
from portal.watcher.actions.sync.shown import (
    Mentioned,
    count_cameras,
    show_all_presets,
    show_mentioned,
    show_organizations,
)
from portal.words import _, ngettext, stored

CAMERAS_AT_ONCE: Final = 1_000
FOUND_BYTES_AT_ONCE: Final = 2_000_000
"""Of what was found of cameras, with their footage. It takes about ten times that once read."""
_READING: Final = """
select r.cloud, r.connection, r.started_at, c.follow_presets, c.organizations,
       coalesce(c.same_as, c.id) as watcher,
       (select max(b.started_at) from reading b
        where b.cloud = r.cloud and b.connection = r.connection and b.state = 'complete') as before,
       (select count(*) from reading_camera w
        where w.cloud = r.cloud and w.reading = r.id) as waiting
from reading r join connection c on c.id = r.connection
where r.id = $1 and r.state = 'running' for no key update of r, c
"""
_FOUND: Final = """
select name, found from (
  select name, found, row_number() over w as place, sum(octet_length(found)) over w as size
  from (select name, found from reading_camera
        where cloud = $1 and reading = $2 and name > $3 order by name limit $4) waiting
  window w as (order by name rows unbounded preceding)
) run
where place = 1 or size <= $5 order by name
"""
_IN: Final = """
select camera, organization from camera_interval
where cloud = $1 and until is null and camera = any($2::bigint[])
"""
_RUNNING: Final = """
select camera, subscriber from subscription
where cloud = $1 and camera = any($2::bigint[]) and (ends_on is null or ends_on > $3::date + 1)
"""
_OWN: Final = """
update camera c set subscriber = n.subscriber
from unnest($1::bigint[], $2::bigint[]) as n(id, subscriber)
where c.id = n.id and c.subscriber is distinct from n.subscriber
"""


@dataclass(frozen=True, slots=True)
class Found:
    """What a sync run has found: what Watcher listed, and how many cameras lie waiting.

    `warnings` are sentences about single objects that are not as they should be, `unnamed` the
    number of cameras that have no name and are left out.
    """

    organizations: Sequence[Organization]
    presets: Sequence[Preset]
    cameras: int
    pages: int
    warnings: Sequence[str] = ()
    unnamed: int = 0


async def complete(reading_id: int, found: Found, *, now: datetime) -> None:
    """Let a finished run count: histories, daily facts, owners, subscriptions, and what differs.

    A reading that is not running (any more) changes nothing. Raises `Conflict` when the cameras
    that wait are not those that the run found: somebody else has begun it anew.
    """
    async with atomic(SYSTEM) as tx:
        row = await tx.fetchrow(_READING, reading_id)
        if row is None:
            return
        if row["waiting"] != found.cameras:
            raise Conflict(_("Another worker has taken this reading over."))
        await force_custom_plan(tx)
        cloud = await tenancy.cloud_facts_by_id(tx, row["cloud"])
        run = SyncRun(
            reading=reading_id,
            connection=row["connection"],
            watcher=row["watcher"],
            cloud=cloud.id,
            at=row["started_at"],
            before=row["before"],
        )
        await lock_histories(tx, cloud.id)
        await lock_books_shared(tx, cloud.id)
        await reassign(tx, run)
        await show_organizations(tx, run, found.organizations)
        met, changed, elsewhere = await _take_all(tx, run, cloud)
        is_shared = row["organizations"] is not None
        await show_all_presets(
            tx, cloud.id, run.watcher, found.presets, run.at, only_known=is_shared
        )
        changed += await close(tx, run, met)
        await count_cameras(tx, cloud.id)
        today = local_date(run.at, cloud.timezone)
        if row["follow_presets"]:
            await follow(tx, cloud, run.connection, changed, today)
        await own(tx, cloud.id, run.connection, changed, today)
        await tx.execute(
            "delete from reading_camera where cloud = $1 and reading = $2", cloud.id, reading_id
        )
        columns = {
            "state": "complete",
            "finished_at": now,
            "pages": found.pages,
            "cameras": len(met),
            "message": stored(_elsewhere(elsewhere)),
            "warnings": [stored(one) for one in found.warnings],
            "unnamed": found.unnamed,
        }
        await update(tx, tables.Reading, reading_id, columns)
        await differences.keep(tx, cloud, now)


async def own(
    tx: Transaction, cloud: int, connection: int, cameras: Sequence[int], today: date
) -> None:
    """Give cameras (by row id) to those whose organization they are in.

    While a subscription that a person made runs on, a camera stays whose it was.
    """
    owners: dict[int | None, int | None] = {
        row["organization"]: row["subscriber"]
        for row in await tx.fetch(
            "select organization, subscriber from watcher_organization where cloud = $1"
            " and watcher = (select coalesce(same_as, id) from connection where id = $2)",
            cloud,
            connection,
        )
    }
    for start in range(0, len(cameras), CAMERAS_AT_ONCE):
        run = cameras[start : start + CAMERAS_AT_ONCE]
        theirs = {
            row["camera"]: owners.get(row["organization"])
            for row in await tx.fetch(_IN, cloud, run)
        }
        for row in await tx.fetch(_RUNNING, cloud, run, today):
            if row["camera"] in theirs and theirs[row["camera"]] != row["subscriber"]:
                del theirs[row["camera"]]
        await tx.execute(_OWN, list(theirs), list(theirs.values()))


async def force_custom_plan(tx: Transaction) -> None:
    """Have every statement of a transaction planned by what the tables hold when it runs.

    A first sync run fills tables that are empty when it begins. A plan that was made then and kept
    compares each camera with each of a list: hours for a hundred thousand of them.
    """
    await tx.execute("set local plan_cache_mode = force_custom_plan")


def _elsewhere(names: Sequence[str]) -> str:
    if not names:
        return ""
    shown = ", ".join(names[:5])
    told = ngettext(
        "%(count)s camera is read by another connection already: %(names)s",
        "%(count)s cameras are read by another connection already: %(names)s",
        len(names),
    )
    return told % {"count": len(names), "names": shown}


async def _take_all(
    tx: Transaction, run: SyncRun, cloud: CloudFacts
) -> tuple[set[int], list[int], list[str]]:
    """Row ids of all that were met and of those whose history changed, names of those elsewhere."""
    after = ""
    met: set[int] = set()
    changed: list[int] = []
    elsewhere: list[str] = []
    mentioned = Mentioned()
    bounds = (CAMERAS_AT_ONCE, FOUND_BYTES_AT_ONCE)
    while rows := await tx.fetch(_FOUND, run.cloud, run.reading, after, *bounds):
        after = rows[-1]["name"]
        names, seen, ranges = await _known(tx, run, rows)
        met.update(seen)
        for found in seen.values():
            mentioned.add(found)
        moved, others = await apply(tx, run, seen)
        for camera in others:
            elsewhere.append(names[camera])
            del seen[camera]
            ranges.pop(camera, None)
        changed += moved
        await rename(tx, seen)
        await store(tx, run, cloud.timezone, seen, ranges)
    await show_mentioned(tx, run, mentioned)
    return met, changed, elsewhere


async def _known(
    tx: Transaction, run: SyncRun, rows: Sequence[Record]
) -> tuple[dict[int, str], dict[int, CameraReading], dict[int, Sequence[Range]]]:
    """The cameras of a run by row id, made where they are new."""
    found = {row["name"]: unpack(row["found"]) for row in rows}
    ids = await identify(tx, run, {name: reading for name, (reading, _) in found.items()})
    names = {camera: name for name, camera in ids.items()}
    seen = {ids[name]: reading for name, (reading, _) in found.items()}
    ranges = {ids[name]: of for name, (_, of) in found.items() if of is not None}
    return names, seen, dict(ranges)
