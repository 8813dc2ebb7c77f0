"""What a tariff includes as settings, what a camera needs, and patience."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from portal.billing.measure import Measure, Service
from portal.billing.pricing import pricing_from
from portal.billing.provisioning import (
    CameraChange,
    CameraWanted,
    Included,
    backoff,
    change_of,
    included,
)
from portal.billing.retail import Item
from portal.errors import Conflict

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
        ([], Included()),
        ([item("recording.motion.depth", "7")], Included(motion_depth_days=7)),
        ([item("recording.continuous.depth", "2.1")], Included(continuous_depth_days=3)),
        # A week and a half, sold by the week.
        ([item("recording.motion.depth", "1.5", unit_size=7)], Included(motion_depth_days=11)),
        # Two services of one meter: what is more.
        (
            [item("recording.motion.depth", "7"), item("recording.motion.depth", "3")],
            Included(motion_depth_days=7),
        ),
        ([item("analytics.plates", "1")], Included(plates=True)),
        ([item("analytics.faces", "2")], Included(faces=True)),
        ([item("analytics.faces", "0.5")], Included()),
        ([item("archive.stored", "100"), item("recording.time", "10")], Included()),
        ([item("recording.motion.depth", "0")], Included()),
        ([item("recording.motion.depth", "7", by_use=True)], Included(motion_depth_days=7)),
        (
            [item("recording.motion.depth", "7", measure=Measure.PEAK)],
            Included(motion_depth_days=7),
        ),
        ([item("archive.stored", "1", measure=Measure.TOTAL)], Included()),
    ],
)
def test_what_a_tariff_includes(items, settings):
    assert included(items) == settings


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
        included(items)


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
