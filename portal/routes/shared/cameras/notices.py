"""What is off with a camera, and what cures it: the first thing on its page."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from portal.access import Permission, can, shows
from portal.billing.why.excess import DEPTH, Excess
from portal.books.queries.camera_books import CameraBooks
from portal.books.queries.camera_terms import CameraTerms
from portal.overview.queries.margin_ranking import Row, cause_of
from portal.routes.format import month_alone, number
from portal.routes.shared.cameras.suspension import Suspension
from portal.routes.shared.cloud_scope import CloudScope
from portal.routes.shared.months import Chosen
from portal.routes.shared.overview.causes import cause_in_words, cures_of
from portal.usage.queries.camera_month import CameraMonth
from portal.values.amounts import money, price
from portal.words import _, joined, ngettext


@dataclass(frozen=True, slots=True)
class Notice:
    """A sentence, what it costs, and ways on: (label, address), the first of them the cure."""

    kind: str
    title: str
    text: str = ""
    actions: tuple[tuple[str, str], ...] = field(default=())


@dataclass(frozen=True, slots=True)
class Facts:
    """All that notices are made from."""

    scope: CloudScope
    found: CameraMonth
    chosen: Chosen
    books: CameraBooks
    terms: CameraTerms
    suspension: Suspension | None
    locale: str

    def at(self, page: str, **query: Any) -> str:
        """A page of the camera's below its own."""
        return self.scope.at("camera", page, id=self.found.external_id, **query)


def notices_of(facts: Facts) -> list[Notice]:
    """What stops money first, then what costs money, then what is only to be known."""
    return [
        *_differs(facts),
        *_excess(facts),
        *_unpaid(facts),
        *_loses(facts),
        *_missing(facts),
        *_suspended(facts),
        *_accepted(facts),
    ]


def _differs(facts: Facts) -> list[Notice]:
    if not facts.books.differs:
        return []
    text = _("`camledger verify` lists every such charge. Tell whoever runs this installation.")
    title = _("The books differ from what usage and prices come to")
    return [Notice("danger", title, text)]


def _excess(facts: Facts) -> list[Notice]:
    return [_excess_of(facts, one) for one in facts.terms.open_excess]


def _excess_of(facts: Facts, one: Excess) -> Notice:
    scope, locale = facts.scope, facts.locale
    currency = scope.cloud.currency
    names = {known.code: known.heading for known in facts.found.services}
    service = names.get(one.service.code, one.service.code)
    has, sold = number(one.has, locale), number(one.sold, locale)
    if one.service.meter.endswith(DEPTH):
        title = ngettext(
            "Keeps %(has)s days of archive on a tariff of %(sold)s day",
            "Keeps %(has)s days of archive on a tariff of %(sold)s days",
            int(one.sold),
        ) % {"has": has, "sold": sold}
    elif not one.sold:
        title = _("Uses %(service)s, which its tariff does not include") % {"service": service}
    else:
        title = _("%(service)s: uses %(has)s, %(sold)s are included") % {
            "service": service,
            "has": has,
            "sold": sold,
        }
    text = ""
    if shows(scope.actor, "sales", "cost"):
        told = {
            "month": month_alone(facts.chosen.period.start, locale),
            "amount": money(one.worth, currency, locale),
        }
        said = _("In %(month)s so far that cost %(amount)s.")
        text = (said if facts.chosen.running else _("In %(month)s that cost %(amount)s.")) % told
    actions = []
    if can(scope.actor, Permission.SUBSCRIPTIONS_WRITE) and facts.terms.cure is not None:
        cure = facts.terms.cure
        sign = "+" if cure.difference >= 0 else ""
        difference = f"{sign}{price(cure.difference, currency, locale)}"
        label = _("Change to %(tariff)s (%(difference)s a month)")
        told = {"tariff": cure.name, "difference": difference}
        actions.append((label % told, facts.at("tariff", tariff=cure.code)))
    is_led = facts.suspension is not None and facts.suspension.provisioned
    if is_led and can(scope.actor, Permission.CONNECTIONS_WRITE) and one.sold:
        label = ngettext(
            "Set the preset to %(sold)s day", "Set the preset to %(sold)s days", int(one.sold)
        )
        actions.append((label % {"sold": sold}, facts.at("preset")))
    if can(scope.actor, Permission.CAMERAS_WRITE):
        href = facts.at("excess", meter=one.service.meter)
        actions.append((_("Accept for this camera"), href))
    return Notice("warning", title, text, tuple(actions))


