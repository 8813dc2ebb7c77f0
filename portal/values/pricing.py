"""A pricing as a field: its JSON shape, or the boxes of a page, of which one model counts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from portal.billing.pricing import TIERS_MAX, Pricing, pricing_from, pricing_to
from portal.errors import Invalid
from portal.values.typed import decimal_text, typed

MEMBERS: Final[Mapping[str, tuple[str, ...]]] = {
    "per_unit": ("unit_price",),
    "graduated": ("tiers",),
    "volume": ("tiers",),
    "package": ("package_size", "package_price", "free_units"),
}
"""The boxes that count, by model."""
TIER: Final = ("up_to", "unit_price", "flat_fee")
BLANK_TIER: Final[Mapping[str, str]] = dict.fromkeys(TIER, "")
"""A tier that is added to a page, before anything stands in it."""


@dataclass(frozen=True, slots=True)
class PricingOf:
    """One of the four pricing models."""

    def read(self, value: object, at: str) -> Pricing:
        return pricing_from(value, at)

    def read_text(self, text: object, at: str) -> Pricing:
        """Of the boxes of a page, which has those of every model side by side."""
        return pricing_from(pricing_of_boxes(text, at), at)

    def schema(self) -> dict[str, Any]:
        return {"$ref": "#/components/schemas/Pricing"}


def pricing_of_boxes(boxes: object, at: str) -> object:
    """What `pricing_from` reads, of the boxes {"model": "per_unit", "unit_price": "0,50"}.

    A last tier without a bound is without end; boxes of other models are passed over. Raises
    `Invalid` for numbers that may be read in two ways.
    """
    if not isinstance(boxes, Mapping) or boxes.get("model") not in MEMBERS:
        return boxes
    wrong: dict[str, str] = {}
    found: dict[str, Any] = {"model": boxes["model"]}
    for name in MEMBERS[boxes["model"]]:
        if name == "tiers":
            found[name] = _tiers(boxes.get(name), f"{at}.{name}", wrong)
        elif name in boxes:
            found[name] = _number(boxes[name], f"{at}.{name}", wrong)
    if wrong:
        raise Invalid(wrong)
    return found


def boxes_of_pricing(pricing: Pricing, locale: str) -> dict[str, Any]:
    """The boxes of a pricing, nested, with numbers as people of a locale type them."""
    return {name: _box(name, value, locale) for name, value in pricing_to(pricing).items()}


def _box(name: str, value: Any, locale: str) -> Any:
    if isinstance(value, list):
        return [{name: _box(name, one, locale) for name, one in row.items()} for row in value]
    return value if value is None or name == "model" else typed(Decimal(value), locale)


def _tiers(rows: object, at: str, wrong: dict[str, str]) -> list[dict[str, Any]]:
    listed = rows[:TIERS_MAX] if isinstance(rows, list) else []
    tiers: list[dict[str, Any]] = []
    for index, row in enumerate(listed):
        boxes = row if isinstance(row, Mapping) else {}
        tier = {
            name: _number(boxes[name], f"{at}[{index}].{name}", wrong)
            for name in TIER
            if name in boxes
        }
        if index == len(listed) - 1:
            tier.setdefault("up_to", None)
        tiers.append(tier)
    return tiers


def _number(text: object, at: str, wrong: dict[str, str]) -> object:
    if not isinstance(text, str):
        return text
    try:
        return decimal_text(text, at)
    except Invalid as invalid:
        wrong.update(invalid.fields)
        return text
