"""The platform's overview: sales to clouds, how their months close, what is due."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from litestar import Response
from litestar.params import FromPath
from litestar.plugins.htmx import HTMXRequest
from litestar.response import Stream

from portal.access import Permission
from portal.billing.period import Period
from portal.kit.queries import tenancy
from portal.overview.queries import attention, system_dashboard
from portal.overview.queries.system_dashboard import MONTHS, CloudLine, SystemHome
from portal.routes.charts import Chart, Number, Series, Sparkline, sparkline, stacked_chart
from portal.routes.format import Change, change, money, money_compact, month_short, number
from portal.routes.guards import actor_of, person_of, requires
from portal.routes.list_files import list_file
from portal.routes.listing import Column, read_listing
from portal.routes.middleware.now import books_now
from portal.routes.page import fragment, is_partial, page
from portal.routes.reading import get
from portal.routes.shared import gaps as gap_columns
from portal.routes.shared.attention import needs_of
from portal.routes.shared.currencies import each_currency
from portal.routes.shared.months import today_of
from portal.routes.shared.overview import checklist
from portal.routes.shared.progress import time_left
from portal.usage.queries import coverage
from portal.words import _

GUARDS: Final = [requires(Permission.CLOUDS_READ, Permission.MARGINS_READ)]
TONES: Final = 6
"""Series that the colours of a chart tell apart; the smallest of more are drawn as one."""
COLUMNS: Final = (
    Column(_("Cloud"), "name", of="name"),
    Column(_("Short name"), of="slug", only_file=True),
    Column(_("Time zone"), of="timezone", only_file=True),
    Column(_("Subscribed cameras"), "cameras", of="cameras", kind="number", wide=True, fact=True),
    Column(_("Last month"), "state", of="state", kind="state", wide=True, fact=True),
    Column(_("Missing usage"), wide=True),
    Column(_("Wholesale, last month"), "last", of="last", kind="money"),
    Column(_("So far this month"), "estimate", of="estimate", kind="money", wide=True),
)
# Amounts of several currencies by currency first.
KEYS: Final[Mapping[str, Callable[[CloudLine], Any]]] = {
    "name": lambda line: (line.name.lower(), line.slug),
    "cameras": lambda line: (line.cameras, line.slug),
    "state": lambda line: (line.state, line.slug),
    "last": lambda line: (line.currency, line.last or 0, line.slug),
    "estimate": lambda line: (line.currency, line.estimate or 0, line.slug),
}


@dataclass(frozen=True, slots=True)
class Turnover:
    """Wholesale in one currency: the latest closed month against the one before, and a chart.

    `before` is the month before `month`; `of` counts its clouds, `closed` those whose latest ended
    month is closed.
    """

    currency: str
    month: date | None
    before: date | None
    amount: int
    change: Change | None
    spark: Sparkline | None
    chart: Chart
    estimate: int | None
    of: int
    closed: int


@get("/", guards=GUARDS)
async def home(request: HTMXRequest) -> Response[str] | Stream:
    """The page, or the table of clouds."""
    person, now = person_of(request), books_now(request)
    found = await system_dashboard.get_overview(person.actor, now=now)
    listing = read_listing(
        "/system", request.query_params, COLUMNS, filters=["q"], default_sort="name"
    )
    lines = listing.in_order(_matching(found.clouds, listing.filters["q"]), KEYS)
    listing = listing.found(len(lines))
    if listing.file:
        return await list_file(request, "clouds", COLUMNS, lines, listing)
    today = today_of(request, person)
    return page(
        request,
        "system/home.html",
        block="rows",
        clouds=found.clouds,
        checklist=await checklist.of_platform(person.actor),
        needs=needs_of(
            request,
            await attention.of_platform(person.actor, now=now),
            "/system",
            person.locale,
            now,
        ),
        cameras=sum(line.cameras for line in found.clouds),
        cameras_change=_cameras_change(found),
        turnovers=_turnovers(found.clouds, Period.of(today), person.locale),
        as_of=min((line.as_of for line in found.clouds if line.as_of), default=None),
        due=found.due,
        today=today,
        running=Period.of(today).start,
        columns=COLUMNS,
        rows=listing.of_page(lines),
        totals=_totals(lines, person.locale),
        listing=listing,
        eta={line.slug: time_left(line.closing_at, line.done, line.total, now) for line in lines},
    )


@get("/clouds/{cloud:str}/progress", guards=GUARDS)
async def progress(request: HTMXRequest, cloud: FromPath[str]) -> Response[str]:
    """How far a cloud's close has come: a part of the table, asked for while it runs."""
    actor, now = actor_of(request), books_now(request)
    line = await system_dashboard.get(actor, await tenancy.get(actor, cloud), now=now)
    eta = {line.slug: time_left(line.closing_at, line.done, line.total, now)}
    return fragment(request, "system/progress.html", "progress", row=line, eta=eta, polled=True)