def _unpaid(facts: Facts) -> list[Notice]:
    """It records, and nobody pays for it."""
    books, scope = facts.books, facts.scope
    if facts.found.subscriptions or books.cost is None or not books.cost.after:
        return []
    told = {
        "month": month_alone(facts.chosen.period.start, facts.locale),
        "amount": money(books.cost.after, scope.cloud.currency, facts.locale),
    }
    actions: list[tuple[str, str]] = []
    if can(scope.actor, Permission.SUBSCRIPTIONS_WRITE):
        if facts.suspension is not None and facts.suspension.camera.subscriber is None:
            actions.append((_("Give it to a subscriber"), facts.at("move")))
        else:
            actions.append((_("Put on a tariff"), facts.at("tariff")))
    title = _("Used, and nobody pays for it")
    text = _("In %(month)s it cost %(amount)s.") % told
    return [Notice("warning", title, text, tuple(actions))]


def _loses(facts: Facts) -> list[Notice]:
    """It loses money, and no excess says why."""
    margin = facts.books.margin
    if margin is None or margin >= 0 or facts.terms.open_excess or not facts.found.subscriptions:
        return []
    told = {
        "month": month_alone(facts.chosen.period.start, facts.locale),
        "amount": money(-margin, facts.scope.cloud.currency, facts.locale),
    }
    row = _row_of(facts, margin)
    cause = cause_of(row, keeps_more=False)
    owner = None if facts.suspension is None else facts.suspension.camera.subscriber
    actions = cures_of(facts.scope, "cameras", row.key, cause, owner=owner)
    title = _("In %(month)s this camera lost %(amount)s") % told
    text = _("What the platform asks for it is more than its subscriber pays after discount.")
    if cause != "prices":
        text = cause_in_words(cause, row.discount_percent, facts.locale)
    return [Notice("warning", title, text, tuple(actions))]


def _row_of(facts: Facts, margin: int) -> Row:
    """The camera's month as those that are asked for their cause; of who may know its cost."""
    books = facts.books
    charges = books.retail.charges
    percent = Decimal(100 * books.retail.taken_off) / charges if charges > 0 else Decimal(0)
    return Row(
        id=0,
        key=facts.found.external_id,
        name=facts.found.external_id,
        revenue=books.retail.after,
        cost=books.cost.after if books.cost else 0,
        commission=books.commission or 0,
        margin=margin,
        discount_percent=percent.quantize(Decimal("0.1")),
        is_owned=True,
    )


def _missing(facts: Facts) -> list[Notice]:
    month = facts.found.month
    missing = sum(
        not facts.found.is_known(day) and any(one.holds(day) for one in facts.found.subscriptions)
        for day in month.period
        if day < month.until
    )
    if not missing:
        return []
    title = ngettext("%(count)s day without usage", "%(count)s days without usage", missing) % {
        "count": number(missing, facts.locale)
    }
    text = _("The camera was subscribed and has no usage on days with a dash.")
    return [Notice("warning", title, text)]


def _suspended(facts: Facts) -> list[Notice]:
    found = facts.suspension
    if found is None:
        return []
    if found.camera.suspended:
        return [Notice("warning", _("This camera is suspended"), found.effect_now)]
    if found.with_subscriber:
        title = _("This camera is suspended with its subscriber")
        return [Notice("warning", title, found.effect_now)]
    return []


def _accepted(facts: Facts) -> list[Notice]:
    """An excess that somebody accepted is told quietly."""
    if not facts.terms.accepted:
        return []
    meters: Mapping[str, str] = {one.service.meter: one.service.code for one in facts.terms.excess}
    names = {known.code: known.heading for known in facts.found.services}
    actions: list[tuple[str, str]] = []
    told = []
    for meter, reason in facts.terms.accepted.items():
        told.append(f"{names.get(meters.get(meter, ''), meter)}: {reason}")
        if can(facts.scope.actor, Permission.CAMERAS_WRITE):
            actions.append((_("Withdraw"), facts.at("excess", meter=meter, withdraw="on")))
    title = _("More than its tariff includes is accepted for this camera")
    return [Notice("info", title, joined(told, "; "), tuple(actions))]
