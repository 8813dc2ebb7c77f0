"""The histories of cameras: what a complete reading does to their intervals."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from asyncpg import Record

from portal.billing.readings import CameraReading, Interval, Step, step
from portal.db import Transaction


@dataclass(frozen=True, slots=True)
class SyncRun:
    """One complete run: whose, when, and when the complete one before was (None: the first).

    `watcher` is the first connection that led to the same Watcher, which may be this one.
    """

    reading: int
    connection: int
    watcher: int
    cloud: int
    at: datetime
    before: datetime | None


GONE_AT_ONCE: Final = 2_000
# One table at a time: what PostgreSQL has guessed of a cloud that is being filled is wrong.
_IN_FORCE: Final = """
select id, camera, since, organization, preset, enabled, made_at
from camera_interval
where cloud = $1 and connection = $2 and until is null and camera = any($3::bigint[])
"""
_OF_OTHERS: Final = """
select camera from camera_interval
where cloud = $1 and connection <> $2 and until is null and camera = any($3::bigint[])
"""
_HAS_LEFT: Final = """
select exists (
  select from connection e join camera_interval i on i.connection = e.id
  where e.cloud = $1 and e.ended_at is not null and i.cloud = $1 and i.until is null)
"""
# Histories, and subscriptions that followed them, of connections that were ended.
_LEFT: Final = """
update camera_interval i set connection = $2
from camera c, reading_camera r, connection e
where i.cloud = $1 and i.until is null and i.connection <> $2
  and e.id = i.connection and e.ended_at is not null
  and c.id = i.camera and c.watcher = $4
  and r.cloud = $1 and r.reading = $3 and r.name = c.watcher_name
returning i.camera
"""
_LEFT_SUBSCRIPTIONS: Final = """
update subscription s set follows = $2
from connection e
where s.cloud = $1 and s.camera = any($3::bigint[]) and s.ends_on is null
  and e.id = s.follows and e.ended_at is not null
"""
_LIVING: Final = """
select camera from camera_interval
where cloud = $1 and connection = $2 and until is null and since <= $3
"""


async def reassign(tx: Transaction, run: SyncRun) -> None:
    """Go on with the histories of cameras that were met and that an ended connection has left."""
    if not await tx.fetchval(_HAS_LEFT, run.cloud):
        return
    left = await tx.fetch(_LEFT, run.cloud, run.connection, run.reading, run.watcher)
    if left:
        cameras = [row["camera"] for row in left]
        await tx.execute(_LEFT_SUBSCRIPTIONS, run.cloud, run.connection, cameras)


async def apply(
    tx: Transaction, run: SyncRun, seen: Mapping[int, CameraReading]
) -> tuple[list[int], list[int]]:
    """Continue the histories of cameras (by row id) that were seen.

    Answers those whose interval changed, and those that another connection of the cloud has at the
    moment: these are left alone, one camera cannot be in two places. So is what has become known
    since the run began, when a change was read back: the run may have fetched the camera before it.
    """
    ids = list(seen)
    others = {row["camera"] for row in await tx.fetch(_OF_OTHERS, run.cloud, run.connection, ids)}
    in_force = {
        row["camera"]: row for row in await tx.fetch(_IN_FORCE, run.cloud, run.connection, ids)
    }
    steps = []
    for camera, found in seen.items():
        row = in_force.get(camera)
        if camera in others or (row is not None and row["since"] > run.at):
            continue
        taken = step(None if row is None else _interval(row), found, run.at, run.before)
        steps.append((camera, row, taken))
    return await _apply(tx, run, steps), sorted(others)


async def close(tx: Transaction, run: SyncRun, met: Collection[int]) -> list[int]:
    """End the history of every camera that a complete run did not find; their row ids.

    `met` are the row ids of those it did.
    """
    living = await tx.fetch(_LIVING, run.cloud, run.connection, run.at)
    gone = [row["camera"] for row in living if row["camera"] not in met]
    changed: list[int] = []
    for start in range(0, len(gone), GONE_AT_ONCE):
        part = gone[start : start + GONE_AT_ONCE]
        rows = await tx.fetch(_IN_FORCE, run.cloud, run.connection, part)
        steps = [
            (row["camera"], row, step(_interval(row), None, run.at, run.before)) for row in rows
        ]
        changed += await _apply(tx, run, steps)
    return changed


def _interval(row: Record) -> Interval:
    return Interval(
        camera=str(row["camera"]),
        since=row["since"],
        until=None,
        organization=row["organization"],
        preset=row["preset"],
        enabled=row["enabled"],
        created_at=row["made_at"],
    )


async def _apply(
    tx: Transaction, run: SyncRun, steps: Sequence[tuple[int, Record | None, Step]]
) -> list[int]:
    ended: list[tuple[int, datetime]] = []
    begun: list[tuple[object, ...]] = []
    learnt: list[tuple[int, datetime]] = []
    changed: list[int] = []
    for camera, row, taken in steps:
        current = taken.current
        if row is not None and taken.ended is not None and taken.ended.until is not None:
            ended.append((row["id"], taken.ended.until))
        if current is not None and (row is None or taken.ended is not None):
            begun.append(
                (
                    run.cloud,
                    run.connection,
                    camera,
                    current.since,
                    current.organization,
                    current.preset,
                    current.enabled,
                    current.created_at,
                )
            )
        elif row is not None and current is not None and current.created_at != row["made_at"]:
            if current.created_at is not None:
                learnt.append((row["id"], current.created_at))
            continue
        if taken.ended is not None or row is None:
            changed.append(camera)
    await tx.execute(
        "update camera_interval i set until = e.until"
        " from unnest($1::bigint[], $2::timestamptz[]) as e(id, until) where i.id = e.id",
        [row for row, _ in ended],
        [until for _, until in ended],
    )
    await tx.execute(
        "update camera_interval i set made_at = l.made_at"
        " from unnest($1::bigint[], $2::timestamptz[]) as l(id, made_at) where i.id = l.id",
        [row for row, _ in learnt],
        [made_at for _, made_at in learnt],
    )
    if begun:
        await tx.copy_records_to_table(
            "camera_interval",
            records=begun,
            columns=(
                "cloud",
                "connection",
                "camera",
                "since",
                "organization",
                "preset",
                "enabled",
                "made_at",
            ),
        )
    return changed
