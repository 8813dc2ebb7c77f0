"""The four pricing models: an exact amount in major units for a quantity, and their JSON shape."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from math import ceil
from typing import Final, NamedTuple

from portal.billing.money import parse_decimal, parse_quantity
from portal.errors import Invalid
from portal.words import _

TIERS_MAX: Final = 100
ZERO: Final = Decimal(0)
_SMALLEST: Final = Decimal("0.000001")


@dataclass(frozen=True, slots=True)
class PerUnit:
    """`unit_price × q`."""

    unit_price: Decimal

    def __post_init__(self) -> None:
        _refuse_negative(self.unit_price)


@dataclass(frozen=True, slots=True)
class Tier:
    """One step of a tiered price: up to `up_to` inclusive; None is the last, without end."""

    up_to: Decimal | None
    unit_price: Decimal
    flat_fee: Decimal = ZERO

    def __post_init__(self) -> None:
        _refuse_negative(self.unit_price, self.flat_fee)


@dataclass(frozen=True, slots=True)
class Graduated:
    """Each tier prices its own share of q, and every tier reached adds its flat fee."""

    tiers: tuple[Tier, ...]

    def __post_init__(self) -> None:
        _check_tiers(self.tiers)


@dataclass(frozen=True, slots=True)
class Volume:
    """The tier that holds q prices all of it, plus its flat fee."""

    tiers: tuple[Tier, ...]

    def __post_init__(self) -> None:
        _check_tiers(self.tiers)


@dataclass(frozen=True, slots=True)
class Package:
    """Whole packages beyond the free: `⌈max(0, q - free_units) ÷ package_size⌉ × package_price`."""

    package_size: Decimal
    package_price: Decimal
    free_units: Decimal = ZERO

    def __post_init__(self) -> None:
        _refuse_negative(self.package_price, self.free_units)
        if self.package_size <= 0:
            raise ValueError("a package holds something")


Pricing = PerUnit | Graduated | Volume | Package


def _refuse_negative(*prices: Decimal) -> None:
    if any(price < 0 for price in prices):
        raise ValueError("a price is not negative")


def _check_tiers(tiers: tuple[Tier, ...]) -> None:
    bounds = [tier.up_to for tier in tiers]
    if not bounds or bounds[-1] is not None:
        raise ValueError("the last tier is without end")
    floor = ZERO
    for bound in bounds[:-1]:
        if bound is None or bound <= floor:
            raise ValueError("tiers ascend")
        floor = bound


class Step(NamedTuple):
    """A part of a quantity at one price, and the fee for reaching it.

    Of packages `quantity` is how many, and `unit_price` that of one.
    """

    quantity: Fraction
    unit_price: Decimal
    flat_fee: Decimal = ZERO

    @property
    def amount(self) -> Fraction:
        """`quantity × unit_price + flat_fee`, exact, in major units."""
        return Fraction(self.unit_price) * self.quantity + Fraction(self.flat_fee)


def price(pricing: Pricing, quantity: Fraction) -> Fraction:
    """The exact amount in major units for a quantity ≥ 0, before any rounding: its steps' sum.

    Source of the figures it must give: Stripe (volume, graduated) and Lago (graduated, package).
    Example: tiers 0–10 at 10 + 2, above at 5 + 3: q = 0 → 2, q = 11 → 110.
    """
    return sum((step.amount for step in price_steps(pricing, quantity)), Fraction(0))


def price_steps(pricing: Pricing, quantity: Fraction) -> tuple[Step, ...]:
    """What the price of a quantity ≥ 0 is made of, in order.

    Example: tiers 1-5 at 7, 6-10 at 6.50: graduated 6 → 5 × 7 and 1 × 6.50, volume 6 → 6 × 6.50.
    """
    if quantity < 0:
        raise ValueError("a quantity is not negative")
    match pricing:
        case PerUnit():
            return (Step(quantity, pricing.unit_price),)
        case Graduated():
            return tuple(_graduated(pricing.tiers, quantity))
        case Volume():
            tier = _reached(pricing.tiers, quantity)[-1]
            return (Step(quantity, tier.unit_price, tier.flat_fee),)
        case Package():
            beyond = max(Fraction(0), quantity - Fraction(pricing.free_units))
            packages = ceil(beyond / Fraction(pricing.package_size))
            return (Step(Fraction(packages), pricing.package_price),)


def _graduated(tiers: tuple[Tier, ...], quantity: Fraction) -> Iterator[Step]:
    floor = Fraction(0)
    for tier in tiers:
        top = quantity if tier.up_to is None else min(quantity, Fraction(tier.up_to))
        yield Step(top - floor, tier.unit_price, tier.flat_fee)
        if top == quantity:  # `up_to` is inclusive: at the bound the next tier is not reached
            break
        floor = top


def unit_price_of(pricing: Pricing, quantity: Fraction) -> Decimal | None:
    """The price of one unit where a single one makes the whole amount of `quantity`.

    So with tiers while only one price is reached and no flat fee; packages have a price a package,
    not a unit. Example: tiers 1-5 at 7, 6-10 at 6.50: 5 is 7 each, graduated 6 is no single price.
    """
    if isinstance(pricing, PerUnit):
        return pricing.unit_price
    if isinstance(pricing, Package):
        return None
    reached = _reached(pricing.tiers, quantity)
    if isinstance(pricing, Volume):
        reached = reached[-1:]
    prices = {tier.unit_price for tier in reached}
    if len(prices) > 1 or any(tier.flat_fee for tier in reached):
        return None
    return prices.pop()


def _reached(tiers: tuple[Tier, ...], quantity: Fraction) -> tuple[Tier, ...]:
    """The tiers up to the one that holds a quantity; bounds are inclusive."""
    holds = next(
        index
        for index, tier in enumerate(tiers)
        if tier.up_to is None or quantity <= Fraction(tier.up_to)
    )
    return tiers[: holds + 1]


def raised(pricing: Pricing, percent: Decimal) -> Pricing:
    """The same pricing with every amount higher by so many percent, to six decimals.

    Example: 0.50 raised by 3 is 0.515; bounds, package sizes and free units stay.
    """

    def more(amount: Decimal) -> Decimal:
        exact = (amount * (100 + percent) / 100).quantize(_SMALLEST, ROUND_HALF_UP)
        return exact.normalize() if exact else ZERO

    match pricing:
        case PerUnit():
            return PerUnit(more(pricing.unit_price))
        case Package():
            return replace(pricing, package_price=more(pricing.package_price))
        case Graduated() | Volume():
            tiers = (
                replace(one, unit_price=more(one.unit_price), flat_fee=more(one.flat_fee))
                for one in pricing.tiers
            )
            return replace(pricing, tiers=tuple(tiers))


class _Fields:
    """Parses the members of an object and collects every complaint, not only the first."""

    def __init__(self, data: Mapping[object, object], at: str, problems: dict[str, str]) -> None:
        self.data = data
        self.at = at
        self.problems = problems

    def only(self, *names: str) -> None:
        for name in self.data:
            if name not in names:
                self.problems[f"{self.at}.{str(name)[:60]}"] = _("is not a field of this pricing")

    def number(
        self,
        name: str,
        parse: Callable[[object, str], Decimal],
        default: Decimal | None = None,
    ) -> Decimal:
        """The member's value; 0 stands in for one that is wrong, since nothing is built then."""
        field = f"{self.at}.{name}"
        if name not in self.data:
            if default is None:
                self.problems[field] = _("is required")
            return default or ZERO
        try:
            return parse(self.data[name], field)
        except Invalid as wrong:
            self.problems.update(wrong.fields)
            return ZERO


