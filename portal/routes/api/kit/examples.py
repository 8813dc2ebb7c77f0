"""Examples of the documentation: the month of North's that is worked out in the billing rules."""

from typing import Final

from portal.routes.api.kit.bank_examples import BANK
from portal.routes.api.kit.card_examples import CARDS
from portal.routes.api.kit.money_examples import MONEY
from portal.routes.api.kit.people_examples import PEOPLE
from portal.routes.api.kit.price_examples import PRICES, Example, page_of
from portal.routes.api.kit.sending_examples import SENDING
from portal.routes.api.kit.webhook_examples import WEBHOOKS

NONE: Final = Example()
PROBLEM: Final = {
    "type": "about:blank",
    "title": "Invalid",
    "status": 422,
    "detail": 'items[0].quantity: must be an integer or a decimal string like "12.5"',
    "errors": [
        {
            "field": "items[0].quantity",
            "message": 'must be an integer or a decimal string like "12.5"',
        }
    ],
}

_SUBSCRIBER: Final = {
    "number": 1,
    "name": "Sue",
    "email": "sue@example.org",
    "discount_percent": "10",
    "tax_exempt": False,
    "referral": "rex",
    "account_manager": None,
}
_DETAILS: Final = {
    "id": 3,
    "subscriber": 1,
    "name": "Sue Ltd",
    "address": ["12 Harbour Street", "Dublin"],
    "tax_number": "IE1234567X",
    "note": "",
    "state": "waiting",
    "asked_by": "sue@example.org",
    "asked_at": "2026-11-05T12:00:00Z",
    "answer": "",
    "decided_by": "",
    "decided_at": None,
}
_CAMERA: Final = {"external_id": "site-1/gate", "name": "Gate", "subscriber": 1}
_EXCESS: Final = {
    "meter": "recording.motion.depth",
    "reason": "The police asked for 30 days",
    "accepted_by": "nora@example.org",
    "accepted_at": "2026-11-05T12:00:00Z",
}
_SUBSCRIPTION: Final = {"tariff": "home-7", "starts_on": "2026-10-16", "ends_on": None}
_USAGE: Final = {
    "camera": "site-1/gate",
    "day": "2026-10-16",
    "meter": "recording.motion.depth",
    "quantity": 7,
}
_READ: Final = {**_USAGE, "quantity": "7"}
_CORRECTION: Final = {**_USAGE, "quantity": 5, "reason": "The recorder was misconfigured"}
_PERIOD: Final = {
    "period": "2026-10",
    "state": "closed",
    "progress": {"done": 2, "total": 2},
    "gaps": [],
    "totals": {"retail": "15.01", "wholesale": "11.37", "commission": "2.03"},
    "currency": "EUR",
}
_CHARGE: Final = {
    "camera": "site-1/yard",
    "side": "retail",
    "kind": "recurring",
    "service": None,
    "tariff": "home-7",
    "original_period": "2026-10",
    "quantity": "0.516129",
    "unit_price": "9.90",
    "amount": "5.11",
}
_INVOICE: Final = {
    "number": "NORTH-2026-000001",
    "type": "invoice",
    "side": "retail",
    "subscriber": 1,
    "period": "2026-10",
    "issued_at": "2026-11-03T02:00:00Z",
    "currency": "EUR",
    "lines": [
        {
            "kind": "recurring",
            "description": "Home, 7 days",
            "quantity": "1.516129",
            "unit_price": "9.90",
            "amount": "15.01",
        }
    ],
    "subtotal": "15.01",
    "discount": "1.50",
    "taxable": "13.51",
    "tax": "2.97",
    "total": "16.48",
    "paid": "0.00",
    "status": "open",
}
_REFERRAL: Final = {
    "code": "rex",
    "name": "Rex",
    "email": "rex@example.org",
    "percent": "15",
    "sponsor": None,
    "basis": "invoiced",
}
_BALANCE: Final = {
    "currency": "EUR",
    "payable": "2.03",
    "held": "0.00",
    "year": "2.03",
    "last_month": "2.03",
    "period": "2026-10",
    "subscribers": 1,
}
_FIGURES: Final = {
    "invoices": 1,
    "charges": "15.01",
    "discounts": "1.50",
    "revenue": "13.51",
    "wholesale": "10.80",
    "commission": "2.03",
    "margin": "0.68",
    "tax": "2.97",
    "to_collect": "16.48",
}
_SURPRISE: Final = {
    "id": "0f3a9c52d17be864",
    "rule": "invoice_changed",
    "subject": {"subscriber": 1},
    "name": "Sue",
    "amount": "16.48",
    "last": "12.08",
    "detail": "1 camera more",
    "cause": "",
    "fine": True,
    "fine_by": "nora@example.org",
    "fine_at": "2026-11-02T08:12:00Z",
    "note": "Two cameras more since the 16th",
}
_DRAFT: Final = {
    "period": "2026-10",
    "currency": "EUR",
    "state": "ready",
    "made_at": "2026-11-01T02:23:00Z",
    "stale": False,
    "totals": _FIGURES,
    "last": None,
    "bridge": None,
    "surprises": [_SURPRISE],
}
_DRAFT_INVOICE: Final = {
    **{name: value for name, value in _INVOICE.items() if name != "number"},
    "issued_at": None,
    "status": "draft",
    "last": "12.08",
    "difference": "4.40",
}
_COMMISSION: Final = {
    "referral": "rex",
    "level": 1,
    "subscriber": 1,
    "document": "NORTH-2026-000001",
    "period": "2026-10",
    "base": "13.51",
    "percent": "15",
    "amount": "2.03",
    "formula": "13.51 × 15 ÷ 100 = 2.03",
    "state": "payable",
}
_LINE_ROW: Final = {
    "camera": "site-1/yard",
    "name": "Yard",
    "days": 16,
    "quantity": "0.516129",
    "unit_price": "9.90",
    "formula": "9.90 × 16 ÷ 31 = 5.11",
    "amount": "5.11",
    "original_period": "2026-10",
    "agreement": "same",
}
_MARGIN: Final = {
    "camera": "site-1/gate",
    "subscriber": 1,
    "revenue": "8.91",
    "cost": "7.12",
    "commission": "1.34",
    "margin": "0.45",
}


