"""Examples of webhooks: North's own books are told that Sue's invoice is issued."""

from typing import Any, Final

from portal.routes.api.kit.price_examples import Example, page_of

_SENT: Final[dict[str, Any]] = {
    "url": "https://erp.example.net/camledger", "types": ["invoice.issued", "invoice.paid"],
    "description": "Our own books", "enabled": True,
}  # fmt: skip
_WEBHOOK: Final = {
    "id": 4, **_SENT, "failing_since": None, "off_reason": "",
    "created_at": "2026-11-02T09:00:00Z",
}  # fmt: skip
_SECRET: Final = {**_WEBHOOK, "secret": "whsec_bm9ydGgncyBleGFtcGxlIHNlY3JldCBvZiAzMiBieQ=="}
_TRY: Final = {"at": "2026-11-03T09:00:05Z", "status": 200, "ms": 84, "error": "", "answer": "ok"}
_DELIVERY: Final[dict[str, Any]] = {
    "id": 71, "event": "evt_5d0c7f3e8a2b4c6d9e1f2a3b4c5d6e7f", "type": "invoice.issued",
    "state": "delivered", "happened_at": "2026-11-03T09:00:00Z",
    "created_at": "2026-11-03T09:00:00Z", "due_at": None,
    "delivered_at": "2026-11-03T09:00:05Z", "tries": [_TRY],
}  # fmt: skip
_WHOLE: Final = {
    **_DELIVERY,
    "body": '{"type":"invoice.issued","timestamp":"2026-11-03T09:00:00Z","data":{}}',
}
_AGAIN: Final = {**_WHOLE, "state": "waiting", "due_at": "2026-11-04T09:00:00Z"}

WEBHOOKS: Final[dict[str, Example]] = {
    "list_webhooks": Example(answer=page_of(_WEBHOOK)),
    "create_webhook": Example(_SENT, _SECRET),
    "read_webhook": Example(answer=_WEBHOOK),
    "change_webhook": Example({"enabled": True}, _WEBHOOK),
    "rotate_webhook": Example(answer=_SECRET),
    "test_webhook": Example(
        answer={
            **_AGAIN,
            "type": "webhook.test",
            "tries": [],
            "body": None,
            "delivered_at": None,
        }
    ),
    "list_webhook_deliveries": Example(answer=page_of(_DELIVERY)),
    "read_delivery": Example(answer=_WHOLE),
    "replay_delivery": Example(answer=_AGAIN),
    "replay_webhook": Example({"since": "2026-11-01T00:00:00Z"}, {"count": 3}),
}
