"""A reason as a formula for programs: exact operands, a decimal point, ending in ` = amount`.

Read with `×` and `÷` from left to right and rounded once, a formula makes its amount; a part of a
pool is within one minor unit of it. What screens say of the same reason is in `routes.reasons`.
"""

from __future__ import annotations

from fractions import Fraction

from portal.billing.measure import Measure, Service
from portal.billing.money import exact_text, format_minor, plain, price_text
from portal.billing.pricing import Package
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

__all__ = ["earned_text", "formula_text"]


def formula_text(reason: Explanation, amount: int, currency: str) -> str:
    """Why a charge is `amount` minor units.

    Examples: `9.90 × 16 ÷ 31 = 5.11`, `112 ÷ 31 × 0.50 = 1.81`, a correction `5.11 − 4.79 = 0.32`.
    """
    return f"{_operands(reason, amount, currency)} = {format_minor(amount, currency)}"


def earned_text(reason: Earned, amount: int, currency: str) -> str:
    """Why a commission is `amount` minor units: `13.51 × 15 ÷ 100 = 2.03`.

    Of a payment or a credit note, all that is earned by then less what was earned before, in two
    steps: `100.00 × 7 ÷ 100 × 79.34 ÷ 119.00 = 4.67; 4.67 − 2.33 = 2.34`.
    """
    text = f"{format_minor(reason.base, currency)} × {plain(reason.percent)} ÷ 100"
    if reason.paid is not None and reason.total is not None:
        text += f" × {format_minor(reason.paid, currency)} ÷ {format_minor(reason.total, currency)}"
    if not reason.before:
        return f"{text} = {format_minor(amount, currency)}"
    by_then = format_minor(reason.before + amount, currency)
    before = format_minor(reason.before, currency)
    return f"{text} = {by_then}; {by_then} − {before} = {format_minor(amount, currency)}"


def _operands(reason: Explanation, amount: int, currency: str) -> str:
    match reason:
        case Prorated():
            return f"{price_text(reason.price, currency)} × {reason.days} ÷ {reason.of}"
        case Once():
            return f"{price_text(reason.price, currency)} × 1"
        case Corrected():
            recomputed, billed = (
                format_minor(one, currency) for one in (reason.recomputed, reason.billed)
            )
            return f"{recomputed} − {billed}"
        case _:
            return _of_usage(reason, amount, currency)


def _of_usage(reason: OfUsage, amount: int, currency: str) -> str:
    match reason:
        case Measured():
            quantity = _measured(reason.service, reason.base, reason.of)
            return f"{quantity} × {price_text(reason.unit_price, currency)}"
        case Beyond():
            return _steps(reason, currency)
        case Pooled():
            return f"{format_minor(reason.cost, currency)} × {_share(reason)}"
        case AsCharged():
            return format_minor(amount, currency)


def _steps(reason: Beyond, currency: str) -> str:
    """The steps of a price: `5 × 7.00 + (200 ÷ 31 − 5) × 6.50`."""
    quantity = _beyond(reason)
    parts = []
    floor = Fraction(0)
    for step in reason.steps:
        counted = exact_text(step.quantity)
        if len(reason.steps) == 1 and not isinstance(reason.pricing, Package):
            counted = quantity
        elif counted is None:
            counted = f"({quantity} − {exact_text(floor)})"
        floor += step.quantity
        parts.append(f"{counted} × {price_text(step.unit_price, currency)}")
        if step.flat_fee:
            parts.append(price_text(step.flat_fee, currency))
    return " + ".join(parts)


def _beyond(reason: Beyond) -> str:
    service = reason.service
    if service.measure is Measure.UNIT_MONTH:
        above = reason.quantity * reason.of
        return f"{_ratio(above.numerator, above.denominator)} ÷ {reason.of}"
    if reason.used is None:
        return _ratio(reason.quantity.numerator, reason.quantity.denominator)
    used = _ratio(reason.used, service.unit_size)
    included = plain(reason.included)
    if service.measure is Measure.TOTAL and reason.days < reason.of:
        included += f" × {reason.days} ÷ {reason.of}"
    return f"({used} − {included})"


def _measured(service: Service, base: int, of: int) -> str:
    units = _ratio(base, service.unit_size)
    return f"{units} ÷ {of}" if service.measure is Measure.UNIT_MONTH else units


def _share(reason: Pooled) -> str:
    size = reason.service.unit_size
    units = [exact_text(Fraction(one, size)) for one in (reason.base, reason.total)]
    base, total = units if None not in units else (str(reason.base), str(reason.total))
    return f"{base} ÷ {total}"


def _ratio(above: int, below: int) -> str:
    """A number where decimals make it, else a division: "2" of 7 200 s, "100 ÷ 3600" of 100."""
    return exact_text(Fraction(above, below)) or f"{above} ÷ {below}"
