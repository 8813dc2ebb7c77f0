"""The list of a cloud's tariffs, and one of them with its versions, its months and its cameras."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from litestar import Response
from litestar.params import FromPath
from litestar.plugins.htmx import HTMXRequest
from litestar.response import Stream

from portal.access import Actor, Permission, can, shows
from portal.billing.period import local_date
from portal.books.queries import composer, tariff_sales
from portal.books.queries.tariff_sales import Included, Sold, TariffPage, TariffRow, TariffSales
from portal.catalog.queries import tariffs as catalog
from portal.catalog.queries.tariffs import Tariff, Version
from portal.routes.charts import Chart, Number, bar_chart
from portal.routes.format import day, month_short, percent
from portal.routes.guards import person_of, requires
from portal.routes.list_files import list_file
from portal.routes.listing import Column, Listing, in_currency, read_listing
from portal.routes.middleware.now import books_now
from portal.routes.page import page
from portal.routes.reading import get
from portal.routes.shared.cloud_scope import CloudScope
from portal.routes.shared.overview.causes import Why, why_of_tariff
from portal.routes.shared.tariffs import said
from portal.values.amounts import money, money_tick, price
from portal.words import _

READERS: Final = [requires(Permission.TARIFFS_READ)]
STATES: Final = (
    ("offered", _("Offered")),
    ("default", _("Default")),
    ("not_offered", _("Not offered")),
)
BOOKS: Final = frozenset({"cost", "each", "percent"})
"""Columns that an account manager has not."""


@dataclass(frozen=True, slots=True)
class Line:
    """A tariff of the list with what is said of it."""

    row: TariffRow
    what: str
    cameras: str
    next: str
    why: Why | None


def columns() -> tuple[Column, ...]:
    """All columns of the list; `in_currency` gives money its sign."""

    def sold(name: str) -> Callable[[Line], Any]:
        return lambda line: None if line.row.sold is None else getattr(line.row.sold, name)

    return (
        Column(_("Name"), "name", of="row.name"),
        Column(_("Code"), of="row.code", only_file=True),
        Column(_("Price"), "price", of="row.price", kind="price", wide=True, fact=True),
        Column(_("What is in it"), of="what", only_file=True),
        Column(_("Cameras"), of="row.on_it.cameras", kind="number", wide=True, fact=True),
        Column(_("Subscribers"), of="row.on_it.subscribers", kind="number", wide=True),
        Column(_("Revenue"), "revenue", of=sold("revenue"), kind="money", wide=True),
        Column(_("Cost"), "cost", of=sold("cost"), kind="money", wide=True),
        Column(_("Margin per camera"), "each", of=sold("margin_per_camera"), kind="money"),
        Column(_("Margin"), "percent", of=sold("margin_percent"), kind="percent", wide=True),
        Column(_("Next change"), of="next", wide=True),
        Column(_("State"), of="row.state", kind="state", wide=True, fact=True),
    )


def columns_for(actor: Actor, currency: str) -> tuple[Column, ...]:
    """Those that the actor is shown."""
    books = shows(actor, "sales", "margin")
    kept = [one for one in columns() if books or one.key not in BOOKS]
    return in_currency(kept, currency)


@get("/", guards=READERS)
async def tariffs(request: HTMXRequest) -> Response[str] | Stream:
    """By revenue of the last closed month."""
    scope, person = await CloudScope.of(request), person_of(request)
    today = local_date(books_now(request), scope.zone)
    shown = columns_for(person.actor, scope.cloud.currency)
    listing = read_listing(
        scope.at("tariffs"),
        request.query_params,
        shown,
        filters=("q", "state"),
        default_sort="-revenue",
    )

    async def read(part: Listing) -> TariffPage:
        return await tariff_sales.list_page(
            person.actor,
            scope.cloud,
            today,
            text=part.filters["q"],
            state=part.filters["state"],
            sort=part.sort,
            offset=part.offset,
            limit=part.size,
        )

    async def more(part: Listing) -> Sequence[Line]:
        return [line(scope, row, person.locale) for row in (await read(part)).rows]

    found = await read(listing)
    listing = listing.found(found.total)
    lines = [line(scope, row, person.locale) for row in found.rows]
    if listing.file:
        return await list_file(
            request, "tariffs", shown, lines, listing, more=more, cloud=scope.cloud.slug
        )
    return page(
        request,
        "shared/tariffs/list.html",
        block="rows",
        scope=scope,
        columns=shown,
        rows=lines,
        totals=_totals(shown, found.sold, scope.cloud.currency, person.locale),
        listing=listing,
        states=STATES,
        month=found.month,
        may_write=can(person.actor, Permission.TARIFFS_WRITE),
    )


def line(scope: CloudScope, row: TariffRow, locale: str) -> Line:
    """A row with its words."""
    following = ""
    if row.next_on is not None:
        following = _("%(day)s: %(price)s") % {
            "day": day(row.next_on, locale),
            "price": price(row.next_price, row.currency, locale),
        }
    return Line(
        row,
        said.included(row.included, locale),
        said.counted_cameras(row.on_it, locale),
        following,
        why_of_tariff(scope, row.code, row.name, row.sold, locale),
    )


def _totals(shown: Sequence[Column], sold: Sold, currency: str, locale: str) -> list[str]:
    sums = {
        "revenue": money(sold.revenue, currency, locale),
        "cost": money(sold.cost, currency, locale),
        "each": money(sold.margin_per_camera, currency, locale),
        "percent": percent(sold.margin_percent, locale),
    }
    return [sums.get(column.key or "", "") for column in shown]


@dataclass(frozen=True, slots=True)
class VersionLine:
    """A version, the days that it prices, and what it includes."""

    version: Version
    days: str
    what: str
    now: bool


@get("/{code:str}", guards=READERS)
async def tariff(request: HTMXRequest, code: FromPath[str]) -> Response[str]:
    """One tariff."""
    scope, person = await CloudScope.of(request), person_of(request)
    now = books_now(request)
    today = local_date(now, scope.zone)
    found = await catalog.get(person.actor, scope.cloud, code)
    (row,) = (await composer.judge(person.actor, scope.cloud, found, now=now)).rows
    sales = await tariff_sales.get(person.actor, scope.cloud, code, today)
    current = current_of(row, today)
    last = sales.months[-1] if sales.months else None
    books = shows(person.actor, "sales", "margin")
    return page(
        request,
        "shared/tariffs/tariff.html",
        scope=scope,
        row=row,
        path=scope.at("tariffs", code),
        state="not_offered" if not row.offered else "default" if row.is_default else "offered",
        sentence=_sentence(current, sales.included, scope.cloud.currency, person.locale),
        current=current,
        today=today,
        versions=_versions(row, sales.included, today, person.locale),
        sales=sales,
        on_it=said.on_it(sales.on_it, person.locale),
        why=why_of_tariff(scope, code, row.name, last.sold, person.locale) if last else None,
        month=last.month if last else None,
        chart=_chart(sales, scope.cloud.currency, person.locale) if books else None,
        currency=scope.cloud.currency,
        books=books,
        history=scope.history("tariff", code),
        may_write=can(person.actor, Permission.TARIFFS_WRITE),
    )


def current_of(row: Tariff, today: date) -> Version | None:
    """The version in force today, else the first to come; None without any."""
    begun = [one for one in row.versions if one.valid_from <= today]
    return begun[-1] if begun else next(iter(row.versions), None)


def _sentence(
    version: Version | None,
    included: dict[date, tuple[Included, ...]],
    currency: str,
    locale: str,
) -> str:
    if version is None:
        return ""
    return said.sentence(version, included.get(version.valid_from, ()), currency, locale)


def _versions(
    row: Tariff, included: dict[date, tuple[Included, ...]], today: date, locale: str
) -> list[VersionLine]:
    """The latest first."""
    following = [*(one.valid_from for one in row.versions[1:]), None]
    current = current_of(row, today)
    lines = [
        VersionLine(
            version,
            said.priced(version.valid_from, then, today, locale),
            said.included(included.get(version.valid_from, ()), locale),
            version is current,
        )
        for version, then in zip(row.versions, following, strict=True)
    ]
    return lines[::-1]


def _chart(sales: TariffSales, currency: str, locale: str) -> Chart | None:
    """What each camera left, month by month."""
    if not sales.months:
        return None

    def label(value: Number) -> str:
        return money(int(value), currency, locale)

    def tick(value: Number) -> str:
        return money_tick(int(value), currency, locale)

    return bar_chart(
        [month_short(one.month, locale) for one in sales.months],
        [one.sold.margin_per_camera for one in sales.months],
        name=_("Margin per camera"),
        label=label,
        tick=tick,
    )
