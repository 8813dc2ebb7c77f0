"""Examples of the documentation: the month of North's that is worked out in the billing rules."""

from typing import Final

from portal.routes.api.kit.price_examples import PRICES, Example, page_of

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
_AUDITED: Final = {
    "at": "2026-11-05T12:00:00Z",
    "person": {"id": "4", "name": "nora@example.org"},
    "as": None,
    "key": None,
    "address": "203.0.113.7",
    "action": "camera.change",
    "object": "camera site-1/gate",
    "before": {"subscriber": 1},
    "after": {"subscriber": None},
    "cloud": "north",
    "number": 217,
    "role": "cloud-administrator",
    "session": 93,
}
_HEAD: Final = {"cloud": "north", "number": 217, "hash": "5f0c…"}
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
_KEY: Final = {
    "id": "9f2c51d07a3e",
    "name": "CRM",
    "role": "accountant",
    "cloud": "north",
    "user": None,
    "scopes": ["invoices.read"],
    "state": "active",
    "created_at": "2026-11-05T12:00:00Z",
    "used_at": None,
    "expires_at": "2027-11-05T00:00:00Z",
    "revoked_at": None,
}
_NEW_KEY: Final = {
    "name": "CRM",
    "role": "accountant",
    "scopes": ["invoices.read"],
    "expires_at": "2027-11-05T00:00:00Z",
}
_SECRET: Final = {"key": "clk_9f2c51d07a3e_…"}
_REVOKED: Final = {**_KEY, "state": "revoked", "revoked_at": "2026-11-06T12:00:00Z"}
_USER: Final = {
    "id": 12,
    "email": "ann@example.org",
    "name": "Ann",
    "role": "account-manager",
    "cloud": "north",
    "active": True,
    "invited": True,
    "invited_until": "2026-11-12T12:00:00Z",
    "subscriber": None,
    "referral": None,
    "clouds": [],
    "created_at": "2026-11-05T12:00:00Z",
    "signed_in_at": None,
    "second_factor": False,
}
_NEW_USER: Final = {"email": "ann@example.org", "name": "Ann", "role": "account-manager"}
_STAFF: Final = {**_USER, "email": "max@example.org", "name": "Max", "role": "manager",
                 "cloud": None, "clouds": ["north"]}  # fmt: skip
_NEW_STAFF: Final = {"email": "max@example.org", "name": "Max", "role": "manager",
                     "clouds": ["north"]}  # fmt: skip
_LINK: Final = {
    "link": "https://billing.example.org/invite/…",
    "link_expires_at": "2026-11-06T12:00:00Z",
}
_DELIVERY: Final = {
    "id": 12,
    "cloud": "north",
    "kind": "invitation",
    "recipient": "ann@example.org",
    "subject": "Nora invites you to North",
    "state": "sent",
    "attempts": 1,
    "error": "",
    "created_at": "2026-11-05T12:00:00Z",
    "due_at": None,
    "sent_at": "2026-11-05T12:00:03Z",
}
_LOOK: Final = {"name": "North", "colour": "#1f6feb", "logo": "/look/north/logo.png?v=9f2c51d0"}
_COMPANY: Final = {
    "name": "Camera Cloud Ltd",
    "address": ["12 Harbour Street", "Dublin"],
    "tax_number": "IE1234567X",
    "email": "billing@example.org",
    "bank": ["IBAN IE29 AIBK 9311 5212 3456 78"],
    "invoice_prefix": "PLAT",
    "timezone": "Europe/Dublin",
    "session_hours": 12,
}
_NEW_LOOK: Final = {"colour": "#1f6feb"}
_CLOCK: Final = {"now": "2026-11-05T12:00:00Z", "settled": True}


