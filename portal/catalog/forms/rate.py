"""Setting a cloud's wholesale price of a service from a day on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Annotated, Final

from portal.billing.pricing import Pricing
from portal.kit.forms.form import ListOf, Nested
from portal.values.kinds import Day, code_like
from portal.values.pricing import PricingOf

PRICES_MAX: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class ServicePrice:
    """A service and its price."""

    service: Annotated[str, code_like("motion-day")]
    pricing: Annotated[Pricing, PricingOf()]


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPrices:
    """What a cloud pays for several services from one day on."""

    valid_from: Annotated[date, Day()]
    prices: Annotated[tuple[ServicePrice, ...], ListOf(Nested(ServicePrice), PRICES_MAX)] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TriedPrices:
    """Prices that are only tried: a closed month is charged by them, and nothing is stored."""

    prices: Annotated[tuple[ServicePrice, ...], ListOf(Nested(ServicePrice), PRICES_MAX)] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class NewRate:
    """What a cloud pays for a service from `valid_from` on."""

    service: Annotated[str, code_like("motion-day")]
    valid_from: Annotated[date, Day()]
    pricing: Annotated[Pricing, PricingOf()]
