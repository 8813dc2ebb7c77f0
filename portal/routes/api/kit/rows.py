"""Answers from rows, by name: a row's fields are typed once, and an answer has those it may show.

@answer_of(subscribers.Subscriber, but=("id",))
class Subscriber(Struct, frozen=True):
"A customer of a cloud."

answer(Subscriber, row)
"""

from collections.abc import Callable
from dataclasses import fields
from decimal import Decimal
from types import NoneType
from typing import Annotated, Any, Final, Literal, TypeVar, get_args, get_origin, get_type_hints

import msgspec
from msgspec import Meta, Struct

from portal.billing.money import plain
from portal.values import kinds

Price = Annotated[str, Meta(description="In major units of the currency.", examples=["9.90"])]
Amount = Annotated[str, Meta(description="In major units of the currency.", examples=["16.48"])]
Percent = Annotated[str, Meta(examples=["22"])]
Quantity = Annotated[str, Meta(examples=["3.5"])]

_DECIMALS: Final[dict[type[Any], Any]] = {
    kinds.Price: Price,
    kinds.Percent: Percent,
    kinds.Quantity: Quantity,
}
S = TypeVar("S", bound=Struct)


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


def answer(kind: type[S], row: object, **made: Any) -> S:
    """The answer that a row makes: each field as `made` says, or as the row has it by that name."""
    names = kind.__struct_fields__
    return kind(
        **{name: made[name] if name in made else _shown(getattr(row, name)) for name in names}
    )


def _shown(value: Any) -> Any:
    """Decimals are text without zeros at the end, as `plain` writes them; tuples are lists."""
    if isinstance(value, Decimal):
        return plain(value)
    return [_shown(member) for member in value] if isinstance(value, tuple) else value


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
    if get_origin(plain_type) is tuple:
        member: Any = _type_of(Annotated[get_args(plain_type)[0], getattr(kind, "member", None)])
        return list[member]
    return plain_type