_REPORT_LINE: Final = {
    "key": "1", "name": "Sue", "subscriber": None, "subscribers": None, "cameras": 2, "days": 47,
    "charges": "15.01", "discount": "1.50", "revenue": "13.51", "cost": "10.80",
    "commission": "2.03", "margin": "0.68",
}  # fmt: skip
_SERVICE_LINE: Final = {
    "service": "motion-day", "name": "1 day of motion-activated recording", "unit": "day",
    "sold": "10.612903", "used": "10.612903", "bought": "10.612903", "cost": "5.04",
}  # fmt: skip
_CONNECTION: Final = {
    "kind": "watcher",
    "api": "v3",
    "url": "https://watcher.example.net",
    "organizations": None,
    "read_every_minutes": 60,
    "follow_presets": True,
}
_SIGN_IN: Final = {"login": "camledger", "password": "not this one"}
_CHECKS: Final = {
    "ok": True,
    "checks": [{"name": "cameras", "ok": True, "message": "the list of cameras can be read"}],
}
_WALK: Final = {
    "id": 9,
    "started_at": "2026-11-05T12:00:00Z",
    "finished_at": None,
    "state": "running",
    "pages": 0,
    "cameras": 0,
    "message": "",
    "warnings": [],
}
_COMPLETE: Final = {
    **_WALK,
    "finished_at": "2026-11-05T12:00:02Z",
    "state": "complete",
    "pages": 2,
    "cameras": 301,
    "warnings": ["1 camera has no readable name and is left out"],
}
_MAPPING: Final = {"organization": 6, "subscriber": 1}
_MATCH: Final = {**_MAPPING, "connection": 3, "title": "Sue", "cameras": 2}
_MADE_MAPPING: Final = {"connection": 3, **_MAPPING, "problem": ""}
_INTERVAL: Final = {
    "from": "2026-10-16T08:12:00Z",
    "until": None,
    "organization": 6,
    "preset": 7,
    "state": "enabled",
}
_DIFFERENCE: Final = {
    "kind": "recorded_not_billed",
    "camera": "site-1/gate",
    "days": 3,
    "worth": "0.34",
    "currency": "EUR",
    "detail": "no subscription on 2026-10-03 to 2026-10-05",
}
_CLOCK: Final = {"now": "2026-11-05T12:00:00Z", "settled": True}


