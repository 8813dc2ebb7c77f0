"""Examples of meters, services, clouds and prices, and the shape of every example."""

from dataclasses import dataclass
from typing import Any, Final


@dataclass(frozen=True, slots=True)
class Example:
    """What is sent, and what comes back."""

    request: Any = None
    answer: Any = None


def page_of(row: Any) -> dict[str, Any]:
    """A page of a list with one row."""
    return {"items": [row], "next": None}


_METER: Final = {"key": "people.counted", "base_unit": "people", "kind": "counter"}
_SERVICE: Final = {
    "code": "motion-day",
    "name": "1 day of motion-activated recording",
    "meter": "recording.motion.depth",
    "short": "Motion archive",
    "unit": "day",
    "unit_plural": "days",
    "unit_size": 1,
    "measure": "unit_month",
    "list_pricing": {"model": "per_unit", "unit_price": "0.50"},
}
_CLOUD: Final = {
    "slug": "north",
    "name": "North",
    "currency": "EUR",
    "timezone": "Europe/Rome",
    "tax_percent": "22",
    "wholesale_discount_percent": "5",
    "wholesale_tax_percent": "22",
    "invoice_prefix": "NORTH",
    "manager": "max@example.org",
}
_BEGINNING: Final = {
    "prices": {
        "valid_from": "2026-11-01",
        "start_from": "list",
        "own": [
            {"service": "plates", "pricing": {"model": "per_unit", "unit_price": "3.50"}},
            {"service": "faces", "pricing": None},
        ],
    },
    "administrator": {"email": "nora@example.org", "name": "Nora"},
}
_RATE: Final = {
    "service": "motion-day",
    "valid_from": "2026-01-01",
    "pricing": {"model": "per_unit", "unit_price": "0.50"},
}
_PRICE: Final = {"service": _RATE["service"], "pricing": _RATE["pricing"]}
_VERSION: Final = {
    "valid_from": "2026-01-01",
    "monthly_price": "9.90",
    "setup_fee": "0.00",
    "trial_days": 0,
    "bill_when_disabled": True,
    "items": [
        {
            "service": "motion-day",
            "quantity": "7",
            "overage": {"model": "per_unit", "unit_price": "0.80"},
        }
    ],
}
_TARIFF: Final = {
    "code": "home-7",
    "name": "Home, 7 days",
    "note": "",
    "offered": True,
    "is_default": True,
    "versions": [{**_VERSION, "below_cost_reason": "", "below_cost": False}],
}
_TRIED: Final = {name: value for name, value in _VERSION.items() if name != "valid_from"}
_COST: Final[dict[str, Any]] = {
    "currency": "EUR",
    "price": "9.90",
    "included_cost": "7.13",
    "real_cost": None,
    "commission": "1.49",
    "margin_full": "1.28",
    "margin_real": None,
    "below_cost": False,
    "unpriced": [],
}

PRICES: Final[dict[str, Example]] = {
    "list_meters": Example(answer=page_of(_METER)),
    "create_meter": Example(_METER, _METER),
    "list_services": Example(answer=page_of(_SERVICE)),
    "create_service": Example(_SERVICE, _SERVICE),
    "read_service": Example(answer=_SERVICE),
    "change_service": Example({"short": "Motion archive"}, {**_SERVICE, "short": "Motion archive"}),
    "list_clouds": Example(answer=page_of(_CLOUD)),
    "add_usual_services": Example({"codes": ["motion-day"]}, page_of(_SERVICE)),
    "create_cloud": Example({**_CLOUD, **_BEGINNING}, _CLOUD),
    "read_cloud": Example(answer=_CLOUD),
    "change_cloud": Example(
        {"level_percents": ["2", "1"]}, {**_CLOUD, "level_percents": ["2", "1"]}
    ),
    "list_rates": Example(answer=page_of(_RATE)),
    "create_rate": Example(_RATE, _RATE),
    "set_rates": Example(
        {"valid_from": "2026-12-01", "prices": [_PRICE]},
        page_of({**_RATE, "valid_from": "2026-12-01"}),
    ),
    "preview_rates": Example(
        {"prices": [_PRICE]},
        {
            "period": "2026-10",
            "currency": "EUR",
            "before": "3413.48",
            "after": "3515.88",
            "difference": "102.40",
        },
    ),
    "list_tariffs": Example(answer=page_of(_TARIFF)),
    "create_tariff": Example({"code": "home-7", "name": "Home, 7 days", **_VERSION}, _TARIFF),
    "read_tariff": Example(answer=_TARIFF),
    "change_tariff": Example({"offered": False}, {**_TARIFF, "offered": False}),
    "create_version": Example(_VERSION, {**_VERSION, "below_cost": False}),
    "preview_tariff": Example(
        {"period": "2026-10", "version": {**_TRIED, "monthly_price": "19.90"}},
        {
            "period": "2026-10",
            "currency": "EUR",
            "items": [
                {
                    "subscriber": 1,
                    "name": "Sue",
                    "cameras": 2,
                    "charged": "13.51",
                    "would_be_charged": "27.15",
                    "difference": "13.64",
                }
            ],
            "before": {
                "revenue": "13.51",
                "cost": "10.80",
                "commission": "2.03",
                "margin": "0.68",
            },
            "after": {
                "revenue": "27.15",
                "cost": "10.80",
                "commission": "4.07",
                "margin": "12.28",
            },
        },
    ),
    "cost_new_tariff": Example({"version": _TRIED}, _COST),
    "cost_tariff": Example({"version": _TRIED}, _COST),
}
