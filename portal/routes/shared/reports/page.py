"""Reports of a cloud by subscriber, camera, tariff, service and referral."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from litestar import Response
from litestar.plugins.htmx import HTMXRequest
from litestar.response import Stream

from portal.access import Permission, can
from portal.billing.period import Period
from portal.overview.queries import cloud_dashboard
from portal.overview.queries.clouds import cloud_overview
from portal.overview.queries.reports import months
from portal.overview.queries.reports.months import Month
from portal.routes.charts import Chart
from portal.routes.format import moment
from portal.routes.guards import person_of, requires
from portal.routes.list_files import list_file
from portal.routes.listing import Column, Listing, read_listing
from portal.routes.middleware.now import books_now
from portal.routes.page import page
from portal.routes.reading import get
from portal.routes.shared.months import ended_state, from_first, period_line
from portal.routes.shared.reports import charts, money, quantities, services
from portal.routes.shared.reports.asked import (
    BY,
    CHARTS,
    DAYS,
    KEPT,
    MONTHS,
    NARROWED,
    SHOW,
    Asked,
    asked_of,
    permitted,
)
from portal.usage.queries import usage_sums
from portal.values.amounts import money as money_text
from portal.words import _

GUARDS: Final = [requires(Permission.USAGE_READ, Permission.CHARGES_READ)]


@dataclass(frozen=True, slots=True)
class Shown:
    """The lines of a report with their columns; `as_of` is of when kept totals are."""

    columns: Sequence[Column]
    rows: Sequence[Any]
    totals: Sequence[str] | None
    listing: Listing
    by_day: Sequence[int | None] = ()
    as_of: Any = None


@get("/reports", guards=GUARDS)
async def reports_page(request: HTMXRequest) -> Response[str] | Stream:
    """One report of a month, as a page or as a file."""
    asked = await asked_of(request)
    month = None
    if asked.margins:
        month = await months.find(asked.actor, asked.scope.cloud, asked.chosen.period)
    listing = _listing(request, asked)
    found = await _read(request, asked, listing, month)
    if found.listing.file:
        return await _file(request, asked, found, month)
    person = person_of(request)
    chart, kind = await _chart(request, asked, found, month)
    return page(
        request,
        "shared/reports/report.html",
        block="report",
        asked=asked,
        scope=asked.scope,
        found=found,
        month=month,
        tabs=[
            (name, asked.url(by=by, show=asked.show), by == asked.by, 0)
            for by, name in permitted(asked.actor, BY).items()
        ],
        shows=[
            (name, listing.url(page=None, sort=None, show=show), show == asked.show)
            for show, name in SHOW.items()
        ],
        chart=chart,
        chart_of=kind,
        chart_links=[
            (name, listing.url(page=None, chart=one), one == kind)
            for one, name in CHARTS.items()
            if one in _charts_of(asked, month)
        ],
        line=period_line(request, asked.chosen, person.locale, await _state(request, asked)),
        making=asked.margins and month is None and asked.by != "service" and asked.in_money,
        lead=_lead(asked, month, person.locale),
        narrowed=[
            (money.HEADS[name], label, href, listing.url(**{name: None, "page": None}))
            for name, (label, href) in asked.narrowed.items()
        ],
        zone=asked.scope.zone,
        watcher=asked.scope.at("watcher") if can(asked.actor, Permission.CONNECTIONS_READ) else "",
    )


def _listing(request: HTMXRequest, asked: Asked) -> Listing:
    filters = ["q"] if asked.by in NARROWED else []
    filters += NARROWED.get(asked.by, ())
    columns: Sequence[Column]
    if asked.by == "service":
        columns, sort = services.columns_of(asked), "name"
    elif asked.in_money:
        state = request.query_params.get("state", "")
        columns, sort = money.columns_of(asked), money.default_sort(asked, state)
        filters += ["state"] if asked.margins and asked.by in {"subscriber", "camera"} else []
    else:
        columns, sort = quantities.columns_of(asked), quantities.SORTED_BY[asked.by]
    return read_listing(
        asked.scope.at("reports"),
        request.query_params,
        columns,
        filters=filters,
        kept=KEPT,
        default_sort=sort,
    )


async def _read(request: HTMXRequest, asked: Asked, listing: Listing, month: Month | None) -> Shown:
    locale = person_of(request).locale
    if asked.by == "service":
        offered = await services.lines_of(asked, listing, locale)
        return Shown(
            services.columns_of(asked),
            offered.rows,
            offered.totals,
            listing.found(offered.total),
        )
    if asked.in_money:
        lines = await money.lines_of(request, asked, listing, month)
        found = listing.found(lines.total, is_more=lines.is_more)
        return Shown(money.columns_of(asked), lines.rows, lines.totals, found)
    used = await quantities.lines_of(asked, listing, locale)
    return Shown(
        used.columns,
        used.rows,
        used.totals,
        listing.found(used.table.total),
        used.table.cameras_by_day,
        used.table.as_of,
    )


async def _file(request: HTMXRequest, asked: Asked, found: Shown, month: Month | None) -> Stream:
    async def more(part: Listing) -> Sequence[Any]:
        return (await _read(request, asked, part, month)).rows

    return await list_file(
        request,
        f"report-{asked.by}s" if asked.by == "service" else f"report-{asked.by}s-{asked.show}",
        found.columns,
        found.rows,
        found.listing,
        more=more,
        cloud=asked.scope.cloud.slug,
        period=asked.chosen.period.key,
    )


def _charts_of(asked: Asked, month: Month | None) -> tuple[str, ...]:
    """Which charts there are: money by day is known of a draft alone."""
    if asked.by == "service":
        return ()
    if not asked.in_money:
        return (DAYS, MONTHS)
    return (DAYS, MONTHS) if month is not None and month.by_day else (MONTHS,)


async def _chart(
    request: HTMXRequest, asked: Asked, found: Shown, month: Month | None
) -> tuple[Chart | None, str]:
    """The chart above the lines, of all of the cloud that this person sees."""
    offered = _charts_of(asked, month)
    if not offered:
        return None, ""
    wanted = request.query_params.get("chart", "")
    unasked = DAYS if asked.chosen.running or not asked.in_money else MONTHS
    kind = next((one for one in (wanted, unasked) if one in offered), offered[0])
    locale, now, cloud = person_of(request).locale, books_now(request), asked.scope.cloud
    if kind == DAYS and asked.in_money:
        assert month is not None, "days of money are a draft's"
        return charts.money_by_day(month.by_day, asked.chosen, cloud.currency, locale), kind
    if kind == DAYS:
        counts = found.by_day or await _cameras_by_day(asked)
        return charts.cameras_by_day(counts, asked.chosen, locale), kind
    if asked.in_money:
        months = await cloud_dashboard.twelve_months(asked.actor, cloud, now=now)
        return charts.money_by_month(*months, cloud.currency, locale, margins=asked.margins), kind
    days = await cloud_overview.camera_days(asked.actor, cloud, now=now)
    axis = from_first([one for one, count in days.items() if count], sorted(days))
    running_month = Period.of(asked.chosen.today).start
    figures: list[tuple[date, int]] = [(one, days.get(one, 0)) for one in axis]
    return charts.days_by_month(figures, locale, running=running_month in axis), kind


async def _cameras_by_day(asked: Asked) -> Sequence[int | None]:
    table = await usage_sums.sum_by_camera(
        asked.actor, asked.scope.cloud, asked.chosen.period, until=asked.chosen.until, limit=1
    )
    return table.cameras_by_day


async def _state(request: HTMXRequest, asked: Asked) -> str:
    """How the month stands: closed, ended, or the days that its figures are of."""
    locale = person_of(request).locale
    if asked.chosen.running:
        return ""
    closed = await months.is_closed(asked.actor, asked.scope.cloud, asked.chosen.period)
    return await ended_state(asked.actor, asked.scope.cloud, asked.chosen, locale, closed=closed)


def _lead(asked: Asked, month: Month | None, locale: str) -> str:
    """Which amounts the page speaks of, and from when they are."""
    if asked.by == "service" or not asked.in_money:
        return ""
    told = [_("Revenue is after discount, before tax.")]
    if month is not None and month.made_at is not None:
        at = moment(month.made_at, locale, asked.scope.zone)
        told.append(_("So far, as the close would issue it: made %(moment)s.") % {"moment": at})
        if month.corrected and asked.chosen.running:
            amount = money_text(month.corrected, asked.scope.cloud.currency, locale)
            told.append(_("%(amount)s of it corrects earlier months.") % {"amount": amount})
    return " ".join(str(one) for one in told)


REPORTS: Final = (reports_page,)
