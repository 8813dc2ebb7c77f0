"""What the steps of a month's page show: gathered by step, for `shared/books/period.html`."""

from collections.abc import Sequence
from datetime import date
from typing import Any, Final

from litestar.plugins.htmx import HTMXRequest

from portal.access import Permission, can
from portal.billing.coverage import Gap
from portal.billing.period import MonthAt, Period, month_at
from portal.books.queries import commissions
from portal.books.queries.drafts import kept, lists, looks, outcome
from portal.books.queries.drafts.kept import DraftFacts, Figures
from portal.books.queries.periods import PeriodLine
from portal.customers.forms.closing import LOOK, REASONS
from portal.customers.queries.clouds import Cloud
from portal.errors import NotFound
from portal.routes.format import day, month_alone, number
from portal.routes.guards import person_of
from portal.routes.middleware.now import books_now
from portal.routes.shared import months
from portal.routes.shared.books.cockpit import (
    LOST,
    SHOWN,
    Checked,
    days_of_usage,
    groups_of,
    states_of,
    steps_of,
    totals_of,
)
from portal.routes.shared.cloud_scope import CloudScope
from portal.usage.queries import months as data
from portal.values.amounts import money
from portal.words import _, english, joined


async def steps_of_month(
    request: HTMXRequest,
    scope: CloudScope,
    line: PeriodLine,
    cloud: Cloud,
    gaps: Sequence[Gap],
    *,
    closes_on: date | None,
) -> dict[str, Any]:
    """The context of the steps, by name. `closes_on` is the day on which it closes by itself."""
    now, locale = books_now(request), person_of(request).locale
    period = Period.of(line.month)
    month = month_at(period, now, scope.cloud.timezone)
    draft = await draft_of(request, scope, period, looks=False)
    by_rule = await looks.groups(
        scope.actor, scope.cloud, period, each=SHOWN, shown=request.query_params.get("show", "")
    )
    checked = Checked(
        is_there=draft is not None,
        is_made=draft is not None and draft.made_at is not None,
        count=sum(of.count for of in by_rule),
        waiting=sum(of.count - of.fine for of in by_rule),
        lost=sum(of.amount or 0 for of in by_rule if of.rule in LOST),
    )
    totals = None if draft is None or draft.totals is None else draft.totals
    number_next = ""
    if totals is not None and not month.running and line.state == "open":
        number_next = await lists.next_number(scope.actor, scope.cloud, now)
    query = request.query_params
    note = _note(line, cloud, month.today, closes_on, locale)
    return {
        "days": days_of_usage(month, gaps, locale) if line.state == "open" else [],
        "draft": draft if line.state == "open" or checked.is_made else None,
        "draft_totals": None
        if totals is None
        else totals_of(totals, draft.last if draft else None),
        "steps": [] if draft is None else steps_of(draft, locale),
        "checked": checked,
        "groups": groups_of(scope, period.key, by_rule),
        "at": query.get("at", ""),
        "was_due": closes_on is not None and closes_on < month.today,
        "line": await _line_of(request, scope, line, month, cloud, closes_on),
        "reasons": [(english(reason), reason) for reason in REASONS],
        "own": not can(scope.actor, Permission.MARGINS_READ),
        "looks": cloud.close_mode == LOOK,
        "short": month_alone(period.start, locale),
        "before_name": month_alone(period.previous().start, locale),
        "next_number": number_next,
        "states": states_of(line, month, gaps, checked, note),
    }


async def issued_of(request: HTMXRequest, scope: CloudScope, period: Period) -> dict[str, Any]:
    """What the close of a month issued, and where that is another amount than its draft's."""
    found = await outcome.issued(scope.actor, scope.cloud, period)
    draft = await draft_of(request, scope, period, looks=False)
    drafted = None if draft is None else draft.totals
    return {
        "papers": await outcome.papers(scope.actor, scope.cloud, period),
        "issued": None if found is None else totals_of(found, drafted),
        "drafted": drafted is not None,
        "wholesale": _wholesale(drafted, found),
        "between": await differences_of(request, scope, period) if drafted else None,
        **await _earned(scope, period),
    }