EXAMPLES: Final[dict[str, Example]] = {
    **PRICES,
    **PEOPLE,
    **SENDING,
    **BANK,
    **MONEY,
    **CARDS,
    **WEBHOOKS,
    "list_subscribers": Example(answer=page_of(_SUBSCRIBER)),
    "create_subscriber": Example(
        {name: value for name, value in _SUBSCRIBER.items() if name != "number"}, _SUBSCRIBER
    ),
    "read_subscriber": Example(answer=_SUBSCRIBER),
    "change_subscriber": Example(
        {"discount_percent": "12.5"}, {**_SUBSCRIBER, "discount_percent": "12.5"}
    ),
    "suspend_subscriber": Example(answer={**_SUBSCRIBER, "suspended": True}),
    "resume_subscriber": Example(answer={**_SUBSCRIBER, "suspended": False}),
    "check_subscriber": Example(answer=_SUBSCRIBER),
    "list_details_requests": Example(answer=page_of(_DETAILS)),
    "confirm_details_request": Example(answer=_SUBSCRIBER),
    "decline_details_request": Example(
        {"answer": "Send us the deed first"}, {**_DETAILS, "state": "declined"}
    ),
    "list_cameras": Example(answer=page_of(_CAMERA)),
    "create_camera": Example(_CAMERA, _CAMERA),
    "add_subscriber_cameras": Example(
        {
            "cameras": [{"external_id": "site-1/gate", "name": "Gate"}],
            "tariff": "home-7",
            "starts_on": "2026-10-16",
        },
        page_of(_CAMERA),
    ),
    "read_camera": Example(answer=_CAMERA),
    "change_camera": Example({"subscriber": None}, {**_CAMERA, "subscriber": None}),
    "suspend_camera": Example(answer={**_CAMERA, "suspended": True}),
    "resume_camera": Example(answer={**_CAMERA, "suspended": False}),
    "list_excess": Example(answer=page_of(_EXCESS)),
    "accept_excess": Example({"meter": _EXCESS["meter"], "reason": _EXCESS["reason"]}, _EXCESS),
    "list_subscriptions": Example(answer=page_of({"id": 7, **_SUBSCRIPTION})),
    "create_subscription": Example(_SUBSCRIPTION, {"id": 7, **_SUBSCRIPTION}),
    "change_subscription": Example(
        {"ends_on": "2026-12-01"}, {"id": 7, **_SUBSCRIPTION, "ends_on": "2026-12-01"}
    ),
    "change_tariffs": Example(
        {"cameras": ["gate", "yard"], "tariff": "business-30", "starts_on": "2026-11-16"},
        {"cameras": 2},
    ),
    "move_cameras": Example(
        {"cameras": ["gate"], "subscriber": 2, "tariff": "home-7", "starts_on": "2026-11-16"},
        {"cameras": 1},
    ),
    "end_subscriptions": Example({"cameras": ["gate"], "ends_on": "2026-11-16"}, {"cameras": 1}),
    "set_camera_preset": Example(answer=_CAMERA),
    "change_camera_tariff": Example(
        {"tariff": "business-30", "starts_on": "2026-11-16"},
        {"id": 8, "tariff": "business-30", "starts_on": "2026-11-16", "ends_on": None},
    ),
    "move_camera": Example(
        {"subscriber": 2, "tariff": "home-7", "starts_on": "2026-11-16"},
        {"id": 8, "tariff": "home-7", "starts_on": "2026-11-16", "ends_on": None},
    ),
    "send_usage": Example([_USAGE], {"accepted": 1, "unchanged": 0}),
    "list_usage": Example(answer=page_of(_READ)),
    "correct_usage": Example(_CORRECTION, {**_CORRECTION, "quantity": "5"}),
    "close_period": Example({"accept_gaps": False}, {**_PERIOD, "state": "closing"}),
    "read_period": Example(answer=_PERIOD),
    "read_draft": Example(answer=_DRAFT),
    "make_draft": Example(answer={**_DRAFT, "stale": True}),
    "list_draft_invoices": Example(answer=page_of(_DRAFT_INVOICE)),
    "find_fine": Example({"note": "Two cameras more since the 16th"}, _SURPRISE),
    "list_charges": Example(answer=page_of(_CHARGE)),
    "list_invoices": Example(answer=page_of(_INVOICE)),
    "read_invoice": Example(answer=_INVOICE),
    "list_line_rows": Example(answer=page_of(_LINE_ROW)),
    "list_draft_line_rows": Example(answer=page_of(_LINE_ROW)),
    "explain_camera": Example(
        answer={
            "closed": True,
            "items": [
                {
                    **_LINE_ROW,
                    "side": "retail",
                    "kind": "recurring",
                    "service": None,
                    "tariff": "home-7",
                    "subscriber": 1,
                    "period": "2026-10",
                }
            ],
            "unpriced": [],
        }
    ),
    "list_referrals": Example(answer=page_of(_REFERRAL)),
    "create_referral": Example(_REFERRAL, _REFERRAL),
    "read_referral": Example(answer=_REFERRAL),
    "change_referral": Example({"percent": "12"}, {**_REFERRAL, "percent": "12"}),
    "check_referral": Example(answer=_REFERRAL),
    "read_referral_balance": Example(answer=_BALANCE),
    "list_commissions": Example(answer=page_of(_COMMISSION)),
    "list_margins": Example(answer=page_of(_MARGIN)),
    "read_report": Example(answer=page_of(_REPORT_LINE)),
    "read_service_report": Example(answer=page_of(_SERVICE_LINE)),
    "list_connections": Example(answer=page_of({"id": 3, **_CONNECTION})),
    "create_connection": Example({**_CONNECTION, **_SIGN_IN}, {"id": 3, **_CONNECTION}),
    "change_connection": Example(
        {"follow_presets": False}, {"id": 3, **_CONNECTION, "follow_presets": False}
    ),
    "end_connection": Example(),
    "test_new_connection": Example({**_CONNECTION, **_SIGN_IN}, _CHECKS),
    "test_connection": Example(answer=_CHECKS),
    "read_connection": Example(answer=_WALK),
    "list_readings": Example(answer=page_of(_COMPLETE)),
    "list_mappings": Example(answer=page_of({**_MAPPING, "title": "Sue's house", "cameras": 2})),
    "create_mapping": Example(_MAPPING, _MAPPING),
    "list_matches": Example(answer=page_of(_MATCH)),
    "map_by_name": Example({"mappings": [_MAPPING]}, page_of(_MADE_MAPPING)),
    "make_subscribers_of_organizations": Example(
        {"rows": [{"organization": 6, "name": "Sue", "email": "sue@example.org"}]},
        page_of(_MADE_MAPPING),
    ),
    "make_tariffs_of_presets": Example(
        {"rows": [{"preset": 7, "name": "Home 7", "price": "9.90"}]},
        page_of({"connection": 3, "preset": 7, "tariff": "home-7", "problem": ""}),
    ),
    "list_intervals": Example(answer=page_of(_INTERVAL)),
    "list_differences": Example(answer=page_of(_DIFFERENCE)),
    "read_platform": Example(answer={"second_factor": True}),
    "change_platform": Example({"second_factor": True}, {"second_factor": True}),
    "read_clock": Example(answer=_CLOCK),
    "move_clock": Example({"now": "2026-11-06T12:00:00Z"}, {**_CLOCK, "settled": False}),
}
