"""What goes wrong while a Watcher is read changes nothing that means "gone", and loses no day."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import asyncpg
import httpx
import msgspec
import pytest

from portal.access import SYSTEM
from portal.db import atomic
from portal.demo.simulator.faults import Fault
from portal.demo.simulator.seed import SeedCamera
from portal.errors import NotFound
from portal.kit.queries import tenancy
from portal.overview.queries import settled
from portal.watcher.actions import connections
from portal.watcher.actions.sync.fetch import fetch
from portal.watcher.actions.sync.request import request, request_due
from portal.watcher.forms.connection import ConnectionChange, NewConnection
from tests.cast import NORA, NORTH
from tests.conftest import Database
from tests.gateways.watcher.watching import ADDRESS
from tests.patience import somebody_waits
from tests.scenarios.test_watcher import agrees, both, day
from tests.scenarios.watched import (
    BOBS,
    MOTION,
    NOBODYS,
    ODD,
    ROME,
    SEED,
    SUBSCRIBERS,
    SUES,
    TARIFFS,
    WEEK,
    Office,
    office,
    rome,
)

BEGINS = rome("2026-10-05 08:00")
LIST = {"v2": "/api/v2/cameras", "v3": "/v3/streams"}


class Killed(BaseException):
    """The worker is gone."""


def crowd() -> Any:
    """Nine cameras in the north, so that a sync run of two a page has pages."""
    return msgspec.structs.replace(
        SEED,
        cameras=[
            SeedCamera(f"cam{number}", SUES if number % 2 else BOBS, MOTION if number % 3 else WEEK)
            for number in range(9)
        ]
        + [one for one in SEED.cameras if one.name == "dock"],
    )


async def picture(found: Office) -> list[Any]:
    """Everything that a reading may change, without readings themselves."""
    return [
        await found.rows(query)
        for query in (
            "select * from camera order by id",
            "select * from camera_interval order by id",
            "select * from subscription order by id",
            "select * from usage order by cloud, camera, meter, day",
            "select * from recorded_day order by id",
            "select * from reading_camera",
            "select * from watcher_organization order by id",
            "select * from watcher_preset order by id",
        )
    ]


@both
@pytest.mark.parametrize("page", [0, 1, 3])
async def test_a_run_that_fails_on_a_page_changes_nothing_and_the_next_one_makes_up_for_it(
    worker: Database, api: str, page: int
) -> None:
    async with office(api, BEGINS, seed=crowd(), page_size=2) as found:
        await found.go(minutes=1)
        found.watched.delete_camera("cam8")
        found.watched.edit_camera("cam1", {"preset_id": WEEK})
        before = await picture(found)
        found.running.faults.arm(Fault(LIST[api], status=500, times=None, after_page=page))
        await found.go(days=1)
        for connection in (found.north, found.south):
            last = (await found.readings(connection))[-1]
            if last.state == "failed":
                assert "500" in last.message
                assert last.finished_at == found.now
        assert (await found.readings(found.north))[-1].state == "failed"
        if page < 2:
            assert await picture(found) == before
        found.running.faults.clear()
        await found.go(hours=1)
        assert [one[3:] for one in await found.subscriptions() if one[0] == "cam8"] == [
            (day("10-05"), day("10-06"))
        ]
        await agrees(found)


@both
async def test_a_failed_reading_is_not_repeated_until_it_is_due_and_leaves_all_settled(
    worker: Database, api: str
) -> None:
    async with office(api, BEGINS) as found:
        await found.go(minutes=1)
        found.running.faults.arm(Fault("/", status=503, times=None))
        await found.go(days=1)
        await found.go(minutes=30)
        found.running.faults.clear()
        await found.go(minutes=20)
        states = [row.state for row in await found.readings(found.north)]
        assert states == ["complete", "failed"]
        await found.go(minutes=10)
        states = [row.state for row in await found.readings(found.north)]
        assert states == ["complete", "failed", "complete"]


async def test_what_is_read_daily_is_tried_again_within_the_hour(worker: Database) -> None:
    async with office("v3", BEGINS) as found:
        await daily()
        await found.go(minutes=1)
        found.running.faults.arm(Fault("/", status=503, times=None))
        await found.go(days=1)
        found.running.faults.clear()
        await found.go(minutes=50)
        assert [row.state for row in await found.readings(found.north)] == ["complete", "failed"]
        await found.go(minutes=10)
        states = [row.state for row in await found.readings(found.north)]
        assert states == ["complete", "failed", "complete"]
        # From then on a day later, as before.
        await found.go(hours=23)
        assert len(await found.readings(found.north)) == 3
        await found.go(hours=1)
        assert len(await found.readings(found.north)) == 4


async def test_what_is_read_daily_loses_no_day_to_a_short_one(worker: Database) -> None:
    # The night to 28 March has no hour from 2 to 3: a day after 23:30 is 0:30 on the 29th.
    async with office("v3", rome("2027-03-26 23:29")) as found:
        await daily()
        await found.go(minutes=1)
        for _ in range(4 * 24):
            await found.go(hours=1)
        begun = [
            row.started_at.astimezone(ZoneInfo(ROME)) for row in await found.readings(found.north)
        ]
        assert [one.strftime("%d %H:%M") for one in begun] == [
            "26 23:30",
            "27 23:30",
            "28 00:30",
            "29 01:30",
            "30 01:30",
        ]


async def daily() -> None:
    """Every connection is read once a day."""
    async with atomic(SYSTEM) as tx:
        await tx.execute("update connection set read_every_minutes = 1440")


@both
async def test_a_busy_watcher_is_waited_for_as_long_as_it_asks(worker: Database, api: str) -> None:
    async with office(api, BEGINS) as found:
        found.running.faults.arm(Fault(LIST[api], status=429, times=2, retry_after="7"))
        await found.go(minutes=1)
        assert [row.state for row in await found.readings(found.north)] == ["complete"]
        assert any(nap >= 7 for nap in found.naps.taken)
        await agrees(found)


@both
@pytest.mark.parametrize("kind", [True, "connection"])
async def test_a_body_that_is_cut_off_is_read_again_or_fails(
    worker: Database, api: str, kind: Any
) -> None:
    async with office(api, BEGINS, seed=crowd(), page_size=2) as found:
        found.running.faults.arm(Fault(LIST[api], truncate_body=kind, times=1, after_page=2))
        await found.go(minutes=1)
        await agrees(found)
        found.running.faults.clear()
        found.running.faults.arm(Fault(LIST[api], truncate_body=kind, times=None))
        before = await picture(found)
        await found.go(days=1)
        assert (await found.readings(found.north))[-1].state == "failed"
        assert await picture(found) == before


async def test_tokens_that_expire_in_the_middle_of_a_run_are_renewed(worker: Database) -> None:
    async with office("v3", BEGINS, seed=crowd(), page_size=2) as found:
        found.running.habits.access_token_uses = 2
        await found.go(minutes=1)
        await found.go(days=2)
        assert [row.state for row in await found.readings(found.north)] == ["complete"] * 2
        await agrees(found)


async def test_a_session_that_ends_in_the_middle_of_a_run_is_renewed(worker: Database) -> None:
    async with office("v2", BEGINS, seed=crowd(), page_size=2) as found:
        await connections.change(
            NORA,
            await tenancy.get(NORA, "north"),
            found.north,
            ConnectionChange(api_key=None),
            integrations=found.integrations,
            queue=found.queue,
        )

        def end() -> None:
            found.running.sessions.clear()

        found.wire._happenings.update(dict.fromkeys(range(2, 60, 3), end))
        await found.go(minutes=1)
        assert [row.state for row in await found.readings(found.north)] == ["complete"]
        assert await found.subscriptions() == found.diary.subscriptions(
            ROME, SUBSCRIBERS, TARIFFS, api="v2", organizations={SUES, BOBS, NOBODYS}
        )


@both
async def test_a_list_that_is_shuffled_between_pages_loses_and_doubles_nobody(
    worker: Database, api: str
) -> None:
    async with office(api, BEGINS, seed=crowd(), page_size=2) as found:
        found.running.habits.shuffle = True
        for _ in range(5):
            await found.go(days=1)
        found.watched.delete_camera("cam4")
        await found.go(days=1)
        states = {row.state for row in await found.readings(found.north)}
        assert states == {"complete"}
        await agrees(found)


@both
async def test_cameras_that_come_and_go_between_pages(worker: Database, api: str) -> None:
    """Whatever the run met of them, nobody who stays is gone, and the next run has it right."""
    async with office(api, BEGINS, seed=crowd(), page_size=2) as found:
        await found.go(minutes=1)
        world = found.watched

        def go() -> None:
            for name in ("cam0", "cam1"):
                if name in world.cameras:
                    world.delete_camera(name)

        def come() -> None:
            if "a-new-one" not in world.cameras:
                world.add_camera({"organization_id": SUES, "preset_id": WEEK}, "a-new-one")

        pages = found.wire.pages
        found.wire._happenings.update({pages + 2: go, pages + 3: come})
        await found.go(days=1)
        staying = {f"cam{number}" for number in range(2, 9)}
        ended = await found.rows(
            "select c.external_id from subscription s join camera c on c.id = s.camera"
            " where s.ends_on is not null"
        )
        assert not staying & {name for (name,) in ended}
        await found.go(hours=1)
        running = {one[0] for one in await found.subscriptions() if one[4] is None}
        assert running == staying | {"a-new-one"}


async def test_sweeps_at_once_ask_for_one_reading(worker: Database) -> None:
    async with office("v3", BEGINS) as found:
        await found.go(minutes=1)
        await found.go(days=1, settled=False)
        now = found.now + timedelta(days=1)
        await asyncio.gather(
            *(request_due(NORTH, found.north, now=now, queue=found.queue) for _ in range(5))
        )
        (running,) = [row for row in await found.readings(found.north) if row.state == "running"]
        await found.settle()
        # A sweep that made up its mind before the reading was done comes too late.
        await request_due(NORTH, found.north, now=now, queue=found.queue)
        assert [row.id for row in await found.readings(found.north)][-1] == running.id


@both
@pytest.mark.parametrize("request_number", [1, 4, 9, 15])
async def test_a_worker_that_is_killed_in_a_run_changes_nothing_in_the_outcome(
    worker: Database, api: str, request_number: int
) -> None:
    async with office(api, BEGINS, seed=crowd(), page_size=2) as found:
        await found.go(minutes=1)
        found.watched.delete_camera("cam8")
        count = 0

        async def dies(_asked: httpx.Request) -> None:
            nonlocal count
            count += 1
            if count == request_number:
                raise Killed

        found.wire.before = dies
        with pytest.raises(Killed):
            await found.go(days=1)
        assert not await settled.is_settled(found.now)
        assert await found.value("select count(*) from subscription where ends_on is not null") == 0
        await found.queue.enqueue("sweep")
        await found.settle()
        await found.witness()
        assert {row.state for row in await found.readings(found.north)} == {"complete"}
        await agrees(found)


async def test_a_run_that_was_taken_over_does_not_count(worker: Database) -> None:
    """Its lock was lost with its connection; what waits now is another run's."""
    async with office("v3", BEGINS, seed=crowd(), page_size=2) as found:
        await found.go(minutes=1)
        before = await picture(found)
        await found.go(days=1, settled=False)
        asked = await request(
            SYSTEM,
            await tenancy.get(SYSTEM, "north"),
            found.north,
            now=found.now,
            queue=found.queue,
        )
        done = False

        async def interferes(_sent: httpx.Request) -> None:
            nonlocal done
            staged = await found.value("select count(*) from reading_camera")
            if staged > 4 and not done:
                done = True
                async with atomic(SYSTEM) as tx:
                    await tx.execute("delete from reading_camera where reading = $1", asked.id)

        found.wire.before = interferes
        ended = await fetch(
            asked.id, connect=found.connect, vault=found.vault, clock=lambda: found.now
        )
        assert done
        assert ended is False
        assert await picture(found) == before


