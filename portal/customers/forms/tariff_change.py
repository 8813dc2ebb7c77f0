"""Another tariff for a camera, another subscriber, and the end of what it is on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Annotated, Final

from portal.kit.forms.form import ListOf
from portal.values.kinds import Day, ExternalId, code_like
from portal.values.numbers import NUMBER

CAMERAS_MAX: Final = 1_000
"""Of cameras that one form changes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TariffChange:
    """The tariff that a camera is on from a day on, in place of the one it is on then."""

    tariff: Annotated[str, code_like("business-30")]
    starts_on: Annotated[date, Day()]


@dataclass(frozen=True, slots=True, kw_only=True)
class CameraMove:
    """The subscriber (its number) that a camera is for from a day on, and its tariff there."""

    subscriber: Annotated[int, NUMBER]
    tariff: Annotated[str, code_like("home-7")]
    starts_on: Annotated[date, Day()]


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceEnd:
    """The first day on which cameras are not served any more."""

    ends_on: Annotated[date, Day()]


CAMERAS: Final = ListOf(ExternalId(), CAMERAS_MAX)


@dataclass(frozen=True, slots=True, kw_only=True)
class TariffChanges(TariffChange):
    """The tariff that several cameras are on from a day on."""

    cameras: Annotated[tuple[str, ...], CAMERAS]


@dataclass(frozen=True, slots=True, kw_only=True)
class CameraMoves(CameraMove):
    """The subscriber that several cameras are for from a day on, and their tariff there."""

    cameras: Annotated[tuple[str, ...], CAMERAS]


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceEnds(ServiceEnd):
    """The first day on which several cameras are not served any more."""

    cameras: Annotated[tuple[str, ...], CAMERAS]
