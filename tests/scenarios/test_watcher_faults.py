"""What goes wrong while a Watcher is read changes nothing that means "gone", and loses no day."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

import pytest

from portal.demo.simulator.faults import Fault
from portal.kit.queries import tenancy
from portal.watcher.actions import connections
from portal.watcher.forms.connection import ConnectionChange
from tests.cast import NORA
from tests.conftest import Database
from tests.scenarios.faults import BEGINS, LIST, crowd, daily, picture
from tests.scenarios.watched import (
    BOBS,
    NOBODYS,
    ROME,
    SUBSCRIBERS,
    SUES,
    TARIFFS,
    WEEK,
    agrees,
    both,
    day,
    office,
    rome,
)


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
        # Hour by hour around midnight; what came due by day would be read late, and told from these.
        for length in 4 * (1, 1, 1, 1, 1, 1, 18):
            await found.go(hours=length)
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
