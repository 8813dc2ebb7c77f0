"""A list that changes while it is fetched: nobody who is there is taken for gone."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portal.billing.readings import SETTINGS
from portal.demo.simulator.faults import Fault
from portal.demo.simulator.seed import Generate, Seed, SeedCamera, SeedOrganization
from portal.demo.simulator.simulation import Simulation
from portal.gateways.watcher.fetch import Pass, fetch_cameras
from portal.gateways.watcher.oddities import IN_A_ROW_MAX, Oddities
from portal.gateways.watcher.shapes import Raw, camera_v3
from portal.values.watcher import Unsettled, WatcherAccess, WatcherFailed
from tests.gateways.watcher.watching import (
    BY_KEY,
    BY_LOGIN,
    Meddling,
    fetched,
    simulation,
    watching,
)
from tests.simulator.watchers import NORTH

COUNT = 23
PAGE = 4


def town(count: int = COUNT) -> Seed:
    return Seed(
        system_key="north-key",
        organizations=[SeedOrganization(1, "Default"), SeedOrganization(6, "Sue's house")],
        presets=NORTH.presets,
        users=NORTH.users,
        cameras=[
            SeedCamera(f"cam{number:03d}", 1 + 5 * (number % 2), 7) for number in range(count)
        ],
    )


both = pytest.mark.parametrize("connection", [BY_KEY, BY_LOGIN], ids=["v2", "v3"])


def paged(connection: WatcherAccess, **changes) -> WatcherAccess:
    return replace(connection, page_size=PAGE, **changes)


@pytest.mark.parametrize("connection", [BY_KEY, BY_LOGIN], ids=["v2", "v3"])
async def test_a_still_list_is_read_once(connection: WatcherAccess) -> None:
    simulation(town())
    transport = Meddling()
    found = await fetched(paged(connection), transport, known=[f"cam{n:03d}" for n in range(COUNT)])
    assert len(found) == COUNT
    assert transport.pages <= COUNT // (PAGE - 1) + 2


@pytest.mark.parametrize("cursor", ["keyset", "offset"])
@pytest.mark.parametrize("connection", [BY_KEY, BY_LOGIN], ids=["v2", "v3"])
async def test_a_camera_that_goes_between_two_pages_takes_none_with_it(
    connection: WatcherAccess, cursor: str
) -> None:
    running = simulation(town())
    running.habits.cursor = cursor  # type: ignore[assignment]
    transport = Meddling({2: lambda: running.world.delete_camera("cam001")})
    found = await fetched(paged(connection), transport)
    # Nobody was known before, so nobody can be asked for by name: the run itself must see it.
    assert found.keys() - {"cam001"} == {f"cam{n:03d}" for n in range(COUNT)} - {"cam001"}


@pytest.mark.parametrize("connection", [BY_KEY, BY_LOGIN], ids=["v2", "v3"])
async def test_many_go_at_once_and_at_the_very_end(connection: WatcherAccess) -> None:
    running = simulation(town())
    running.habits.cursor = "offset"

    def many() -> None:
        for number in range(9):
            running.world.delete_camera(f"cam{number:03d}")

    transport = Meddling({4: many, 8: lambda: running.world.delete_camera("cam010")})
    found = await fetched(paged(connection), transport, known=[f"cam{n:03d}" for n in range(COUNT)])
    assert {f"cam{n:03d}" for n in range(11, COUNT)} <= found.keys()


@pytest.mark.parametrize("connection", [BY_KEY, BY_LOGIN], ids=["v2", "v3"])
async def test_cameras_that_come_are_seen_or_shown_once(connection: WatcherAccess) -> None:
    running = simulation(town())
    running.habits.cursor = "offset"

    def come(name: str) -> Callable[[], object]:
        return lambda: running.world.add_camera({"organization_id": 1, "preset_id": 7}, name)

    transport = Meddling({1: come("aaa"), 3: come("bbb"), 4: come("zzz")})
    found = await fetched(paged(connection), transport)
    assert {f"cam{n:03d}" for n in range(COUNT)} <= found.keys()


@pytest.mark.parametrize("page_max", [None, 10])
@pytest.mark.parametrize("connection", [BY_KEY, BY_LOGIN], ids=["v2", "v3"])
async def test_shuffled_pages_lose_nobody(connection: WatcherAccess, page_max: int | None) -> None:
    running = simulation(town())
    running.habits.shuffle = True
    running.habits.page_max = page_max
    names = {f"cam{n:03d}" for n in range(COUNT)}
    for known in ((), names):
        assert (await fetched(paged(connection), known=known)).keys() == names


@pytest.mark.parametrize("count", ["exact", "rough", "none"])
async def test_what_v3_says_of_the_length_may_be_wrong_or_missing(count: str) -> None:
    running = simulation(town())
    running.habits.estimated_count = count  # type: ignore[assignment]
    running.habits.cursor = "offset"
    names = {f"cam{n:03d}" for n in range(COUNT)}
    transport = Meddling({2: lambda: running.world.delete_camera("cam001")})
    found = await fetched(paged(BY_LOGIN), transport, known=names)
    assert names - {"cam001"} <= found.keys()


async def test_a_new_camera_does_not_slip_through_where_no_length_is_said() -> None:
    running = simulation(town())
    running.habits.estimated_count = "none"
    running.habits.cursor = "offset"
    names = {f"cam{n:03d}" for n in range(COUNT)}
    transport = Meddling({2: lambda: running.world.delete_camera("cam001")})
    # Everybody who was known is shown: the one at the edge of the second page is new.
    found = await fetched(paged(BY_LOGIN), transport, known=names - {"cam001", "cam004"})
    assert names - {"cam001"} <= found.keys()


async def test_a_server_that_shows_less_than_asked_for_is_read_to_the_end() -> None:
    for connection in (BY_KEY, BY_LOGIN):
        running = simulation(town())
        running.habits.page_max = 3
        assert len(await fetched(connection)) == COUNT
        running.habits.page_max = 1
        assert len(await fetched(connection)) == COUNT


async def test_a_camera_that_moves_between_two_organizations_is_not_lost() -> None:
    names = {f"cam{n:03d}" for n in range(COUNT)}
    for connection in (BY_KEY, BY_LOGIN):
        running = simulation(town())
        # From the organization that is read last into the one already read.
        move = partial(running.world.edit_camera, "cam021", {"organization_id": 1})
        chosen = paged(connection, organizations=(1, 6))
        assert (await fetched(chosen, Meddling({8: move}), known=names)).keys() == names


async def test_what_is_gone_is_gone_and_what_is_made_again_is_there() -> None:
    for connection in (BY_KEY, BY_LOGIN):
        running = simulation(town())
        running.world.delete_camera("cam003")
        running.world.delete_camera("cam004")
        running.world.add_camera({"organization_id": 1, "preset_id": 7}, "cam004")
        names = {f"cam{n:03d}" for n in range(COUNT)}
        assert (await fetched(connection, known=names)).keys() == names - {"cam003"}


async def test_an_empty_watcher_is_a_complete_one() -> None:
    for connection in (BY_KEY, BY_LOGIN):
        simulation(town(0))
        assert await fetched(connection) == {}
        simulation(town(1))
        assert (await fetched(connection)).keys() == {"cam000"}


happening = st.tuples(
    st.integers(0, 14),
    st.sampled_from(["delete", "create", "move"]),
    st.integers(0, COUNT - 1),
)


@settings(max_examples=40)
@given(
    happenings=st.lists(happening, max_size=5),
    api=st.sampled_from(["v2", "v3", "v3 by position"]),
    shuffle=st.booleans(),
    scoped=st.booleans(),
)
def test_whatever_happens_no_known_camera_that_is_there_is_missing(
    happenings, api, shuffle, scoped
) -> None:
    asyncio.run(whatever_happens(happenings, api, shuffle=shuffle, scoped=scoped))


async def whatever_happens(happenings, api: str, *, shuffle: bool, scoped: bool) -> None:
    running = simulation(town())
    running.habits.shuffle = shuffle
    running.habits.cursor = "offset" if api == "v3 by position" else "keyset"
    known = set(running.world.cameras)
    due: dict[int, Callable[[], object]] = {}
    for page in {at for at, _, _ in happenings}:
        now = [(what, which) for at, what, which in happenings if at == page]
        due[page] = partial(happen, running, now)
    connection = paged(BY_KEY if api == "v2" else BY_LOGIN)
    if scoped:
        connection = replace(connection, organizations=(1, 6))
    found = await fetched(connection, Meddling(due), known=known)
    gone = known - found.keys()
    assert not gone & running.world.cameras.keys(), "taken for gone, but there"
    if not shuffle and not scoped:
        fresh = await fetched(connection, known=())
        assert fresh.keys() == running.world.cameras.keys()


def happen(running: Simulation, changes: list[tuple[str, int]]) -> None:
    world = running.world
    for what, which in changes:
        name = f"cam{which:03d}"
        if what == "create":
            fresh = f"new{name}-{len(world.past)}-{len(world.cameras)}"
            world.add_camera({"organization_id": 6, "preset_id": 7}, fresh)
        elif name not in world.cameras:
            continue
        elif what == "delete":
            world.delete_camera(name)
        else:
            now = world.camera(name).now.organization_id
            world.edit_camera(name, {"organization_id": 7 - now})


class Restless:
    """A list of which every page is another one."""

    def __init__(self) -> None:
        self.number = 0

    async def pass_over(self, seen: Pass):
        for _ in range(3):
            self.number += 1
            seen.moved = True
            yield seen.take([{"name": f"cam{self.number}"}])

    async def ask(self, name: str) -> Raw:
        return {"name": name}

    def read(self, raw: Raw):
        return camera_v3(raw)

    def is_wanted(self, reading) -> bool:
        return True


async def test_a_list_that_never_stands_still_is_not_called_complete() -> None:
    with pytest.raises(Unsettled):
        _ = [batch async for batch in fetch_cameras(Restless(), (), 10, Oddities())]


WEIRD = [
    "a b",
    "100%",
    "ü/ö",
    "..",
    "a/../b",
    "?x=1",
    "#part",
    "x/y/z",
    "a%2Fb",
    "+&=;",
    "a." * 200,
]


async def test_names_of_any_kind_are_asked_for_as_they_are() -> None:
    for connection in (BY_KEY, BY_LOGIN):
        running = simulation(town(1))
        for name in WEIRD:
            running.world.add_camera({"organization_id": 1, "preset_id": 7}, name)
        running.clock.move(running.clock.now_ms() + 3_600_000)
        async with watching(connection, Unlisted()) as watcher:
            found = [one.name async for batch in watcher.cameras(WEIRD) for one in batch]
            ranges = dict([one async for one in watcher.ranges(WEIRD)])
        assert sorted(found) == sorted(WEIRD)
        assert all(ranges[name] for name in WEIRD)


class Unlisted(Meddling):
    """Shows an empty list, so that every known camera is asked for by its name."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/cameras"):
            return httpx.Response(200, content=b"[]")
        if request.url.path.endswith("/streams"):
            return httpx.Response(200, content=b'{"streams": [], "next": null}')
        return await super().handle_async_request(request)


