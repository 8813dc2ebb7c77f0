"""The six services that nearly every platform sells, with list prices to begin with."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Final

from portal.billing.pricing import PerUnit
from portal.catalog.forms.service import NewService
from portal.errors import Invalid
from portal.kit.forms.form import ListOf
from portal.values.kinds import code_like
from portal.words import _


@dataclass(frozen=True, slots=True)
class _Meter:
    """A meter as a service measures it: units of so many base units, by measure."""

    key: str
    unit: str
    unit_plural: str
    unit_size: int = 1
    measure: str = "unit_month"


def _of(code: str, name: str, short: str, meter: _Meter, price: str) -> NewService:
    return NewService(
        code=code,
        name=name,
        short=short,
        meter=meter.key,
        unit=meter.unit,
        unit_plural=meter.unit_plural,
        unit_size=meter.unit_size,
        measure=meter.measure,
        list_pricing=PerUnit(Decimal(price)),
    )


_MOTION: Final = _Meter("recording.motion.depth", "day", "days")
_CONTINUOUS: Final = _Meter("recording.continuous.depth", "day", "days")
_PLATES: Final = _Meter("analytics.plates", "channel", "channels")
_FACES: Final = _Meter("analytics.faces", "channel", "channels")
_STORED: Final = _Meter("archive.stored", "GB", "GB", 1_000_000_000)
_RECORDED: Final = _Meter("recording.time", "hour", "hours", 3_600, "total")

USUAL: Final = (
    _of("motion-day", "1 day of motion-activated recording", "Motion archive", _MOTION, "0.50"),
    _of(
        "continuous-day", "1 day of continuous recording", "Continuous archive", _CONTINUOUS, "0.90"
    ),
    _of("plates", "Licence plates, 1 channel", "Plates", _PLATES, "4.00"),
    _of("faces", "Faces, 1 channel", "Faces", _FACES, "5.00"),
    _of("storage", "1 GB of archive stored", "Storage", _STORED, "0.02"),
    _of("recording-hours", "1 hour recorded", "Hours recorded", _RECORDED, "0.01"),
)
"""Their names and prices are proposals: whoever adds them may edit both."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UsualServices:
    """Which of the usual services are added, by code; without `codes` all six."""

    codes: Annotated[tuple[str, ...] | None, ListOf(code_like("motion-day"), len(USUAL))] = None

    @property
    def services(self) -> list[NewService]:
        """Those that are meant, each once. Raises `Invalid` for a code that none of them has."""
        if self.codes is None:
            return list(USUAL)
        known = {one.code: one for one in USUAL}
        problems = {
            f"codes[{index}]": _("is none of the usual services")
            for index, code in enumerate(self.codes)
            if code not in known
        }
        if problems:
            raise Invalid(problems)
        return [known[code] for code in dict.fromkeys(self.codes)]
