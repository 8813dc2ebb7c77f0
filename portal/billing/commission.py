"""Commissions: what the referrals of a subscriber earn on its documents, and give back.

The base is the document's taxable amount, in minor units. Terms are fixed when a document is
issued: who is on which level, at which percent, on which basis.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from portal.billing.money import percent_of, round_half_away
from portal.billing.why.explanation import Earned


class Basis(StrEnum):
    """When a referral earns: as the document is issued, or as it is paid."""

    INVOICED = "invoiced"
    COLLECTED = "collected"


@dataclass(frozen=True, slots=True)
class Referral:
    """An agent with its own percent (for level 1), its basis (for every level) and its sponsor."""

    id: int
    percent: Decimal
    basis: Basis
    sponsor: int | None


@dataclass(frozen=True, slots=True)
class Term:
    """What one referral earns on one document: a percent on a level, on its own basis."""

    referral: int
    level: int
    percent: Decimal
    basis: Basis


@dataclass(frozen=True, slots=True)
class Commission:
    """An amount earned, or below 0 given back, on a base, both in minor units; never 0."""

    referral: int
    level: int
    basis: Basis
    base: int
    percent: Decimal
    amount: int


def chain(referral: int, sponsors: Mapping[int, int | None], levels: int) -> list[int]:
    """A referral, its sponsor, and so on: at most `levels` of them, each once.

    Example: Rex, sponsored by Tom, sponsored by Una: [Rex, Tom, Una]. A circle ends where it began.
    """
    found: list[int] = []
    at: int | None = referral
    while at is not None and at not in found and len(found) < levels:
        found.append(at)
        at = sponsors.get(at)
    return found


def makes_circle(referral: int, sponsor: int, sponsors: Mapping[int, int | None]) -> bool:
    """Whether a referral would be its own sponsor, directly or through others.

    `sponsors` has at least those above `sponsor`: Rex, sponsored by Tom, cannot sponsor Tom.
    """
    return referral in chain(sponsor, sponsors, len(sponsors) + 1)


def terms(
    referral: int, referrals: Mapping[int, Referral], level_percents: Sequence[Decimal]
) -> list[Term]:
    """The terms of a document whose subscriber `referral` referred.

    Level 1 is that referral at its own percent, level k its (k-1)-th sponsor at
    `level_percents[k-2]`. A percent of 0 earns nothing, while the levels above it go on.
    """
    sponsors = {one.id: one.sponsor for one in referrals.values()}
    found = chain(referral, sponsors, 1 + len(level_percents))
    percents = [referrals[referral].percent, *level_percents]
    return [
        Term(one, level, percent, referrals[one].basis)
        for level, (one, percent) in enumerate(zip(found, percents, strict=False), start=1)
        if percent
    ]


def earned(base: int, percent: Decimal) -> int:
    """What a base earns: `round(base × percent)`; 13.51 at 15 % → 2.03."""
    return percent_of(base, percent)


def on_issue(taxable: int, agreed: Sequence[Term]) -> list[Commission]:
    """What issuing a document earns: terms on the `invoiced` basis.

    A negative document (a period that became a credit note) has no payment to wait for: it counts
    at once for every basis.
    """
    return [
        Commission(term.referral, term.level, term.basis, taxable, term.percent, amount)
        for term in agreed
        if taxable < 0 or term.basis is Basis.INVOICED
        if (amount := earned(taxable, term.percent))
    ]


@dataclass(frozen=True, slots=True)
class Sold:
    """An issued invoice as far as commission needs; `credited` parts and `paid` are positive."""

    taxable: int
    total: int
    credited_taxable: int = 0
    credited_total: int = 0
    paid: int = 0


def collected(taxable: int, total: int, percent: Decimal, paid_so_far: int) -> int:
    """The running sum of a commission as paid: `round(taxable × percent × paid ÷ total)`.

    `paid_so_far` is all that was paid, counted up to what is left of the total. Each payment earns
    the difference to what was earned before.

    Example: net 100.00, total 119.00 at 7 %; paid 39.67, 79.34, 119.00 → 2.33, 4.67, 7.00.
    """
    if total <= 0:
        return 0
    numerator, denominator = percent.as_integer_ratio()
    return round_half_away(taxable * numerator * paid_so_far, 100 * denominator * total)


def earned_so_far(sold: Sold, term: Term) -> int:
    """All that a document has earned under a term as it stands now, credit notes taken off.

    Invoiced: on the taxable amount that is left. Collected: on what was paid, up to what is left of
    the total.
    """
    reason = explain(sold, term)
    if reason.paid is None:
        return earned(reason.base, reason.percent)
    return collected(reason.base, sold.total, reason.percent, reason.paid)


def explain(sold: Sold, term: Term, before: int = 0) -> Earned:
    """Why a document has earned what it has under a term; `before` was earned on it earlier."""
    if term.basis is Basis.INVOICED:
        left = sold.taxable - sold.credited_taxable
        return Earned(left, term.percent, before=before)
    counted = min(sold.paid, sold.total - sold.credited_total)
    return Earned(sold.taxable, term.percent, counted, sold.total, before)


def change(sold: Sold, term: Term, before: int, base: int) -> Commission | None:
    """What an event on an issued invoice (a payment, a credit note) earns or claws back.

    `sold` is the invoice after it, `before` the sum of all earlier commissions of the same
    document, referral and level, `base` the taxable part of the event itself, for the record
    (negative for a credit note). None when nothing changes. So the rows of a document always sum to
    what is earned on what is left of it, never below 0.
    """
    amount = earned_so_far(sold, term) - before
    if not amount:
        return None
    return Commission(term.referral, term.level, term.basis, base, term.percent, amount)
