"""What a person looks at before a month is closed: twelve rules over facts of its draft.

Amounts are minor units. Each rule is a function of facts that were gathered; none reads anything.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from hashlib import sha256
from typing import Final, Literal

from portal.billing.money import digits
from portal.words import _, joined, ngettext

Rule = Literal[
    "zero_or_negative",
    "no_invoice",
    "first_invoice",
    "invoice_changed",
    "recording_unpaid",
    "keeps_more",
    "loses_money",
    "unmapped",
    "no_price",
    "document_incomplete",
    "late_usage",
    "by_hand",
]
RULES: Final[tuple[Rule, ...]] = (
    *("loses_money", "keeps_more", "recording_unpaid", "invoice_changed", "first_invoice"),
    *("no_invoice", "zero_or_negative", "unmapped", "no_price", "late_usage", "by_hand"),
    "document_incomplete",
)
"""In the order in which pages have them: what costs money first."""
SURPRISES_MAX: Final = 1_000
"""Of one rule; those about most money are kept."""
KEY_LENGTH: Final = 16
Cause = Literal["", "no_subscription", "keeps_more", "discount", "commission", "prices"]
Subject = Literal["subscriber", "camera", "service", "organization", "preset", "tariff"]


@dataclass(frozen=True, slots=True)
class Surprise:
    """Something to look at. `subject` is a number, an external id, a code or a Watcher's id.

    `amount` is what it is about and what *Fine* holds for, None where it is not about money;
    `last` that of the month before, where it compares. `detail` is a sentence, `cause` says why
    money is lost where it is.
    """

    rule: Rule
    subject_kind: Subject
    subject: str
    name: str
    amount: int | None
    detail: str
    last: int | None = None
    cause: Cause = ""

    @property
    def key(self) -> str:
        """The same for the same rule and subject, however often a draft is made."""
        about = f"{self.rule} {self.subject_kind} {self.subject}"
        return sha256(about.encode()).hexdigest()[:KEY_LENGTH]


@dataclass(frozen=True, slots=True)
class Limits:
    """From when on a bill that changed is looked at: percent, and in major units of `currency`.

    `needed` is what a document may not lack, of MISSING.
    """

    percent: Decimal
    amount: Decimal
    currency: str
    needed: Collection[str] = ("address", "email", "tax_number")

    def exceeded(self, last: int, now: int) -> bool:
        """Whether a bill changed by more than both."""
        difference = abs(now - last)
        by_percent = difference * 100 > max(last, 0) * self.percent
        return by_percent and difference > self.amount.scaleb(digits(self.currency))


@dataclass(frozen=True, slots=True, kw_only=True)
class Customer:
    """A subscriber in a draft, beside its month before.

    `has_lines`: anything is charged; `is_issued`: a document comes of it; `last`: the total of the
    month before, None where that is not closed; `known`: it had a document in some earlier month.
    `gross` is its charges before discount, `kept` what archive beyond its tariffs is worth, on
    `keeping` cameras; `missing` is what its document lacks.
    """

    number: int
    name: str
    has_lines: bool
    is_issued: bool
    total: int
    last: int | None
    known: bool
    cameras: int
    cameras_last: int
    gross: int = 0
    revenue: int = 0
    cost: int = 0
    commission: int = 0
    kept: int = 0
    keeping: int = 0
    missing: Sequence[str] = ()

    @property
    def margin(self) -> int:
        """What is left of its revenue."""
        return self.revenue - self.cost - self.commission


def of_customers(customers: Iterable[Customer], limits: Limits) -> list[Surprise]:
    """What the rules about subscribers find. Of the four about invoices, each has one at most."""
    found: list[Surprise] = []
    for one in customers:
        found += [
            surprise
            for surprise in (
                _invoice(one, limits),
                _loses(one),
                _keeps(one),
                _incomplete(one, limits.needed),
            )
            if surprise is not None
        ]
    return found


def _about(one: Customer, rule: Rule, amount: int | None, detail: str) -> Surprise:
    return Surprise(rule, "subscriber", str(one.number), one.name, amount, detail)


def _invoice(one: Customer, limits: Limits) -> Surprise | None:
    """Zero or negative, none any more, the first, or changed: the first of these that is so."""
    if one.total <= 0 and (one.has_lines or one.cameras):
        return _with_last(one, "zero_or_negative", _why_nothing(one))
    if not one.has_lines and not one.cameras:
        if one.last is not None and one.last > 0:
            return _with_last(one, "no_invoice", _("All cameras have ended."))
        return None
    if not one.known:
        count = one.cameras
        told = ngettext("%(count)s camera", "%(count)s cameras", count) % {"count": count}
        return _with_last(one, "first_invoice", told)
    if one.last is not None and limits.exceeded(one.last, one.total):
        return _with_last(one, "invoice_changed", _why_changed(one))
    return None


def _with_last(one: Customer, rule: Rule, detail: str) -> Surprise:
    return Surprise(rule, "subscriber", str(one.number), one.name, one.total, detail, one.last)


def _why_nothing(one: Customer) -> str:
    if one.total < 0:
        return _("More is given back than charged.")
    if one.gross > 0:
        return _("The discount takes all of it.")
    if one.has_lines:
        return _("Corrections take all of it.")
    return _("Nothing is charged for its cameras: a trial, a price of 0, or days switched off.")


def _why_changed(one: Customer) -> str:
    more = one.cameras - one.cameras_last
    if more > 0:
        return ngettext("%(count)s camera more", "%(count)s cameras more", more) % {"count": more}
    if more < 0:
        told = ngettext("%(count)s camera less", "%(count)s cameras less", -more)
        return told % {"count": -more}
    return _("The same number of cameras")


def _loses(one: Customer) -> Surprise | None:
    if one.margin >= 0:
        return None
    cause: Cause = "prices"
    if one.kept and one.margin + one.kept >= 0:
        cause = "keeps_more"
    elif one.gross - one.cost - one.commission >= 0 and one.gross > one.revenue:
        cause = "discount"
    elif one.revenue >= one.cost:
        cause = "commission"
    found = _about(one, "loses_money", one.margin, LOSSES[cause])
    return replace(found, cause=cause)


LOSSES: Final[Mapping[Cause, str]] = {
    "keeps_more": _("Keeps more than it is sold."),
    "discount": _("The discount is higher than the margin."),
    "commission": _("The commission is higher than the margin."),
    "prices": _("Its cameras cost more than they are charged."),
}


def _keeps(one: Customer) -> Surprise | None:
    if one.kept <= 0:
        return None
    told = ngettext("%(count)s camera", "%(count)s cameras", one.keeping)
    found = _about(one, "keeps_more", one.kept, told % {"count": one.keeping})
    return replace(found, cause="keeps_more")


MISSING: Final = {
    "address": _("no address"),
    "email": _("no e-mail address"),
    "tax_number": _("no tax number"),
}


def _incomplete(one: Customer, needed: Collection[str]) -> Surprise | None:
    missing = [what for what in one.missing if what in needed]
    if not missing or not one.is_issued:
        return None
    told = joined([MISSING[what] for what in missing], ", ")
    return _about(one, "document_incomplete", None, told)


@dataclass(frozen=True, slots=True)
class Unpaid:
    """A camera that costs money without a subscription in the month."""

    camera: str
    name: str
    cost: int


def of_unpaid(cameras: Iterable[Unpaid]) -> list[Surprise]:
    """Cameras that record while nobody pays."""
    told = _("No subscription in the month")
    return [
        Surprise(
            "recording_unpaid",
            "camera",
            one.camera,
            one.name,
            one.cost,
            told,
            cause="no_subscription",
        )
        for one in cameras
        if one.cost > 0
    ]


@dataclass(frozen=True, slots=True)
class Unmapped:
    """An organization or preset of a Watcher that stands for nobody, and what its cameras cost."""

    kind: Literal["organization", "preset"]
    id: int
    name: str
    cameras: int
    cost: int


def of_unmapped(waiting: Iterable[Unmapped]) -> list[Surprise]:
    """Organizations and presets that wait for a mapping, those that have cameras."""
    return [
        Surprise(
            "unmapped",
            one.kind,
            str(one.id),
            one.name,
            one.cost,
            ngettext("%(count)s camera", "%(count)s cameras", one.cameras) % {"count": one.cameras},
        )
        for one in waiting
        if one.cameras
    ]


@dataclass(frozen=True, slots=True)
class Unpriced:
    """A service that was used on days without a price."""

    service: str
    name: str
    cameras: int
    since: date
    days: int


def of_unpriced(services: Iterable[Unpriced]) -> list[Surprise]:
    """Services without a price on some days: nobody is charged for these."""
    return [
        Surprise(
            "no_price",
            "service",
            one.service,
            one.name,
            None,
            joined(
                [
                    ngettext("%(count)s camera", "%(count)s cameras", one.cameras)
                    % {"count": one.cameras},
                    ngettext("%(count)s day", "%(count)s days", one.days) % {"count": one.days},
                ],
                ", ",
            ),
        )
        for one in services
    ]


@dataclass(frozen=True, slots=True)
class Late:
    """What usage that came late changes for somebody: of which months, on how many cameras.

    `amount` is what the subscriber is charged or given back, or the cost of a camera without one.
    """

    kind: Literal["subscriber", "camera"]
    subject: str
    name: str
    months: Sequence[str]
    cameras: int
    amount: int


def of_late(corrected: Iterable[Late]) -> list[Surprise]:
    """What this close corrects of earlier months."""
    return [
        Surprise(
            "late_usage",
            one.kind,
            one.subject,
            one.name,
            one.amount,
            joined(
                [
                    ", ".join(one.months),
                    ngettext("%(count)s camera", "%(count)s cameras", one.cameras)
                    % {"count": one.cameras},
                ],
                ": ",
            ),
        )
        for one in corrected
    ]


@dataclass(frozen=True, slots=True)
class Deed:
    """What somebody changed by hand: a discount, usage of a camera, a tariff sold below cost."""

    kind: Literal["subscriber", "camera", "tariff"]
    subject: str
    name: str
    times: int
    by: str


BY_HAND: Final = {
    "subscriber": _("discount changed"),
    "camera": _("usage corrected"),
    "tariff": _("sold below cost"),
}


def of_deeds(deeds: Iterable[Deed]) -> list[Surprise]:
    """What was changed by hand in the month."""
    return [
        Surprise(
            "by_hand",
            one.kind,
            one.subject,
            one.name,
            None,
            _("%(what)s by %(who)s") % {"what": BY_HAND[one.kind], "who": one.by},
        )
        for one in deeds
    ]


def kept(found: Iterable[Surprise]) -> list[Surprise]:
    """In the order of the rules, those about most money first, and of each rule so many at most."""
    by_rule: dict[str, list[Surprise]] = {rule: [] for rule in RULES}
    for one in found:
        by_rule[one.rule].append(one)
    return [
        one
        for rule in RULES
        for one in sorted(
            by_rule[rule], key=lambda of: (-abs(of.amount or 0), of.name, of.subject)
        )[:SURPRISES_MAX]
    ]
