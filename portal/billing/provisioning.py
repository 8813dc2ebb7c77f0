"""What a Watcher should be told: a tariff's settings, a camera's preset and switch; and when again.

Nothing here asks the time or knows Watcher's API.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Final

from portal.billing.measure import Measure
from portal.billing.retail import Item
from portal.errors import Conflict
from portal.words import _

CONTINUOUS: Final = "recording.continuous.depth"
MOTION: Final = "recording.motion.depth"
FACES: Final = "analytics.faces"
PLATES: Final = "analytics.plates"
_SETTINGS: Final = frozenset({CONTINUOUS, MOTION, FACES, PLATES})
_PATIENCE_MAX: Final = timedelta(hours=6)


@dataclass(frozen=True, slots=True)
class Included:
    """What a tariff includes that a preset can keep; depths in days."""

    continuous_depth_days: int = 0
    motion_depth_days: int = 0
    faces: bool = False
    plates: bool = False


def included(items: Sequence[Item]) -> Included:
    """The settings that a tariff's items stand for; a day begun counts.

    Example: 1.5 of "1 week of archive" (7 days a unit) are 11 days. Raises `Conflict` for what
    no preset can say, and what is then not guessed: a total over the month, what is sold by use.
    """
    base: dict[str, int] = {}
    for item in items:
        service = item.service
        if service.meter not in _SETTINGS:
            continue
        if service.measure is Measure.TOTAL:
            raise Conflict(
                _("%(code)s is a total over the month, which no preset can keep")
                % {"code": service.code}
            )
        if item.quantity == 0 and item.overage is not None:
            raise Conflict(
                _("%(code)s is sold by use, so how much is not the tariff's to say")
                % {"code": service.code}
            )
        quantity = item.quantity * service.unit_size
        base[service.meter] = max(base.get(service.meter, 0), _whole(service.meter, quantity))
    faces, plates = base.get(FACES, 0) >= 1, base.get(PLATES, 0) >= 1
    if faces and plates:
        raise Conflict(_("Watcher looks for faces or for plates on a camera, not for both"))
    return Included(base.get(CONTINUOUS, 0), base.get(MOTION, 0), faces, plates)


def _whole(meter: str, quantity: Decimal) -> int:
    """Whole days of a depth, rounded up; whole channels of analytics: half a channel is none."""
    return math.ceil(quantity) if meter in {CONTINUOUS, MOTION} else math.floor(quantity)


@dataclass(frozen=True, slots=True)
class CameraWanted:
    """How a camera should be.

    `presets` are those that stand for its tariff, `target` the one to put it on when it is on none
    of them; None without a subscription. `is_switched_off`: it was we who did that.
    """

    presets: AbstractSet[int]
    target: int | None
    suspended: bool
    is_switched_off: bool


@dataclass(frozen=True, slots=True)
class CameraChange:
    """What is to be written to a camera, None being nothing; and whether it is off by us then."""

    preset: int | None
    enabled: bool | None
    is_switched_off: bool


def change_of(wanted: CameraWanted, preset: int | None, *, enabled: bool) -> CameraChange:
    """What it takes to make a camera, which is on `preset` and `enabled` or not, as it should be.

    A camera that a person switched off in Watcher is not switched on: only what a suspension did is
    undone. One without a tariff keeps whatever preset it has.
    """
    target = wanted.target if preset not in wanted.presets else None
    if wanted.suspended:
        return CameraChange(target, False if enabled else None, wanted.is_switched_off or enabled)
    switched_on = True if wanted.is_switched_off and not enabled else None
    return CameraChange(target, switched_on, is_switched_off=False)


def backoff(failures: int) -> timedelta:
    """How long to leave alone what failed so often: 1, 2, 4 … minutes, at most 6 hours."""
    return min(timedelta(minutes=2 ** min(failures - 1, 20)), _PATIENCE_MAX)
