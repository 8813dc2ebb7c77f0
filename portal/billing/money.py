"""Money: currencies, the one rounding, splits that sum to the whole.

Amounts are whole numbers of the currency's minor unit: EUR 12.34 is 1234, JPY 105 is 105, KWD 1.500
is 1500. Exact amounts on the way there are `Fraction`s; prices are `Decimal`s of at most 6 places.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from math import lcm
from types import MappingProxyType
from typing import Final

from portal.errors import Invalid
from portal.words import _

# ISO 4217 as of amendment 180 (BGN and ANG gone, XCG and XAD come), by number of minor digits.
# Codes without a minor unit (gold, testing, drawing rights) cannot be invoiced in: left out.
_TWO_DIGITS: Final = """
    AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD CDF
    CHE CHF CHW CNY COP COU CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD
    GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL
    MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR
    PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP
    TRY TTD TWD TZS UAH USD USN UYU UZS VED VES WST XAD XCD XCG YER ZAR ZMW ZWG
"""
_NO_DIGITS: Final = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF"
_THREE_DIGITS: Final = "BHD IQD JOD KWD LYD OMR TND"
_FOUR_DIGITS: Final = "CLF UYW"

CURRENCIES: Final[Mapping[str, int]] = MappingProxyType(
    {
        code: minor
        for minor, codes in (
            (0, _NO_DIGITS),
            (2, _TWO_DIGITS),
            (3, _THREE_DIGITS),
            (4, _FOUR_DIGITS),
        )
        for code in codes.split()
    }
)
"""Every active ISO 4217 code → number of its minor digits."""

PRICE_MAX: Final = Decimal(10) ** 12
"""No price is higher: whatever it is multiplied by, a mistake is likelier than such a price."""
QUANTITY_MAX: Final = Decimal(10) ** 18

# ASCII only: `\d` would take Arabic-Indic digits. The length is bounded before any conversion.
TEXT_MAX: Final = 50
_DECIMAL: Final = re.compile(r"(-?)([0-9]{1,24})(?:\.([0-9]{1,24}))?", re.ASCII)


def digits(currency: str) -> int:
    """Minor digits of an ISO 4217 code. Raises `Invalid` for any other text."""
    try:
        return CURRENCIES[currency]
    except (KeyError, TypeError):
        raise Invalid({"currency": _("is not an active ISO 4217 currency code")}) from None


def round_half_away(amount: Fraction | int, over: int = 1) -> int:
    """The only rounding: `amount ÷ over` to the nearest integer, a half away from zero.

    `over` is positive; passing it apart from `amount` saves the making of a fraction.
    Example: 5/2 → 3, -5/2 → -3.
    """
    numerator, denominator = amount.numerator, amount.denominator * over
    if numerator < 0:
        return -((denominator - 2 * numerator) // (2 * denominator))
    return (2 * numerator + denominator) // (2 * denominator)


def to_minor(amount: Fraction, currency: str) -> int:
    """An exact amount in major units (EUR) as whole minor units (cents), rounded once."""
    return round_half_away(amount * 10 ** digits(currency))


def percent_of(minor: int, percent: Decimal) -> int:
    """`percent` of an amount in minor units, rounded once. Example: 12345 at 7.25 → 895."""
    numerator, denominator = percent.as_integer_ratio()
    return round_half_away(minor * numerator, 100 * denominator)


def format_minor(minor: int, currency: str) -> str:
    """Minor units as a plain decimal string: "12.34", "-0.05", JPY "105"."""
    return point(minor, digits(currency))


def parse_minor(text: object, currency: str, field: str = "amount") -> int:
    """A decimal string ("12.34", "-5") as minor units. Raises `Invalid({field: …})`.

    Refused: anything but a string, exponents, more decimal places than the currency has.
    """
    places = digits(currency)
    return int(parse_decimal(text, field, places=places, minimum=-PRICE_MAX).scaleb(places))


def parse_decimal(
    value: object,
    field: str,
    *,
    places: int = 6,
    minimum: Decimal | None = Decimal(0),
    maximum: Decimal | None = PRICE_MAX,
) -> Decimal:
    """A price or percent from outside: a string like "12.34" with at most `places` decimal places.

    Raises `Invalid({field: message})` for floats, ints, exponents, signs other than a leading "-",
    spaces, underscores, digits that are not ASCII, and values outside `minimum`…`maximum`.
    """
    if not isinstance(value, str):
        raise Invalid({field: _('must be a string like "12.34"')})
    match = _DECIMAL.fullmatch(value) if len(value) <= TEXT_MAX else None
    if match is None:
        raise Invalid({field: _('must be a decimal number like "12.34"')})
    sign, whole, part = match[1], match[2], match[3] or ""
    if len(part) > places:
        raise Invalid({field: _too_precise(places)})
    number = Decimal(f"{whole}.{part}" if part else whole)
    if sign and number:  # "-0" is 0, not a negative zero that would print as "-0"
        number = number.copy_negate()  # exact: a plain minus rounds to 28 digits
    _check_range(number, field, minimum, maximum)
    return number


def parse_quantity(
    value: object,
    field: str,
    *,
    places: int = 6,
    minimum: Decimal | None = Decimal(0),
    maximum: Decimal | None = QUANTITY_MAX,
) -> Decimal:
    """A quantity, tier bound or size from outside: an integer or a decimal string.

    Raises `Invalid({field: message})` as `parse_decimal` does, also for booleans.
    """
    if isinstance(value, int) and not isinstance(value, bool):
        if abs(value) > 10**24:  # bounded before the text of an endless integer is made
            raise Invalid({field: _("is too large")})
        number = Decimal(value)
        _check_range(number, field, minimum, maximum)
        return number
    if not isinstance(value, str):
        raise Invalid({field: _('must be an integer or a decimal string like "12.5"')})
    return parse_decimal(value, field, places=places, minimum=minimum, maximum=maximum)


def _check_range(
    number: Decimal, field: str, minimum: Decimal | None, maximum: Decimal | None
) -> None:
    if minimum is not None and number < minimum:
        raise Invalid({field: _("must be at least %(minimum)s") % {"minimum": minimum}})
    if maximum is not None and number > maximum:
        raise Invalid({field: _("must be at most %(maximum)s") % {"maximum": f"{maximum:f}"}})


def _too_precise(places: int) -> str:
    if places == 0:
        return _("must have no decimal places")
    return _("must have at most %(places)s decimal places") % {"places": places}


def rounded(number: Fraction, places: int = 6) -> Decimal:
    """An exact quantity as it is shown, rounded once: 112/31 is 3.612903."""
    return Decimal(point(_scaled(number, places), places))


def _scaled(number: Decimal | Fraction, places: int) -> int:
    numerator, denominator = number.as_integer_ratio()
    return round_half_away(numerator * 10**places, denominator)


def plain(number: Decimal | Fraction, places: int = 6) -> str:
    """A number for people: at most `places` decimals, trailing zeros trimmed, never an exponent.

    Example: Fraction(16, 31) → "0.516129", Decimal("3.50") → "3.5", Decimal("1E+3") → "1000".
    """
    text = point(_scaled(number, places), places)
    return text.rstrip("0").rstrip(".") if places else text


def price_text(price: Decimal, currency: str) -> str:
    """A price with at least the currency's digits: "9.90" in EUR, "990" in JPY, "0.0025"."""
    whole, _dot, part = plain(price).partition(".")
    part = part.ljust(digits(currency), "0")
    return f"{whole}.{part}" if part else whole


