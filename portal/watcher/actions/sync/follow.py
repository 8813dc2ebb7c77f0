"""Subscriptions that follow presets: what Watcher shows and people have mapped, made so."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Final

from asyncpg import Record

from portal.billing.following import Change, Mappings, Standing, decide, wanted_of
from portal.billing.readings import Interval
from portal.db import Transaction
from portal.kit.queries.tenancy import CloudFacts

CAMERAS_AT_ONCE: Final = 2_000


_INTERVALS: Final = """
select camera, since, until, organization, preset, enabled, made_at from camera_interval
where cloud = $1 and connection = $2 and camera = any($3::bigint[]) order by camera, since
"""
_STANDING: Final = """
select camera, id, subscriber, tariff, starts_on, ends_on, follows from subscription
where cloud = $1 and camera = any($2::bigint[]) order by camera, starts_on
"""
_CLOSED: Final = """
select starts_on, (starts_on + interval '1 month')::date as after from period
where cloud = $1 and state <> 'open' order by starts_on
"""


async def follow(
    tx: Transaction,
    cloud: CloudFacts,
    connection: int,
    cameras: Sequence[int],
    today: date,
) -> None:
    """Bring the subscriptions of cameras (by row id) in line with their histories and the mappings.

    Days of closed months stay as they were billed.
    """
    if not cameras:
        return
    mappings = await _mappings(tx, cloud, connection)
    for start in range(0, len(cameras), CAMERAS_AT_ONCE):
        run = cameras[start : start + CAMERAS_AT_ONCE]
        intervals: dict[int, list[Interval]] = defaultdict(list)
        for row in await tx.fetch(_INTERVALS, cloud.id, connection, run):
            intervals[row["camera"]].append(_interval(row))
        standing: dict[int, list[Standing]] = defaultdict(list)
        for row in await tx.fetch(_STANDING, cloud.id, run):
            camera, *rest = row.values()
            standing[camera].append(Standing(*rest))
        changes: dict[int, Change] = {}
        for camera in run:
            wanted = wanted_of(mappings, intervals[camera], cloud.timezone)
            changes[camera] = decide(wanted, standing[camera], connection, today, mappings.closed)
        await _apply(tx, cloud.id, connection, changes)


async def _mappings(tx: Transaction, cloud: CloudFacts, connection: int) -> Mappings:
    watcher = await tx.fetchval(
        "select coalesce(same_as, id) from connection where id = $1", connection
    )
    organizations = await tx.fetch(
        "select organization, subscriber from watcher_organization"
        " where cloud = $1 and watcher = $2 and subscriber is not null",
        cloud.id,
        watcher,
    )
    presets = await tx.fetch(
        "select preset, tariff from watcher_preset"
        " where cloud = $1 and watcher = $2 and tariff is not null",
        cloud.id,
        watcher,
    )
    begins = await tx.fetch(
        "select tariff, min(valid_from) as begins from tariff_version where cloud = $1"
        " group by tariff",
        cloud.id,
    )
    return Mappings(
        subscribers={row["organization"]: row["subscriber"] for row in organizations},
        tariffs={row["preset"]: row["tariff"] for row in presets},
        begins={row["tariff"]: row["begins"] for row in begins},
        closed=[(row["starts_on"], row["after"]) for row in await tx.fetch(_CLOSED, cloud.id)],
    )


def _interval(row: Record) -> Interval:
    return Interval(
        camera=str(row["camera"]),
        since=row["since"],
        until=row["until"],
        organization=row["organization"],
        preset=row["preset"],
        enabled=row["enabled"],
        created_at=row["made_at"],
    )


async def _apply(
    tx: Transaction, cloud: int, connection: int, changes: Mapping[int, Change]
) -> None:
    emptied = [one for change in changes.values() for one in change.emptied]
    ends = [one for change in changes.values() for one in change.ends]
    made = [(camera, one) for camera, change in changes.items() for one in change.made]
    if emptied:
        await tx.execute("delete from subscription where id = any($1::bigint[])", emptied)
    if ends:
        await tx.execute(
            "update subscription s set ends_on = e.ends_on"
            " from unnest($1::bigint[], $2::date[]) as e(id, ends_on) where s.id = e.id",
            [subscription for subscription, _ in ends],
            [ends_on for _, ends_on in ends],
        )
    if made:
        await tx.execute(
            "insert into subscription (cloud, camera, subscriber, tariff, starts_on, ends_on,"
            " follows) select $1, m.camera, m.subscriber, m.tariff, m.starts_on, m.ends_on, $2"
            " from unnest($3::bigint[], $4::bigint[], $5::bigint[], $6::date[], $7::date[])"
            " as m(camera, subscriber, tariff, starts_on, ends_on)",
            cloud,
            connection,
            [camera for camera, _ in made],
            [one.subscriber for _, one in made],
            [one.tariff for _, one in made],
            [one.starts_on for _, one in made],
            [one.ends_on for _, one in made],
        )