@both
async def test_a_camera_that_cannot_be_asked_for_is_not_taken_for_gone(
    connection: WatcherAccess,
) -> None:
    running = simulation(town())
    running.world.delete_camera("cam003")
    running.faults.arm(Fault("/cam003", status=500, times=None))
    async with watching(connection) as watcher:
        batches = [batch async for batch in watcher.cameras({"cam003", "cam004"})]
        found = {one.name: one for batch in batches for one in batch}
        assert len(found) == COUNT
        assert found["cam003"].unread == SETTINGS, "nothing is known of it, not that it is gone"
        (said,) = watcher.warnings
    assert "Camera cam003 could not be read" in said
    assert "500" in said


@both
async def test_a_watcher_that_answers_no_question_fails_the_run(connection: WatcherAccess) -> None:
    running = simulation(town(0))
    for kind in ("/cameras/", "/streams/"):
        running.faults.arm(Fault(kind, status=500, times=None))
    known = {f"cam{number:03d}" for number in range(IN_A_ROW_MAX)}
    with pytest.raises(WatcherFailed):
        await fetched(connection, known=known)


@both
@pytest.mark.parametrize("page_max", [None, 3])
@pytest.mark.parametrize("scoped", [False, True], ids=["all", "scoped"])
@pytest.mark.parametrize("seed", range(8))
async def test_a_camera_that_nobody_knew_is_in_every_complete_fetch_of_a_list_in_chance_order(
    connection: WatcherAccess, page_max: int | None, scoped: bool, seed: int
) -> None:
    """A short list in chance order looks still by chance: that alone never ends a sync run."""
    running = simulation(town(2 + seed))
    running._dice = random.Random(seed)
    running.habits.shuffle, running.habits.page_max = True, page_max
    running.habits.estimated_count = ("exact", "rough", "none")[seed % 3]
    organizations = (1, 6) if scoped else None
    chosen = replace(connection, page_size=1 + seed % 3, organizations=organizations)
    async with watching(chosen) as watcher:
        if seed % 2:
            _ = [one async for one in watcher.organizations()]
        found = {one.name async for batch in watcher.cameras() for one in batch}
    assert found == running.world.cameras.keys()


