"""Examples of documents on their way."""

from typing import Final

from portal.routes.api.kit.price_examples import Example, page_of

_SENDING: Final = {
    "documents": 41,
    "sent": 38,
    "waiting": 0,
    "failed": 1,
    "unsent": 2,
    "to_send": 0,
    "without_address": 2,
    "refused_before": 0,
}
_MAIL: Final = {
    "id": 71,
    "number": "NORTH-2026-000112",
    "subscriber": 4,
    "copy": 0,
    "state": "sent",
    "recipients": ["sue@example.org"],
    "taken": ["sue@example.org"],
    "attempts": 1,
    "error": "",
    "created_at": "2026-11-03T08:00:00Z",
    "due_at": None,
    "sent_at": "2026-11-03T08:00:02Z",
}
_WAITING: Final = {
    **_MAIL, "state": "waiting", "taken": [], "attempts": 0, "due_at": "2026-11-03T08:00:00Z",
    "sent_at": None,
}  # fmt: skip
_SAMPLE: Final = {
    "id": 72,
    "cloud": "north",
    "kind": "invoice-sample",
    "recipient": "carl@example.org",
    "subject": "",
    "attempts": 0,
    "error": "",
    "created_at": "2026-11-03T08:00:00Z",
    "due_at": "2026-11-03T08:00:00Z",
    "sent_at": None,
}
_TROUBLE: Final = {
    "number": "NORTH-2026-000113",
    "subscriber": 5,
    "name": "Bob",
    "recipients": ["bob@example.org"],
    "error": "550 5.1.1 No such user",
}
_HAND_OVER: Final = {
    "id": 3,
    "kind": "csv",
    "period": "2026-10",
    "made_by": "carl@example.org",
    "made_at": "2026-11-03T08:05:00Z",
    "documents": 41,
    "currency": "EUR",
    "total": "7476.29",
}

SENDING: Final[dict[str, Example]] = {
    "send_period": Example(answer={**_SENDING, "sent": 0, "waiting": 39, "failed": 0}),
    "try_period_again": Example(answer={**_SENDING, "waiting": 1, "failed": 0}),
    "read_sending": Example(answer=_SENDING),
    "list_troubles": Example(answer=page_of(_TROUBLE)),
    "list_document_deliveries": Example(answer=page_of(_MAIL)),
    "send_document": Example({"copy": False}, _WAITING),
    "list_deliveries_of_document": Example(answer=page_of(_MAIL)),
    "send_invoice_sample": Example(
        {"invoice_text": ["Hello {customer}, {number} is attached."]},
        {**_SAMPLE, "state": "waiting"},
    ),
    "hand_documents_over": Example({"kind": "csv", "period": "2026-10"}, _HAND_OVER),
    "list_hand_overs": Example(answer=page_of(_HAND_OVER)),
    "read_hand_over": Example(answer=_HAND_OVER),
}
