"""How a kind of what needs somebody is said: with a count, of a month, or as it is."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from portal.overview.queries.attention import Need
from portal.overview.queries.attention.sources import COUNTED_MAX
from portal.routes.format import month, number
from portal.values.amounts import money
from portal.words import _


@dataclass(frozen=True, slots=True)
class Wording:
    """How a kind is said and what its button is: its words, and the page below the cloud's.

    `one` is the page of the only one that is meant, where it has a place.
    """

    say: Callable[[Need, str], str]
    button: str
    path: str
    one: str = ""


def counted(text: Callable[[int], str], *, of_month: bool = False) -> Callable[[Need, str], str]:
    """Says how many there are, with the amount and, on request, the month that it is about."""

    def say(need: Need, locale: str) -> str:
        shown = (
            _("more than %(count)s") % {"count": number(COUNTED_MAX, locale)}
            if need.count > COUNTED_MAX
            else number(need.count, locale)
        )
        amount = "" if need.amount is None else money(need.amount, need.currency, locale)
        month_name = month(date.fromisoformat(need.subject), locale) if of_month else ""
        facts = {"count": shown, "amount": amount, "month": month_name}
        return text(need.count) % {**facts, "subject": need.subject, "about": need.about}

    return say


def monthly(text: str) -> Callable[[Need, str], str]:
    """Says the month that it is about."""
    return lambda need, locale: text % {"month": month(date.fromisoformat(need.subject), locale)}


def plain(text: str) -> Callable[[Need, str], str]:
    """Says what it is of, and what about."""
    return lambda need, _locale: text % {"subject": need.subject, "about": need.about}
