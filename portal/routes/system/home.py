"""The platform's overview: what needs somebody, money by currency, the clouds that buy most."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from litestar import Response
from litestar.params import FromPath
from litestar.plugins.htmx import HTMXRequest

from portal.access import Permission, can
from portal.billing.period import Period
from portal.kit.queries import tenancy
from portal.overview.queries import attention, system_dashboard
from portal.overview.queries.clouds import cloud_list
from portal.overview.queries.clouds.cloud_list import CloudRow
from portal.overview.queries.system_dashboard import MONTHS, CloudLine, Due
from portal.routes.charts import Chart, Number, Series, Sparkline, sparkline, stacked_chart
from portal.routes.format import Change, change, month_short
from portal.routes.guards import actor_of, person_of, requires
from portal.routes.middleware.now import books_now
from portal.routes.page import fragment, page
from portal.routes.reading import get
from portal.routes.shared.attention import needs_of
from portal.routes.shared.months import from_first, next_close, today_of
from portal.routes.shared.overview import checklist
from portal.routes.shared.progress import time_left
from portal.values.amounts import money, money_tick
from portal.words import _

GUARDS: Final = [requires(Permission.CLOUDS_READ, Permission.MARGINS_READ)]
TOP: Final = 10
"""Clouds that are shown here; the list has all."""
TONES: Final = 6
"""Series that the colours of a chart tell apart; the smallest of more are drawn as one."""


@dataclass(frozen=True, slots=True)
class Turnover:
    """Wholesale in one currency: the latest closed month against the one before, and a chart.

    `before` is the month before `month`; `of` counts its clouds, `closed` those whose latest ended
    month is closed. `due` is None where nothing is open.
    """

    currency: str
    month: date | None
    before: date | None
    amount: int
    change: Change | None
    spark: Sparkline | None
    chart: Chart
    estimate: int | None
    due: Due | None
    of: int
    closed: int


@dataclass(frozen=True, slots=True)
class Shown:
    """A cloud among those that buy most, with both of its changes against the month before."""

    row: CloudRow
    change: Change | None
    cameras_change: Change


@get("/", guards=GUARDS)
async def home(request: HTMXRequest) -> Response[str]:
    """The page."""
    person, now = person_of(request), books_now(request)
    needs = await attention.of_platform(person.actor, now=now)
    found = await cloud_list.get(person.actor, needs, now=now)
    lines = [row.line for row in found.rows]
    today = today_of(request, person)
    running = Period.of(today)
    return page(
        request,
        "system/home.html",
        checklist=await checklist.of_platform(person.actor),
        needs=needs_of(request.query_params, needs, "/system", person.locale, now),
        nothing=next_close(today, person.locale) if lines else "",
        count=len(lines),
        turnovers=list(_turnovers(lines, found.due, running, person.locale)),
        as_of=min((line.as_of for line in lines if line.as_of), default=None),
        running=running.start,
        shown=[_shown(row) for row in _top(found.rows)],
        eta={line.slug: time_left(line.closing_at, line.done, line.total, now) for line in lines},
        may_see_people=can(person.actor, Permission.STAFF_READ),
        may_create=can(person.actor, Permission.CLOUDS_CREATE),
    )


@get("/clouds/{cloud:str}/progress", guards=GUARDS)
async def progress(request: HTMXRequest, cloud: FromPath[str]) -> Response[str]:
    """How far a cloud's close has come: a part of the table, asked for while it runs."""
    actor, now = actor_of(request), books_now(request)
    line = await system_dashboard.get(actor, await tenancy.get(actor, cloud), now=now)
    eta = {line.slug: time_left(line.closing_at, line.done, line.total, now)}
    return fragment(request, "system/progress.html", "progress", row=line, eta=eta, polled=True)


def _top(rows: Sequence[CloudRow]) -> list[CloudRow]:
    """Those that bought most last month, by currency: the first of each before any second.

    Amounts of two currencies are no more compared than added: of 12 clouds in euro and one in
    dollars, nine and the one are shown.
    """
    ranked: list[tuple[int, str, CloudRow]] = []
    by_currency: dict[str, list[CloudRow]] = defaultdict(list)
    for row in rows:
        by_currency[row.currency].append(row)
    for currency, of in by_currency.items():
        of.sort(key=lambda row: (-(row.line.last or 0), row.line.name.casefold()))
        ranked += [(rank, currency, row) for rank, row in enumerate(of)]
    ranked.sort(key=lambda one: one[:2])
    chosen = sorted(ranked[:TOP], key=lambda one: (one[1], one[0]))
    return [row for _rank, _currency, row in chosen]


def _shown(row: CloudRow) -> Shown:
    line = row.line
    bought = None if line.last is None else change(line.last, row.before)
    return Shown(row, bought, change(line.cameras, line.cameras_before))


def _turnovers(
    lines: Sequence[CloudLine], due: Sequence[Due], running: Period, locale: str
) -> Iterator[Turnover]:
    """One for each currency that a cloud has, or that something is still open in."""
    by_currency: dict[str, list[CloudLine]] = {one.currency: [] for one in due}
    for line in lines:
        by_currency.setdefault(line.currency, []).append(line)
    owed = {one.currency: one for one in due}
    for currency, of in sorted(by_currency.items()):
        yield _turnover(currency, of, owed.get(currency), running, locale)


def _turnover(
    currency: str, lines: Sequence[CloudLine], due: Due | None, running: Period, locale: str
) -> Turnover:
    known = sorted({month for line in lines for month in line.months if month < running.start})
    axis = from_first(known, [running.back(count).start for count in range(MONTHS, 0, -1)])
    sums = [sum(line.months.get(month, 0) for line in lines) for month in axis]
    estimates = [line.estimate for line in lines if line.estimate is not None]

    def label(value: Number) -> str:
        return money(int(value), currency, locale)

    def tick(value: Number) -> str:
        return money_tick(int(value), currency, locale)

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
        due=due,
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
