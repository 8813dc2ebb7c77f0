"""A camera's month as it was read: each meter day by day, and the camera's history in Watcher."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final

from portal.routes.format import bytes_, number, quantity
from portal.routes.listing import Column
from portal.routes.shared.cameras.part import CameraPart, PartFile
from portal.routes.shared.cameras.suspension import history_of, suspension_of
from portal.routes.shared.cloud_scope import CloudScope
from portal.usage.queries.camera_month import CameraMonth, MeterDays
from portal.values.amounts import DASH
from portal.words import _

SECONDS_AN_HOUR: Final = 3600
UNITS: Final[Mapping[str, tuple[str, int]]] = {
    "bytes": ("GB", 10**9),
    "seconds": ("h", SECONDS_AN_HOUR),
}
LIFE: Final = (
    Column(_("From"), of="since", kind="moment"),
    Column(_("Until"), of="until", kind="moment"),
    Column(_("Organization"), of="organization_title"),
    Column(_("Preset"), of="preset_title"),
    Column(_("State"), of=lambda one: "enabled" if one.enabled else "disabled", kind="state"),
)
METER_NAMES: Final = {
    "camera.enabled": _("Enabled"),
    "recording.continuous.depth": _("Continuous recording, days of archive"),
    "recording.motion.depth": _("Motion recording, days of archive"),
    "analytics.faces": _("Faces"),
    "analytics.plates": _("Licence plates"),
    "archive.stored": _("Archive stored"),
    "recording.time": _("Footage recorded"),
}


@dataclass(frozen=True, slots=True)
class DayRow:
    """A day and one text and value for each meter; `is_over` is false for today."""

    day: date
    cells: tuple[str, ...]
    values: tuple[int | None, ...]
    has_usage: bool
    is_over: bool


async def part_of(scope: CloudScope, camera: CameraMonth, locale: str) -> CameraPart:
    """What whoever reads subscriptions sees of it, and whether the camera is suspended."""
    meters = sorted(camera.meters, key=_rank)
    month = camera.month
    days = [day for day in month.period if day <= month.today]
    texts = [[_text(meter, value, locale) for value in meter.values] for meter in meters]
    rows = [
        DayRow(
            day,
            tuple(column[index] for column in texts),
            tuple(meter.values[index] for meter in meters),
            camera.is_known(day),
            day < month.until,
        )
        for index, day in enumerate(days)
    ]
    life = await history_of(scope, camera.external_id)
    return CameraPart(
        {
            "meters": [METER_NAMES.get(meter.key, meter.key) for meter in meters],
            "rows": rows,
            "life": life,
            "suspension": await suspension_of(scope, camera.external_id),
        },
        {
            "": PartFile("camera-days", _columns(meters), rows),
            "life": PartFile("camera-life", LIFE, life.stretches),
        },
    )


def _columns(meters: Sequence[MeterDays]) -> list[Column]:
    """A file's: bytes in GB and seconds in hours, as the page has them, and never rounded."""
    return [
        Column(_("Day"), of="day", kind="day"),
        Column(_("Counts"), of="is_over", kind="flag"),
        *(_column(meter, place) for place, meter in enumerate(meters)),
    ]


def _column(meter: MeterDays, place: int) -> Column:
    name = METER_NAMES.get(meter.key, meter.key)
    if meter.base_unit == "flag":
        return Column(name, of=lambda row: row.values[place], kind="flag")
    unit, size = UNITS.get(meter.base_unit, ("", 1))

    def of(row: DayRow) -> Decimal | None:
        value = row.values[place]
        return None if value is None else Decimal(value) / size

    return Column(f"{name}, {unit}" if unit else name, of=of, kind="quantity")


def _rank(meter: MeterDays) -> tuple[int, str]:
    """The meters that have a name of ours first, in our order."""
    known = list(METER_NAMES)
    return known.index(meter.key) if meter.key in METER_NAMES else len(known), meter.key


def _text(meter: MeterDays, value: int | None, locale: str) -> str:
    """A day's value as people say it: bytes in GB, seconds in hours, a flag as yes or no."""
    if value is None:
        return DASH
    if meter.base_unit == "bytes":
        return bytes_(value, locale)
    if meter.base_unit == "seconds":
        return quantity(Decimal(value) / SECONDS_AN_HOUR, "h", locale)
    if meter.base_unit == "flag":
        return _("Yes") if value else _("No")
    return number(value, locale)
