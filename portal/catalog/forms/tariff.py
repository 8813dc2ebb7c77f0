"""Composing a tariff and its dated versions."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import date
from decimal import Decimal
from typing import Annotated, Final

from portal.billing.period import Period
from portal.billing.pricing import Pricing
from portal.kit.forms.form import Change, ListOf, Nested, change_of
from portal.values.kinds import Day, Flag, Month, Price, Quantity, Text, Whole, code_like
from portal.values.pricing import PricingOf

TRIAL_DAYS_MAX: Final = 3650
ITEMS_MAX: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class NewItem:
    """A service that a version includes; `overage` prices what goes beyond `quantity`."""

    service: Annotated[str, code_like("motion-day")]
    quantity: Annotated[Decimal, Quantity()]
    overage: Annotated[Pricing | None, PricingOf()] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewVersion:
    """A tariff's price and rules from `valid_from` on.

    `below_cost_reason` is why it is sold for less than it costs, where it is.
    """

    valid_from: Annotated[date, Day()]
    monthly_price: Annotated[Decimal, Price()]
    setup_fee: Annotated[Decimal, Price()] = Decimal(0)
    trial_days: Annotated[int, Whole(0, TRIAL_DAYS_MAX)] = 0
    bill_when_disabled: Annotated[bool, Flag()] = True
    items: Annotated[tuple[NewItem, ...], ListOf(Nested(NewItem), ITEMS_MAX)] = ()
    below_cost_reason: Annotated[str, Text(500, minimum=0)] = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewTariff(NewVersion):
    """A retail plan, with its first version's fields beside its own.

    `note` is for customers. Of those that are `offered`, the default is preselected.
    """

    code: Annotated[str, code_like("home-7")]
    name: Annotated[str, Text(example="Home, 7 days")]
    note: Annotated[str, Text(1000, minimum=0)] = ""
    offered: Annotated[bool, Flag()] = True
    is_default: Annotated[bool, Flag()] = False


OF_VERSION: Final = tuple(member.name for member in fields(NewVersion))
"""The fields of a version: what is dated."""


@change_of(NewTariff, but=("code", *OF_VERSION))
class TariffChange(Change):
    """What is to be different about a tariff. Its code is for ever, its prices are versions."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TriedVersion(NewVersion):
    """A version that is only tried: from when it would be valid does not matter."""

    valid_from: Annotated[date, Day()] = date.min


@dataclass(frozen=True, slots=True, kw_only=True)
class Costing:
    """A version whose cost and margin are asked for."""

    version: Annotated[TriedVersion, Nested(TriedVersion)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """A closed month, and the version that might have been in it."""

    period: Annotated[Period, Month()]
    version: Annotated[TriedVersion, Nested(TriedVersion)]
