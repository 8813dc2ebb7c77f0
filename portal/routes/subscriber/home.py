"""The subscriber's first page: what to pay, this month, the next invoice, the cameras."""

from typing import Final

from litestar import Response
from litestar.plugins.htmx import HTMXRequest

from portal.accounts.queries.users import Person
from portal.billing.dunning.steps import Action
from portal.billing.period import MonthAt, Period, month_at
from portal.books.queries import invoices
from portal.books.queries.dunning import shown
from portal.books.queries.invoices import Filters
from portal.kit.queries import tenancy
from portal.overview.queries import own_cameras, subscriber_dashboard
from portal.overview.queries.subscriber_dashboard import Home
from portal.routes.charts import Chart, Number, Series, stacked_chart
from portal.routes.format import change, month_short
from portal.routes.guards import person_of
from portal.routes.listing import Column
from portal.routes.middleware.now import books_now
from portal.routes.page import page
from portal.routes.reading import get
from portal.routes.shared.months import days_so_far, estimate_of
from portal.routes.subscriber.paths import CAMERAS, INVOICES, camera_path
from portal.values.amounts import money, money_tick
from portal.words import _

CAMERAS_SHOWN: Final = 10
INVOICES_SHOWN: Final = 3
MONTHS: Final = 12
OFF: Final = {
    Action.SUSPEND_ANALYTICS: _("Analytics of your cameras are switched off on %(day)s."),
    Action.SUSPEND_RECORDING: _("Your cameras are switched off on %(day)s."),
}
DOCUMENT_COLUMNS: Final = (
    Column(_("Number")),
    Column(_("State"), of="state", kind="state", wide=True),
    Column(_("Total"), kind="money"),
    Column(_("PDF"), kind="action"),
)
CAMERA_COLUMNS: Final = (
    Column(_("Camera"), of="name"),
    Column(_("Tariff"), of="tariff", wide=True, fact=True),
    Column(_("Archive"), of="archive", wide=True, fact=True),
    Column(_("State"), of="state", kind="state", wide=True, fact=True),
    Column(_("This month"), of="amount", kind="money"),
)


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
    cameras = await own_cameras.list_page(
        person.actor, await tenancy.own_cloud(person.actor), so_far, limit=CAMERAS_SHOWN
    )
    return page(
        request,
        "subscriber/home.html",
        home=found,
        to_pay=await subscriber_dashboard.to_pay(person.actor, now=now),
        overdue=await shown.of_own(person.actor, await tenancy.own_cloud(person.actor), now=now),
        off=OFF,
        contact=await subscriber_dashboard.contact(person.actor),
        cameras_change=change(found.cameras, found.cameras_before),
        chart=invoiced_chart(found, person.locale),
        documents=documents.rows,
        documents_path=INVOICES,
        document_columns=DOCUMENT_COLUMNS,
        cameras=cameras,
        camera_columns=CAMERA_COLUMNS,
        camera_paths={
            row.external_id: camera_path(row.external_id, found.running) for row in cameras.rows
        },
        cameras_total=None
        if cameras.amount is None
        else money(cameras.amount, found.currency, person.locale),
        used_days=days_so_far(so_far, person.locale),
        estimate=_estimate(found, person),
        usage_path=f"{CAMERAS}?month={found.running.key}",
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
        return money_tick(int(value), found.currency, locale)

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