async def test_something_unexpected_does_not_run_for_ever(worker: Database) -> None:
    async with office("v3", BEGINS) as found:

        async def breaks(_sent: httpx.Request) -> None:
            raise ZeroDivisionError

        found.wire.before = breaks
        await found.go(minutes=1)
        (only,) = await found.readings(found.north)
        assert (only.state, only.message) == (
            "failed",
            "It broke off; the log of the workers says why.",
        )


async def test_a_connection_that_is_ended_is_read_no_more_and_another_takes_over(
    worker: Database,
) -> None:
    async with office("v2", BEGINS) as found:
        await found.go(minutes=1)
        asked = await request(
            SYSTEM,
            await tenancy.get(SYSTEM, "north"),
            found.north,
            now=found.now,
            queue=found.queue,
        )
        await connections.end(NORA, await tenancy.get(NORA, "north"), found.north, now=found.now)
        await found.settle()
        rows = {row.id: row for row in await found.readings(found.north)}
        assert (rows[asked.id].state, rows[asked.id].message) == (
            "failed",
            "The connection was ended.",
        )
        await found.go(days=1)
        assert len(await found.readings(found.north)) == 2
        assert len(await found.subscriptions()) == 3
        with pytest.raises(NotFound):
            await request(
                NORA,
                await tenancy.get(NORA, "north"),
                found.north,
                now=found.now,
                queue=found.queue,
            )

        ended = found.north
        made = await connections.create(
            NORA,
            await tenancy.get(NORA, "north"),
            NewConnection(
                api="v3",
                url=ADDRESS,
                organizations=(SUES, BOBS),
                follow_presets=True,
                login="nora",
                password="nora-password",
            ),
            integrations=found.integrations,
        )
        found.north = made.id
        await found.go(days=1)
        assert len(await found.intervals("gate")) == 1
        assert len(await found.subscriptions()) == 3
        found.watched.edit_camera("gate", {"preset_id": WEEK})
        found.watched.delete_camera("shop")
        await found.go(days=1)
        assert await found.subscriptions() == [
            ("gate", 1, "home-7", day("10-05"), day("10-08")),
            ("gate", 1, "record-7", day("10-08"), None),
            ("shop", 2, "record-7", day("10-05"), day("10-08")),
            ("yard/north", 1, "record-7", day("10-05"), None),
        ]
        left = "select count(*) from camera_interval where connection = $1 and until is null"
        assert await found.value(left, ended) == 0


