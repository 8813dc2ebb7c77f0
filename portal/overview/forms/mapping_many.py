"""What many waiting organizations and presets are made into, a row each."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Final

from portal.kit.forms.form import ListOf, Nested
from portal.values.kinds import WHOLE_MAX, Email, Flag, Price, Text, Whole
from portal.values.numbers import NUMBER

ROWS_MAX: Final = 50
"""Of one submit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewSubscriberOf:
    """A subscriber made from an organization of a connection, and mapped to it."""

    connection: Annotated[int | None, NUMBER] = None
    organization: Annotated[int, Whole(0, WHOLE_MAX)]
    taken: Annotated[bool, Flag()] = False
    name: Annotated[str, Text()]
    email: Annotated[str, Email(optional=True)] = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewSubscribersOf:
    """Rows that are `taken` become subscribers; the others wait on."""

    rows: Annotated[tuple[NewSubscriberOf, ...], ListOf(Nested(NewSubscriberOf), ROWS_MAX)] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class NewTariffOf:
    """A tariff made from a preset of a connection, at a price, and mapped to it."""

    connection: Annotated[int | None, NUMBER] = None
    preset: Annotated[int, Whole(0, WHOLE_MAX)]
    taken: Annotated[bool, Flag()] = False
    name: Annotated[str, Text()]
    price: Annotated[Decimal, Price()]


@dataclass(frozen=True, slots=True, kw_only=True)
class NewTariffsOf:
    """Rows that are `taken` become tariffs; the others wait on."""

    rows: Annotated[tuple[NewTariffOf, ...], ListOf(Nested(NewTariffOf), ROWS_MAX)] = ()
