"""Offering a service."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Final

from portal.billing.pricing import Pricing
from portal.kit.forms.form import Change, change_of
from portal.values.kinds import METER, Choice, Text, Whole, code_like
from portal.values.pricing import PricingOf

MEASURES: Final = ("unit_month", "total", "peak")


@dataclass(frozen=True, slots=True, kw_only=True)
class NewService:
    """What the platform sells: a meter, measured in units of `unit_size` base units.

    `short` heads columns, `unit_plural` names many units; empty, name and unit serve. Without a
    `list_pricing` a new cloud begins without a price for it.
    """

    code: Annotated[str, code_like("motion-day")]
    name: Annotated[str, Text(example="1 day of motion-activated recording")]
    meter: Annotated[str, METER]
    short: Annotated[str, Text(64, minimum=0, example="Motion archive")] = ""
    unit: Annotated[str, Text(64, example="day")]
    unit_plural: Annotated[str, Text(64, minimum=0, example="days")] = ""
    unit_size: Annotated[int, Whole(1, text_too=True)]
    measure: Annotated[str, Choice(MEASURES)]
    list_pricing: Annotated[Pricing | None, PricingOf()] = None


MEASURED: Final = ("meter", "unit_size", "measure")
"""What a service measures: for ever, once it is used."""


@change_of(NewService, but=("code",))
class ServiceChange(Change):
    """What is to be different about a service. What it measures stays once it is used."""
