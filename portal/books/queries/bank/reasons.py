"""Why a line of a bank file is as it is, in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from portal.words import _

_OPEN: Final[Mapping[str, str]] = {
    "several": _("It names invoices of several customers, and the amount is not what is left."),
    "by_hand": _("Payments are matched by hand in this cloud."),
    "same_name": _("The amount and the name are those of an open invoice."),
    "same_amount": _("The amount is that of an open invoice."),
    "nothing": _("Nothing in it names an open invoice."),
    "short": _("It takes back less than the payment that it names."),
    "return_reversed": _("It takes back a return."),
    "statement": _("It names a statement that is not approved, or of another amount."),
}
_NOT_STORED: Final[Mapping[str, str]] = {
    "known": _("It came before."),
    "pending": _("It is not booked yet."),
    "refused": _("It is in another currency."),
}


def reason_in_words(state: str, reason: str) -> str | None:
    """A sentence for a line that waits or was not stored, else the bank's code of a return."""
    if state in _NOT_STORED:
        return _NOT_STORED[state]
    return None if state == "matched" else _OPEN.get(reason, reason) or None
