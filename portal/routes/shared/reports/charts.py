"""The charts above reports: days of a month, or twelve months."""

from collections.abc import Collection, Sequence
from datetime import date

from portal.overview.queries.cloud_dashboard import MonthFigures, Running
from portal.overview.queries.reports.by_cloud import MonthSales
from portal.routes.charts import Chart, Number, Series, bar_chart, stacked_chart
from portal.routes.format import month_short, number
from portal.routes.shared.months import Chosen, from_first
from portal.values.amounts import money, money_tick
from portal.words import _


def money_by_month(
    months: Sequence[MonthFigures],
    waiting: Sequence[MonthFigures],
    running: Running | None,
    currency: str,
    locale: str,
    *,
    margins: bool,
) -> Chart:
    """Twelve months: what became of the revenue; those that are not closed are hatched."""
    rows = sorted([*months, *waiting], key=lambda row: row.month)
    not_closed = {row.month for row in waiting}
    if running is not None:
        not_closed.add(running.month)
        rows.append(MonthFigures(running.month, running.revenue, running.cost, running.commission))
    if margins:
        figures = [(row.cost, row.commission, row.margin) for row in rows]
        series = _parts(figures)
    else:
        series = [Series(_("Revenue"), [row.revenue for row in rows])]
    labels = [month_short(row.month, locale) for row in rows]
    hatched = {nth for nth, row in enumerate(rows) if row.month in not_closed}
    return _money_chart(labels, series, currency, locale, hatched=hatched)


def sales_by_month(
    sales: Sequence[MonthSales], axis: Sequence[date], currency: str, locale: str
) -> Chart:
    """What clouds bought in each month; those that are not closed everywhere are hatched."""
    of = {one.month: one for one in sales}
    shown = from_first(of, axis)
    return _money_chart(
        [month_short(month, locale) for month in shown],
        [Series(_("Revenue"), [of[month].revenue if month in of else 0 for month in shown])],
        currency,
        locale,
        hatched={nth for nth, month in enumerate(shown) if month in of and not of[month].is_closed},
    )


def money_by_day(
    by_day: Sequence[tuple[int, int, int]], chosen: Chosen, currency: str, locale: str
) -> Chart:
    """What became of the revenue of each day so far; days to come are empty."""
    figures = [(cost, earned, revenue - cost - earned) for revenue, cost, earned in by_day]
    figures += [(0, 0, 0)] * (chosen.period.days - len(figures))
    labels = [str(day.day) for day in chosen.period]
    return _money_chart(labels, _parts(figures), currency, locale)


def _parts(figures: Sequence[tuple[int, int, int]]) -> list[Series]:
    cost, commission, margin = zip(*figures, strict=True) if figures else ((), (), ())
    return [
        Series(_("Cost"), cost),
        Series(_("Commissions"), commission),
        Series(_("Margin"), margin),
    ]


def _money_chart(
    labels: Sequence[str],
    series: Sequence[Series],
    currency: str,
    locale: str,
    *,
    hatched: Collection[int] = (),
) -> Chart:
    def label(value: Number) -> str:
        return money(int(value), currency, locale)

    def tick(value: Number) -> str:
        return money_tick(int(value), currency, locale)

    return stacked_chart(labels, series, label=label, tick=tick, hatched=hatched)


def cameras_by_day(counts: Sequence[int | None], chosen: Chosen, locale: str) -> Chart:
    """Cameras with usage on each day of the month; days to come are empty."""

    def label(value: Number) -> str:
        return number(int(value), locale)

    def tick(value: Number) -> str:
        return label(value) if value == int(value) else ""  # there is no half of a camera

    return bar_chart(
        [str(day.day) for day in chosen.period],
        counts,
        name=_("Cameras with usage"),
        label=label,
        tick=tick,
        height=180,
    )


def days_by_month(days: Sequence[tuple[date, int]], locale: str, *, running: bool) -> Chart:
    """Camera-days on a tariff of each month; of the running one, which is hatched, so far."""
    return stacked_chart(
        [month_short(month, locale) for month, _count in days],
        [Series(_("Camera-days"), [count for _month, count in days])],
        label=lambda value: number(int(value), locale),
        hatched={len(days) - 1} if running else (),
    )