async def test_following_presets_from_later_on_makes_up_for_what_is_there(worker: Database) -> None:
    async with office("v3", BEGINS, follow=False) as found:
        await found.go(minutes=1)
        await found.go(days=3)
        assert await found.subscriptions() == []
        await connections.change(
            NORA,
            await tenancy.get(NORA, "north"),
            found.north,
            ConnectionChange(follow_presets=True),
            integrations=found.integrations,
            queue=found.queue,
        )
        await found.settle()
        assert {one[3] for one in await found.subscriptions()} == {day("10-05")}


async def test_organizations_and_presets_that_no_list_shows_are_known_from_cameras(
    worker: Database,
) -> None:
    """An administrator of Watcher need not be a member of every organization."""
    async with office("v3", BEGINS, mapped=False) as found:

        async def hides(sent: httpx.Request) -> httpx.Response | None:
            if sent.url.path.endswith(("/organizations", "/presets")):
                plural = sent.url.path.rpartition("/")[2]
                return httpx.Response(200, json={plural: [], "next": None})
            return None

        found.wire.before = hides
        found.watched.edit_camera("gate", {"preset_id": ODD})
        await found.go(minutes=1)
        titles = await found.rows(
            "select title from watcher_organization where cloud = 1"
            " union all select title from watcher_preset where cloud = 1 order by 1"
        )
        assert [title for (title,) in titles] == [
            "3 days, faces",
            "7 days",
            "Bob's shop",
            "Sue's house",
        ]


