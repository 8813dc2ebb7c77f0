"""Examples of people, keys, mail, looks and the audit log."""

from typing import Final

from portal.routes.api.kit.price_examples import Example, page_of

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
_TEST: Final = {"kind": "test", "subject": "A test message of Camledger", "state": "waiting"}
_LOOK: Final = {"name": "North", "colour": "#1f6feb", "logo": "/look/north/logo.png?v=9f2c51d0"}
_INVITED: Final = {
    "number": 1,
    "name": "Sue",
    "email": "sue@example.org",
    "problem": "",
    **_LINK,
}
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

PEOPLE: Final[dict[str, Example]] = {
    "assign_subscribers": Example(
        {"subscribers": [1, 2], "account_manager": "ann@example.org"}, {"subscribers": 2}
    ),
    "invite_subscribers": Example({"subscribers": [1]}, page_of(_INVITED)),
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
    "send_platform_test": Example({"user": 4}, {**_DELIVERY, **_TEST, "cloud": None}),
    "send_test": Example({"user": 4}, {**_DELIVERY, **_TEST}),
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
    "hand_over_subscribers": Example({"account_manager": "ann@example.org"}, {"subscribers": 12}),
    "end_staff_sessions": Example(answer={"ended": 2}),
    "end_sessions": Example(answer={"ended": 2}),
    "list_audit": Example(answer=page_of({**_AUDITED, "cloud": None})),
    "read_audit_head": Example(answer={**_HEAD, "cloud": None}),
    "list_cloud_audit": Example(answer=page_of(_AUDITED)),
    "read_cloud_audit_head": Example(answer=_HEAD),
}
