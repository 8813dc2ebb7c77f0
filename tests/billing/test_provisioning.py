"""What a tariff includes as settings, what a camera needs, and patience."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.billing.measure import Measure, Service
from portal.billing.pricing import pricing_from
from portal.billing.provisioning import (
    CameraChange,
    CameraWanted,
    LastTry,
    PresetPlan,
    PresetWanted,
    backoff,
    change_of,
    plan_of,
    preset_of,
)
from portal.billing.readings import Preset
from portal.billing.retail import Item
from portal.errors import Conflict
from tests.billing.cast import law

home = partial(PresetWanted, "Home")
BY_USE = pricing_from({"model": "per_unit", "unit_price": "0.80"})


def item(
    meter: str,
    quantity: str,
    *,
    unit_size: int = 1,
    measure: Measure = Measure.UNIT_MONTH,
    by_use: bool = False,
) -> Item:
    service = Service(1, f"a {meter}", meter, unit_size, measure)
    return Item(service, Decimal(quantity), BY_USE if by_use else None)


@pytest.mark.parametrize(
    ("items", "settings"),
    [
        ([], home()),
        ([item("recording.motion.depth", "7")], home(motion_depth_days=7)),
        ([item("recording.continuous.depth", "2.1")], home(continuous_depth_days=3)),
        # A week and a half, sold by the week.
        ([item("recording.motion.depth", "1.5", unit_size=7)], home(motion_depth_days=11)),
        # Two services of one meter: what is more.
        (
            [item("recording.motion.depth", "7"), item("recording.motion.depth", "3")],
            home(motion_depth_days=7),
        ),
        ([item("analytics.plates", "1")], home(plates=True)),
        ([item("analytics.faces", "2")], home(faces=True)),
        ([item("analytics.faces", "0.5")], home()),
        ([item("archive.stored", "100"), item("recording.time", "10")], home()),
        ([item("recording.motion.depth", "0")], home()),
        ([item("recording.motion.depth", "7", by_use=True)], home(motion_depth_days=7)),
        (
            [item("recording.motion.depth", "7", measure=Measure.PEAK)],
            home(motion_depth_days=7),
        ),
        ([item("archive.stored", "1", measure=Measure.TOTAL)], home()),
    ],
)
def test_what_a_tariff_includes(items, settings):
    assert preset_of("Home", items) == settings


@pytest.mark.parametrize(
    ("items", "why"),
    [
        ([item("recording.motion.depth", "210", measure=Measure.TOTAL)], "total over the month"),
        ([item("recording.motion.depth", "0", by_use=True)], "sold by use"),
        ([item("analytics.faces", "1"), item("analytics.plates", "1")], "not for both"),
    ],
)
def test_what_no_preset_can_say(items, why):
    with pytest.raises(Conflict, match=why):
        preset_of("Home", items)


# -- the preset of a tariff ------------------------------------------------------------------------

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
WEEK = [item("recording.motion.depth", "7")]
UNSAYABLE = [item("recording.motion.depth", "0", by_use=True)]
KEPT = Preset(7, "Home", 0, 7, faces=False, plates=False, is_adjustable=False)


def plan(items, alive, last=LastTry(), *, in_use=True) -> PresetPlan:  # noqa: B008 - frozen
    by_id = {one.id: one for one in alive}
    return plan_of("Home", "home-7", items, by_id, last, in_use=in_use, now=NOW)


def test_a_tariff_without_a_preset_gets_one():
    assert plan(WEEK, []) == PresetPlan(home(0, 7), None, make=True, change=False, trouble="")


def test_our_preset_that_somebody_edited_is_changed_back():
    ours, edited = LastTry(preset=7), replace(KEPT, motion_depth_days=3)
    assert not plan(WEEK, [KEPT], ours).change
    assert plan(WEEK, [edited], ours) == PresetPlan(home(0, 7), 7, False, True, "")


def test_a_preset_that_a_person_mapped_is_compared_and_never_edited():
    weekly = Preset(5, "Weekly", 0, 14, faces=None, plates=True, is_adjustable=True)
    assert plan(WEEK, [weekly]) == PresetPlan(
        home(0, 7),
        5,
        make=False,
        change=False,
        trouble="tariff home-7: preset 5 (Weekly): days of motion archive: 14, the tariff includes"
        " 7, licence plates: yes, the tariff includes no, cameras on it can be adjusted",
    )


def test_what_no_preset_can_say_is_told_while_a_camera_is_on_the_tariff():
    assert "sold by use" in plan(UNSAYABLE, []).trouble
    assert plan(UNSAYABLE, [], in_use=False) == PresetPlan(None, None, False, False, "")


presets = st.lists(
    st.builds(
        Preset,
        st.integers(1, 6),
        st.sampled_from(["Home", "Weekly"]),
        st.sampled_from([None, 0, 7]),
        st.sampled_from([None, 0, 7]),
        faces=st.sampled_from([None, False]),
        plates=st.sampled_from([None, False, True]),
        is_adjustable=st.sampled_from([None, False, True]),
    ),
    max_size=4,
    unique_by=lambda one: one.id,
)
tries = st.builds(
    LastTry,
    st.none() | st.integers(1, 6),
    st.sampled_from(["", str(home(0, 7)), "another"]),
    st.none() | st.sampled_from([NOW, NOW + timedelta(minutes=1)]),
    st.just("Watcher refused"),
)


@law(200)
@given(st.sampled_from([WEEK, [], UNSAYABLE]), presets, tries, st.booleans())
def test_laws_of_the_plan(items, alive, last, in_use):
    by_id = {one.id: one for one in alive}
    found = plan(items, alive, last, in_use=in_use)
    # Cameras go on a preset that is there, ours before all others, else the lowest number.
    ours = last.preset if last.preset in by_id else None
    assert found.target == (ours or min(by_id, default=None))
    # One is made only where there is none; only ours is changed, and into what it is not already.
    assert not found.make or not by_id
    if found.change:
        assert ours is not None
        assert found.wanted is not None
        assert not found.wanted.is_kept_by(by_id[ours])
    # What cannot be said is never written, and what failed waits unless something else is wanted.
    waits = last.retry_at is not None and last.retry_at > NOW and last.wanted == str(found.wanted)
    assert not (found.make or found.change) or (found.wanted is not None and not waits)
    # Doing it leaves nothing to do: the next plan is at rest.
    made = Preset(9, "Home", 0, 7, faces=False, plates=False, is_adjustable=False)
    if found.make and items is WEEK:
        after = plan(items, [made], LastTry(preset=9), in_use=in_use)
        assert (after.make, after.change, after.trouble) == (False, False, "")


# -- a camera --------------------------------------------------------------------------------------


def wanted(*, suspended: bool, off: bool, target: int | None = 7) -> CameraWanted:
    return CameraWanted(frozenset({5, 7} if target else ()), target, suspended, off)


@pytest.mark.parametrize(
    ("should", "preset", "enabled", "change"),
    [
        # As it should be; on another preset that stands for the tariff as well; on a wrong one.
        (wanted(suspended=False, off=False), 7, True, CameraChange(None, None, False)),
        (wanted(suspended=False, off=False), 5, True, CameraChange(None, None, False)),
        (wanted(suspended=False, off=False), 1, True, CameraChange(7, None, False)),
        (wanted(suspended=False, off=False), None, True, CameraChange(7, None, False)),
        # Without a subscription whatever it has stays.
        (wanted(suspended=False, off=False, target=None), 1, True, CameraChange(None, None, False)),
        # Suspended: switched off, by us; off already by a person; off already by us.
        (wanted(suspended=True, off=False), 7, True, CameraChange(None, False, True)),
        (wanted(suspended=True, off=False), 7, False, CameraChange(None, None, False)),
        (wanted(suspended=True, off=True), 7, False, CameraChange(None, None, True)),
        (wanted(suspended=True, off=True), 1, True, CameraChange(7, False, True)),
        # Let go on: what we did is undone; what a person did is not, nor what is on already.
        (wanted(suspended=False, off=True), 7, False, CameraChange(None, True, False)),
        (wanted(suspended=False, off=True), 7, True, CameraChange(None, None, False)),
        (wanted(suspended=False, off=False), 7, False, CameraChange(None, None, False)),
    ],
)
def test_what_a_camera_needs(should, preset, enabled, change):
    assert change_of(should, preset, enabled=enabled) == change


def test_patience_grows_to_six_hours():
    waits = [backoff(failures) for failures in range(1, 12)]
    assert [wait / timedelta(minutes=1) for wait in waits] == [
        1, 2, 4, 8, 16, 32, 64, 128, 256, 360, 360,
    ]  # fmt: skip
    assert backoff(10_000) == timedelta(hours=6)
