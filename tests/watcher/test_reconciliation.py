"""October of North, side by side with what its Watcher showed."""

from __future__ import annotations

from datetime import UTC, datetime

from portal.access import SYSTEM
from portal.billing.period import Period
from portal.db import atomic
from portal.kit.queries import tenancy
from portal.watcher.queries import reconciliation
from tests.cast import NORTH, SOUTH
from tests.conftest import NOW, Database
from tests.factories import World, camera, days, subscribe, use, worked_example

OCTOBER = Period.month("2026-10")


async def watched() -> World:
    """The worked example, its cameras seen by a connection from the first of October on."""
    world = await worked_example()
    async with atomic(SYSTEM) as tx:
        for cloud in (NORTH, SOUTH):
            await tx.execute(
                "insert into connection (id, cloud, api, url, secret, created_at)"
                " values ($1, $1, 'v3', 'https://watcher.test', '', '2026-09-30T22:00Z')",
                cloud,
            )
        await tx.execute(
            "insert into watcher_organization (cloud, watcher, organization, title, subscriber)"
            " values ($1, 1, 6, 'Sue', 1)",
            NORTH,
        )
        await tx.execute(
            "insert into watcher_preset (cloud, watcher, preset, title, motion_depth_days, tariff)"
            " values ($1, 1, 7, 'Home', 7, $2)",
            NORTH,
            world.tariffs["home-7"],
        )
        await tx.execute(
            "insert into reading (cloud, connection, started_at, state)"
            " select 1, 1, d, 'complete' from generate_series("
            " '2026-10-01T10:00Z'::timestamptz, '2026-10-31T11:00Z', interval '1 day') d"
        )
        for name, since in (("gate", "2026-09-30T22:00Z"), ("yard", "2026-10-15T22:00Z")):
            await interval(world.cameras[name], since, None)
    return world


async def interval(
    row: int, since: str, until: str | None, *, organization: int = 6, preset: int = 7
) -> None:
    async with atomic(SYSTEM) as tx:
        await tx.execute(
            "insert into camera_interval (cloud, connection, camera, since, until, organization,"
            " preset) values (1, 1, $1, $2, $3, $4, $5)",
            row,
            datetime.fromisoformat(since).astimezone(UTC),
            None if until is None else datetime.fromisoformat(until).astimezone(UTC),
            organization,
            preset,
        )


async def found() -> list[tuple[str, str | None, int, int]]:
    result = await reconciliation.get(SYSTEM, await tenancy.get(SYSTEM, "north"), OCTOBER, now=NOW)
    return [(str(one.kind), one.camera, one.days, one.worth) for one in result.differences]


async def test_what_agrees_is_not_listed(worker: Database) -> None:
    await watched()
    assert await found() == []


async def test_a_camera_that_records_and_is_nobodys(worker: Database) -> None:
    world = await watched()
    async with atomic(SYSTEM) as tx:
        shed = await camera(tx, NORTH, "shed", 1)
        for meter, quantity in (("recording.time", 3600), ("recording.motion.depth", 7)):
            await use(
                tx, NORTH, shed, world.meters[meter], days("2026-10-03", "2026-10-05"), quantity
            )
    # Two days of 7 motion days at 0.50 a month: 14 / 31 × 0.50 = 0.23.
    assert await found() == [("recorded_not_billed", "shed", 2, 23)]


async def test_a_subscription_whose_camera_is_gone(worker: Database) -> None:
    world = await watched()
    async with atomic(SYSTEM) as tx:
        await tx.execute(
            "update camera_interval set until = '2026-10-20T10:00Z' where camera = $1",
            world.cameras["gate"],
        )
    # 21 to 31 October: 11 days of 9.90 a month.
    assert await found() == [("billed_not_there", "gate", 11, 351)]


async def test_another_preset_than_the_tariff(worker: Database) -> None:
    world = await watched()
    async with atomic(SYSTEM) as tx:
        await tx.execute(
            "update camera_interval set until = '2026-10-21T10:00Z' where camera = $1",
            world.cameras["gate"],
        )
    await interval(world.cameras["gate"], "2026-10-21T10:00+00:00", None, preset=8)
    assert [(kind, name, count) for kind, name, count, _ in await found()] == [
        ("not_mapped", "gate", 11)
    ]
    async with atomic(SYSTEM) as tx:
        rich = await tx.fetchval(
            "insert into tariff (cloud, code, name) values (1, 'rich', 'Rich') returning id"
        )
        await tx.execute(
            "insert into tariff_version (cloud, tariff, valid_from, monthly_price, setup_fee)"
            " values (1, $1, '2026-01-01', 19.90, 0)",
            rich,
        )
        await tx.execute(
            "insert into watcher_preset (cloud, watcher, preset, tariff) values (1, 1, 8, $1)", rich
        )
    assert await found() == [("preset_differs", "gate", 11, 355)]


