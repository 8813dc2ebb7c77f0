"""Examples of money: Sue's invoice of 16.48 is paid with 20.00."""

from typing import Any, Final

from portal.routes.api.kit.price_examples import Example, page_of

_NUMBER: Final = "NORTH-2026-000001"
_DOCUMENT: Final = {
    "number": _NUMBER, "type": "invoice", "side": "retail", "subscriber": 1, "period": "2026-10",
    "issued_on": "2026-11-03", "due_on": "2026-11-17", "currency": "EUR", "total": "16.48",
    "paid": "0.00", "credited": "0.00", "written_off": "0.00", "left": "16.48", "overdue": False,
    "disputed": False, "in_collection": False, "payment_reference": "RF65NORTH2026000001",
    "status": "open",
}  # fmt: skip
_NOTE: Final = {
    **_DOCUMENT, "number": "NORTH-2026-000007", "type": "credit_note", "taxable": "-4.10",
    "tax": "-0.90", "total": "-5.00", "left": "0.00", "due_on": None, "credits": _NUMBER,
    "status": "issued",
}  # fmt: skip
_PAID: Final = {
    "amount": "20.00", "paid_on": "2026-11-05", "reference": "BANK-2026-11-05-1", "method": "bank",
}  # fmt: skip
_PAYMENT: Final = {
    "id": 12, "cloud": "north", "subscriber": 1, "currency": "EUR", **_PAID, "allocated": "16.48",
    "refunded": "0.00", "unallocated": "3.52", "state": "received",
    "allocations": [{"invoice": _NUMBER, "amount": "16.48"}],
    "returned_on": None, "reason": None, "fee": None,
}  # fmt: skip
_TAKEN_OFF: Final = {**_PAYMENT, "allocated": "0.00", "unallocated": "20.00", "allocations": []}
_TAKEN_BACK: Final = {"returned_on": "2026-11-09", "reason": "AC04", "fee": "3.50"}
_BACK: Final = {
    **_TAKEN_OFF, "unallocated": "0.00", "state": "returned", **_TAKEN_BACK,
}  # fmt: skip
_REFUNDED: Final = {
    "amount": "3.52", "refunded_on": "2026-11-06", "method": "bank", "reference": "BACK-1",
    "payment": 12, "reason": "paid too much",
}  # fmt: skip
_REFUND: Final = {
    "id": 3, "cloud": "north", "subscriber": 1, "currency": "EUR", **_REFUNDED,
    "state": "succeeded",
}  # fmt: skip
_ALLOCATIONS: Final = {"allocations": [{"invoice": _NUMBER, "amount": "16.48"}]}
_APPLIED: Final = {"customer": "1", "currency": "EUR", "allocated": "16.48", "credit": "3.52"}
_RECEIVABLE: Final = {
    "account": "receivable", "party": "1", "currency": "EUR", "balance": "0.00",
}  # fmt: skip
_POSTING: Final = {
    "id": 41, "day": "2026-11-05", "kind": "payment", "source": "payment 12",
    "document": "BANK-2026-11-05-1",
    "entries": [
        {"account": "cash", "party": "", "currency": "EUR", "amount": "20.00"},
        {"account": "credit", "party": "1", "currency": "EUR", "amount": "-20.00"},
    ],
}  # fmt: skip
_ACCOUNT: Final = {
    "customer": "1", "currency": "EUR", "opening": "16.48",
    "lines": [
        {
            "day": "2026-11-05", "kind": "payment", "document": "BANK-2026-11-05-1",
            "amount": "-20.00", "balance": "-3.52",
        }
    ],
    "closing": "-3.52", "credit": "3.52",
}  # fmt: skip
_AGED: Final = {
    "subscriber": 1, "cloud": None, "name": "Sue", "currency": "EUR", "not_due": "0.00",
    "d30": "60.00", "d60": "0.00", "d90": "0.00", "over_90": "0.00", "credit": "10.00",
    "total": "50.00",
}  # fmt: skip
_CREDIT: Final = {"amount": "5.00", "reason": "A cold camera"}
_LOST: Final = {
    **_DOCUMENT, "written_off": "16.48", "left": "0.00", "status": "written_off",
}  # fmt: skip


