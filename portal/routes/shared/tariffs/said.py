"""What a tariff is, in words: "7 days Motion archive, Licence plates"."""

from collections.abc import Iterable
from datetime import date, timedelta
from decimal import Decimal

from portal.books.queries.tariff_sales import Included, OnTariff
from portal.catalog.queries.tariffs import Version
from portal.routes.format import day, number
from portal.values.amounts import price
from portal.words import _, joined, ngettext


def counted_unit(quantity: Decimal, unit: str, plural: str) -> str:
    """The unit of a quantity: "day" of one, "days" of 7."""
    return unit if quantity == 1 else plural or unit


def of_service(one: Included, locale: str) -> str:
    """A service with its quantity: "7 days Motion archive"; of one unit "Licence plates"."""
    if one.quantity == 1:
        return one.short or one.name
    quantity = number(one.quantity, locale)
    if not one.short:  # the whole name has its unit: "7 × 1 day of motion-activated recording"
        return f"{quantity}\u00a0× {one.name}"
    unit = counted_unit(one.quantity, one.unit, one.unit_plural)
    return f"{quantity}\u00a0{unit} {one.short}"


def included(of: Iterable[Included], locale: str) -> str:
    """All that a version includes, "" of nothing."""
    return ", ".join(of_service(one, locale) for one in of)


def on_it(found: OnTariff, locale: str) -> str:
    """How many cameras of how many subscribers."""
    cameras = counted_cameras(found, locale)
    subscribers = ngettext("%(count)s subscriber", "%(count)s subscribers", found.subscribers) % {
        "count": number(found.subscribers, locale)
    }
    return _("%(cameras)s of %(subscribers)s") % {"cameras": cameras, "subscribers": subscribers}


def counted_cameras(found: OnTariff, locale: str) -> str:
    """So many cameras: "77 cameras", "more than 10,000 cameras"."""
    text = ngettext("%(count)s camera", "%(count)s cameras", found.cameras)
    if found.more:
        text = _("more than %(count)s cameras")
    return text % {"count": number(found.cameras, locale)}


def sentence(version: Version, of: Iterable[Included], currency: str, locale: str) -> str:
    """A version as one reads it to a customer."""
    facts = {"price": price(version.monthly_price, currency, locale)}
    what = included(of, locale)
    parts = [
        (_("%(price)s a month: %(what)s.") % {**facts, "what": what})
        if what
        else _("%(price)s a month, without services.") % facts
    ]
    if version.setup_fee:
        fee = price(version.setup_fee, currency, locale)
        parts.append(_("%(fee)s once to begin with.") % {"fee": fee})
    if version.trial_days:
        text = ngettext(
            "The first day is free.", "The first %(count)s days are free.", version.trial_days
        )
        parts.append(text % {"count": version.trial_days})
    if not version.bill_when_disabled:
        parts.append(_("Days on which the camera is switched off are not billed."))
    return joined(parts)


def priced(since: date, following: date | None, today: date, locale: str) -> str:
    """Which days a version prices: "1 Oct 2026–today", "from 1 Jan 2027"."""
    first = day(since, locale)
    if since > today:
        if following is None:
            return _("from %(first)s") % {"first": first}
        last = day(following - timedelta(days=1), locale)
        return _("%(first)s–%(last)s") % {"first": first, "last": last}
    if following is None or following > today:
        return _("%(first)s–today") % {"first": first}
    last = day(following - timedelta(days=1), locale)
    return _("%(first)s–%(last)s") % {"first": first, "last": last}
