"""No single object stops a sync run, also where it spoils the page on which it stands.

It may be nested thousands deep, hold more values than an answer may, be no JSON, or be longer than
an answer may be. The others come as they are, and whoever was known is not gone.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import replace
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portal.billing.readings import SETTINGS
from portal.demo.simulator.seed import Seed, SeedCamera, SeedOrganization
from portal.gateways.watcher import Limits
from portal.gateways.watcher.decoding import VALUES_MAX
from portal.gateways.watcher.oddities import IN_A_ROW_MAX
from portal.gateways.watcher.salvage import ELEMENTS_MAX, Salvage
from portal.values.watcher import Nonsense, TooLong, WatcherAccess
from tests.gateways.watcher.test_mutated import PLURALS
from tests.gateways.watcher.watching import (
    BY_KEY,
    BY_LOGIN,
    QUICK,
    Meddling,
    Naps,
    simulation,
    watching,
)
from tests.simulator.watchers import NORTH

COUNT, PAGE = 23, 8
LIMITS = replace(QUICK, body_bytes_max=400_000)
SPOILED: dict[str, bytes] = {
    "deep": b'{"name":"a,]}\\"[","x":' + b"[" * 5_000 + b"]" * 5_000 + b"}",
    "values": b'{"name":"v","x":[' + b"1," * VALUES_MAX + b"1]}",
    "wrong": b'{"name" "w", "x": {}}',
    "long": b'{"name":"l","x":"' + b'],\\"next\\":null}' * 30_000 + b'"}',
}
WHY = {
    "deep": "an answer that is nested too deeply",
    "values": f"it holds {VALUES_MAX + 3} values",
    "wrong": "it is not JSON",
    "long": "an answer of more than 400000 bytes",
}
both = pytest.mark.parametrize("connection", [BY_KEY, BY_LOGIN], ids=["v2", "v3"])


def names(count: int = COUNT) -> list[str]:
    return [f"cam{number:03d}" for number in range(count)]


def town(count: int = COUNT) -> Seed:
    return Seed(
        system_key="north-key",
        organizations=[SeedOrganization(1, "Default"), SeedOrganization(6, "Sue's house")],
        presets=NORTH.presets,
        users=NORTH.users,
        cameras=[SeedCamera(name, 6, 7) for name in names(count)],
    )


class Spoiling(Meddling):
    """Shows single objects spoiled: cameras by name, the others by their id."""

    def __init__(self, spoiled: dict[str, str], others: str | None = None) -> None:
        super().__init__()
        self._spoiled, self._others = spoiled, others

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        answer = await super().handle_async_request(request)
        path = request.url.path
        plural = path.rpartition("/")[2]
        body = await answer.aread()
        if request.method != "GET" or not (
            "/cameras" in path or "/streams" in path or self._others
        ):
            return answer
        found = json.loads(body)
        inner: list[bytes] = []

        def shown(raw: Any, kind: str | None) -> Any:
            if kind is None:
                return raw
            inner.append(SPOILED[kind])
            return f"spoiled {len(inner) - 1}"

        if plural in PLURALS:
            listed = found if isinstance(found, list) else found[plural]
            is_cameras = plural in {"cameras", "streams"}
            listed[:] = [
                shown(raw, self._spoiled.get(raw["name"]) if is_cameras else self._kind(raw))
                for raw in listed
            ]
        else:
            found = shown(found, self._spoiled.get(found.get("name", "")))
        text = json.dumps(found).encode()
        for number, raw in enumerate(inner):
            text = text.replace(b'"spoiled %d"' % number, raw)
        return httpx.Response(answer.status_code, content=text)

    def _kind(self, raw: dict[str, Any]) -> str | None:
        return self._others if raw["id"] in {1, 7} else None


async def fetched(
    connection: WatcherAccess,
    transport: Spoiling,
    known: Collection[str] = (),
    limits: Limits = LIMITS,
) -> tuple[dict[str, Any], list[str], list[int], list[int]]:
    async with watching(connection, transport, limits=limits, naps=Naps()) as watcher:
        organizations = [one.id async for one in watcher.organizations()]
        presets = [one.id async for one in watcher.presets()]
        found = {one.name: one async for batch in watcher.cameras(known) for one in batch}
        return found, list(watcher.warnings), organizations, presets


@both
@pytest.mark.parametrize("kind", SPOILED)
@pytest.mark.parametrize("place", [0, 7, 12, COUNT - 1])
async def test_a_page_is_read_without_the_object_that_spoils_it(
    connection: WatcherAccess, kind: str, place: int
) -> None:
    simulation(town())
    odd = names()[place]
    found, warnings, _, _ = await fetched(
        replace(connection, page_size=PAGE), Spoiling({odd: kind}, kind), ()
    )
    assert found.keys() == set(names()) - {odd}
    assert all(one.unread == () for one in found.values())
    assert "1 camera has no readable name and is left out" in warnings
    assert f"One of Watcher's cameras cannot be read and is left out: {WHY[kind]}" in warnings


@both
@pytest.mark.parametrize("kind", SPOILED)
async def test_a_camera_that_was_known_stays_as_it_was(
    connection: WatcherAccess, kind: str
) -> None:
    simulation(town())
    odd = names()[9]
    transport = Spoiling({odd: kind})
    found, warnings, _, _ = await fetched(
        replace(connection, page_size=PAGE), transport, [*names(), "was-there"]
    )
    assert found.keys() == set(names()), "the one that is not there is gone, the odd one is not"
    assert found[odd].unread == SETTINGS
    assert any(one.startswith(f"Camera {odd} could not be read and stays") for one in warnings)


@both
@pytest.mark.parametrize("kind", SPOILED)
async def test_organizations_and_presets_come_without_the_one_that_spoils_their_list(
    connection: WatcherAccess, kind: str
) -> None:
    simulation(town())
    healthy = await fetched(replace(connection, page_size=1), Spoiling({}))
    for size in (1, PAGE):
        _, warnings, organizations, presets = await fetched(
            replace(connection, page_size=size), Spoiling({}, kind)
        )
        assert set(organizations) == set(healthy[2]) - {1, 7} != set()
        assert set(presets) == set(healthy[3]) - {1, 7} != set()
        for plural in ("organizations", "presets"):
            assert f"One of Watcher's {plural} cannot be read and is left out: {WHY[kind]}" in (
                warnings
            )


@both
@settings(max_examples=6, deadline=None)
@given(
    spoiled=st.dictionaries(st.sampled_from(names()), st.sampled_from([*SPOILED]), max_size=6),
    page_size=st.integers(1, COUNT + 1),
    page_max=st.none() | st.integers(2, 9),
)
async def test_whoever_is_sound_comes_and_nobody_known_is_gone(
    connection: WatcherAccess, spoiled: dict[str, str], page_size: int, page_max: int | None
) -> None:
    running = simulation(town())
    running.habits.page_max = page_max
    asked = replace(connection, page_size=page_size)
    found, _, _, _ = await fetched(asked, Spoiling(spoiled))
    assert found.keys() == set(names()) - spoiled.keys()
    found, _, _, _ = await fetched(asked, Spoiling(spoiled), names())
    assert found.keys() == set(names())
    assert {name for name, one in found.items() if one.unread} == spoiled.keys()


@both
async def test_a_page_of_many_long_objects_is_asked_for_in_halves(
    connection: WatcherAccess,
) -> None:
    running = simulation(town())
    for name in names():
        running.world.edit_camera(name, {"title": "t" * 900})
    limits = replace(LIMITS, body_bytes_max=7_000)
    found, warnings, _, _ = await fetched(
        replace(connection, page_size=COUNT), Spoiling({}), (), limits
    )
    assert found.keys() == set(names())
    assert warnings == []


@both
async def test_a_test_of_a_connection_goes_past_an_odd_first_camera(
    connection: WatcherAccess,
) -> None:
    for kind in SPOILED:
        simulation(town())
        async with watching(
            connection, Spoiling({names()[0]: kind}, kind), limits=LIMITS
        ) as watcher:
            assert [one.ok for one in await watcher.check()] == [True] * 4


@both
async def test_where_nothing_fits_it_is_the_watchers_fault(connection: WatcherAccess) -> None:
    simulation(town(2 * IN_A_ROW_MAX))
    transport = Spoiling(dict.fromkeys(names(2 * IN_A_ROW_MAX), "long"))
    with pytest.raises(TooLong, match="400000 bytes"):
        await fetched(connection, transport)


async def test_an_end_that_is_not_said_is_not_guessed() -> None:
    page = Salvage("streams")
    long = b"y" * 1000
    cursor = page.end(bytearray(long + b'"}],"next":"c","estimated_count":5}'))
    assert cursor == {"streams": [None], "next": "c", "estimated_count": 5}
    for end in (b'"}]}', b'"}],"next":"a]b"}', b'"}],"next"', b'"}', b""):
        with pytest.raises(Nonsense):
            page.end(bytearray(long + end))
    assert page.end(bytearray(b'{"streams":[{"name":"a"}],"next":null}'))["streams"] == [
        {"name": "a"}
    ]


listed = st.recursive(
    st.none() | st.integers() | st.text(),
    lambda one: st.lists(one) | st.dictionaries(st.text(), one),
)


@settings(max_examples=30, deadline=None)
@given(before=st.lists(listed), after=st.lists(listed), indent=st.sampled_from([None, 1]))
def test_a_cut_page_is_what_it_is_as_a_whole(
    before: list[Any], after: list[Any], indent: int | None
) -> None:
    whole = [*before, "spoiled", *after]
    for page in (whole, {"prev": before, "cameras": whole, "next": "]},{["}):
        text = json.dumps(page, indent=indent).encode()
        salvage = Salvage("cameras")
        assert salvage.elements(bytearray(text)) == page
        cut = salvage.elements(bytearray(text.replace(b'"spoiled"', SPOILED["deep"])))
        assert cut == json.loads(text.replace(b'"spoiled"', b"null"))
        assert salvage.lost == [WHY["deep"]]
        for end in (1, len(text) // 2, len(text) - 1):
            with pytest.raises(ValueError, match=r"cut off|Expecting|Extra|Unterminated"):
                salvage.elements(bytearray(text[:end]))


def test_more_elements_than_any_page_has_are_not_cut() -> None:
    with pytest.raises(Nonsense, match="more than 5000 cameras"):
        Salvage("cameras").elements(bytearray(b"[" + b"{}," * (ELEMENTS_MAX + 1) + b"{}]"))
