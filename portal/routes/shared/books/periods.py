"""A cloud's months, in two portals: how complete they are, their close, and what it made."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from litestar import Response
from litestar.params import FromPath
from litestar.plugins.htmx import HTMXRequest
from litestar.response import Stream

from portal.access import Actor, Permission, can, shows
from portal.billing.period import Period, day_start, has_ended, parse_month
from portal.books.queries import periods as reads
from portal.books.queries.drafts import lists
from portal.books.queries.periods import PeriodLine
from portal.customers.queries import clouds
from portal.customers.queries.clouds import Cloud
from portal.errors import Invalid, no_such
from portal.kit.queries.tenancy import CloudFacts
from portal.routes.accounts.auth import Answer
from portal.routes.format import Change, change
from portal.routes.format import month as month_name
from portal.routes.guards import person_of, requires
from portal.routes.list_files import list_file
from portal.routes.listing import Column, in_currency, read_listing
from portal.routes.middleware.now import books_now
from portal.routes.page import Toast, fragment, page, redirect
from portal.routes.reading import get
from portal.routes.shared import gaps as gap_columns
from portal.routes.shared.books.month import differences_of, issued_of, steps_of_month
from portal.routes.shared.books.send.step import mark_of, send_step_if_any
from portal.routes.shared.cloud_scope import CloudScope
from portal.routes.shared.progress import time_left
from portal.usage.queries import coverage
from portal.watcher.queries import connection_health
from portal.words import _

GUARDS: Final = [requires(Permission.PERIODS_READ)]
MONTHS_A_PAGE: Final = 24
COLUMNS: Final = (
    Column(_("Month"), of="line.month", kind="month"),
    Column(
        _("Close"),
        of=lambda month: month.line.state if month.ended else "running",
        kind="state",
        wide=True,
        fact=True,
    ),
    Column(
        _("Cameras rated"),
        of=lambda month: _unless_open(month, month.line.total),
        kind="number",
        wide=True,
        fact=True,
    ),
)
SENT: Final = Column(_("Invoices sent"), of=lambda month: sent_of(month.line), wide=True)
TOTALS: Final = (
    Column(_("Revenue"), of=lambda month: _if_closed(month, month.line.revenue), kind="money"),
    Column(_("Cost"), of=lambda month: _if_closed(month, month.line.cost), kind="money", wide=True),
    Column(
        _("Commissions"),
        of=lambda month: _if_closed(month, month.line.commission),
        kind="money",
        wide=True,
    ),
)
MARGINS: Final = (
    Column(_("Margin"), of="line.margin", kind="money", wide=True),
    Column(
        _("Change"),
        of=lambda month: None if month.change is None else month.change.percent,
        kind="percent",
        wide=True,
    ),
)
UNRATED: Final = (
    Column(_("Service"), of="service"),
    Column(_("Day"), of="day", kind="day"),
    Column(_("Cameras"), of="cameras", kind="number"),
)
BETWEEN: Final = (
    Column(_("Customer"), of="name"),
    Column(_("Number"), of="number", kind="number"),
    Column(_("Document"), of="document"),
    Column(_("Draft"), of="drafted", kind="money"),
    Column(_("Issued"), of="issued", kind="money"),
    Column(_("What differs"), of=lambda row: "; ".join(one.description for one in row.changes)),
)
FILE_MAX: Final = 10_000
"""Documents that are not as they were drafted, in a file: each is read with its lines."""
ACTION: Final = Column(_("Action"), kind="action", wide=True)


@dataclass(frozen=True, slots=True)
class Month:
    """A month as its row and its page show it; `eta` is text while it closes.

    `before` is the margin of the month before, None where that is not closed or not asked for.
    """

    period: Period
    name: str
    line: PeriodLine
    ended: bool
    eta: str
    before: int | None = None

    @property
    def change(self) -> Change | None:
        """How its margin stands against that of the month before."""
        margin = self.line.margin
        return None if margin is None or self.before is None else change(margin, self.before)

    @property
    def key(self) -> str:
        """As addresses write it: "2026-10"."""
        return self.period.key


def _unless_open(month: Month, count: int) -> int | None:
    return None if month.line.state == "open" else count


def sent_of(line: PeriodLine) -> str:
    """How many of its documents have gone by e-mail: "39 of 41"; "" where there are none."""
    if not line.documents:
        return ""
    return _("%(sent)s of %(count)s") % {"sent": line.sent, "count": line.documents}


def _if_closed(month: Month, amount: int) -> int | None:
    return amount if month.line.state == "closed" else None


@get("/periods", guards=GUARDS)
async def periods(request: HTMXRequest) -> Response[str] | Stream:
    """The months, the running one first."""
    scope, now = await CloudScope.of(request), books_now(request)
    person, cloud = person_of(request), scope.cloud
    lines = await reads.list_page(person.actor, cloud, now=now)
    totals = shows(person.actor, "period", "totals")
    may_close = can(person.actor, Permission.PERIODS_CLOSE)
    columns = (
        COLUMNS
        + ((*in_currency((*TOTALS, *MARGINS), cloud.currency), SENT) if totals else ())
        + ((ACTION,) if may_close else ())
    )
    listing = read_listing(scope.at("periods"), request.query_params, columns, size=MONTHS_A_PAGE)
    listing = listing.found(len(lines))
    margins = {line.month: line.margin for line in lines}
    shown = [_month(cloud, line, request, margins) for line in listing.of_page(lines)]
    if listing.file:
        return await list_file(request, "months", columns, shown, listing)
    return page(
        request,
        "shared/books/periods.html",
        block="rows",
        scope=scope,
        columns=columns,
        rows=shown,
        listing=listing,
        currency=cloud.currency,
        totals=totals,
        may_close=may_close,
    )


@get("/periods/{month:str}", guards=GUARDS)
async def period(request: HTMXRequest, month: FromPath[str]) -> Response[str] | Stream:
    """One month: how far it is, what is missing, what it came to."""
    scope, found = await find_month(request, month)
    actor, cloud, now = scope.actor, scope.cloud, books_now(request)
    is_open = found.line.state == "open"
    facts = None if is_open else await reads.get(actor, cloud, found.period, now=now)
    locale = person_of(request).locale
    missing = await coverage.of_month(actor, cloud, found.period, now=now) if is_open else []
    totals = shows(actor, "period", "totals")
    listing = read_listing(
        scope.at("periods", found.key), request.query_params, gap_columns.COLUMNS
    )
    if listing.wants("unrated"):
        unrated = facts.unrated if facts and totals else []
        return await list_file(
            request, "without-price", UNRATED, unrated, listing, period=found.key
        )
    if listing.file:
        return await list_file(
            request, "missing-usage", gap_columns.COLUMNS, missing, listing, period=found.key
        )
    row = await clouds.get(actor, cloud)
    closes_on = await _closes_on(scope, row, found.period)
    closed = found.line.state == "closed"
    step = await send_step_if_any(request, scope, found.period) if closed else None
    return page(
        request,
        "shared/books/period.html",
        scope=scope,
        month=found,
        gaps=missing,
        gap_columns=gap_columns.COLUMNS,
        unrated_columns=UNRATED,
        listing=listing,
        closes_on=closes_on,
        facts=facts,
        **await steps_of_month(request, scope, found.line, row, missing, closes_on=closes_on),
        step=step,
        sending=mark_of(step),
        late_usage=[
            (late.cameras, month_name(late.period.start, locale))
            for late in (facts.late_usage if facts and shows(actor, "period", "late_usage") else ())
        ],
        currency=cloud.currency,
        totals=totals,
        may_close=can(actor, Permission.PERIODS_CLOSE),
        may_send_usage=can(actor, Permission.USAGE_WRITE),
        lists_cameras=can(actor, Permission.CAMERAS_READ),
        compares=is_open and await compares(actor, cloud),
    )


@get("/periods/{month:str}/issued", guards=GUARDS)
async def issued(request: HTMXRequest, month: FromPath[str]) -> Answer | Stream:
    """What the close of a month issued, beside its draft; a part of its page, too."""
    scope, found = await find_month(request, month)
    if found.line.state != "closed":
        told = _("%(name)s is not closed.") % {"name": found.name}
        return redirect(request, scope.at("periods", found.key), Toast(told, "error"))
    listing = read_listing(scope.at("periods", found.key, "issued"), request.query_params, BETWEEN)
    if listing.file:
        columns = in_currency(BETWEEN, scope.cloud.currency)
        differ = await differences_of(request, scope, found.period, FILE_MAX)
        return await list_file(
            request, "issued-otherwise", columns, differ.rows, listing, period=found.key
        )
    return page(
        request,
        "shared/books/issued.html",
        block="issued",
        scope=scope,
        key=found.key,
        month=found.name,
        currency=scope.cloud.currency,
        **await issued_of(request, scope, found.period),
    )


@get("/periods/{month:str}/progress", guards=GUARDS)
async def progress(request: HTMXRequest, month: FromPath[str]) -> Response[str]:
    """How far a close has come: a part of a page, asked for while it runs."""
    scope, found = await find_month(request, month)
    return fragment(
        request, "shared/books/progress.html", "progress", scope=scope, month=found, polled=True
    )


@get("/periods/{month:str}/gaps", guards=GUARDS)
async def gaps(request: HTMXRequest, month: FromPath[str]) -> Response[str]:
    """What is missing of a month, in a sentence: a part of a page."""
    scope, found = await find_month(request, month)
    now = books_now(request)
    missing = await coverage.of_month(scope.actor, scope.cloud, found.period, now=now)
    return fragment(
        request, "shared/books/gaps.html", "gaps", scope=scope, gaps=missing, key=found.key
    )


async def compares(actor: Actor, cloud: CloudFacts) -> bool:
    """Whether there is a Watcher to compare the books with, and the actor may."""
    if not can(actor, Permission.CONNECTIONS_READ):
        return False
    return await connection_health.is_connected(actor, cloud)


async def _closes_on(scope: CloudScope, cloud: Cloud, period: Period) -> date | None:
    """The day on which a complete month closes by itself; None where a person closes it.

    A month that was due before the cloud was set up here is history, and is never closed by itself.
    """
    if not cloud.close_automatically:
        return None
    due = period.end + timedelta(days=cloud.close_after_days)
    founded = await lists.founded_at(scope.actor, scope.cloud)
    return due if founded < day_start(due, scope.cloud.timezone) else None


async def find_month(request: HTMXRequest, month: str) -> tuple[CloudScope, Month]:
    """The cloud of the page and a month of it, without reading the others."""
    wanted, scope = _period(month), await CloudScope.of(request)
    line = await reads.line_of(scope.actor, scope.cloud, wanted, now=books_now(request))
    return scope, _month(scope.cloud, line, request)


def _month(
    cloud: CloudFacts,
    line: PeriodLine,
    request: HTMXRequest,
    margins: Mapping[date, int | None] | None = None,
) -> Month:
    now = books_now(request)
    own = Period.of(line.month)
    return Month(
        period=own,
        name=month_name(line.month, person_of(request).locale),
        line=line,
        ended=has_ended(own, now, cloud.timezone),
        eta=time_left(line.closing_at, line.done, line.total, now),
        before=(margins or {}).get(own.previous().start),
    )


def _period(month: str) -> Period:
    """The month of an address; one that is not in the calendar has no page."""
    try:
        return parse_month(month)
    except Invalid:
        raise no_such(_("month"), month) from None


PERIODS: Final = (periods, period, issued, progress, gaps)
