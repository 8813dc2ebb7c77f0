"""A price for each service as rows of a form: one box a service, or the boxes of a pricing.

Row N has the boxes "prices-N-service" and "prices-N-pricing-…", and "prices-N-open" where the boxes
of every model are shown. A row in which no price stands is a service that is not sold.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from portal.billing.pricing import PerUnit, Pricing
from portal.catalog.queries.services import Service
from portal.errors import Invalid
from portal.kit.forms.nested import Intent, flat
from portal.values.pricing import PricingOf, boxes_of_pricing

ROWS: Final = "prices"
OPEN: Final = "open"
OPENS: Final = "tiers"
"""The verb of the button that shows the boxes of a row's models: "tiers-2"."""
BLANK: Final[Mapping[str, Any]] = {"model": "per_unit", "unit_price": ""}


@dataclass(frozen=True, slots=True)
class Row:
    """A service with the names of its boxes; `is_open` where those of all models are shown."""

    service: Service
    name: str
    hint: str
    is_open: bool


def price_rows(
    services: Sequence[Service], boxes: Mapping[str, str], hints: Mapping[str, str]
) -> list[Row]:
    """The rows of a page, a service each; `hints` say by code what else there is to know."""
    names = [f"{ROWS}-{index}" for index in range(len(services))]
    return [
        Row(service, name, hints.get(service.code, ""), bool(boxes.get(f"{name}-{OPEN}")))
        for service, name in zip(services, names, strict=True)
    ]


def boxes_of_prices(
    services: Sequence[Service], prices: Mapping[str, Pricing], locale: str
) -> dict[str, str]:
    """What stands in the rows' boxes for prices by code."""
    return flat({ROWS: [_row(one, prices.get(one.code), locale) for one in services]})


def _row(service: Service, pricing: Pricing | None, locale: str) -> dict[str, Any]:
    boxes = dict(BLANK) if pricing is None else boxes_of_pricing(pricing, locale)
    is_open = pricing is not None and not isinstance(pricing, PerUnit)
    return {"service": service.code, "pricing": boxes, OPEN: is_open}


def opened(values: dict[str, Any], intent: Intent) -> dict[str, Any]:
    """The nested values with the row opened that an intent names."""
    rows = values.get(ROWS)
    if intent.verb == OPENS and isinstance(rows, list) and intent.target.isdecimal():
        index = int(intent.target[:4])
        if index < len(rows) and isinstance(rows[index], dict):
            rows[index][OPEN] = "on"
    return values


def sent_prices(values: Mapping[str, Any]) -> list[dict[str, Any] | None]:
    """The rows as a form reads them; None for a service without a price, so that places stay."""
    rows = values.get(ROWS)
    return [_sent(row) for row in rows] if isinstance(rows, list) else []


def _sent(row: object) -> dict[str, Any] | None:
    if not isinstance(row, Mapping) or not isinstance(pricing := row.get("pricing"), Mapping):
        return None
    model, text = pricing.get("model", ""), pricing.get("unit_price", "")
    if not model or (model == "per_unit" and isinstance(text, str) and not text.strip()):
        return None
    return {"service": row.get("service", ""), "pricing": dict(pricing)}


def readable_prices(values: Mapping[str, Any]) -> dict[str, Pricing]:
    """The prices that can be read already, by code: while one types, the others are none yet."""
    found = {}
    for row in sent_prices(values):
        if row is not None and isinstance(row["service"], str):
            try:
                filled = {name: one for name, one in row["pricing"].items() if one != ""}
                found[row["service"]] = PricingOf().read_text(filled, ROWS)
            except Invalid:
                continue
    return found