def exact_text(number: Fraction) -> str | None:
    """A number as it is, unrounded: "112.5"; None for one whose decimals do not end, as 1/3."""
    below = number.denominator
    places = 0
    for factor in (2, 5):
        count = 0
        while below % factor == 0:
            below //= factor
            count += 1
        places = max(places, count)
    return plain(number, places) if below == 1 else None


def point(scaled: int, places: int) -> str:
    """An integer with its decimal point put in: (-5, 2) → "-0.05"."""
    if places == 0:
        return str(scaled)
    sign = "-" if scaled < 0 else ""
    whole, part = divmod(abs(scaled), 10**places)
    return f"{sign}{whole}.{part:0{places}d}"


def allocate(
    total: int,
    weights: Sequence[Fraction | int],
    keys: Sequence[str] | Sequence[int] | None = None,
) -> list[int]:
    """Split `total` minor units in proportion to `weights` by largest remainder, losing none.

    Works on the absolute value: each part gets the floor of its exact share, and what is left
    goes, one unit each, to the largest remainders; of equal ones to the lower key (code-point
    order for strings), without keys to the earlier position. Weights may be negative (the lines of
    a document with corrections), their sum may not be 0 unless `total` is: `ValueError`.

    Example: 100 by 1, 1, 1 → 34, 33, 33.
    """
    if keys is not None and len(keys) != len(weights):
        raise ValueError("one key for each weight")
    if total == 0:
        return [0] * len(weights)
    whole = _integers(weights)
    over = sum(whole)
    if over == 0:
        raise ValueError("an amount cannot be split by weights that sum to 0")
    if over < 0:
        over, whole = -over, [-weight for weight in whole]
    size = abs(total)
    parts: list[int] = []
    remainders: list[int] = []
    for weight in whole:
        part, remainder = divmod(size * weight, over)
        parts.append(part)
        remainders.append(remainder)
    left = size - sum(parts)
    if left:
        # A part without a remainder never gets a unit: fewer units are left than remainders exist.
        order: Iterable[int] = range(len(whole))
        if keys is not None:
            order = sorted(order, key=keys.__getitem__)
        for index in sorted(order, key=remainders.__getitem__, reverse=True)[:left]:
            parts[index] += 1
    return parts if total > 0 else [-part for part in parts]


