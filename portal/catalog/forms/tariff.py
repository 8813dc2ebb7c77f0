"""Composing a tariff and its dated versions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Annotated, Final

from portal.billing.pricing import Pricing
from portal.kit.forms.form import ListOf, Nested
from portal.values.kinds import Day, Flag, Price, Quantity, Text, Whole, code_like
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
    """A tariff's price and rules from `valid_from` on."""

    valid_from: Annotated[date, Day()]
    monthly_price: Annotated[Decimal, Price()]
    setup_fee: Annotated[Decimal, Price()] = Decimal(0)
    trial_days: Annotated[int, Whole(0, TRIAL_DAYS_MAX)] = 0
    bill_when_disabled: Annotated[bool, Flag()] = True
    items: Annotated[tuple[NewItem, ...], ListOf(Nested(NewItem), ITEMS_MAX)] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class NewTariff(NewVersion):
    """A retail plan, with its first version's fields beside its code and name."""

    code: Annotated[str, code_like("home-7")]
    name: Annotated[str, Text(example="Home, 7 days")]
