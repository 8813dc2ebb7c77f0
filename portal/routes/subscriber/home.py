"""The subscriber's first page: what to pay, this month, the next invoice, the cameras."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from litestar import Response
from litestar.plugins.htmx import HTMXRequest

from portal.accounts.queries.users import Person
from portal.billing.period import MonthAt, Period, month_at
from portal.books.queries import invoices
from portal.books.queries.invoices import Filters
from portal.kit.queries import tenancy
from portal.overview.queries import subscriber_dashboard
from portal.overview.queries.subscriber_dashboard import Home, Terms
from portal.routes.charts import Chart, Number, Series, stacked_chart
from portal.routes.format import change, money, money_compact, month_short, number
from portal.routes.guards import person_of
from portal.routes.listing import Column
from portal.routes.middleware.now import books_now
from portal.routes.page import page
from portal.routes.reading import get
from portal.routes.shared.months import days_so_far, estimate_of
from portal.routes.shared.usage import report
from portal.routes.subscriber.paths import CAMERAS, INVOICES, camera_path, external_id_of
from portal.usage.queries import usage_sums
from portal.usage.queries.usage_sums import UsageLine, UsageTable
from portal.words import _

CAMERAS_SHOWN: Final = 10
INVOICES_SHOWN: Final = 3
MONTHS: Final = 12
DOCUMENT_COLUMNS: Final = (
    Column(_("Number")),
    Column(_("State"), of="state", kind="state", wide=True),
    Column(_("Total"), kind="money"),
    Column(_("PDF"), kind="action"),
)
TERMS_COLUMNS: Final = (Column(_("Tariff"), wide=True), Column(_("Since"), wide=True))


@dataclass(frozen=True, slots=True)
class CameraRow:
    """A camera with the tariff it was on last; `until` is its last day in this month, if any."""

    head: str
    href: str
    sub: str
    tariff: str
    since: date
    until: date | None
    line: UsageLine


@get(name="my-home")
async def home(request: HTMXRequest) -> Response[str]:
    """The page."""
    person = person_of(request)
    now = books_now(request)
    found = await subscriber_dashboard.get(person.actor, now=now)
    documents = await invoices.list_for_portal(
        person.actor, "retail", Filters(), now=now, limit=INVOICES_SHOWN
    )
    so_far = MonthAt(found.running, found.today)
    used = await usage_sums.sum_by_camera(
        person.actor,
        await tenancy.own_cloud(person.actor),
        found.running,
        until=so_far.until,
        subscriber=found.number,
        limit=CAMERAS_SHOWN,
    )
    shown = [line.key for line in used.lines]
    terms = await subscriber_dashboard.terms(person.actor, found.running, shown)
    columns, rows, totals = _cameras(used, terms, found.running, person.locale)
    return page(
        request,
        "subscriber/home.html",
        home=found,
        to_pay=await subscriber_dashboard.to_pay(person.actor, now=now),
        contact=await subscriber_dashboard.contact(person.actor),
        cameras_change=change(found.cameras, found.cameras_before),
        chart=invoiced_chart(found, person.locale),
        documents=documents.rows,
        documents_path=INVOICES,
        document_columns=DOCUMENT_COLUMNS,
        used=used,
        used_days=days_so_far(so_far, person.locale),
        estimate=_estimate(found, person),
        usage_path=f"{CAMERAS}?month={found.running.key}",
        columns=columns,
        rows=rows,
        totals=totals,
    )


def _estimate(found: Home, person: Person) -> str:
    """Which days the estimate of the running month is of."""
    if found.so_far is None:
        return ""
    made_at = month_at(Period.of(found.so_far.month), found.so_far.as_of, person.zone)
    return estimate_of(made_at, person.locale)


def invoiced_chart(found: Home, locale: str) -> Chart:
    """Eleven ended months as they were invoiced, and the running one as it is estimated."""
    months = [found.running.back(count).start for count in range(MONTHS - 1, -1, -1)]
    so_far = found.so_far.total if found.so_far else None

    def label(value: Number) -> str:
        return money(int(value), found.currency, locale)

    def tick(value: Number) -> str:
        return money_compact(int(value), found.currency, locale)

    estimates = [so_far if month == found.running.start else None for month in months]
    return stacked_chart(
        [month_short(month, locale) for month in months],
        [
            Series(_("Invoiced"), [found.invoiced.get(month) for month in months]),
            Series(_("So far this month"), estimates),
        ],
        label=label,
        tick=tick,
    )


def _cameras(
    used: UsageTable, terms: Mapping[str, Sequence[Terms]], period: Period, locale: str
) -> tuple[list[Column], list[CameraRow], list[str]]:
    """Columns, rows and totals: the table of usage with tariff and first day after the name."""
    table = report(
        used,
        Column(_("Camera")),
        locale=locale,
        href=lambda line: camera_path(line.key, period),
        sub=external_id_of,
    )
    rows = [
        CameraRow(
            head=row.head,
            href=row.href,
            sub=row.sub,
            tariff=terms[line.key][-1].tariff,
            since=terms[line.key][-1].starts_on,
            until=last_day(terms[line.key][-1].ends_on, period),
            line=line,
        )
        for line, row in zip(used.lines, table.rows, strict=True)
    ]
    shown = [one for one in table.columns if not one.only_file]
    columns = [shown[0], *TERMS_COLUMNS, *shown[1:]]
    whole = (
        (_("Total of %(total)s") % {"total": number(used.total, locale)})
        if used.total > len(rows)
        else ""
    )
    return columns, rows, [whole, "", "", *table.totals[2:]]


def last_day(ends_on: date | None, period: Period) -> date | None:
    """The last day of a subscription, where it is not after the period."""
    return None if ends_on is None or ends_on > period.end else ends_on - timedelta(days=1)