_MODELS: Final = ("per_unit", "graduated", "volume", "package")


def pricing_from(data: object, field: str = "pricing") -> Pricing:
    """A pricing from its JSON shape.

    `{"model": "per_unit", "unit_price": "0.50"}` or short `{"per_unit": {"unit_price": "0.50"}}`.
    Prices are decimal strings; `up_to`, `package_size` and `free_units` integers or decimal
    strings; `flat_fee` and `free_units` may be absent (0). Raises `Invalid` with every wrong field
    by its path, "pricing.tiers[1].up_to".
    """
    if not isinstance(data, Mapping):
        raise Invalid(
            {field: _("must be an object with a model: %(names)s") % {"names": ", ".join(_MODELS)}}
        )
    if "model" not in data and len(data) == 1:
        ((name, members),) = data.items()
        if name in _MODELS:
            if not isinstance(members, Mapping):
                raise Invalid({f"{field}.{name}": _("must be an object")})
            data = {**members, "model": name}
    model = data.get("model")
    if not isinstance(model, str) or model not in _MODELS:
        raise Invalid(
            {f"{field}.model": _("must be one of %(names)s") % {"names": ", ".join(_MODELS)}}
        )
    problems: dict[str, str] = {}
    fields = _Fields(data, field, problems)
    if model == "per_unit":
        fields.only("model", "unit_price")
        unit_price = fields.number("unit_price", parse_decimal)
        _raise_any(problems)
        return PerUnit(unit_price)
    if model == "package":
        return _package_from(fields)
    fields.only("model", "tiers")
    tiers = _tiers_from(data.get("tiers"), f"{field}.tiers", problems)
    _raise_any(problems)
    return Graduated(tiers) if model == "graduated" else Volume(tiers)


