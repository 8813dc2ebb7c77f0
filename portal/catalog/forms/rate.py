"""Setting a cloud's wholesale price of a service from a day on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Annotated

from portal.billing.pricing import Pricing
from portal.values.kinds import Day, code_like
from portal.values.pricing import PricingOf


@dataclass(frozen=True, slots=True, kw_only=True)
class NewRate:
    """What a cloud pays for a service from `valid_from` on."""

    service: Annotated[str, code_like("motion-day")]
    valid_from: Annotated[date, Day()]
    pricing: Annotated[Pricing, PricingOf()]
