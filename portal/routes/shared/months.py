"""Choosing a month in a page's address: "?month=2026-10"."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Final
from urllib.parse import urlencode

from litestar.plugins.htmx import HTMXRequest

from portal.access import Actor
from portal.accounts.queries.users import Person
from portal.billing.period import MonthAt, Period, local_date, parse_month
from portal.errors import Invalid, no_such
from portal.kit.queries.tenancy import CloudFacts
from portal.routes.format import day, days_of, month_alone
from portal.routes.format import month as month_name
from portal.routes.guards import actor_of, person_of
from portal.routes.middleware.now import books_now
from portal.usage.queries import months
from portal.words import _, joined

OFFERED: Final = 18
"""How many months back the pickers offer; an address may name any that has data."""


@dataclass(frozen=True, slots=True)
class Chosen(MonthAt):
    """The month of a page as it stands today in its cloud's zone.

    `since` is the first day of the first month with data, None where there is none yet.
    """

    since: date | None

    def in_month(self, day: date) -> "Chosen":
        """The month that holds `day`, seen from the same today."""
        return replace(self, period=Period.of(day))

    def days(self, locale: str) -> str:
        """The days that figures so far are of: "1–29 November", "" while none is over."""
        return days_so_far(self, locale)

    def lead(self, text: str, locale: str) -> str:
        """Which time a page speaks of: "November 2026: 1–22 November. …"."""
        name = month_name(self.period.start, locale)
        if not self.running:
            return _("%(month)s. %(text)s.") % {"month": name, "text": text}
        if not self.days_over:
            return _("%(name)s has begun; its first day is not over yet. %(text)s.") % {
                "name": name,
                "text": text,
            }
        told = {"month": name, "days": self.days(locale), "text": text}
        return _("%(month)s: %(days)s. %(text)s.") % told


def days_so_far(month: MonthAt, locale: str) -> str:
    """The days of a month that are over: "1–29 November", "" while none is."""
    if not month.days_over:
        return ""
    return days_of(month.period.start, month.until - timedelta(days=1), locale)


def estimate_of(month: MonthAt, locale: str) -> str:
    """What a figure of a running month is: "Estimate for 1–29 November"."""
    days = days_so_far(month, locale)
    return (
        (_("Estimate for %(days)s") % {"days": days})
        if days
        else _("Estimate, before the first day is over")
    )


def from_first(known: Iterable[date], axis: Sequence[date]) -> list[date]:
    """The months of a chart's axis from the first one with a figure; without any the last one."""
    first = min(known, default=axis[-1])
    return [month for month in axis if month >= first]


async def open_month(
    request: HTMXRequest,
    month: MonthAt,
    then: str = _("Commissions are earned when it closes."),
) -> str:
    """How a month stands that is not closed, and what happens then; "" once it is closed."""
    if await months.is_closed(actor_of(request), month.period):
        return ""
    name = month_alone(month.period.start, person_of(request).locale)
    state = _("%(month)s has ended and is not closed yet.")
    if month.running:
        state = _("%(month)s is still running.")
    return joined([state % {"month": name}, then])


async def ended_state(
    actor: Actor, cloud: CloudFacts, month: MonthAt, locale: str, *, closed: bool
) -> str:
    """How an ended month stands: "closed 3 Nov 2026", where the day is theirs to know."""
    if month.running:
        return ""
    if not closed:
        return _("ended, not closed yet")
    at = await months.closed_at(actor, cloud, month.period)
    if at is None:
        return _("closed")
    return _("closed %(day)s") % {"day": day(local_date(at, cloud.timezone), locale)}


def next_close(today: date, locale: str) -> str:
    """What comes next where nothing needs anybody: when the running month can be closed."""
    running = Period.of(today)
    return _("Next: %(month)s closes from %(day)s on.") % {
        "month": month_alone(running.start, locale),
        "day": day(running.end, locale),
    }


def today_of(request: HTMXRequest, person: Person | None = None) -> date:
    """Today, in the zone of the person's cloud, or the platform's."""
    zone = (person or person_of(request)).zone
    return local_date(books_now(request), zone)


async def chosen_month(request: HTMXRequest, cloud: CloudFacts | None = None) -> Chosen:
    """The month that the address names, or the running one.

    `cloud` is that of a page about another one than the person's own. Raises `NotFound` for what is
    no month, one that has not begun, and one before there was any data.
    """
    zone = person_of(request).zone if cloud is None else cloud.timezone
    today = local_date(books_now(request), zone)
    found = Chosen(Period.of(today), today, await months.first(actor_of(request), cloud))
    named = request.query_params.get("month", "")
    return replace(found, period=await _month(request, named, today, cloud)) if named else found


async def month_filter(request: HTMXRequest) -> Period | None:
    """The month that a list is narrowed to; None for all. Raises `NotFound`."""
    text = request.query_params.get("month", "")
    if not text:
        return None
    return await _month(request, text, today_of(request), None)


async def _month(request: HTMXRequest, text: str, today: date, cloud: CloudFacts | None) -> Period:
    try:
        period = parse_month(text)
    except Invalid:
        raise no_such(_("month"), text) from None
    await months.check_of(actor_of(request), MonthAt(period, today), cloud)
    return period


@dataclass(frozen=True, slots=True)
class PeriodLine:
    """The line that owns a page's time: the month, its neighbours, its state, and all with data.

    Neighbours and `months` are (label, address); a neighbour is None where there is no month.
    """

    name: str
    state: str
    before: tuple[str, str] | None
    after: tuple[str, str] | None
    months: tuple[tuple[str, str], ...]


def period_line(
    request: HTMXRequest,
    chosen: Chosen,
    locale: str,
    state: str = "",
    at: Callable[[Period], str] | None = None,
) -> PeriodLine:
    """The line of a page whose address names a month, with the rest of that address kept.

    `state` is how the month stands, "closed 3 Nov"; that of a running one is its days so far. `at`
    is where another month is, of pages whose path names it.
    """
    kept = {name: value for name, value in request.query_params.items() if name != "month"}
    path = str(request.url.path)

    def asked(period: Period) -> str:
        return f"{path}?{urlencode({**kept, 'month': period.key})}"

    def link(period: Period) -> tuple[str, str]:
        return month_name(period.start, locale), (at or asked)(period)

    running = Period.of(chosen.today)
    since = Period.of(chosen.since) if chosen.since else running
    before, after = chosen.period.previous(), chosen.period.next()
    options = month_options(chosen, locale)
    return PeriodLine(
        month_name(chosen.period.start, locale),
        state or (estimate_of(chosen, locale) if chosen.running else ""),
        link(before) if before.start >= since.start else None,
        link(after) if after.start <= running.start else None,
        tuple(link(parse_month(key)) for key, _name in options),
    )


def month_options(chosen: Chosen, locale: str) -> list[tuple[str, str]]:
    """The choices of a picker, (key, name), the latest first: months with data, and the chosen."""
    running = Period.of(chosen.today)
    first = chosen.since or running.start
    recent = {running.back(count) for count in range(OFFERED)}
    offered = {one for one in recent if one.start >= first} | {running, chosen.period}
    return options_of(sorted((one.start for one in offered), reverse=True), locale)


def options_of(months: Sequence[date], locale: str) -> list[tuple[str, str]]:
    """Months by their first days as choices, (key, name)."""
    return [(Period.of(one).key, month_name(one, locale)) for one in months]