@get("/clouds/{cloud:str}/gaps", guards=[*GUARDS, requires(Permission.USAGE_READ)])
async def gaps(request: HTMXRequest, cloud: FromPath[str]) -> Response[str] | Stream:
    """The days of a cloud on which usage is missing; to htmx, how many there are."""
    actor = actor_of(request)
    facts = await tenancy.get(actor, cloud)
    months = await coverage.of_open_months(actor, facts, now=books_now(request))
    rows = [gap for month in months for gap in month.gaps]
    path = f"/system/clouds/{cloud}/gaps"
    listing = read_listing(path, request.query_params, gap_columns.COLUMNS).found(len(rows))
    if listing.file:
        columns = gap_columns.COLUMNS
        return await list_file(request, "missing-usage", columns, rows, listing, cloud=facts.slug)
    if is_partial(request):
        return fragment(request, "system/missing.html", "missing", cloud=facts, months=months)
    return page(
        request,
        "system/gaps.html",
        cloud=facts,
        months=months,
        columns=gap_columns.COLUMNS,
        listing=listing,
    )


def _matching(lines: Sequence[CloudLine], text: str) -> list[CloudLine]:
    wanted = text.casefold()
    return [line for line in lines if wanted in line.name.casefold() or wanted in line.slug]


def _cameras_change(found: SystemHome) -> Change:
    return change(
        sum(line.cameras for line in found.clouds),
        sum(line.cameras_before for line in found.clouds),
    )


def _totals(lines: Sequence[CloudLine], locale: str) -> list[str]:
    def text(amounts: Sequence[tuple[str, int | None]]) -> str:
        sums: dict[str, int] = defaultdict(int)
        for currency, amount in amounts:
            if amount is not None:
                sums[currency] += amount
        return each_currency(sums, locale)

    return [
        "",
        "",
        "",
        number(sum(line.cameras for line in lines), locale),
        "",
        "",
        text([(line.currency, line.last) for line in lines]),
        text([(line.currency, line.estimate) for line in lines]),
    ]


def _turnovers(lines: Sequence[CloudLine], running: Period, locale: str) -> list[Turnover]:
    by_currency: dict[str, list[CloudLine]] = defaultdict(list)
    for line in lines:
        by_currency[line.currency].append(line)
    return [
        _turnover(currency, of, running, locale) for currency, of in sorted(by_currency.items())
    ]


def _turnover(currency: str, lines: Sequence[CloudLine], running: Period, locale: str) -> Turnover:
    known = sorted({month for line in lines for month in line.months if month < running.start})
    first = known[0] if known else running.previous().start
    axis = [one.start for one in map(running.back, range(MONTHS, 0, -1)) if one.start >= first]
    sums = [sum(line.months.get(month, 0) for line in lines) for month in axis]
    estimates = [line.estimate for line in lines if line.estimate is not None]

    def label(value: Number) -> str:
        return money(int(value), currency, locale)

    def tick(value: Number) -> str:
        return money_compact(int(value), currency, locale)

    latest = known[-1] if known else None
    at = axis.index(latest) if latest in axis else -1
    return Turnover(
        currency=currency,
        month=latest,
        before=Period.of(latest).previous().start if latest else None,
        amount=sums[at] if latest else 0,
        change=change(sums[at], sums[at - 1] if at > 0 else None) if latest else None,
        spark=sparkline(sums[: at + 1]),
        chart=stacked_chart(
            [month_short(month, locale) for month in axis],
            _series(lines, axis),
            label=label,
            tick=tick,
        ),
        estimate=sum(estimates) if estimates else None,
        of=len(lines),
        closed=sum(line.state == "closed" for line in lines),
    )


def _series(lines: Sequence[CloudLine], axis: Sequence[date]) -> list[Series]:
    """A series for each cloud, the largest first; those beyond the colours together."""

    def of(line: CloudLine) -> list[int]:
        return [line.months.get(month, 0) for month in axis]

    ranked = sorted(lines, key=lambda line: (-sum(of(line)), line.slug))
    if len(ranked) <= TONES:
        return [Series(line.name, of(line)) for line in ranked]
    shown, rest = ranked[: TONES - 1], ranked[TONES - 1 :]
    others = [sum(values) for values in zip(*map(of, rest), strict=True)]
    return [*(Series(line.name, of(line)) for line in shown), Series(_("Others"), others)]
