"""Runs that meet, end in the middle or find another connection come to one outcome."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import asyncpg
import httpx
import pytest

from portal.access import SYSTEM
from portal.db import atomic
from portal.errors import NotFound
from portal.kit.queries import tenancy
from portal.overview.queries import settled
from portal.watcher.actions import connections
from portal.watcher.actions.sync.fetch import fetch
from portal.watcher.actions.sync.request import request, request_due
from portal.watcher.forms.connection import ConnectionChange, NewConnection
from portal.words import told
from tests.cast import NORA, NORTH
from tests.conftest import Database
from tests.gateways.watcher.watching import ADDRESS
from tests.patience import somebody_waits
from tests.scenarios.faults import BEGINS, Killed, crowd, picture
from tests.scenarios.watched import (
    BOBS,
    ODD,
    SUES,
    WEEK,
    agrees,
    both,
    day,
    office,
    rome,
)


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
        assert (only.state, told(only.message)) == (
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
        assert (rows[asked.id].state, told(rows[asked.id].message)) == (
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
