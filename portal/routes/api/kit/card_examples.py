"""Examples of cards: Sue's invoice of 16.48 is charged to the card that she saved."""

from typing import Any, Final

from portal.routes.api.kit.price_examples import Example, page_of

_ACCOUNT: Final[dict[str, Any]] = {
    "secret_key": "sk_test_51NorthVideoExample", "webhook_secrets": ["whsec_NorthVideoExample"],
    "charge_on": "due",
}  # fmt: skip
_GATEWAY: Final = {
    "gateway": "stripe", "charge_on": "due", "trouble": "", "created_at": "2026-11-02T09:00:00Z",
}  # fmt: skip
_CARD: Final = {"id": 7, "brand": "visa", "last4": "4242", "expires": "2034-12", "default": True}
_CHARGE: Final = {
    "id": 31, "invoice": "NORTH-2026-000001", "attempt": 1, "currency": "EUR", "amount": "16.48",
    "state": "created", "failure": None, "payment": None, "created_at": "2026-11-17T09:00:00Z",
    "retry_on": None,
}  # fmt: skip
_PAGE: Final = {
    "url": "https://billing.example.org/pay/cs_test_example",
    "expires_at": "2026-11-03T09:00:00Z",
}  # fmt: skip

CARDS: Final[dict[str, Example]] = {
    "read_gateway": Example(answer=_GATEWAY),
    "put_gateway": Example(_ACCOUNT, _GATEWAY),
    "set_up_card": Example(answer=_PAGE),
    "list_cards": Example(answer=page_of(_CARD)),
    "charge_invoice": Example(answer=_CHARGE),
    "charge_month": Example(answer={"asked": 37}),
    "list_card_charges": Example(
        answer=page_of(
            {
                **_CHARGE,
                "state": "failed",
                "failure": "insufficient_funds",
                "retry_on": "2026-11-20",
            }
        )
    ),
}
