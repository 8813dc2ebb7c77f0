"""Choosing a month in a page's address: "?month=2026-10"."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from litestar.plugins.htmx import HTMXRequest

from portal.billing.period import Period, local_date, parse_month
from portal.errors import Invalid
from portal.queries.users import Person
from portal.routes.format import month as month_name
from portal.routes.guards import person_of
from portal.routes.now import books_now

OFFERED: Final = 18
"""How many months back the pickers offer; an address may name any."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """The month of a page, and today in the zone of whoever looks at it."""

    period: Period
    today: date

    @property
    def running(self) -> bool:
        """Whether the month has not ended, so that its figures still change."""
        return self.today < self.period.end

    @property
    def ended_days(self) -> int:
        """How many of its days are over."""
        return max(0, min(self.period.days, (self.today - self.period.start).days))

    def in_month(self, day: date) -> "Chosen":
        """The month that holds `day`, seen from the same today."""
        return Chosen(Period.of(day), self.today)

    def lead(self, text: str, locale: str) -> str:
        """Which time a page speaks of: "November 2026, 22 of 30 days are over. …"."""
        name = month_name(self.period.start, locale)
        over = f", {self.ended_days} of {self.period.days} days are over" if self.running else ""
        return f"{name}{over}. {text}."


def today_of(request: HTMXRequest, person: Person | None = None) -> date:
    """Today, in the zone of the person's cloud, or the platform's."""
    zone = (person or person_of(request)).zone
    return local_date(books_now(request), zone)


def chosen_month(request: HTMXRequest, *, name: str = "month") -> Chosen:
    """The month that the address names; the running one where it names none that there is."""
    today = today_of(request)
    try:
        period = parse_month(request.query_params.get(name, ""))
    except Invalid:
        period = Period.of(today)
    return Chosen(period, today)


def month_options(chosen: Chosen, locale: str) -> list[tuple[str, str]]:
    """The choices of a picker, (key, name), the latest first; the chosen one is among them."""
    running = Period.of(chosen.today)
    periods = {running.back(months) for months in range(OFFERED)} | {chosen.period}
    return options_of(sorted((one.start for one in periods), reverse=True), locale)


def options_of(months: Sequence[date], locale: str) -> list[tuple[str, str]]:
    """Months by their first days as choices, (key, name)."""
    return [(Period.of(one).key, month_name(one, locale)) for one in months]
