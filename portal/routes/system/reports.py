"""Reports of the platform: by cloud and by service; cameras are those of one cloud."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote, urlencode

from litestar import Response
from litestar.plugins.htmx import HTMXRequest
from litestar.response import Redirect, Stream

from portal.access import Permission
from portal.kit.queries import tenancy
from portal.overview.queries.reports import by_cloud
from portal.overview.queries.reports.by_cloud import CloudRow, ServiceSales
from portal.overview.queries.system_dashboard import MONTHS
from portal.routes.charts import Chart
from portal.routes.guards import person_of, requires
from portal.routes.list_files import list_file
from portal.routes.listing import Column, Listing, read_listing
from portal.routes.middleware.now import books_now
from portal.routes.page import page, redirect
from portal.routes.reading import get
from portal.routes.shared.currencies import each_currency
from portal.routes.shared.months import Chosen, chosen_month, period_line
from portal.routes.shared.reports import charts, quantities
from portal.routes.shared.reports.asked import KEPT, MONEY, SHOW, report_of
from portal.usage.queries import usage_sums
from portal.usage.queries.usage_sums import UsageTable
from portal.words import _

PATH: Final = "/system/reports"
GUARDS: Final = [requires(Permission.USAGE_READ, Permission.MARGINS_READ)]
BY: Final = {"cloud": _("Clouds"), "service": _("Services"), "camera": _("Cameras")}
CLOUDS: Final = (
    Column(_("Cloud"), "name", of="head"),
    Column(_("Username"), of="row.key", only_file=True),
    Column(_("Month"), of="row.state", kind="state", wide=True, fact=True),
    Column(_("Cameras"), "cameras", of="row.cameras", kind="number", wide=True, fact=True),
    Column(_("Charges"), "charges", of="row.charges", kind="money", wide=True),
    Column(_("Discount"), "discount", of="row.discount", kind="money", wide=True),
    Column(_("Revenue"), "revenue", of="row.revenue", kind="money"),
)
SERVICES: Final = (
    Column(_("Service"), "name", of="head"),
    Column(_("Code"), of="row.code", only_file=True),
    Column(_("Unit"), of="row.measured.unit", only_file=True),
    Column(_("Currency"), of="row.currency", wide=True, fact=True),
    Column(_("Clouds"), of="row.clouds", kind="number", wide=True, fact=True),
    Column(_("Quantity"), of="row.quantity", kind="rough", wide=True, fact=True),
    Column(_("Revenue"), "revenue", of="row.revenue", kind="money"),
)
USED: Final = (
    Column(_("Cloud"), "cloud", of="head"),
    Column(_("Username"), of="line.key", only_file=True),
    Column(
        _("Subscribed cameras"), "cameras", of="line.cameras", kind="number", wide=True, fact=True
    ),
    Column(_("Camera-days"), of="line.days", kind="number"),
)


@dataclass(frozen=True, slots=True)
class Line:
    """A cloud or a service as it is shown; `next` is the report of the level below."""

    row: CloudRow | ServiceSales
    head: str
    href: str
    next: str = ""
    sub: str = ""

    @property
    def currency(self) -> str:
        """That of its amounts."""
        return self.row.currency


@dataclass(frozen=True, slots=True)
class Shown:
    """The lines of a report, the texts below them, and the usage that its chart is of."""

    columns: Sequence[Column]
    rows: Sequence[Any]
    total: int
    totals: Sequence[str] | None
    table: UsageTable | None = None


@get("/reports", guards=GUARDS)
async def all_reports(request: HTMXRequest) -> Response[str] | Response[None] | Stream | Redirect:
    """One report of a month of all clouds, as a page or as a file."""
    person, words = person_of(request), request.query_params
    by, show = report_of(person.actor, words, BY)
    chosen = await chosen_month(request)
    month = chosen.period.key
    if by == "camera" and (slug := words.get("cloud", "")):
        cloud = await tenancy.get(person.actor, slug)
        return redirect(request, _below(cloud.slug, month, show))
    in_money = show == MONEY or by != "cloud"
    columns = {"cloud": CLOUDS if in_money else USED, "service": SERVICES}.get(by, CLOUDS[:4])
    listing = read_listing(
        PATH,
        words,
        columns,
        filters=["q"] if by != "service" else [],
        kept=KEPT,
        default_sort="cloud" if by == "cloud" and not in_money else "name",
    )
    found = await _read(request, chosen, listing, by, show)
    listing = listing.found(found.total)
    if listing.file:
        return await list_file(
            request,
            f"report-{by}s-{show}" if by == "cloud" else f"report-{by}s",
            found.columns,
            found.rows,
            listing,
            cloud="platform",
            period=month,
        )
    return page(
        request,
        "system/reports.html",
        block="report",
        by=by,
        found=found,
        listing=listing,
        chart=None
        if found.table is None
        else charts.cameras_by_day(found.table.cameras_by_day, chosen, person.locale),
        sales=await _sales(request, chosen)
        if by == "cloud" and in_money and not listing.filtered
        else [],
        chosen=chosen,
        tabs=[(name, _url(by=one, month=month), one == by, 0) for one, name in BY.items()],
        shows=[
            (name, _url(by=by, show=one, month=month), one == show) for one, name in SHOW.items()
        ]
        if by == "cloud"
        else [],
        line=period_line(request, chosen, person.locale),
    )


async def _sales(request: HTMXRequest, chosen: Chosen) -> list[tuple[str, Chart]]:
    """Of each currency the chart of what clouds bought, in the twelve months up to this one."""
    person = person_of(request)
    axis = [chosen.period.back(count).start for count in reversed(range(MONTHS))]
    return [
        (currency, charts.sales_by_month(sales, axis, currency, person.locale))
        for currency, sales in (await by_cloud.months(person.actor, axis)).items()
    ]


def _url(**words: str) -> str:
    return f"{PATH}?{urlencode(words)}"


def _below(slug: str, month: str, show: str = MONEY, by: str = "camera") -> str:
    query = urlencode({"by": by, "show": show, "month": month})
    return f"/system/clouds/{quote(slug, safe='')}/reports?{query}"


async def _read(
    request: HTMXRequest, chosen: Chosen, listing: Listing, by: str, show: str
) -> Shown:
    actor, locale = person_of(request).actor, person_of(request).locale
    month, text = chosen.period.key, listing.filters.get("q") or None
    if by == "service":
        sales = [
            Line(row, row.measured.name, f"/system/services/{quote(row.code, safe='')}")
            for row in await by_cloud.services(actor, chosen.period)
        ]
        return _in_order(SERVICES, sales, listing, locale)
    if by == "cloud" and show != MONEY:
        return await _used(request, chosen, listing)
    level = {"by": "camera", "show": MONEY} if by == "camera" else {"by": "subscriber"}
    clouds = [
        Line(
            row,
            row.name,
            _below(row.key, month, **level)
            if by == "camera"
            else f"/system/clouds/{quote(row.key, safe='')}",
            _below(row.key, month, **level),
        )
        for row in await by_cloud.clouds(actor, chosen, text=text)
    ]
    return _in_order(CLOUDS if by == "cloud" else CLOUDS[:4], clouds, listing, locale)


def _in_order(
    columns: Sequence[Column], rows: Sequence[Line], listing: Listing, locale: str
) -> Shown:
    keys: dict[str, Any] = {
        "name": lambda line: line.head.lower(),
        "cameras": lambda line: line.row.cameras or 0,
        **{
            name: lambda line, name=name: (line.currency, getattr(line.row, name) or 0)
            for name in ("charges", "discount", "revenue")
        },
    }
    ordered = listing.in_order(rows, keys)
    totals = [_total(column, rows, locale) for column in columns]
    return Shown(columns, listing.of_page(ordered), len(rows), totals)


def _total(column: Column, rows: Sequence[Line], locale: str) -> str:
    """The sum of a column: of money one for each currency; quantities have units of their own."""
    if column.kind == "number" and column.of == "row.cameras":
        return str(sum(column.value(row) or 0 for row in rows))
    if column.kind != "money":
        return ""
    sums: dict[str, int] = {}
    for row in rows:
        if (value := column.value(row)) is not None:
            sums[row.currency] = sums.get(row.currency, 0) + value
    return each_currency(dict(sorted(sums.items())), locale)


async def _used(request: HTMXRequest, chosen: Chosen, listing: Listing) -> Shown:
    """What the cameras of each cloud used."""
    person = person_of(request)
    table = await usage_sums.sum_by_cloud(
        person.actor,
        chosen.period,
        now=books_now(request),
        text=listing.filters["q"] or None,
        sort=listing.sort,
        offset=listing.offset,
        limit=listing.size,
    )
    columns = quantities.with_services(USED, table)
    rows = [
        quantities.Line(
            line,
            line.name,
            f"/system/clouds/{quote(line.key, safe='')}",
            _below(line.key, chosen.period.key, "quantities"),
        )
        for line in table.lines
    ]
    totals = quantities.totals_of(columns, table, person.locale)
    return Shown(columns, rows, table.total, totals, table)
