"""Why an amount is what it is, for people: by locale, with units. For programs: `billing.why`."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Final

from babel.numbers import format_decimal

from portal.billing.measure import Measure
from portal.billing.money import rounded
from portal.billing.pricing import Package, PerUnit, Pricing, Volume
from portal.billing.why.explanation import (
    AsCharged,
    Beyond,
    Corrected,
    Earned,
    Explanation,
    Measured,
    OfUsage,
    Once,
    Pooled,
    Prorated,
)
from portal.books.queries.why import ChargeReason
from portal.routes import format as written
from portal.values import amounts, dates
from portal.values.locales import SIGNS, of_stored
from portal.words import _, joined, ngettext

PLACES: Final = 2
"""Decimals of a quantity on a screen."""


class _Writer:
    """Writes figures of one currency and service for one reader."""

    def __init__(self, row: ChargeReason, locale: str) -> None:
        self.row, self.locale = row, locale

    def money(self, minor: int) -> str:
        return amounts.money(minor, self.row.currency, self.locale)

    def price(self, value: Decimal) -> str:
        return amounts.price(value, self.row.currency, self.locale)

    def number(self, value: Fraction | int, *, fixed: bool = False) -> str:
        """A whole number as it is, another with two decimals."""
        exact = Fraction(value)
        form = "#,##0.00" if fixed or exact.denominator > 1 else "#,##0"
        text: str = format_decimal(
            rounded(exact, PLACES), format=form, locale=of_stored(self.locale)
        )
        return text.translate(SIGNS)

    def counted(self, value: Fraction, *, fixed: bool = True) -> str:
        """A quantity with its unit: "3.61 days", "1.00 day"."""
        unit = self.row.unit if value == 1 else self.row.unit_plural
        return f"{self.number(value, fixed=fixed)}\u00a0{unit}".rstrip()


def said(row: ChargeReason, locale: str) -> str:
    """Why a charge is what it is: "9,90 € × 16 of 31 days = 5,11 €".

    Where nothing explains it, that it differs; the page says in red what to do about that.
    """
    if row.explanation is None:
        return _("nothing that is stored explains this amount")
    return _said(row.explanation, row.explained, _Writer(row, locale))


def said_of_commission(reason: Earned, amount: int, currency: str, locale: str) -> str:
    """Why a commission is what it is: "15% of €13.51 = €2.03"."""
    money = {
        name: amounts.money(minor, currency, locale)
        for name, minor in (
            ("base", reason.base),
            ("amount", amount),
            ("by_then", reason.before + amount),
            ("before", reason.before),
            ("paid", reason.paid or 0),
            ("total", reason.total or 0),
        )
    }
    facts = {**money, "percent": written.percent(reason.percent, locale)}
    if reason.paid is None:
        text = _("%(percent)s of %(base)s") % facts
    else:
        text = _("%(percent)s of %(base)s, of which %(paid)s of %(total)s are paid") % facts
    if not reason.before:
        return joined((text, _("= %(amount)s") % facts))
    end = _("= %(by_then)s, less %(before)s earned before = %(amount)s") % facts
    return joined((text, end))


def _said(reason: Explanation, amount: int, write: _Writer) -> str:
    facts = {"amount": write.money(amount)}
    match reason:
        case Prorated():
            facts |= {"price": write.price(reason.price), "days": str(reason.days)}
            text = ngettext(
                "%(price)s × %(days)s of %(of)s day = %(amount)s",
                "%(price)s × %(days)s of %(of)s days = %(amount)s",
                reason.of,
            )
            return text % {**facts, "of": reason.of}
        case Once():
            return _("%(amount)s once, on %(day)s") % {**facts, "day": dates.day(reason.on)}
        case Corrected():
            facts |= {
                "month": dates.month(reason.month),
                "recomputed": write.money(reason.recomputed),
                "billed": write.money(reason.billed),
            }
            return _("%(month)s recomputed %(recomputed)s − billed %(billed)s = %(amount)s") % facts
        case _:
            return _of_usage(reason, facts, write)


def _of_usage(reason: OfUsage, facts: dict[str, str], write: _Writer) -> str:
    match reason:
        case Measured():
            facts |= {"price": write.price(reason.unit_price), "quantity": _measured(reason, write)}
            return _("%(quantity)s × %(price)s = %(amount)s") % facts
        case Beyond():
            facts["quantity"] = _beyond(reason, write)
            facts["priced"] = _priced(reason, write)
            return _("%(quantity)s %(priced)s = %(amount)s") % facts
        case Pooled():
            facts |= {
                "part": write.number(reason.quantity, fixed=True),
                "pool": write.counted(reason.pool),
                "cost": write.money(reason.cost),
                "how": _model(reason.pricing),
            }
            return (
                _("%(part)s of %(pool)s; the pool costs %(cost)s %(how)s; share %(amount)s") % facts
            )
        case AsCharged():
            facts["quantity"] = write.counted(reason.quantity)
            return (
                _("%(quantity)s; share of a pool whose usage has changed since: %(amount)s") % facts
            )


def _measured(reason: Measured, write: _Writer) -> str:
    service = reason.service
    quantity = write.counted(reason.quantity)
    if service.measure is Measure.UNIT_MONTH:
        facts = {
            "sum": write.number(service.units(reason.base)),
            "days": str(reason.of),
            "quantity": quantity,
        }
        return _("%(sum)s camera-days ÷ %(days)s = %(quantity)s") % facts
    if service.measure is Measure.PEAK:
        return _("highest day: %(quantity)s") % {"quantity": quantity}
    return quantity


def _beyond(reason: Beyond, write: _Writer) -> str:
    service = reason.service
    facts = {
        "included": write.counted(Fraction(reason.included), fixed=False),
        "quantity": write.counted(reason.quantity),
        "of": str(reason.of),
    }
    if service.measure is Measure.UNIT_MONTH:
        facts["sum"] = write.number(reason.quantity * reason.of)
        return _("(Σ above %(included)s: %(sum)s) ÷ %(of)s = %(quantity)s") % facts
    if reason.used is None:
        return _("%(quantity)s above what is included") % facts
    facts |= {"used": write.number(service.units(reason.used)), "days": str(reason.days)}
    if service.measure is Measure.PEAK:
        return _("highest day %(used)s − %(included)s = %(quantity)s") % facts
    if reason.days < reason.of:
        return _("%(used)s − %(included)s × %(days)s ÷ %(of)s = %(quantity)s") % facts
    return _("%(used)s − %(included)s = %(quantity)s") % facts


def _priced(reason: Beyond, write: _Writer) -> str:
    """The price of a quantity: "× 0.80", or its steps one by one."""
    if isinstance(reason.pricing, PerUnit):
        return f"× {write.price(reason.pricing.unit_price)}"
    if isinstance(reason.pricing, Package):
        (step,) = reason.steps
        facts = {"count": write.number(step.quantity), "price": write.price(step.unit_price)}
        return _("in packages: %(count)s × %(price)s") % facts
    parts = []
    for step in reason.steps:
        parts.append(f"{write.number(step.quantity)} × {write.price(step.unit_price)}")
        if step.flat_fee:
            parts.append(write.price(step.flat_fee))
    return _("in tiers: %(steps)s") % {"steps": " + ".join(parts)}


def _model(pricing: Pricing) -> str:
    if isinstance(pricing, Package):
        return _("in packages")
    return _("by volume") if isinstance(pricing, Volume) else _("in tiers")