_DRAFT: Final = {
    "id": 4, "number": None, "referral": "rex", "period": "2026-10", "rows": 2,
    "carried": "15.00", "amount": "42.00", "currency": "EUR", "state": "draft",
    "approved_on": None, "paid_on": None, "reference": "",
}  # fmt: skip
_PAYOUT: Final = {
    "number": "NORTH-C-2026-000001",
    "referral": "rex",
    "payee": "Rex Rossi",
    "iban": "IT60X0542811101000000123456",
    "bic": "",
    "amount": "27.00",
    "currency": "EUR",
}
_STATEMENT: Final = {
    **_DRAFT, "number": "NORTH-C-2026-000001", "state": "approved", "approved_on": "2026-11-05",
}  # fmt: skip
_TRANSFER: Final = {"paid_on": "2026-11-05", "reference": "SEPA 17"}
_RELEASED: Final = {
    "id": 9, "referral": "rex", "level": 1, "subscriber": 1, "document": _NUMBER,
    "period": "2026-10", "base": "13.51", "percent": "15", "amount": "2.03",
    "formula": "13.51 × 15 ÷ 100 = 2.03", "state": "payable", "payable_on": "2026-12-03",
    "statement": None,
}  # fmt: skip


def _with(customer: dict[str, Any]) -> dict[str, Example]:
    """The operations of a book whose customers are named so."""
    return {
        "record_payment": Example({**customer, **_PAID}, _PAYMENT),
        "list_payments": Example(answer=page_of(_PAYMENT)),
        "read_payment": Example(answer=_PAYMENT),
        "allocate_payment": Example(customer, _PAYMENT),
        "unallocate_payment": Example({"invoice": _NUMBER, "reason": "a mistake"}, _TAKEN_OFF),
        "return_payment": Example(_TAKEN_BACK, _BACK),
        "record_refund": Example({**customer, **_REFUNDED}, _REFUND),
        "list_refunds": Example(answer=page_of(_REFUND)),
        "apply_credit": Example(_ALLOCATIONS, _APPLIED),
        "credit_invoice": Example(_CREDIT, _NOTE),
        "write_off_invoice": Example({"reason": "Gone away"}, _LOST),
        "dispute_invoice": Example({"reason": "Not my camera"}, {**_DOCUMENT, "disputed": True}),
        "settle_dispute": Example({"reason": "It was"}, _DOCUMENT),
        "list_balances": Example(answer=page_of(_RECEIVABLE)),
        "list_postings": Example(answer=page_of(_POSTING)),
        "read_account": Example(answer=_ACCOUNT),
        "list_receivables": Example(answer=page_of(_AGED)),
    }


