"""What one's cameras used: a month camera by camera, and a camera day by day."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Final
from urllib.parse import unquote_to_bytes

from litestar import Response
from litestar.plugins.htmx import HTMXRequest
from litestar.response import Stream

from portal.billing.measure import ENABLED
from portal.billing.money import Money, rounded
from portal.billing.period import Period
from portal.books.queries import charges
from portal.books.queries.charges import CameraCharge
from portal.errors import NotFound, no_such
from portal.kit.queries import tenancy
from portal.overview.queries import subscriber_dashboard
from portal.routes.charts import Chart, Number, line_chart
from portal.routes.format import day, money, month, number, quantity
from portal.routes.guards import person_of
from portal.routes.list_files import list_file
from portal.routes.listing import Column, Listing, in_currency, read_listing
from portal.routes.page import page
from portal.routes.reading import get
from portal.routes.shared.months import Chosen, chosen_month, month_options, open_month
from portal.routes.shared.usage import (
    Amounts,
    PageText,
    Report,
    report,
    usage_file,
    usage_listing,
    usage_page,
)
from portal.routes.subscriber.paths import USAGE, camera_path, external_id_of
from portal.usage.queries import camera_month, usage_sums
from portal.usage.queries.camera_month import CameraMonth
from portal.usage.queries.measured import Measured
from portal.usage.queries.usage_sums import UsageTable
from portal.values.external_id import complaint_of_id
from portal.words import _

COLUMNS: Final = (Column(_("Camera"), "camera"),)
WORDS: Final = PageText(
    title=_("Usage"),
    lead=_("Usage of each camera, the basis of your invoices"),
    search=_("Camera"),
    empty=(
        _("No cameras in this month"),
        _("A camera appears in every month in which it was subscribed for you."),
        "",
        "",
        "video",
    ),
)
CHARGED: Final = _("Charged before discount and tax")
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


@get("/usage")
async def usage(request: HTMXRequest) -> Response[str] | Stream:
    """A month, camera by camera; one that is closed has what was charged beside it."""
    person = person_of(request)
    chosen = await chosen_month(request)
    listing = usage_listing(request, USAGE, COLUMNS)
    cloud = await tenancy.own_cloud(person.actor)
    number = await subscriber_dashboard.number(person.actor)
    text, amounts = listing.filters["q"], []
    if charged := await subscriber_dashboard.charged(
        person.actor, chosen.period, text=text or None
    ):
        by_key = {camera: Money(amount, person.currency) for camera, amount in charged.items()}
        total = money(sum(charged.values()), person.currency, person.locale)
        amounts.append(Amounts(CHARGED, by_key, total))

    async def read(part: Listing) -> tuple[UsageTable, Report]:
        table = await usage_sums.sum_by_camera(
            person.actor,
            cloud,
            chosen.period,
            until=chosen.until,
            subscriber=number,
            text=text or None,
            sort=part.sort,
            offset=part.offset,
            limit=part.size,
            whole=not part.is_further,
        )
        return table, report(
            table,
            COLUMNS[0],
            locale=person.locale,
            href=lambda line: camera_path(line.key, chosen.period),
            sub=external_id_of,
            amounts=amounts,
        )

    if listing.file:
        return await usage_file(request, "usage", read, listing=listing, chosen=chosen)
    used, rows = await read(listing)
    return usage_page(
        request, WORDS, table=used, rows=rows, listing=listing.found(used.total), chosen=chosen
    )


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


@get("/usage/{camera:path}")
async def camera(request: HTMXRequest) -> Response[str] | Stream:
    """A camera in a month, day by day, and what was charged for it."""
    person = person_of(request)
    external_id = _external_id(request)
    chosen = await chosen_month(request)
    found = await camera_month.get(
        person.actor, await tenancy.own_cloud(person.actor), chosen, external_id
    )
    charged = await charges.list_of_camera(person.actor, external_id, chosen.period)
    path = camera_path(external_id)
    listing = read_listing(path, request.query_params, (), filters=("month", "service"))
    service = _charted(found, listing)
    columns = _columns(found, service)
    rows = _rows(found, chosen, person.locale)
    if listing.file:
        return await _file(request, listing, found, rows, charged)
    over = [row for row in rows if row.over]
    return page(
        request,
        "subscriber/camera.html",
        block="camera",
        camera=found,
        chosen=chosen,
        waits=await open_month(request, chosen, _("Charges are made when it closes.")),
        listing=listing,
        months=month_options(chosen, person.locale),
        services=[(one.code, one.name) for one in found.services],
        service=service,
        chart=None if service is None else _chart(found, service, chosen.period, person.locale),
        columns=columns,
        rows=rows,
        known=sum(row.known for row in over),
        over=len(over),
        days=_days(chosen, person.locale),
        terms=_terms(found, person.locale),
        totals=_totals(found, chosen, columns, person.locale),
        charge_columns=CHARGE_COLUMNS,
        charges=_charges(charged, chosen.period, person.locale),
        charged=sum(one.amount for one in charged),
        currency=person.currency,
        usage_path=f"{USAGE}?month={chosen.period.key}",
    )


async def _file(
    request: HTMXRequest,
    listing: Listing,
    found: CameraMonth,
    rows: Sequence[DayRow],
    charged: Sequence[CameraCharge],
) -> Stream:
    """Its days, or with "?list=charges" what was charged."""
    person, of_charges = person_of(request), listing.wants("charges")
    return await list_file(
        request,
        "camera-charges" if of_charges else "camera-days",
        in_currency(CHARGES, person.currency) if of_charges else _day_columns(found),
        charged if of_charges else rows,
        listing,
        period=found.month.period.key,
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


def _external_id(request: HTMXRequest) -> str:
    """The camera of the address as it was sent: "site-1%2Fgate" is one name with a stroke in it.

    The router's own reading joins strokes that follow each other.
    """
    raw: bytes = request.scope["raw_path"].removeprefix(f"{USAGE}/".encode())
    try:
        name = unquote_to_bytes(raw).decode()
    except UnicodeDecodeError:
        raise NotFound(_("There is no such camera.")) from None
    if complaint_of_id(name):
        raise no_such(_("camera"), name)
    return name


def _charted(found: CameraMonth, listing: Listing) -> Measured | None:
    """The service that the address names, or the first, which is one of its tariff."""
    by_code = {one.code: one for one in found.services}
    first = next(iter(found.services), None)
    return by_code.get(listing.filters["service"], first)


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


def _days(chosen: Chosen, locale: str) -> str:
    """The days that count: those that are over of a running month, or the month."""
    return chosen.days(locale) if chosen.running else month(chosen.period.start, locale)


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
