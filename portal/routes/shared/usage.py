"""A month's usage as a page: a table of what was used of each service, and a chart of its days."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from operator import attrgetter
from typing import Final

from litestar import Response
from litestar.plugins.htmx import HTMXRequest

from portal.books.queries.usage_costs import SalesMonth
from portal.routes.charts import Chart, Number, bar_chart
from portal.routes.format import DASH, money, number, quantity
from portal.routes.guards import person_of
from portal.routes.listing import Column, Listing, read_listing
from portal.routes.page import page
from portal.routes.shared.months import Chosen, month_options
from portal.usage.queries.measured import Measured
from portal.usage.queries.usage_sums import UsageLine, UsageTable
from portal.words import _

CAMERAS: Final = _("Cameras")
DAYS: Final = _("Camera-days")
THOUSAND: Final = 1000
PICKED: Final = ("month", "q")
"""Filters with a field of their own; others are kept as they are."""


@dataclass(frozen=True, slots=True)
class Amounts:
    """A column of money beside the usage: one text a line by its key, and that of the totals."""

    column: Column
    by_key: Mapping[str, str]
    total: str


@dataclass(frozen=True, slots=True)
class Row:
    """A line as it is shown: what it is, where it leads, and one text a further column."""

    head: str
    href: str
    sub: str
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Report:
    """A table of usage: the first column is a row's head; totals are one text a column."""

    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    totals: tuple[str, ...]


def report(
    table: UsageTable,
    head: Column,
    *,
    locale: str,
    href: Callable[[UsageLine], str],
    sub: Callable[[UsageLine], str] = attrgetter("owner"),
    cameras: Column | None = None,
    amounts: Sequence[Amounts] = (),
) -> Report:
    """The table with a column for each service that was used.

    `head` is the first column; `sub` says more below a line's name (its subscriber). `cameras` is
    the heading of the count of cameras, None where each line is one. A narrow screen keeps the
    camera-days, or those `amounts` that are not wide.
    """
    services = [Column(_heading(service), end=True, wide=True) for service in table.services]
    counted = [] if cameras is None else [cameras]
    days = Column(DAYS if counted else _("Days"), end=True, wide=bool(amounts))
    columns = (head, *counted, days, *(one.column for one in amounts), *services)

    def cells(line: UsageLine, money: Sequence[str]) -> tuple[str, ...]:
        used = (_amount(line.quantities.get(service.code), locale) for service in table.services)
        count = (number(line.cameras, locale),) if counted else ()
        return (*count, number(line.days, locale), *money, *used)

    rows = tuple(
        Row(
            head=line.name or line.key,
            href=href(line),
            sub=sub(line),
            cells=cells(line, [one.by_key.get(line.key, DASH) for one in amounts]),
        )
        for line in table.lines
    )
    return Report(columns, rows, ("", *cells(table.sum, [one.total for one in amounts])))


def days_chart(table: UsageTable, chosen: Chosen, locale: str) -> Chart:
    """Cameras with usage on each day of the month; days to come are empty."""

    def label(value: Number) -> str:
        return number(int(value), locale)

    def tick(value: Number) -> str:
        return label(value) if value == int(value) else ""  # there is no half of a camera

    return bar_chart(
        [str(day.day) for day in chosen.period],
        table.cameras_by_day,
        name=_("Cameras with usage"),
        label=label,
        tick=tick,
        height=180,
    )


@dataclass(frozen=True, slots=True)
class PageText:
    """What a page of usage says: its title and lead, where it lies, and what to do when empty.

    `search` is the label of the filter by text, "" for none; `empty` are the words of the macro;
    `action` is a button beside the title, its words and where it leads.
    """

    title: str
    lead: str = ""
    crumbs: tuple[tuple[str, str], ...] = ()
    search: str = ""
    empty: tuple[str, ...] = (_("No usage in this month"), _("It appears as cameras are read."))
    action: tuple[str, str] | None = None


def usage_listing(
    request: HTMXRequest, path: str, columns: Sequence[Column], *, filters: Sequence[str] = ()
) -> Listing:
    """The state of a page of usage: month, text ("q"), further filters; sorted by the first."""
    return read_listing(
        path,
        request.query_params,
        columns,
        filters=("month", "q", *filters),
        default_sort=columns[0].key or "",
    )


def usage_page(
    request: HTMXRequest,
    words: PageText,
    *,
    table: UsageTable,
    rows: Report,
    listing: Listing,
    chosen: Chosen,
) -> Response[str]:
    """The page, or its block "report"."""
    locale = person_of(request).locale
    kept = {name: value for name, value in listing.filters.items() if value and name not in PICKED}
    return page(
        request,
        "shared/usage.html",
        block="report",
        words=words,
        report=rows,
        chart=days_chart(table, chosen, locale),
        listing=listing.found(table.total),
        chosen=chosen,
        months=month_options(chosen, locale),
        kept=kept,
    )


def _amount(used: Decimal | None, locale: str) -> str:
    """For a narrow column: from 1 000 on, one decimal place says enough."""
    if used is not None and used >= THOUSAND:
        used = round(used, 1)
    return quantity(used, "", locale)


def _heading(service: Measured) -> str:
    """Its name, with the unit where that does not say it: "1 GB stored", "Archive, GB"."""
    said = service.unit.lower() in service.name.lower()
    return service.name if said else f"{service.name}, {service.unit}"


def amounts_of(
    sales: SalesMonth,
    columns: Sequence[tuple[str, str]],
    currency: str,
    locale: str,
    *,
    whole: bool = True,
) -> list[Amounts]:
    """Columns of money, (heading, field of Sales) each; a narrow screen keeps the last.

    `whole` says whether the sales' total is that of the lines, so that it may stand below them.
    """

    def text(amount: int | None) -> str:
        return money(amount, currency, locale)

    return [
        Amounts(
            Column(label, end=True, wide=label != columns[-1][0]),
            {key: text(getattr(one, name)) for key, one in sales.by_key.items()},
            text(getattr(sales.total, name)) if whole else "",
        )
        for label, name in columns
    ]