def _integers(weights: Sequence[Fraction | int]) -> list[int]:
    """The same proportions in whole numbers."""
    common = lcm(*(weight.denominator for weight in weights))
    if common == 1:
        return [weight.numerator for weight in weights]
    return [weight.numerator * (common // weight.denominator) for weight in weights]


@dataclass(frozen=True, slots=True)
class Spread:
    """`allocate` over very many, one by one: `total` minor units by weights that sum to `over`.

    It is enough to know what the weights sum to, and who is the last to get a unit more: both are
    found in one pass, then each part is worked out by itself, in any order.

    `last` is the remainder and the key of the last part that gets a unit more than the floor of its
    share; None where none does. Of equal remainders the lower key, in code-point order, is first.
    Keys differ from each other. Weights may be negative, their sum is 0 only if `total` is.
    """

    total: int
    over: int
    last: tuple[int, str] | None = None

    @classmethod
    def of(cls, total: int, weights: Mapping[str, int]) -> Spread:
        """The split of an amount over weights by key: what a database finds of very many."""
        plain = cls(total, sum(weights.values()))
        if not total:
            return plain
        shares = {key: plain.share(weight) for key, weight in weights.items()}
        left = abs(total) - sum(part for part, _remainder in shares.values())
        if not left:
            return plain
        order = sorted((-remainder, key) for key, (_part, remainder) in shares.items())
        remainder, key = order[left - 1]
        return cls(total, plain.over, (-remainder, key))

    def share(self, weight: int) -> tuple[int, int]:
        """The floor of a weight's share of the absolute amount, and what remains above it.

        Raises `ValueError` where the weights sum to 0.
        """
        if not self.over:
            raise ValueError("an amount cannot be split by weights that sum to 0")
        sign = 1 if self.over > 0 else -1
        return divmod(abs(self.total) * weight * sign, self.over * sign)

    def part(self, weight: int, key: str) -> int:
        """What one of them gets, in minor units.

        Example: 100 over weights of 1, 1, 1 called a, b, c → 34, 33, 33: `last` is (1, "a").
        """
        if not self.total:
            return 0
        part, remainder = self.share(weight)
        if self.last is not None and (-remainder, key) <= (-self.last[0], self.last[1]):
            part += 1
        return part if self.total > 0 else -part


@dataclass(frozen=True, slots=True)
class Money:
    """An amount with its currency. Refuses floats, booleans, and sums of two currencies."""

    minor: int
    currency: str

    def __post_init__(self) -> None:
        if type(self.minor) is not int:
            raise TypeError("money is a whole number of minor units")
        digits(self.currency)

    def _same(self, other: Money) -> int:
        if not isinstance(other, Money):
            raise TypeError("money is added to money only")
        if other.currency != self.currency:
            raise ValueError(f"{self.currency} and {other.currency} do not add up")
        return other.minor

    def __add__(self, other: Money) -> Money:
        return Money(self.minor + self._same(other), self.currency)

    def __sub__(self, other: Money) -> Money:
        return Money(self.minor - self._same(other), self.currency)

    def __neg__(self) -> Money:
        return Money(-self.minor, self.currency)

    def __str__(self) -> str:
        return f"{format_minor(self.minor, self.currency)} {self.currency}"
