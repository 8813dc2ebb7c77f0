"""A month's usage as a page: a table of what was used of each service, and a chart of its days."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from operator import attrgetter
from typing import Any, Final

from litestar import Response
from litestar.plugins.htmx import HTMXRequest
from litestar.response import Stream

from portal.billing.money import Money
from portal.books.queries.usage_costs import SalesMonth
from portal.routes.cells import shown
from portal.routes.charts import Chart, Number, bar_chart
from portal.routes.format import ZONE, money, number
from portal.routes.guards import person_of
from portal.routes.list_files import list_file
from portal.routes.listing import Column, Listing, read_listing
from portal.routes.page import page
from portal.routes.shared.months import Chosen, month_options
from portal.usage.queries.measured import Measured
from portal.usage.queries.usage_sums import UsageLine, UsageTable
from portal.words import _

CAMERAS: Final = _("Cameras")
DAYS: Final = _("Camera-days")
PICKED: Final = ("month", "q")
"""Filters with a field of their own; others are kept as they are."""


@dataclass(frozen=True, slots=True)
class Amounts:
    """A heading of money beside the usage, each line's amount by its key, and the total as text.

    A narrow screen leaves out what is `wide`.
    """

    label: str
    by_key: Mapping[str, Money]
    total: str
    wide: bool = False

    @property
    def column(self) -> Column:
        """Its column: minor units, each line in its own currency."""

        def of(row: Any) -> int | None:
            found = row.amounts.get(self.label)
            return None if found is None else found.minor

        def currency(row: Any) -> str:
            found = row.amounts.get(self.label)
            return "" if found is None else found.currency

        return Column(self.label, of=of, kind="money", currency=currency, wide=self.wide)


@dataclass(frozen=True, slots=True)
class Row:
    """A line as it is shown: what it is, where it leads, and its amounts by their headings."""

    head: str
    href: str
    sub: str
    line: UsageLine
    amounts: Mapping[str, Money] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Report:
    """A table of usage: the first column is a row's head; totals are one text a column."""

    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    totals: tuple[str, ...]

    @property
    def has_amounts(self) -> bool:
        """Whether there is money beside the usage."""
        return any(column.kind == "money" for column in self.columns)


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
    services = [service_column(service, _heading(service)) for service in table.services]
    counted = [] if cameras is None else [cameras]
    has = bool(amounts)
    days = Column(DAYS if counted else _("Days"), of="line.days", kind="number", wide=has, fact=has)
    columns = (
        replace(head, of="head"),
        Column(_("Key"), of="line.key", only_file=True),
        *(replace(one, of="line.cameras", wide=has, fact=has) for one in counted),
        days,
        *(one.column for one in amounts),
        *services,
    )
    whole = Row("", "", "", table.sum)
    money = {one.label: one.total for one in amounts}
    totals = (
        money[one.label] if one.label in money else shown(one, whole, locale, ZONE)
        for one in columns[1:]
    )

    rows = tuple(
        Row(
            head=line.name or line.key,
            href=href(line),
            sub=sub(line),
            line=line,
            amounts={one.label: one.by_key[line.key] for one in amounts if line.key in one.by_key},
        )
        for line in table.lines
    )
    return Report(columns, rows, ("", *totals))


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


Read = Callable[[Listing], Awaitable[tuple[UsageTable, Report]]]
"""A page of a table of usage; a further one of a file needs no sums of the whole."""


async def usage_file(
    request: HTMXRequest,
    name: str,
    read: Read,
    *,
    listing: Listing,
    chosen: Chosen,
    cloud: str = "",
) -> Stream:
    """A table of usage as a file; `cloud` is the slug of the one that it is of, else one's own."""

    async def more(part: Listing) -> Sequence[Row]:
        return (await read(part))[1].rows

    table, found = await read(listing)
    return await list_file(
        request,
        name,
        found.columns,
        found.rows,
        listing.found(table.total),
        more=more,
        cloud=cloud,
        period=chosen.period.key,
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
        as_of=table.as_of,
        kept=kept,
    )


def service_column(service: Measured, label: str) -> Column:
    """What was used of a service in a line, in its unit."""
    return Column(
        label,
        of=lambda row: row.line.quantities.get(service.code),
        kind="rough",
        wide=True,
        unit=service.unit,
    )


def _heading(service: Measured) -> str:
    """Its name, with the unit where that does not say it: "1 GB stored", "Archive, GB"."""
    said = service.unit.lower() in service.name.lower()
    facts = {"service": service.name, "unit": service.unit}
    return service.name if said else _("%(service)s, %(unit)s") % facts


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
    return [
        Amounts(
            label,
            {
                key: Money(amount, currency)
                for key, one in sales.by_key.items()
                if (amount := getattr(one, name)) is not None
            },
            money(getattr(sales.total, name), currency, locale) if whole else "",
            wide=label != columns[-1][0],
        )
        for label, name in columns
    ]
