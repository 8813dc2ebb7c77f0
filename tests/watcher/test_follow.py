"""Subscriptions made from histories agree, day by day, with what SQL holds histories against."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from random import Random

import pytest

from portal.access import SYSTEM
from portal.billing.period import Period
from portal.billing.reconciliation import Kind
from portal.db import Transaction, atomic
from portal.kit.queries import tenancy
from portal.watcher.actions.sync.follow import follow
from portal.watcher.queries import reconciliation
from tests.cast import NORTH, SOUTH
from tests.conftest import NOW, Database
from tests.factories import World, camera, two_clouds

OCTOBER = Period.month("2026-10")
SUE, BOB = 1, 2
ORGANIZATIONS = {6: SUE, 8: BOB}
PRESETS = (7, 9)


async def connect(tx: Transaction, world: World) -> None:
    """A Watcher of each cloud; in North two organizations and two presets are mapped."""
    for cloud in (NORTH, SOUTH):
        await tx.execute(
            "insert into connection (id, cloud, api, url, secret, created_at)"
            " values ($1, $1, 'v3', 'https://watcher.test', '', '2026-09-01T00:00Z')",
            cloud,
        )
    rich = await tx.fetchval(
        "insert into tariff (cloud, code, name) values (1, 'rich', 'Rich') returning id"
    )
    await tx.execute(
        "insert into tariff_version (cloud, tariff, valid_from, monthly_price, setup_fee)"
        " values (1, $1, '2026-01-01', 19.90, 0)",
        rich,
    )
    for organization, subscriber in ORGANIZATIONS.items():
        await tx.execute(
            "insert into watcher_organization (cloud, watcher, organization, subscriber)"
            " values (1, 1, $1, $2)",
            *(organization, subscriber),
        )
    for preset, tariff in zip(PRESETS, (world.tariffs["home-7"], rich), strict=True):
        await tx.execute(
            "insert into watcher_preset (cloud, watcher, preset, tariff) values (1, 1, $1, $2)",
            *(preset, tariff),
        )


def history(chance: Random) -> Iterator[tuple[datetime, datetime | None, int, int]]:
    """A camera's intervals in order: moves, other presets and absences, several on some days."""
    at = datetime(2026, 9, 28, tzinfo=UTC) + timedelta(hours=chance.randint(0, 200))
    for _ in range(chance.randint(1, 12)):
        until = at + timedelta(hours=chance.choice([1, 5, 20, 24, 100, 300]))
        is_last = until > NOW or chance.random() < 0.1
        yield (
            at,
            None if is_last else until,
            chance.choice(list(ORGANIZATIONS)),
            chance.choice(PRESETS),
        )
        if is_last:
            return
        at = until + timedelta(hours=chance.choice([0, 0, 0, 2, 60]))


@pytest.mark.parametrize("seed", range(4))
async def test_what_was_made_from_histories_is_what_they_are_held_against(
    worker: Database, seed: int
) -> None:
    """No day of a followed camera is on another tariff than its preset's, and none is left out."""
    world = await two_clouds()
    chance = Random(seed)
    async with atomic(SYSTEM) as tx:
        await connect(tx, world)
        cameras = [await camera(tx, NORTH, f"c{number}", SUE) for number in range(12)]
        for one in cameras:
            for since, until, organization, preset in history(chance):
                await tx.execute(
                    "insert into camera_interval (cloud, connection, camera, since, until,"
                    " organization, preset) values (1, 1, $1, $2, $3, $4, $5)",
                    *(one, since, until, organization, preset),
                )
        north = await tenancy.cloud_facts(tx, "north")
        await follow(tx, north, NORTH, cameras, NOW.date())
        made = await tx.fetchval("select count(*) from subscription where cloud = $1", NORTH)
        of_south = await tx.fetchval("select count(*) from subscription where cloud = $1", SOUTH)
    assert made > len(cameras)
    assert of_south == 0
    result = await reconciliation.get(SYSTEM, await tenancy.get(SYSTEM, "north"), OCTOBER, now=NOW)
    kinds = {one.kind for one in result.differences}
    assert not kinds & {Kind.PRESET_DIFFERS, Kind.NOT_MAPPED, Kind.BILLED_NOT_THERE}
    async with atomic(SYSTEM) as tx:
        await tx.execute(
            "update watcher_preset set tariff = $1 where preset = 9", world.tariffs["home-7"]
        )
    result = await reconciliation.get(SYSTEM, await tenancy.get(SYSTEM, "north"), OCTOBER, now=NOW)
    assert Kind.PRESET_DIFFERS in {one.kind for one in result.differences}, "it does look"
