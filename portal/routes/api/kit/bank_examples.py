"""Examples of bank files: Sue pays her invoice of 16.48, and somebody pays 9.90 for nothing."""

from typing import Any, Final

from portal.routes.api.kit.price_examples import Example, page_of

_NUMBER: Final = "NORTH-2026-000001"
_MAPPING: Final = {
    "delimiter": ";", "decimal": ",", "date_format": "%d.%m.%Y",
    "columns": {
        "booked_on": "Buchungstag", "amount": "Betrag", "text": "Zweck", "payer": "Name",
        "iban": "Konto", "unused": ["Saldo"],
    },
}  # fmt: skip
_WAITS: Final = "The amount is that of an open invoice."
_IMPORT: Final = {
    "id": 4,
    "lines": [
        {
            "line": 1, "booked_on": "2026-11-05", "amount": "16.48", "state": "matched",
            "rule": "number", "allocations": [{"invoice": _NUMBER, "amount": "16.48"}],
            "credit": "0.00", "fee": "0.00", "reason": None, "suggestions": [], "id": None,
        },
        {
            "line": 2, "booked_on": "2026-11-05", "amount": "9.90", "state": "open", "rule": None,
            "allocations": [], "credit": "0.00", "fee": "0.00", "reason": _WAITS,
            "suggestions": ["NORTH-2026-000002"], "id": 18,
        },
    ],
    "counts": {"matched": 1, "open": 1},
}  # fmt: skip
_LINE: Final = {
    "id": 18, "account": "AT611904300234573201", "booked_on": "2026-11-05", "currency": "EUR",
    "amount": "9.90", "state": "open", "rule": None, "name": "B. Sample", "text": "camera",
    "end_to_end": "", "bank_reference": "2026110500417", "instructed": "", "charges": "",
    "allocations": [], "credit": "0.00", "fee": "0.00", "reason": _WAITS,
    "suggestions": ["NORTH-2026-000002"], "payments": [31],
}  # fmt: skip
_MATCHED: Final = {
    **_LINE, "state": "matched", "reason": None, "suggestions": [],
    "allocations": [{"invoice": "NORTH-2026-000002", "amount": "9.90"}],
}  # fmt: skip


def _with(customer: dict[str, Any]) -> dict[str, Example]:
    """The operations of a book whose customers are named so."""
    return {
        "import_bank_file": Example(answer=_IMPORT),
        "list_bank_lines": Example(answer=page_of(_LINE)),
        "match_bank_line": Example({**customer, "remember": True}, _MATCHED),
        "ignore_bank_line": Example({"reason": "Our own money"}, {**_LINE, "state": "ignored"}),
        "get_csv_mapping": Example(answer={"name": "girokonto", **_MAPPING}),
        "put_csv_mapping": Example(_MAPPING, {"name": "girokonto", **_MAPPING}),
    }


BANK: Final[dict[str, Example]] = {
    **_with({"subscriber": 2}),
    **{f"{name}_of_platform": one for name, one in _with({"cloud": "north"}).items()},
}
