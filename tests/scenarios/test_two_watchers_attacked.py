"""Two Watchers of one cloud, and what happens to them: cameras that move, Watchers that go.

Whatever it is, each day of a camera is billed to one customer or is in the reconciliation.
"""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from portal.access import SYSTEM
from portal.kit.queries import tenancy
from portal.watcher.actions import connections
from portal.watcher.actions.sync.fetch import fetch
from portal.watcher.actions.sync.request import request
from portal.watcher.forms.connection import ConnectionChange
from tests.cast import NORA
from tests.conftest import Database
from tests.scenarios.two_watchers import (
    SIGN_IN,
    VAULT,
    Story,
    both,
    seed_of,
    simulation_of,
    story,
)


async def begun(found: Story) -> None:
    """Sue's and Bob's Watchers are read, mapped and billed."""
    await found.read("sues", "bobs")
    await found.map("sues", 1, "home-7")
    await found.map("bobs", 2, "home-7")


def shows(found: Story, of: str, *names: str) -> None:
    simulation_of(of).restart(seed_of(of, names), found.now)


async def cameras_of(found: Story) -> list[tuple[Any, ...]]:
    """(Watcher, name, whether it is there, owner's number) of North's cameras."""
    by_id = {one: of for of, one in found.ids.items()}
    rows = await found.rows(
        "select c.watcher, c.watcher_name, bool_or(i.until is null), n.number from camera c"
        " join camera_interval i on i.camera = c.id join subscriber n on n.id = c.subscriber"
        " where c.cloud = 1 group by c.watcher, c.watcher_name, n.number order by 1, 2"
    )
    return [(by_id[watcher], *rest) for watcher, *rest in rows]


async def twice_billed(found: Story) -> list[tuple[Any, ...]]:
    """Days of a Watcher's camera that two subscriptions charge."""
    return await found.rows(
        "select one.id from subscription one join subscription two on two.camera = one.camera"
        " and two.id > one.id and daterange(one.starts_on, one.ends_on)"
        " && daterange(two.starts_on, two.ends_on)"
    )


@both
async def test_a_camera_that_moves_to_the_other_watcher_is_the_others_from_then_on(
    worker: Database, api: str
) -> None:
    async with story(api) as found:
        shows(found, "sues", "gate", "porch")
        await begun(found)
        found.now += timedelta(days=2)
        shows(found, "sues", "gate")
        shows(found, "bobs", "gate", "yard", "porch")
        await found.read("bobs", "sues")
        told = await cameras_of(found)
        assert ("sues", "porch", False, 1) in told
        assert ("bobs", "porch", True, 2) in told
        spans = await found.rows(
            "select n.number, s.starts_on::text, s.ends_on::text from subscription s"
            " join camera c on c.id = s.camera join subscriber n on n.id = s.subscriber"
            " where c.watcher_name = 'porch' order by 1"
        )
        assert spans == [(1, "2026-10-05", "2026-10-07"), (2, "2026-10-07", None)]
        assert await twice_billed(found) == []
        assert await found.unbilled() == {}


@both
async def test_a_camera_that_is_renamed_to_the_others_name_takes_nothing_from_it(
    worker: Database, api: str
) -> None:
    async with story(api) as found:
        shows(found, "bobs", "gate", "porch")
        await begun(found)
        query = (
            "select c.external_id, c.name, c.subscriber from camera c"
            f" where c.watcher = {found.ids['bobs']} order by 1"
        )
        before = await found.rows(query)
        found.now += timedelta(days=1)
        shows(found, "sues", "gate", "porch")
        await found.read("sues")
        assert await found.rows(query) == before
        await found.read("bobs")
        assert await found.rows(query) == before
        assert ("sues", "yard", False, 1) in await cameras_of(found)
        assert ("sues", "porch", True, 1) in await cameras_of(found)
        assert await found.unbilled() == {}


@both
async def test_both_are_read_at_the_same_time(worker: Database, api: str) -> None:
    """Two workers make cameras of the same names: none is lost, none is anothers."""
    async with story(api) as found:
        for of in ("sues", "bobs"):
            await request(
                SYSTEM,
                await tenancy.get(SYSTEM, "north"),
                found.ids[of],
                now=found.now,
                queue=found.queue,
            )
        running = await found.rows("select id from reading where state = 'running'")
        assert len(running) == 2
        done = await asyncio.gather(
            *(
                fetch(one, connect=found.connect, vault=VAULT, clock=found.clock)
                for (one,) in running
            )
        )
        assert done == [True, True]
        await found.map("sues", 1, "home-7")
        await found.map("bobs", 2, "home-7")
        assert {one[:2] for one in await found.billed()} == {
            (of, name) for of in ("sues", "bobs") for name in ("gate", "yard")
        }
        names = await found.rows("select watcher, watcher_name, name from camera where cloud = 1")
        by_id = {one: of for of, one in found.ids.items()}
        assert all(title == f"{by_id[watcher]} {name}" for watcher, name, title in names)
        assert await found.unbilled() == {}


@both
async def test_a_watcher_that_moves_to_another_address_is_the_same(
    worker: Database, api: str
) -> None:
    async with story(api) as found:
        await begun(found)
        before = await found.rows("select id, external_id, subscriber from camera order by 1")
        # What answers at South's name from now on is North's Watcher, moved.
        shows(found, "souths", "gate", "yard")
        await connections.change(
            NORA,
            await tenancy.get(NORA, "north"),
            found.ids["bobs"],
            ConnectionChange(url="http://souths.test", **SIGN_IN[api]),
            integrations=found.integrations,
            queue=found.queue,
        )
        await found.read("bobs", "sues")
        assert (
            await found.rows("select id, external_id, subscriber from camera order by 1") == before
        )
        assert {one[0] for one in await found.billed()} == {"sues", "bobs"}
        assert await found.unbilled() == {}


@both
@pytest.mark.parametrize("gone", ["sues", "bobs"])
async def test_a_watcher_that_is_removed_leaves_the_other_as_it_is(
    worker: Database, api: str, gone: str
) -> None:
    async with story(api) as found:
        await begun(found)
        stays = "bobs" if gone == "sues" else "sues"
        query = f"select * from camera where watcher = {found.ids[stays]} order by id"
        before = await found.rows(query)
        await connections.end(
            NORA, await tenancy.get(NORA, "north"), found.ids[gone], now=found.now
        )
        found.now += timedelta(days=1)
        await found.read(stays)
        assert await found.rows(query) == before
        assert (stays, "gate", True, 2 if stays == "bobs" else 1) in await cameras_of(found)
        assert await twice_billed(found) == []
        assert await found.unbilled() == {}


@both
async def test_what_is_mapped_to_nobody_any_more_is_in_the_reconciliation(
    worker: Database, api: str
) -> None:
    """Bob's mapping is gone, and his subscriptions: both of his cameras record for nobody."""
    async with story(api) as found:
        await begun(found)
        await found.run(
            "update watcher_organization set subscriber = null where watcher = $1",
            found.ids["bobs"],
        )
        await found.run("delete from subscription where follows = $1", found.ids["bobs"])
        found.now += timedelta(days=1)
        await found.read("sues", "bobs")
        theirs = await found.rows(
            "select external_id from camera where watcher = $1", found.ids["bobs"]
        )
        assert await found.unbilled() == {name: 2 for (name,) in theirs}
