"""What many waiting organizations and presets are made into, a row each."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Final

from portal.kit.forms.form import ListOf, Nested
from portal.values.kinds import WHOLE_MAX, Email, Flag, Price, Text, Whole
from portal.values.numbers import NUMBER
from portal.watcher.forms.connection import MATCHES_MAX, NewMapping

ROWS_MAX: Final = 50
"""Of one submit of a page."""
SENT_MAX: Final = 200
"""Of one request."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewSubscriberOf:
    """A subscriber made from an organization of a connection, and mapped to it."""

    connection: Annotated[int | None, NUMBER] = None
    organization: Annotated[int, Whole(0, WHOLE_MAX)]
    name: Annotated[str, Text()]
    email: Annotated[str, Email(optional=True)] = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TickedSubscriberOf(NewSubscriberOf):
    """A row of the page, with its box."""

    taken: Annotated[bool, Flag()] = False


TICKED_SUBSCRIBERS: Final = ListOf(Nested(TickedSubscriberOf), ROWS_MAX)


@dataclass(frozen=True, slots=True, kw_only=True)
class TickedSubscribersOf:
    """Rows that are `taken` become subscribers; the others wait on."""

    rows: Annotated[
        tuple[TickedSubscriberOf, ...], ListOf(Nested(TickedSubscriberOf), ROWS_MAX)
    ] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class NewSubscribersOf:
    """Organizations that become subscribers."""

    rows: Annotated[tuple[NewSubscriberOf, ...], ListOf(Nested(NewSubscriberOf), SENT_MAX)]


@dataclass(frozen=True, slots=True, kw_only=True)
class NewTariffOf:
    """A tariff made from a preset of a connection, at a price, and mapped to it."""

    connection: Annotated[int | None, NUMBER] = None
    preset: Annotated[int, Whole(0, WHOLE_MAX)]
    name: Annotated[str, Text()]
    price: Annotated[Decimal, Price()]


@dataclass(frozen=True, slots=True, kw_only=True)
class TickedTariffOf(NewTariffOf):
    """A row of the page, with its box."""

    taken: Annotated[bool, Flag()] = False


@dataclass(frozen=True, slots=True, kw_only=True)
class TickedTariffsOf:
    """Rows that are `taken` become tariffs; the others wait on."""

    rows: Annotated[tuple[TickedTariffOf, ...], ListOf(Nested(TickedTariffOf), ROWS_MAX)] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class NewTariffsOf:
    """Presets that become tariffs."""

    rows: Annotated[tuple[NewTariffOf, ...], ListOf(Nested(NewTariffOf), SENT_MAX)]


@dataclass(frozen=True, slots=True, kw_only=True)
class ByName:
    """Mappings that were listed as called the same; without them all that are, as it is now."""

    mappings: Annotated[tuple[NewMapping, ...] | None, ListOf(Nested(NewMapping), MATCHES_MAX)] = (
        None
    )
