"""A camera's month as it is sold: each service day by day."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from portal.billing.measure import ENABLED
from portal.routes.format import day, quantity
from portal.routes.listing import Column
from portal.routes.shared.cameras.part import CameraPart, PartFile
from portal.routes.shared.months import Chosen
from portal.usage.queries.camera_month import CameraMonth
from portal.usage.queries.measured import Measured
from portal.words import _


@dataclass(frozen=True, slots=True)
class DayRow:
    """A day as it is shown: one text a service; `known` says whether there is any usage.

    Today is shown as soon as something is known of it, and is not `over`: it counts for nothing.
    """

    day: date
    tariff: str
    disabled: bool
    known: bool
    over: bool
    cells: tuple[str, ...]


def part_of(found: CameraMonth, chosen: Chosen, locale: str) -> CameraPart:
    """What its subscriber sees of its days."""
    columns = _columns(found)
    rows = _rows(found, chosen, locale)
    over = [row for row in rows if row.over]
    return CameraPart(
        {
            "columns": columns,
            "rows": rows,
            "known": sum(row.known for row in over),
            "over": len(over),
            "terms": _terms(found, locale),
            "suspension": None,
            "totals": _totals(found, chosen, columns, locale),
        },
        {"": PartFile("camera-days", _day_columns(found), rows)},
    )


def _day_columns(found: CameraMonth) -> list[Column]:
    """A file's: each service in its units, never rounded."""

    def used(service: Measured) -> Column:
        return Column(
            f"{service.name} ({service.unit})",
            of=lambda row: found.units(service, row.day),
            kind="quantity",
        )

    return [
        Column(_("Day"), of="day", kind="day"),
        Column(_("Tariff"), of="tariff"),
        Column(_("Switched off"), of="disabled", kind="flag"),
        Column(_("Counts"), of="over", kind="flag"),
        *map(used, found.services),
    ]


def _terms(found: CameraMonth, locale: str) -> str:
    """From when, and until when, the camera was on its last tariff of the month."""
    if not found.subscriptions:
        return ""
    last = found.subscriptions[-1]
    if last.ends_on is None:
        return _("since %(starts_on)s") % {"starts_on": day(last.starts_on, locale)}
    return _("%(start)s – %(end)s") % {
        "start": day(last.starts_on, locale),
        "end": day(last.ends_on - timedelta(days=1), locale),
    }


def _columns(found: CameraMonth) -> list[Column]:
    """A narrow screen keeps the day and the first service."""
    services = [
        Column(
            _("%(service)s (%(unit)s)") % {"service": one.name, "unit": one.unit},
            kind="quantity",
            wide=place > 0,
            unit=one.unit,
        )
        for place, one in enumerate(found.services)
    ]
    return [Column(_("Day")), Column(_("Tariff"), wide=True), *services]


def _rows(found: CameraMonth, chosen: Chosen, locale: str) -> list[DayRow]:
    """The days of the subscriber's own up to today, which is shown once something is known of it.

    A day without a subscription was not the subscriber's.
    """
    enabled = found.meter(ENABLED)
    return [
        DayRow(
            day=one,
            tariff=served.tariff,
            disabled=enabled is not None and enabled.values[chosen.period.index(one)] == 0,
            known=_is_told(found, one),
            over=one < chosen.until,
            cells=tuple(
                quantity(found.units(service, one), "", locale) for service in found.services
            ),
        )
        for served in found.subscriptions
        for one in chosen.period
        if served.holds(one)
        and (one < chosen.today or (one == chosen.today and found.is_known(one)))
    ]


def _is_told(found: CameraMonth, one: date) -> bool:
    """Whether the page says anything of a day: of a service, or whether it was switched on."""
    enabled = found.meter(ENABLED)
    if enabled is not None and enabled.values[found.month.period.index(one)] is not None:
        return True
    return any(found.units(service, one) is not None for service in found.services)


def _totals(
    found: CameraMonth, chosen: Chosen, columns: Sequence[Column], locale: str
) -> list[str]:
    """The quantities of the month, as they are billed, or of its days that are over."""
    used = [
        quantity(found.quantities.get(one.code), one.unit, locale, bare=True)
        for one in found.services
    ]
    label = (
        (_("Quantity of %(days)s") % {"days": chosen.days(locale)})
        if chosen.running
        else _("Quantity of the month")
    )
    return [label, *[""] * (len(columns) - 1 - len(used)), *used]