def _wholesale(drafted: Figures | None, issued: Figures | None) -> tuple[int, int] | None:
    """The platform's invoice before tax, drafted and issued; None where they are the same."""
    if drafted is None or issued is None or drafted.wholesale == issued.wholesale:
        return None
    return drafted.wholesale, issued.wholesale


async def differences_of(
    request: HTMXRequest, scope: CloudScope, period: Period, limit: int = outcome.BETWEEN_MAX
) -> outcome.Differences:
    """Each document that is not as it was drafted, those that differ by most first."""
    now = books_now(request)
    return await outcome.between(scope.actor, scope.cloud, period, now=now, limit=limit)


async def _earned(scope: CloudScope, period: Period) -> dict[str, Any]:
    """What referrals earned in the month, for who may know: the first, and how many others."""
    if not can(scope.actor, Permission.COMMISSIONS_READ):
        return {"earned": (), "earned_more": 0}
    found = await commissions.sum_by_referral(scope.actor, scope.cloud, period)
    return {"earned": found[:EARNED_SHOWN], "earned_more": max(0, len(found) - EARNED_SHOWN)}


EARNED_SHOWN: Final = 10


async def draft_of(
    request: HTMXRequest, scope: CloudScope, period: Period, *, looks: bool = True
) -> DraftFacts | None:
    """The draft; None of a month in which nothing is subscribed."""
    try:
        return await kept.get(scope.actor, scope.cloud, period, now=books_now(request), looks=looks)
    except NotFound:
        return None


async def issues_of(
    request: HTMXRequest, scope: CloudScope, draft: DraftFacts | None
) -> list[tuple[str, str]]:
    """What a close would issue, as facts before it is begun; none where that is not known."""
    if draft is None or draft.totals is None:
        return []
    locale, currency, totals = person_of(request).locale, draft.currency, draft.totals
    first = await lists.next_number(scope.actor, scope.cloud, books_now(request))
    facts = [
        (_("Invoices"), number(totals.invoices, locale)),
        (_("Before tax"), money(totals.revenue, currency, locale)),
        (_("To be collected"), money(totals.to_collect, currency, locale)),
        (_("The platform's invoice, before tax"), money(totals.wholesale, currency, locale)),
    ]
    return [(_("First number"), first), *facts] if totals.invoices else facts


async def _line_of(  # noqa: PLR0917 - what one line says
    request: HTMXRequest,
    scope: CloudScope,
    line: PeriodLine,
    month: MonthAt,
    cloud: Cloud,
    closes_on: date | None,
) -> months.PeriodLine:
    """The line above the steps: the month, its neighbours, how it stands, and when it closes."""
    locale = person_of(request).locale
    since = await data.first(scope.actor, scope.cloud)
    chosen = months.Chosen(month.period, month.today, since)
    state = months.estimate_of(month, locale)
    if not month.running:
        closed = line.state == "closed"
        state = await months.ended_state(scope.actor, scope.cloud, month, locale, closed=closed)
    if line.state == "open" and closes_on is not None:
        told = _("closes automatically on %(day)s")
        if closes_on < month.today:
            told = _("was due to close automatically on %(day)s")
        elif cloud.close_mode == LOOK:
            told = _("closes automatically on %(day)s unless something needs a look")
        state = joined([state, told % {"day": day(closes_on, locale)}], " · ")

    def at(period: Period) -> str:
        return scope.at("periods", period.key)

    return months.period_line(request, chosen, locale, state, at)


def _note(line: PeriodLine, cloud: Cloud, today: date, on: date | None, locale: str) -> str:
    """What is said of the close in a line; `on` is the day on which it closes by itself."""
    if line.state == "closed":
        return _("Closed")
    if line.state == "closing":
        done = {"done": number(line.done), "total": number(line.total)}
        return _("%(done)s of %(total)s cameras") % done
    if on is None:
        return _("By hand")
    told = _("Automatically on %(day)s")
    if on < today:
        told = _("Was due on %(day)s")
    elif cloud.close_mode == LOOK:
        told = _("Automatically on %(day)s unless something needs a look")
    return told % {"day": day(on, locale)}
