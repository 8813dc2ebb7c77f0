"""Answers from rows, by name: a row's fields are typed once, and an answer has those it may show.

How a value is written, the type of the answer's field says: an `Amount` of 990 is "9.90" in EUR.

@answer_of(subscribers.Subscriber, but=("id",))
class Subscriber(Struct, frozen=True):
"A customer of a cloud."

answer(Subscriber, row)
answer(Invoice, row, period=month_key(row.month))
"""

from collections.abc import Callable
from dataclasses import fields
from datetime import date
from decimal import Decimal
from functools import lru_cache
from types import NoneType
from typing import (
    Annotated,
    Any,
    Final,
    Literal,
    TypeAlias,
    TypeVar,
    get_args,
    get_origin,
    get_type_hints,
)

import msgspec
from msgspec import Meta, Struct, UnsetType

from portal.billing.money import format_minor, plain, price_text
from portal.billing.period import Period
from portal.values import kinds
from portal.values.master.kinds import Address, Postal

Price = Annotated[str, Meta(description="In major units of the currency.", examples=["9.90"])]
Amount = Annotated[str, Meta(description="In major units of the currency.", examples=["16.48"])]
Percent = Annotated[str, Meta(examples=["22"])]
Quantity = Annotated[str, Meta(examples=["3.5"])]
MonthKey = Annotated[str, Meta(pattern="^[0-9]{4}-[0-9]{2}$", examples=["2026-10"])]
Pricing = Annotated[dict[str, Any], Meta(description="One of the four pricing models.")]

_DECIMALS: Final[dict[type[Any], Any]] = {
    kinds.Price: Price,
    kinds.Percent: Percent,
    kinds.Quantity: Quantity,
}
S = TypeVar("S", bound=Struct)
_Write: TypeAlias = Callable[[Any, str], Any]


def answer_of(row: type[Any], *, but: tuple[str, ...] = ()) -> Callable[[type[S]], type[S]]:
    """Give an answer the fields of a row (a dataclass), in its order, except `but`.

    A decimal is text, a percent, a price or a quantity as its kind says; a choice is its words, a
    tuple a list.
    """

    def fill(kind: type[S]) -> type[S]:
        hints = get_type_hints(row, include_extras=True)
        unknown = set(but) - set(hints)
        if unknown:
            raise ValueError(f"{row.__name__} has no field {', '.join(sorted(unknown))}")
        listed = [
            (item.name, _type_of(hints[item.name])) for item in fields(row) if item.name not in but
        ]
        made: Any = msgspec.defstruct(
            kind.__name__,
            listed,
            bases=(kind,),
            module=kind.__module__,
            namespace={"__doc__": kind.__doc__},
            frozen=True,
        )
        return made  # type: ignore[no-any-return] # it is a subclass of `kind`

    return fill


def answer(kind: type[S], row: object, *, currency: str | None = None, **made: Any) -> S:
    """The answer that a row makes: each field as `made` says, or as the row has it by that name.

    Amounts and prices are in `currency`, which is the row's own where none is given. Rows within
    the row become answers in the same way.
    """
    own = getattr(row, "currency", "") if currency is None else currency
    values = {
        name: write(own if name == "currency" else getattr(row, name), own)
        for name, write in _writers(kind).items()
        if name not in made
    }
    return kind(**values, **made)


@lru_cache(maxsize=256)
def _writers(kind: type[Struct]) -> dict[str, _Write]:
    """How each field of an answer is written: a value of the row and its currency make it."""
    hints = get_type_hints(kind, include_extras=True)
    return {name: _writer(hints[name]) for name in kind.__struct_fields__}


def _writer(hint: Any) -> _Write:
    # Of `Price | None` the price is left; `UnsetType` is never read from a row.
    rest = [one for one in get_args(hint) if one is not NoneType and one is not UnsetType]
    if get_origin(hint) is not Annotated and len(rest) < len(get_args(hint)) and len(rest) == 1:
        write = _writer(rest[0])
        return lambda value, currency: None if value is None else write(value, currency)
    if get_origin(hint) is list and isinstance(rest[0], type) and issubclass(rest[0], Struct):
        member = rest[0]
        return lambda value, currency: [answer(member, one, currency=currency) for one in value]
    for known, write in _WRITERS:
        if hint == known:
            return write
    return _shown


def _shown(value: Any, _currency: str = "") -> Any:
    """Decimals are text without zeros at the end, as `plain` writes them; tuples are lists.

    An address is as it was given: lines, or an object that has it by field.
    """
    if isinstance(value, Decimal):
        return plain(value)
    if isinstance(value, Postal):
        return value.parts
    return [_shown(member) for member in value] if isinstance(value, tuple) else value


def _number(value: Any, _currency: str) -> str:
    return plain(Decimal(value) if isinstance(value, int) else value)


_PRICES: Final = frozenset({"unit_price", "flat_fee", "package_price"})


def pricing(stored: dict[str, Any], currency: str) -> dict[str, Any]:
    """A pricing as stored, its prices with the currency's digits."""
    return {name: _member(name, value, currency) for name, value in stored.items()}


def _member(name: str, value: Any, currency: str) -> Any:
    if name == "tiers":
        return [pricing(tier, currency) for tier in value]
    if name == "model" or value is None:
        return value
    number = Decimal(str(value))
    return price_text(number, currency) if name in _PRICES else plain(number)


def month_key(day: date) -> str:
    """The month of a day: "2026-10"."""
    return f"{day.year:04d}-{day.month:02d}"


def _month(value: date | Period, _currency: str) -> str:
    return value.key if isinstance(value, Period) else month_key(value)


_WRITERS: Final[tuple[tuple[Any, _Write], ...]] = (
    (Amount, format_minor),
    (Price, price_text),
    (Percent, _number),
    (Quantity, _number),
    (MonthKey, _month),
    (Pricing, pricing),
)


def _type_of(hint: Any) -> Any:
    """The type of an answer's field, from that of a row's: `Annotated[Decimal, Percent()]`."""
    plain_type, kind = get_args(hint)[:2] if get_origin(hint) is Annotated else (hint, None)
    if NoneType in get_args(plain_type):
        (rest,) = (one for one in get_args(plain_type) if one is not NoneType)
        return _type_of(Annotated[rest, kind]) | None
    if isinstance(kind, kinds.Choice):
        return Literal[kind.words]
    if plain_type is Decimal:
        return _DECIMALS[type(kind)]
    if isinstance(kind, Address):
        return list[str] | dict[str, str]
    if get_origin(plain_type) is tuple:
        member: Any = _type_of(Annotated[get_args(plain_type)[0], getattr(kind, "member", None)])
        return list[member]
    return plain_type
