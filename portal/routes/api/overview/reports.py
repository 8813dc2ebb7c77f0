"""Reports: where revenue and cost of a month come from, level by level, and what is oversold."""

from typing import Any, Final

from msgspec import UNSET, Struct, UnsetType

from portal.access import Actor, Permission, can, hidden, shows
from portal.billing.period import month_at
from portal.errors import Forbidden, Invalid
from portal.overview.forms.report_filter import ReportFilter, ServiceReportFilter
from portal.overview.queries.reports import by_service, lines, months
from portal.overview.queries.reports.lines import By, Narrowed
from portal.overview.queries.reports.rows import MoneyRow, Wanted
from portal.routes.api import answers
from portal.routes.api.kit.endpoint import Call, Register
from portal.routes.api.kit.paging import make_cursor
from portal.routes.api.kit.rows import Amount, Quantity, answer
from portal.usage.queries import months as begun
from portal.words import _

report_register: Final = Register("Reports")
KINDS: Final[dict[str, By]] = {
    "subscriber": "subscriber",
    "camera": "camera",
    "tariff": "tariff",
    "referral": "referral",
}
NARROWED: Final = {"camera": ("subscriber", "tariff"), "subscriber": ("referral",)}


class ReportLine(Struct, frozen=True):
    """A month of a subscriber, camera, tariff or referral: `key` is its number, id or code.

    What is nobody's has lines of its own at the end: "no-subscription", "credit-notes", and "-"
    without a referral. A camera of two subscribers has a line for each. Null is not known.
    """

    key: str
    name: str
    subscriber: int | None
    subscribers: int | None
    cameras: int | None
    days: int | None
    charges: Amount | None
    discount: Amount | None
    revenue: Amount | None
    cost: Amount | UnsetType | None = UNSET
    commission: Amount | UnsetType | None = UNSET
    margin: Amount | UnsetType | None = UNSET


class ServiceLine(Struct, frozen=True):
    """A service in a month: bought of the platform, sold in tariffs, really used, in its units."""

    service: str
    name: str
    unit: str
    sold: Quantity | None
    used: Quantity | None
    bought: Quantity | UnsetType | None = UNSET
    cost: Amount | UnsetType | None = UNSET


@report_register(
    "GET",
    "/clouds/{cloud}/reports",
    Permission.CHARGES_READ,
    summary="Read a report",
    answer=answers.Page[ReportLine],
    query=ReportFilter,
    paged=True,
)
async def read_report(call: Call, query: ReportFilter) -> answers.Page[ReportLine]:
    """As issued, or of a month that is not closed, as its close would issue it."""
    await begun.of_cloud(call.actor, call.cloud, query.period, now=call.now)
    by, margins = KINDS[query.by], shows(call.actor, "sales", "margin")
    if by == "referral" and not can(call.actor, Permission.REFERRALS_READ):
        raise Forbidden(_("This report is not for your role."))
    narrowed = _narrowed(query)
    month = await months.find(call.actor, call.cloud, query.period) if margins else None
    sums = None if month is None else month.sums
    offset = call.after(int) or 0
    sort = "-margin" if margins else ("name" if by == "camera" else "-revenue")
    counted = offset + call.limit + 1
    found = await lines.find(
        call.actor,
        call.cloud,
        month_at(query.period, call.now, call.cloud.timezone),
        by,
        narrowed=narrowed,
        wanted=Wanted(sort, offset, call.limit, counted),
        sums=sums,
    )
    is_last = offset + len(found.rows) >= found.total and not found.is_more
    rows = list(found.rows) if offset < found.total else []
    if is_last and sums is not None and narrowed.is_whole:
        rows += lines.rest(call.cloud, by, sums)
    following = None if is_last else make_cursor(offset + len(found.rows))
    return answers.Page([_line(call.actor, row) for row in rows], following)


def _narrowed(query: ReportFilter) -> Narrowed:
    asked = {
        "subscriber": None if query.subscriber is None else str(query.subscriber),
        "tariff": query.tariff,
        "referral": query.referral,
    }
    odd = [name for name, value in asked.items() if value and name not in _known(query.by)]
    if odd:
        raise Invalid({name: _("This report is not narrowed by it.") for name in odd})
    return Narrowed(
        subscriber=asked["subscriber"], tariff=asked["tariff"], referral=asked["referral"]
    )


def _known(by: str) -> tuple[str, ...]:
    return NARROWED.get(by, ())


def _line(actor: Actor, row: MoneyRow) -> ReportLine:
    unset: dict[str, Any] = dict.fromkeys(hidden(actor, "sales"), UNSET)
    return answer(ReportLine, row, **unset)


@report_register(
    "GET",
    "/clouds/{cloud}/reports/services",
    Permission.CHARGES_READ,
    summary="Read the report by service",
    answer=answers.Page[ServiceLine],
    query=ServiceReportFilter,
)
async def read_service_report(call: Call, query: ServiceReportFilter) -> answers.Page[ServiceLine]:
    """What is bought, sold and used of each service; a month that runs is told so far."""
    await begun.of_cloud(call.actor, call.cloud, query.period, now=call.now)
    until = month_at(query.period, call.now, call.cloud.timezone).until
    table = await by_service.get(call.actor, call.cloud, query.period, until=until)
    unset: dict[str, Any] = {}
    if not shows(call.actor, "sales", "cost"):
        unset = {"bought": UNSET, "cost": UNSET}
    return answers.Page(
        [answer(ServiceLine, row, service=row.code, **unset) for row in table.rows], None
    )
