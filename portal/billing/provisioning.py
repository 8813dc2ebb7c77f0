"""What a Watcher should be told: a tariff's settings, a camera's preset and switch; and when again.

Nothing here asks the time or knows Watcher's API.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from portal.billing.measure import Measure
from portal.billing.readings import Preset
from portal.billing.retail import Item
from portal.errors import Conflict
from portal.words import _, joined

CONTINUOUS: Final = "recording.continuous.depth"
MOTION: Final = "recording.motion.depth"
FACES: Final = "analytics.faces"
PLATES: Final = "analytics.plates"
_SETTINGS: Final = frozenset({CONTINUOUS, MOTION, FACES, PLATES})
_BACKOFF_MAX: Final = timedelta(hours=6)


@dataclass(frozen=True, slots=True)
class PresetWanted:
    """What a tariff includes, as a preset can keep it; depths in days."""

    title: str
    continuous_depth_days: int = 0
    motion_depth_days: int = 0
    faces: bool = False
    plates: bool = False

    @property
    def has_analytics(self) -> bool:
        """Whether it looks for anything."""
        return self.faces or self.plates

    def is_kept_by(self, preset: Preset) -> bool:
        """Whether a preset is exactly this one and may stand for it."""
        return (
            preset.title == self.title
            and preset.continuous_depth_days == self.continuous_depth_days
            and preset.motion_depth_days == self.motion_depth_days
            and bool(preset.faces) == self.faces
            and bool(preset.plates) == self.plates
            and preset.is_adjustable is False
            and not preset.is_deleted
        )


def preset_of(title: str, items: Sequence[Item]) -> PresetWanted:
    """The preset that a tariff's items stand for; a day begun counts.

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
    return PresetWanted(title, base.get(CONTINUOUS, 0), base.get(MOTION, 0), faces, plates)


def _whole(meter: str, quantity: Decimal) -> int:
    """Whole days of a depth, rounded up; whole channels of analytics: half a channel is none."""
    return math.ceil(quantity) if meter in {CONTINUOUS, MOTION} else math.floor(quantity)


@dataclass(frozen=True, slots=True)
class LastTry:
    """The last attempt at a tariff's preset: what was `wanted`, as text, and what was said of it.

    `preset` is the one that was made, if one was. Nothing is tried again before `retry_at`, unless
    something else is wanted by now.
    """

    preset: int | None = None
    wanted: str = ""
    retry_at: datetime | None = None
    message: str = ""


@dataclass(frozen=True, slots=True)
class PresetPlan:
    """What is to be done now about the preset that stands for a tariff.

    `target` is the preset to put cameras on, if there is one. `make` a preset or `change` the
    target into what is `wanted`; `trouble` is what a person should know. `wanted` None: no preset
    can say it.
    """

    wanted: PresetWanted | None
    target: int | None
    make: bool
    change: bool
    trouble: str


def plan_of(
    name: str,
    code: str,
    items: Sequence[Item],
    alive: Mapping[int, Preset],
    last: LastTry,
    *,
    in_use: bool,
    now: datetime,
    quiet: str = "",
) -> PresetPlan:
    """How to bring the presets of a tariff in line.

    `alive` are the presets that are there and stand for it, by id; `in_use` is whether a camera is
    on the tariff. Ours, which was made for it, is changed; one that a person mapped is compared and
    never edited. Where there is none one is made. `quiet` is the title of the preset without the
    tariff's analytics, where that is what is asked for.
    """
    wanted, trouble = _wanted(name, items)
    if wanted is not None and quiet:
        wanted = replace(wanted, title=quiet, faces=False, plates=False)
    ours = last.preset if last.preset in alive else None
    target = ours if ours is not None else min(alive, default=None)
    make = change = False
    if ours is not None:
        change = wanted is not None and not wanted.is_kept_by(alive[ours])
    elif target is not None:
        differing = (_unlike(wanted, alive[number]) for number in sorted(alive) if wanted)
        trouble = trouble or joined(filter(None, differing), "; ")
    elif wanted is not None:
        make = True
    elif not in_use:
        trouble = ""
    if trouble:
        trouble = _("tariff %(code)s: %(why)s") % {"code": code, "why": trouble}
    waits = last.retry_at is not None and last.retry_at > now and last.wanted == str(wanted)
    if waits and (make or change):
        return PresetPlan(wanted, target, make=False, change=False, trouble=last.message)
    return PresetPlan(wanted, target, make, change, trouble)


def _wanted(name: str, items: Sequence[Item]) -> tuple[PresetWanted | None, str]:
    try:
        return preset_of(name, items), ""
    except Conflict as error:
        return None, error.message


def _unlike(wanted: PresetWanted, preset: Preset) -> str:
    """How a preset that a person mapped differs from its tariff, "" when it does not."""
    said = []
    for what, ours, theirs in (
        (
            _("days of continuous archive"),
            wanted.continuous_depth_days,
            preset.continuous_depth_days,
        ),
        (_("days of motion archive"), wanted.motion_depth_days, preset.motion_depth_days),
        (_("faces"), wanted.faces, bool(preset.faces)),
        (_("licence plates"), wanted.plates, bool(preset.plates)),
    ):
        if ours != theirs:
            differs = _("%(what)s: %(theirs)s, the tariff includes %(ours)s")
            kinds = {"what": what, "theirs": _spoken(theirs), "ours": _spoken(ours)}
            said.append(differs % kinds)
    if preset.is_adjustable:
        said.append(_("cameras on it can be adjusted"))
    facts: dict[str, object] = {
        "number": preset.id,
        "title": preset.title,
        "said": joined(said, ", "),
    }
    return _("preset %(number)s (%(title)s): %(said)s") % facts if said else ""


def _spoken(value: int | bool | None) -> str:  # noqa: FBT001 -- a value of either kind
    if value is None:
        return _("unknown")
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    return str(value)


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
    return min(timedelta(minutes=2 ** min(failures - 1, 20)), _BACKOFF_MAX)