def _package_from(fields: _Fields) -> Package:
    fields.only("model", "package_size", "package_price", "free_units")
    size = fields.number("package_size", parse_quantity)
    package_price = fields.number("package_price", parse_decimal)
    free = fields.number("free_units", parse_quantity, ZERO)
    if size <= 0:
        fields.problems.setdefault(f"{fields.at}.package_size", "must be above 0")
    _raise_any(fields.problems)
    return Package(size, package_price, free)


def _tiers_from(data: object, at: str, problems: dict[str, str]) -> tuple[Tier, ...]:
    if not isinstance(data, list | tuple):
        problems[at] = _("must be a list of tiers")
        return ()
    if not 1 <= len(data) <= TIERS_MAX:
        problems[at] = _("must hold 1 to %(tiers_max)s tiers") % {"tiers_max": TIERS_MAX}
        return ()
    tiers: list[Tier] = []
    floor = ZERO
    for index, member in enumerate(data):
        path = f"{at}[{index}]"
        if not isinstance(member, Mapping):
            problems[path] = _("must be an object")
            continue
        fields = _Fields(member, path, problems)
        fields.only("up_to", "unit_price", "flat_fee")
        up_to = _bound_from(fields, floor, last=index == len(data) - 1)
        floor = floor if up_to is None else up_to
        unit_price = fields.number("unit_price", parse_decimal)
        tiers.append(Tier(up_to, unit_price, fields.number("flat_fee", parse_decimal, ZERO)))
    return tuple(tiers)


def _bound_from(fields: _Fields, floor: Decimal, *, last: bool) -> Decimal | None:
    """The `up_to` of a tier: above the one before, null in the last only."""
    path = f"{fields.at}.up_to"
    if "up_to" not in fields.data:
        fields.problems[path] = _("is required")
    elif fields.data["up_to"] is None:
        if not last:
            fields.problems[path] = _("must be null in the last tier only")
    elif last:
        fields.problems[path] = _("must be null in the last tier")
    else:
        up_to = fields.number("up_to", parse_quantity)
        if up_to > floor:
            return up_to
        above = "0" if floor == 0 else f"the tier before ({floor:f})"
        fields.problems.setdefault(path, f"must be above {above}")
    return None


def _raise_any(problems: dict[str, str]) -> None:
    if problems:
        raise Invalid(problems)


def pricing_to(pricing: Pricing) -> dict[str, object]:
    """The JSON shape of a pricing, every number a string; `pricing_from` reads it back."""
    match pricing:
        case PerUnit():
            return {"model": "per_unit", "unit_price": f"{pricing.unit_price:f}"}
        case Package():
            return {
                "model": "package",
                "package_size": f"{pricing.package_size:f}",
                "package_price": f"{pricing.package_price:f}",
                "free_units": f"{pricing.free_units:f}",
            }
        case Graduated() | Volume():
            return {
                "model": "graduated" if isinstance(pricing, Graduated) else "volume",
                "tiers": [
                    {
                        "up_to": None if tier.up_to is None else f"{tier.up_to:f}",
                        "unit_price": f"{tier.unit_price:f}",
                        "flat_fee": f"{tier.flat_fee:f}",
                    }
                    for tier in pricing.tiers
                ],
            }
