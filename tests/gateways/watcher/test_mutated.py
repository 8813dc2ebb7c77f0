"""No object that a Watcher lists stops a sync run, whatever stands where a value should be.

The others come as they are, and of what is odd a sentence is said.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from copy import deepcopy
from typing import Any

import httpx
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from portal.billing.readings import CameraReading
from portal.gateways.watcher.oddities import SENTENCE_MAX, WARNINGS_MAX
from portal.values.watcher import WatcherAccess
from tests.gateways.watcher.watching import BY_KEY, BY_LOGIN, Meddling, simulation, watching
from tests.simulator.watchers import NORTH

PLURALS = ("organizations", "presets", "cameras", "streams")
ODD = "gate-0000000001"
HUGE = 10**400
junk = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.sampled_from([HUGE, -HUGE, 2**63, 2**63 - 1, 10**5000, 1e308, -0.5, float("inf")]),
    st.floats(allow_nan=True),
    st.text(max_size=8),
    st.sampled_from(["x" * 5000, "\0", "\ud800", "tab\t", "\u202e", "NaN", "7", "."]),
    st.lists(st.integers() | st.text(max_size=3) | st.lists(st.none(), max_size=2), max_size=3),
    st.dictionaries(st.sampled_from(["id", "title", "alg", "expiration"]), st.none(), max_size=3),
    st.just([["faces"]]),
    st.just({"detectors": [{"detector_type": ["faces"]}, {"detector_type": {}}, 7], "alg": []}),
)
fields = st.sampled_from(
    [
        *("name", "title", "organization_id", "organization", "preset_id", "preset", "enabled"),
        *("disabled", "dvr_depth", "dvr_lock_days", "dvr", "vision", "vision_alg", "stats"),
        *("vision_enabled", "vision_params", "created_at", "stream_status", "id", "is_deleted"),
        *("deleted_at", "is_adjustable", "camera_count", "comment", "agent", "user"),
    ]
)
WHOLE = "the object itself"
MISSING = object()
changes = st.dictionaries(fields | st.just(WHOLE), junk | st.just(MISSING), min_size=1, max_size=4)


def mutated(raw: Any, change: dict[str, Any]) -> Any:
    """An object with other values in some of its fields, or something else in its place."""
    if WHOLE in change:
        return None if change[WHOLE] is MISSING else change[WHOLE]
    other = deepcopy(raw)
    for name, value in change.items():
        if value is MISSING:
            other.pop(name, None)
        else:
            other[name] = value
    return other


class Mutating(Meddling):
    """Shows one object of each list with the changes, before (or after) the others."""

    def __init__(self, change: dict[str, Any]) -> None:
        super().__init__()
        self.change = change

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        answer = await super().handle_async_request(request)
        plural = request.url.path.rpartition("/")[2]
        if request.method != "GET" or plural not in PLURALS:
            return answer
        body = json.loads(await answer.aread())
        listed = body if isinstance(body, list) else body[plural]
        listed[:] = [
            mutated(raw, self.change) if n == 0 and _is_odd(raw) else raw
            for n, raw in enumerate(listed)
        ]
        # As servers write what JSON has no word for: Infinity, and 5000 digits.
        text = json.dumps(_short(body)).replace('"5000 digits"', "1" + "0" * 5000)
        return httpx.Response(answer.status_code, content=text.encode())


def _is_odd(raw: dict[str, Any]) -> bool:
    return raw.get("name", ODD) == ODD


def _short(value: Any) -> Any:
    """With a word in the place of a number that Python does not write."""
    if isinstance(value, int) and value == 10**5000:
        return "5000 digits"
    if isinstance(value, list):
        return [_short(one) for one in value]
    if isinstance(value, dict):
        return {name: _short(one) for name, one in value.items()}
    return value


async def fetched_with_warnings(
    connection: WatcherAccess, change: dict[str, Any], known: Collection[str]
) -> tuple[dict[str, CameraReading], list[str]]:
    found: dict[str, CameraReading] = {}
    async with watching(connection, Mutating(change)) as watcher:
        async for _ in watcher.organizations():
            pass
        async for _ in watcher.presets():
            pass
        async for batch in watcher.cameras(known):
            for one in batch:
                assert one.name not in found
                found[one.name] = one
        return found, list(watcher.warnings)


@pytest.mark.parametrize("connection", [BY_KEY, BY_LOGIN], ids=["v2", "v3"])
@settings(max_examples=60, deadline=None)
@given(change=changes)
@example(change={"vision": {"detectors": [{"detector_type": ["faces"]}]}})
@example(change={"organization_id": HUGE, "preset_id": -HUGE, "dvr_depth": HUGE})
@example(change={"preset_id": 10**5000})
@example(change={"name": None})
@example(change={"name": "n" * 304})
@example(change={WHOLE: [1]})
async def test_no_object_stops_a_run(connection: WatcherAccess, change: dict[str, Any]) -> None:
    simulation()
    found, warnings = await fetched_with_warnings(connection, change, ())
    others = {camera.name for camera in NORTH.cameras} - {ODD}
    assert others <= found.keys()
    name = change.get("name", ODD)
    is_named = isinstance(name, str) and name != "" and WHOLE not in change
    assert len(found) == (len(others) + 1 if is_named else len(others))
    if not is_named:
        assert warnings[0] == "1 camera has no readable name and is left out"
    odd = [one for one in found.values() if one.name not in others]
    assert all(one.unread == () for one in found.values() if one.name in others)
    for one in odd:
        if one.unread:
            assert any(sentence.startswith("Camera ") for sentence in warnings), one.unread
    numbers = (value for field in ("id", WHOLE) if (value := change.get(field, 1)) is not MISSING)
    if any(isinstance(value, str) for value in numbers):
        assert any("no readable id" in sentence for sentence in warnings)
    assert len(warnings) <= WARNINGS_MAX
    assert all(len(one) <= SENTENCE_MAX and one.isprintable() for one in warnings)


@pytest.mark.parametrize(
    ("connection", "change", "unread"),
    [
        (BY_KEY, {"vision_alg": ["faces"]}, "analytics"),
        (BY_KEY, {"vision_enabled": "yes"}, "analytics"),
        (BY_KEY, {"dvr_depth": [7]}, "continuous depth"),
        (BY_LOGIN, {"vision": "faces"}, "analytics"),
        (BY_LOGIN, {"vision": {"alg": ["faces"]}}, "analytics"),
        (BY_LOGIN, {"dvr": "for ever"}, "continuous depth, motion depth"),
        (BY_LOGIN, {"stats": {"dvr_info": "much"}}, "stored bytes"),
        (BY_LOGIN, {"created_at": "yesterday"}, "time of making"),
        (BY_LOGIN, {"disabled": 1}, "switch"),
        (BY_LOGIN, {"organization_id": "6", "organization": None}, "organization"),
        (BY_KEY, {"preset_id": HUGE, "preset": []}, "preset"),
    ],
)
async def test_what_is_odd_of_a_camera_is_said(
    connection: WatcherAccess, change: dict[str, Any], unread: str
) -> None:
    simulation()
    _, warnings = await fetched_with_warnings(connection, change, ())
    assert f"Camera {ODD} has a value that cannot be read: {unread}" in warnings


@pytest.mark.parametrize("connection", [BY_KEY, BY_LOGIN], ids=["v2", "v3"])
async def test_a_known_camera_whose_name_is_odd_now_is_asked_for_and_not_gone(
    connection: WatcherAccess,
) -> None:
    simulation()
    found, warnings = await fetched_with_warnings(connection, {"name": ["gate"]}, (ODD,))
    assert ODD in found
    assert warnings[0] == "1 camera has no readable name and is left out"
