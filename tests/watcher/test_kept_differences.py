"""What is kept of differences, with what changed since, says what going through all cameras says."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Final

import pytest

from portal.access import SYSTEM
from portal.billing.period import Period
from portal.billing.reconciliation import Difference, Kind, total_worth
from portal.db import Transaction, atomic, bound_by_policies, snapshot
from portal.kit.actions.drafts import mark_usage
from portal.kit.queries import tenancy
from portal.kit.queries.tenancy import CloudFacts
from portal.watcher.actions import differences
from portal.watcher.queries import comparison, reconciliation, stale, worklist
from portal.watcher.queries.reconciliation import Filters
from portal.words import english
from tests.cast import NORA, NORTH, SOUTH
from tests.conftest import NOW, Database
from tests.factories import World, camera, days, use, worked_example
from tests.watcher import test_reconciliation as october
from tests.watcher.test_follow import ORGANIZATIONS, connect, history

OCTOBER, NOVEMBER = Period.month("2026-10"), Period.month("2026-11")
CAMERAS: Final = 12
STEPS: Final = 24
Said = list[tuple[str, str, int, int, bool, str]]


async def watched(chance: Random) -> tuple[World, list[int]]:
    """The worked example with a Watcher, and cameras of which it has shown this and that."""
    world = await worked_example()
    async with atomic(SYSTEM) as tx:
        await connect(tx, world)
        cameras = [await camera(tx, NORTH, f"c{number}", 1) for number in range(CAMERAS)]
        for one in cameras:
            for since, until, organization, preset in history(chance):
                await tx.execute(
                    "insert into camera_interval (cloud, connection, camera, since, until,"
                    " organization, preset) values (1, 1, $1, $2, $3, $4, $5)",
                    *(one, since, until, organization, preset),
                )
        await tx.execute(
            "insert into reading (cloud, connection, started_at, state)"
            " values (1, 1, '2026-10-02T10:00Z', 'complete')"
        )
    return world, cameras


def said(found: list[Difference]) -> Said:
    """Differences as they can be compared, in an order of their own."""
    return sorted(
        (
            str(one.kind),
            one.camera or "",
            one.days,
            one.worth,
            one.accepted,
            english(one.detail),
        )
        for one in found
    )


async def law(cloud: CloudFacts, period: Period, now: datetime = NOW) -> Said:
    """What going through all cameras says."""
    async with snapshot(SYSTEM) as tx:
        of = await comparison.begin(tx, cloud, period, now)
        assert of is not None
        everything = await comparison.of_cameras(tx, of, None)
        loose = await comparison.of_no_camera(tx, of)
    return said([*loose, *(one.found for one in everything.differences)])


async def told(cloud: CloudFacts, period: Period, now: datetime = NOW) -> Said:
    """What pages say, as an operator reads it."""
    with bound_by_policies():
        found = await reconciliation.get(NORA, cloud, period, now=now)
    return said(list(found.differences))


async def keep(now: datetime = NOW) -> None:
    for cloud in (NORTH, SOUTH):
        await differences.keep_cloud(cloud, now=now)


async def change(tx: Transaction, world: World, cameras: list[int], chance: Random) -> None:
    """One thing that may happen to a cloud; what the database does not see is marked as in life."""
    one, day = chance.choice(cameras), chance.randint(1, 27)
    at = datetime(2026, chance.choice([10, 10, 11]), 1, 12, tzinfo=UTC) + timedelta(days=day)
    match chance.randrange(10):
        case 0 | 1 | 2:
            name = ("recording.motion.depth", "recording.time", "camera.enabled")
            quantity = chance.choice([0, 1, 4, 9, 40])
            first = at.date() - timedelta(days=chance.randint(0, 9))
            when = days(first.isoformat(), at.date().isoformat())
            await use(tx, NORTH, one, world.meters[chance.choice(name)], when, quantity)
            await mark_usage(tx, NORTH, [one], first)
        case 3:
            await tx.execute(
                "insert into subscription (cloud, camera, subscriber, tariff, starts_on, ends_on)"
                " select 1, $1, 1, $2, $3, $4 where not exists (select from subscription"
                " where camera = $1)",
                *(one, world.tariffs["home-7"], at.date(), at.date() + timedelta(days=9)),
            )
        case 4:
            await tx.execute(
                "update subscription set ends_on = greatest($2, starts_on + 1) where camera = $1",
                *(one, at.date()),
            )
        case 5:
            await tx.execute(
                "update camera_interval set until = $2 where camera = $1 and until is null"
                " and since < $2",
                *(one, at),
            )
        case 6:
            await tx.execute(
                "update watcher_organization set subscriber = $2, title = 'Now ' || $3"
                " where cloud = 1 and organization = $1",
                *(chance.choice(list(ORGANIZATIONS)), chance.choice([None, 1]), str(day)),
            )
        case 7:
            await tx.execute(
                "update watcher_preset set motion_depth_days = $2, is_adjustable = $3,"
                " tariff = case when $4 then (select id from tariff where cloud = 1 and code = $5) end"
                " where cloud = 1 and preset = $1",
                *(chance.choice([7, 9]), chance.choice([3, 7, None]), chance.random() < 0.4),
                *(chance.random() < 0.8, chance.choice(["home-7", "rich"])),
            )
        case 8:
            await tx.execute(
                "insert into accepted_excess (cloud, camera, meter, reason, accepted_by,"
                " accepted_at) values (1, $1, $2, 'agreed', 'Nora', now()) on conflict do nothing",
                *(one, world.meters["recording.motion.depth"]),
            )
        case _:
            await tx.execute(
                "update camera set external_id = external_id || '!', subscriber = $2 where id = $1",
                *(one, chance.choice([None, 1, 2])),
            )


@pytest.mark.parametrize("seed", range(2))
async def test_what_is_kept_is_what_going_through_all_says(worker: Database, seed: int) -> None:
    """Whatever happens, before a worker keeps it and after, in both months; South has nothing."""
    chance = Random(seed)
    world, cameras = await watched(chance)
    north, south = [await tenancy.get(SYSTEM, name) for name in ("north", "south")]
    kinds: set[str] = set()
    for _ in range(STEPS):
        if chance.random() < 0.4:
            await keep()
            assert await worklist.differences(NOW) == []
        async with atomic(SYSTEM) as tx:
            await change(tx, world, cameras, chance)
        for period in (OCTOBER, NOVEMBER):
            found = await told(north, period)
            assert found == await law(north, period)
            kinds |= {kind for kind, *_ in found}
    await keep()
    assert {kind for kind, *_ in await law(south, OCTOBER)} == {Kind.DAY_NOT_READ}
    async with atomic(SYSTEM) as tx:
        assert await tx.fetchval("select count(*) from difference where cloud <> 1") == 0
    assert len(kinds) > 2, "it has something to say"
    await lists_and_sums_are_of_the_same(north)


async def lists_and_sums_are_of_the_same(north: CloudFacts) -> None:
    """Pages, filters, sums and customers of a month say what its rows say."""
    owned: dict[int | None, set[str]] = defaultdict(set)
    async with snapshot(SYSTEM) as tx:
        for row in await tx.fetch(
            "select c.external_id, s.number from camera c left join subscriber s"
            " on s.id = c.subscriber where c.cloud = 1"
        ):
            owned[row["number"]].add(row["external_id"])
    with bound_by_policies():
        every = (await reconciliation.get(NORA, north, OCTOBER, now=NOW)).differences
        sight = await reconciliation.look(NORA, north, OCTOBER, now=NOW)
        assert sight.month is not None, "it is kept"
        assert not sight.stale
        for which in (Filters(), Filters("depth_above_preset"), Filters(text="C1")):
            shown = [
                one
                for one in every
                if which.kind in {"", one.kind} and which.text.lower() in (one.camera or "")
            ]
            sums = await reconciliation.sums(NORA, sight, which)
            assert (sums.count, sums.worth) == (len(shown), total_worth(shown))
            assert sums.days == sum(one.days for one in shown)
            pages = [
                one
                for offset in range(0, len(shown) + 1, 3)
                for one in await reconciliation.page(
                    NORA, sight, which, sort="-worth", offset=offset, limit=3
                )
            ]
            assert said(pages) == said(shown)
            assert [one.worth for one in pages] == sorted((s.worth for s in shown), reverse=True)
            groups, total = await reconciliation.groups(NORA, sight, which, offset=0, limit=10)
            loud = [one for one in shown if not one.accepted]
            assert sum(one.worth for one in groups) == total_worth(loud)
            assert sum(one.count for one in groups) == len(loud)
            assert total == len(groups)
            for group in groups:
                assert {name for name, _ in group.cameras} <= owned[group.number]


async def test_only_what_changed_is_worked_out(worker: Database) -> None:
    """A kept row that says what no comparison would shows what was read; the next day nothing is."""
    world, cameras = await watched(Random(1))
    north, time = await tenancy.get(SYSTEM, "north"), world.meters["recording.time"]
    async with atomic(SYSTEM) as tx:
        for one in cameras:
            await use(tx, NORTH, one, time, days("2026-10-03", "2026-10-05"), 9)
    await keep()
    async with atomic(SYSTEM) as tx:
        await tx.execute("update difference set days = 77")
    before = await told(north, OCTOBER)
    assert {days for _, name, days, *_ in before if name} == {77}
    async with atomic(SYSTEM) as tx:
        await use(tx, NORTH, cameras[0], time, days("2026-10-08", "2026-10-10"), 9)
        await mark_usage(tx, NORTH, [cameras[0]], OCTOBER.start)
        marked = await stale.marks(tx, NORTH)
    assert marked.cameras == frozenset({cameras[0]})
    now = await told(north, OCTOBER)
    assert [one for one in now if one[1] not in {"c0", ""}] == [
        one for one in before if one[1] not in {"c0", ""}
    ]
    assert 77 not in {days for _, name, days, *_ in now if name == "c0"}
    async with atomic(SYSTEM) as tx:
        await tx.execute(
            "insert into difference_mark (cloud, cameras)"
            " select 1, array(select generate_series(1, 5000)) from generate_series(1, 21)"
        )
        assert (await stale.marks(tx, NORTH)).cameras is None, "so many are not read one by one"
    assert await told(north, OCTOBER) == await law(north, OCTOBER)
    tomorrow = NOW + timedelta(days=1)
    assert await told(north, OCTOBER, tomorrow) == await law(north, OCTOBER, tomorrow)
    assert await worklist.differences(tomorrow) == [NORTH, SOUTH]
    await keep(tomorrow)
    assert await worklist.differences(tomorrow) == []


async def test_a_camera_is_judged_anew_when_another_one_on_its_preset_changes(
    worker: Database,
) -> None:
    """What a preset gave that nobody here can adjust is learnt from all of its cameras."""
    world = await october.watched()
    north, motion = await tenancy.get(SYSTEM, "north"), world.meters["recording.motion.depth"]
    gate = world.cameras["gate"]
    async with atomic(SYSTEM) as tx:
        await tx.execute(
            "update watcher_preset set motion_depth_days = 3, is_adjustable = false where cloud = 1"
        )
        shed = await camera(tx, NORTH, "shed", 1)
        for one in (gate, shed):
            await use(tx, NORTH, one, motion, days("2026-10-10", "2026-10-13"), 7)
        for one in (gate, world.cameras["yard"]):
            await use(tx, NORTH, one, motion, days("2026-10-13", "2026-11-04"), 3)
    await october.interval(shed, "2026-10-10T08:00+00:00", "2026-10-12T20:00+00:00")
    await keep()
    above = {name for kind, name, *_ in await told(north, OCTOBER) if kind == "depth_above_preset"}
    assert above == set(), "the gate came down to 3, so 7 was given before"
    async with atomic(SYSTEM) as tx:
        await use(tx, NORTH, gate, motion, days("2026-10-10", "2026-11-04"), 9)
        await mark_usage(tx, NORTH, [gate], OCTOBER.start)
    found = await told(north, OCTOBER)
    above = {name for kind, name, *_ in found if kind == "depth_above_preset"}
    assert above == {"gate", "shed"}, "nobody came down"
    assert found == await law(north, OCTOBER)
