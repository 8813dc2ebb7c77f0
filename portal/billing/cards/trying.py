"""When a card is tried, and how much it is charged: by rule, and never more than is owed."""

from __future__ import annotations

from datetime import date, timedelta
from enum import StrEnum
from typing import Final

RETRY_DAYS: Final = (3, 5, 7)
"""Days after the first, second and third failure until the next try."""
ATTEMPTS_MAX: Final = 1 + len(RETRY_DAYS)
AUTHENTICATION: Final = "authentication_required"
"""The holder's bank wants to ask them: nobody can try again but they."""
FINAL: Final = frozenset(
    {
        *("lost_card", "stolen_card", "expired_card", "pickup_card", "restricted_card"),
        *("closed_account", "account_closed", "invalid_account", "invalid_number"),
        *("incorrect_number", "stop_payment_order", "revocation_of_authorization"),
        *("revocation_of_all_authorizations", "no_card", AUTHENTICATION),
    }
)
"""Failures after which the same card is not tried again."""


class ChargeOn(StrEnum):
    """When invoices are charged by themselves."""

    ISSUE = "issue"
    DUE = "due"
    MANUAL = "manual"


def next_try(attempt: int, code: str, failed_on: date) -> date | None:
    """The day of the next attempt after the failure of one (1 is the first); None for never.

    Example: the first fails on 1 March, the second is on 4 March; had the card been lost, none is.
    """
    if code in FINAL or attempt >= ATTEMPTS_MAX:
        return None
    return failed_on + timedelta(days=RETRY_DAYS[attempt - 1])


def to_charge(left: int, total: int, charged: int) -> int:
    """What of an invoice may be charged now, in minor units: 0 where nothing may.

    `charged` is what cards were charged for it and have not got back. Money that was charged and
    then put on another invoice is not charged again: 16.48 of 16.48 was charged, 0 may be.
    """
    return max(0, min(left, total - charged))