@both
async def test_a_month_waits_for_the_reading_that_is_due_with_it(
    worker: Database, api: str
) -> None:
    """One jump from October to the day of its close: what is still stored of it counts in it."""
    async with office(api, rome("2026-10-05 08:00"), every=7 * 24 * 60) as found:
        for days in (0, 7, 7, 7):
            await found.go(days=days, minutes=1)
        await found.go(rome("2026-11-04 00:01"))
        closed = "select state from period where cloud = 1 and starts_on = '2026-10-01'"
        assert await found.value(closed) == "open", "days between readings are gaps"
        usage = await found.usage()
        assert usage["shop", "recording.time", day("10-31")] == 86_400
        assert len(await found.readings(found.north)) == 5
        assert await found.rows("select 1 from period where cloud = 2") == [], (
            "4 November is not yet"
        )
        await found.go(hours=6, minutes=1)
        assert await found.value("select state from period where cloud = 2") == "open"


async def test_two_that_begin_a_month_at_once_share_its_partition(worker: Database) -> None:
    ensure = "select ensure_usage_partition('2031-05-01')"
    one, other = [await asyncpg.connect(worker.owner_url) for _ in range(2)]
    first = one.transaction()
    await first.start()
    await one.execute(ensure)
    waiting = asyncio.create_task(other.execute(ensure))
    await somebody_waits(worker.owner_url)
    assert not waiting.done()
    await first.commit()
    await waiting
    for connection in (one, other):
        await connection.close()
