"""A camera's month as it is sold: each service day by day, and what was charged for it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Final

from litestar.plugins.htmx import HTMXRequest

from portal.billing.measure import ENABLED
from portal.billing.money import rounded
from portal.billing.period import Period
from portal.books.queries import charges
from portal.books.queries.charges import CameraCharge
from portal.routes.charts import Chart, Number, line_chart
from portal.routes.format import day, number, quantity
from portal.routes.guards import person_of
from portal.routes.listing import Column, in_currency
from portal.routes.shared.cameras.part import CameraPart, PartFile
from portal.routes.shared.months import Chosen, open_month
from portal.usage.queries.camera_month import CameraMonth
from portal.usage.queries.measured import Measured
from portal.words import _

CHARGE_COLUMNS: Final = (
    Column(_("What")),
    Column(_("Quantity"), kind="quantity", wide=True),
    Column(_("Unit price"), kind="price", wide=True),
    Column(_("Amount"), kind="money"),
)
KINDS: Final[Mapping[str, str]] = {"recurring": _("Monthly price"), "setup": _("Set-up")}


def _what(one: CameraCharge) -> str:
    return one.service or KINDS.get(one.kind, one.kind)


CHARGES: Final = (
    Column(_("What"), of=lambda one: one.service or one.kind, says=_what),
    Column(_("Tariff"), of="tariff"),
    Column(_("Quantity"), of=lambda one: rounded(one.quantity), kind="quantity"),
    Column(_("Unit"), of="unit"),
    Column(_("Unit price"), of="unit_price", kind="price"),
    Column(_("Billed with"), of="billed_in", kind="month"),
    Column(_("Amount"), of="amount", kind="money"),
)
CAMERA_MONTH: Final = _("camera-month")


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


@dataclass(frozen=True, slots=True)
class ChargeRow:
    """A charge as it is shown; `later` is the month that billed it, where that is not its own."""

    what: str
    of: str
    quantity: str
    unit_price: object
    amount: int
    later: date | None


async def part_of(
    request: HTMXRequest, found: CameraMonth, chosen: Chosen, charted: str
) -> CameraPart:
    """What its subscriber sees of it; `charted` is the code of the service that is drawn."""
    person = person_of(request)
    charged = await charges.list_of_camera(person.actor, found.external_id, chosen.period)
    service = _charted(found, charted)
    columns = _columns(found, service)
    rows = _rows(found, chosen, person.locale)
    over = [row for row in rows if row.over]
    return CameraPart(
        {
            "waits": await open_month(request, chosen, _("Charges are made when it closes.")),
            "services": [(one.code, one.name) for one in found.services],
            "service": service,
            "chart": None
            if service is None
            else _chart(found, service, chosen.period, person.locale),
            "columns": columns,
            "rows": rows,
            "known": sum(row.known for row in over),
            "over": len(over),
            "terms": _terms(found, person.locale),
            "totals": _totals(found, chosen, columns, person.locale),
            "charge_columns": CHARGE_COLUMNS,
            "charges": _charges(charged, chosen.period, person.locale),
            "charged": sum(one.amount for one in charged),
            "currency": person.currency,
            "suspension": None,
        },
        {
            "": PartFile("camera-days", _day_columns(found), rows),
            "charges": PartFile("camera-charges", in_currency(CHARGES, person.currency), charged),
        },
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


def _charted(found: CameraMonth, code: str) -> Measured | None:
    """The service that the address names, or the first, which is one of its tariff."""
    by_code = {one.code: one for one in found.services}
    return by_code.get(code, next(iter(found.services), None))


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


def _columns(found: CameraMonth, charted: Measured | None) -> list[Column]:
    """A narrow screen keeps the day and the service of the chart."""
    services = [
        Column(
            _("%(service)s (%(unit)s)") % {"service": one.name, "unit": one.unit},
            kind="quantity",
            wide=one is not charted,
            unit=one.unit,
        )
        for one in found.services
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


def _chart(found: CameraMonth, service: Measured, period: Period, locale: str) -> Chart:
    """A service day by day; days that were not the subscriber's are gaps."""

    def label(value: Number) -> str:
        return quantity(value if not isinstance(value, float) else int(value), service.unit, locale)

    def tick(value: Number) -> str:
        return number(Decimal(f"{value:g}"), locale)

    values: list[Number | None] = [found.units(service, one) for one in period]
    return line_chart(
        [str(one.day) for one in period],
        values,
        name=service.name,
        label=label,
        tick=tick,
        height=200,
    )


def _charges(charged: Sequence[CameraCharge], period: Period, locale: str) -> list[ChargeRow]:
    return [
        ChargeRow(
            what=_what(one),
            of=(_("%(tariff)s, beyond what it includes") % {"tariff": one.tariff})
            if one.service
            else one.tariff,
            quantity=quantity(
                one.quantity, one.unit or (CAMERA_MONTH if one.kind == "recurring" else ""), locale
            ),
            unit_price=one.unit_price,
            amount=one.amount,
            later=None if one.billed_in == period.start else one.billed_in,
        )
        for one in charged
    ]