EXAMPLES: Final[dict[str, Example]] = {
    **PRICES,
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
    "list_charges": Example(answer=page_of(_CHARGE)),
    "list_invoices": Example(answer=page_of(_INVOICE)),
    "read_invoice": Example(answer=_INVOICE),
    "list_line_rows": Example(answer=page_of(_LINE_ROW)),
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
    "list_commissions": Example(answer=page_of(_COMMISSION)),
    "list_margins": Example(answer=page_of(_MARGIN)),
    "list_connections": Example(answer=page_of({"id": 3, **_CONNECTION})),
    "create_connection": Example({**_CONNECTION, **_SIGN_IN}, {"id": 3, **_CONNECTION}),
    "change_connection": Example(
        {"follow_presets": False}, {"id": 3, **_CONNECTION, "follow_presets": False}
    ),
    "end_connection": Example(),
    "test_connection": Example(answer=_CHECKS),
    "read_connection": Example(answer=_WALK),
    "list_readings": Example(answer=page_of(_COMPLETE)),
    "list_mappings": Example(answer=page_of({**_MAPPING, "title": "Sue's house", "cameras": 2})),
    "create_mapping": Example(_MAPPING, _MAPPING),
    "list_intervals": Example(answer=page_of(_INTERVAL)),
    "list_differences": Example(answer=page_of(_DIFFERENCE)),
    "list_platform_keys": Example(answer=page_of({**_KEY, "cloud": None})),
    "list_keys": Example(answer=page_of(_KEY)),
    "create_platform_key": Example(_NEW_KEY, {**_KEY, "cloud": None, **_SECRET}),
    "create_key": Example(_NEW_KEY, {**_KEY, **_SECRET}),
    "revoke_platform_key": Example(answer={**_REVOKED, "cloud": None}),
    "revoke_key": Example(answer=_REVOKED),
    "list_staff": Example(answer=page_of(_STAFF)),
    "list_users": Example(answer=page_of(_USER)),
    "list_platform_deliveries": Example(answer=page_of({**_DELIVERY, "cloud": None})),
    "list_deliveries": Example(answer=page_of(_DELIVERY)),
    "send_platform_delivery_again": Example(answer={**_DELIVERY, "cloud": None}),
    "send_delivery_again": Example(answer=_DELIVERY),
    "get_company": Example(answer=_COMPANY),
    "change_company": Example({"session_hours": 8}, {**_COMPANY, "session_hours": 8}),
    "get_platform_look": Example(answer=_LOOK),
    "get_look": Example(answer=_LOOK),
    "change_platform_look": Example(_NEW_LOOK, _LOOK),
    "change_look": Example(_NEW_LOOK, _LOOK),
    "create_staff": Example(_NEW_STAFF, {**_STAFF, **_LINK}),
    "create_user": Example(_NEW_USER, {**_USER, **_LINK}),
    "change_staff": Example({"clouds": []}, {**_STAFF, "clouds": []}),
    "change_user": Example({"active": False}, {**_USER, "active": False}),
    "reset_staff_password": Example(answer=_LINK),
    "reset_password": Example(answer=_LINK),
    "resend_staff_invitation": Example(answer=_LINK),
    "resend_invitation": Example(answer=_LINK),
    "reset_staff_second_factor": Example(answer=_STAFF),
    "reset_second_factor": Example(answer=_USER),
    "end_staff_sessions": Example(answer={"ended": 2}),
    "end_sessions": Example(answer={"ended": 2}),
    "list_audit": Example(answer=page_of({**_AUDITED, "cloud": None})),
    "read_audit_head": Example(answer={**_HEAD, "cloud": None}),
    "list_cloud_audit": Example(answer=page_of(_AUDITED)),
    "read_cloud_audit_head": Example(answer=_HEAD),
    "read_platform": Example(answer={"second_factor": True}),
    "change_platform": Example({"second_factor": True}, {"second_factor": True}),
    "read_clock": Example(answer=_CLOCK),
    "move_clock": Example({"now": "2026-11-06T12:00:00Z"}, {**_CLOCK, "settled": False}),
}