async def test_more_depth_than_the_preset_gives(worker: Database) -> None:
    world = await watched()
    async with atomic(SYSTEM) as tx:
        gate, motion = world.cameras["gate"], world.meters["recording.motion.depth"]
        await use(tx, NORTH, gate, motion, days("2026-10-10", "2026-10-13"), 9)
    # Three days of 2 too many: 6 / 31 × 0.50 = 0.10.
    assert await found() == [("depth_above_preset", "gate", 3, 10)]


async def test_on_the_day_of_another_preset_the_depth_of_the_one_before_is_no_excess(
    worker: Database,
) -> None:
    world = await watched()
    async with atomic(SYSTEM) as tx:
        await tx.execute(
            "insert into watcher_preset (cloud, watcher, preset, motion_depth_days, tariff)"
            " values (1, 1, 8, 1, $1)",
            world.tariffs["home-7"],
        )
        await tx.execute(
            "update camera_interval set until = '2026-10-21T10:00Z' where camera = $1",
            world.cameras["gate"],
        )
        gate, motion = world.cameras["gate"], world.meters["recording.motion.depth"]
        await use(tx, NORTH, gate, motion, days("2026-10-22", "2026-11-01"), 1)
    await interval(world.cameras["gate"], "2026-10-21T10:00+00:00", None, preset=8)
    assert await found() == []


async def test_a_preset_that_gives_less_by_now_gave_what_its_cameras_had(worker: Database) -> None:
    world = await watched()
    motion = world.meters["recording.motion.depth"]
    async with atomic(SYSTEM) as tx:
        await tx.execute(
            "update watcher_preset set motion_depth_days = 3, is_adjustable = false"
            " where cloud = 1 and preset = 7"
        )
        for name in ("gate", "yard"):
            since = days("2026-10-20", "2026-11-01")
            await use(tx, NORTH, world.cameras[name], motion, since, 3)
        shed = await camera(tx, NORTH, "shed", 1)
        await use(tx, NORTH, shed, motion, days("2026-10-10", "2026-10-13"), 7)
    # A camera that was gone before the preset was edited: the others show what it gave.
    await interval(shed, "2026-10-10T08:00+00:00", "2026-10-12T20:00+00:00")
    listed = [one for one in await found() if one[0] == "depth_above_preset"]
    assert listed == []

    async with atomic(SYSTEM) as tx:
        last = days("2026-10-28", "2026-11-01")
        await use(tx, NORTH, world.cameras["yard"], motion, last, 9)
    # It has not come down: 4 days of 6 too many, 24 / 31 × 0.50 = 0.39.
    listed = [one for one in await found() if one[0] == "depth_above_preset"]
    assert listed == [("depth_above_preset", "yard", 4, 39)]


async def test_a_subscribed_camera_that_no_reading_ever_found(worker: Database) -> None:
    world = await watched()
    async with atomic(SYSTEM) as tx:
        _, elsewhere = rows = [await camera(tx, NORTH, name, 1) for name in ("typo", "elsewhere")]
        for row in rows:
            await subscribe(tx, NORTH, row, 1, world.tariffs["home-7"], "2026-10-01")
        # The other one is known from somewhere else: its usage arrives by the API.
        october = days("2026-10-01", "2026-11-01")
        await use(tx, NORTH, elsewhere, world.meters["camera.enabled"], october, 1)
    assert await found() == [("billed_not_there", "typo", 31, 990)]


async def test_a_day_that_was_not_read(worker: Database) -> None:
    await watched()
    async with atomic(SYSTEM) as tx:
        await tx.execute("delete from reading where cloud = 1 and started_at::date = '2026-10-18'")
    # Both cameras' day at 9.90 a month: twice 0.32.
    assert await found() == [("day_not_read", None, 1, 64)]


async def test_days_after_the_last_connection_was_ended_were_not_to_be_read(
    worker: Database,
) -> None:
    await watched()
    async with atomic(SYSTEM) as tx:
        await tx.execute("delete from reading where cloud = 1 and started_at >= '2026-10-18'")
        await tx.execute("update connection set ended_at = '2026-10-20T08:00Z' where cloud = 1")
    assert [(kind, days) for kind, _, days, _ in await found()] == [("day_not_read", 1)] * 2
    async with atomic(SYSTEM) as tx:
        await tx.execute(
            "insert into connection (id, cloud, api, url, secret, created_at)"
            " values (3, 1, 'v3', 'https://new.watcher.test', '', '2026-10-25T08:00Z')"
        )
    assert len(await found()) == 14