@both
async def test_one_that_goes_leaves_no_empty_page_that_looks_like_the_end(
    connection: WatcherAccess,
) -> None:
    """Of six, five are on the first page: when one of them goes, the sixth is on no page."""
    running = simulation(town(6))
    running.habits.cursor, running.habits.estimated_count = "offset", "none"
    transport = Meddling({1: lambda: running.world.delete_camera("cam001")})
    found = await fetched(replace(connection, page_size=5), transport)
    assert "cam005" in found


@both
async def test_a_camera_that_is_listed_twice_is_read_once_and_in_nobodys_way(
    connection: WatcherAccess,
) -> None:
    running = simulation(town())
    found = await fetched(paged(connection), Doubling({"cam002", "cam009"}))
    assert found.keys() == running.world.cameras.keys()


class Doubling(Meddling):
    """Shows some cameras twice, one after the other: each has a place of its own."""

    def __init__(self, names: set[str]) -> None:
        super().__init__()
        self.names = names

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if not request.url.path.endswith(("/cameras", "/streams")):
            return await super().handle_async_request(request)
        asked = request.url.params
        whole = httpx.Request("GET", request.url.copy_with(params={"limit": 1000}))
        whole.headers = request.headers
        answer = json.loads(await (await super().handle_async_request(whole)).aread())
        listed = answer if isinstance(answer, list) else answer["streams"]
        listed = [one for one in listed for _ in range(1 + (one["name"] in self.names))]
        start, limit = int(asked.get("offset") or asked.get("cursor") or 0), int(asked["limit"])
        page: Any = listed[start : start + limit]
        if not isinstance(answer, list):
            more = str(start + limit) if start + limit < len(listed) else None
            page = {"streams": page, "next": more, "estimated_count": len(listed)}
        return httpx.Response(200, content=json.dumps(page).encode())


async def test_thousands_of_cameras_are_read_page_by_page() -> None:
    seed = Seed(system_key="north-key", generate=Generate(5_000))
    simulation(seed).habits.extra_fields = False
    transport = Meddling()
    found = await fetched(replace(BY_KEY, page_size=1000), transport)
    assert len(found) == 5_000
    assert transport.pages == 7