_QUESTION: Final = {
    "id": 7, "subscriber": 1, "invoice": _NUMBER, "line": 0, "camera": "", "state": "open",
    "subject": "Why 31 days?", "asked_by": "sue@example.com",
    "asked_at": "2026-11-05T09:30:00Z", "changed_at": "2026-11-05T09:30:00Z",
}  # fmt: skip
_MESSAGE: Final = {
    "id": 9, "of_operator": False, "by_name": "sue@example.com", "text": "Why 31 days?",
    "at": "2026-11-05T09:30:00Z",
}  # fmt: skip
_POLICY: Final = {
    "steps": [
        {"days": 3, "action": "remind"},
        {"days": 10, "action": "warn"},
        {"days": 24, "action": "suspend_recording"},
    ],
    "minimum": "5.00",
    "notice_days": 7,
    "texts": [{"days": 3, "action": "remind", "text": ["{customer}, {amount} is left to pay."]}],
    "stops_for_questions": True,
}
_DUNNING: Final = {
    "episode": 4, "opened_at": "2026-11-17T09:00:00Z",
    "steps": [
        {
            "days": 3, "action": "remind", "at": "2026-11-17T09:00:02Z", "outcome": "sent",
            "by": "", "note": "",
        },
    ],
    "next": {"days": 10, "action": "warn", "on": "2026-11-24"}, "paused_until": None,
}  # fmt: skip
_LATE: Final = {
    "period": "2026-07", "camera": "gate", "subscriber": 1, "retail": "0.80", "wholesale": "0.50",
    "bills": False,
}  # fmt: skip
_CORRECTION: Final = {
    "original_period": "2026-09", "side": "wholesale", "kind": "service", "camera": "gate",
    "subscriber": None, "days": ["2026-09-20"], "unit": "day", "quantity_before": "3.612903",
    "quantity_after": "7", "before": "1.81", "after": "3.50", "amount": "1.69",
    "reason": "late_usage",
}  # fmt: skip
_OUTAGE: Final = {
    "first_day": "2026-10-10", "last_day": "2026-10-12", "cameras": ["gate"], "share": "100",
    "reason": "Recording failed from 10 to 12 October",
}  # fmt: skip
_OUTAGE_NOTE: Final = {
    "invoice": _NUMBER, "month": "2026-10", "side": "retail", "subscriber": 1, "cameras": 1,
    "camera_days": 3, "total": "1.05",
}  # fmt: skip
MONEY: Final[dict[str, Example]] = {
    "list_corrections": Example(answer=page_of(_CORRECTION)),
    "list_late_usage": Example(answer=page_of(_LATE)),
    "settle_late_usage": Example(
        {"deed": "waive", "marks": [{"camera": "gate", "period": "2026-07"}], "reason": "Too old"},
        {"settled": 1},
    ),
    "credit_an_outage": Example(
        _OUTAGE, {"notes": [{"number": "NORTH-2026-000007", **_OUTAGE_NOTE}], "left": 0}
    ),
    "preview_an_outage": Example(
        _OUTAGE,
        {
            "notes": [{**_OUTAGE_NOTE, "net": "0.86", "tax": "0.19", "commission": "-0.13"}],
            "left": 0,
        },
    ),
    **_with({"subscriber": 1}),
    **{f"{name}_of_platform": one for name, one in _with({"cloud": "north"}).items()},
    "read_platform_invoice": Example(answer=_DOCUMENT),
    "get_dunning_policy": Example(answer=_POLICY),
    "put_dunning_policy": Example(_POLICY, _POLICY),
    "get_dunning": Example(answer=_DUNNING),
    "pause_dunning": Example(
        {"until": "2026-12-01", "reason": "Pays on Friday"},
        {**_DUNNING, "paused_until": "2026-12-01"},
    ),
    "answer_dunning": Example({"action": "close", "done": False, "note": "Pays"}, _DUNNING),
    "write_dunning_again": Example({"action": "warn"}, _DUNNING),
    "lift_dunning": Example(
        answer={
            "episode": None,
            "opened_at": None,
            "steps": [],
            "next": None,
            "paused_until": None,
        }
    ),
    "list_questions": Example(answer=page_of(_QUESTION)),
    "get_question": Example(answer={"question": _QUESTION, "messages": [_MESSAGE]}),
    "answer_question": Example(
        {"text": "October has 31 days."}, {**_QUESTION, "state": "answered"}
    ),
    "close_question": Example(answer={**_QUESTION, "state": "closed"}),
    "list_statements": Example(answer=page_of(_STATEMENT)),
    "list_payouts": Example(answer=page_of(_PAYOUT)),
    "draft_statements": Example({"period": "2026-10"}, page_of(_DRAFT)),
    "read_statement": Example(answer=_STATEMENT),
    "approve_statement": Example(answer=_STATEMENT),
    "void_statement": Example({"reason": "Twice"}, {**_STATEMENT, "state": "void"}),
    "pay_statement": Example(_TRANSFER, {**_STATEMENT, "state": "paid", **_TRANSFER}),
    "release_commission": Example({"reason": "His sister"}, _RELEASED),
}
