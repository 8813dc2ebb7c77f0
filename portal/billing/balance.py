"""What is left of an issued document, what state that is, and whether it is overdue.

The law; the view `document_balance` says the same of stored documents to whoever lists or shows
them, and a property test holds the two together.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class Status(StrEnum):
    """What is due of an issued document, whatever day it is."""

    OPEN = "open"
    PARTLY_PAID = "partly_paid"
    PAID = "paid"
    WRITTEN_OFF = "written_off"
    CREDITED = "credited"
    ISSUED = "issued"


class State(StrEnum):
    """A document in one word, as a person is told: its status, but for what matters more."""

    OPEN = "open"
    PARTLY_PAID = "partly_paid"
    PAID = "paid"
    WRITTEN_OFF = "written_off"
    CREDITED = "credited"
    OVERDUE = "overdue"
    CREDIT_NOTE = "credit_note"


@dataclass(frozen=True, slots=True)
class Balance:
    """An issued document and what has been taken off it, in minor units of its currency.

    `total` is below 0 on a credit note; `credited`, `paid` and `written_off` (less what was
    recovered) are sums, 0 or above. `due_on` is None where nothing has to be paid.
    """

    total: int
    credited: int
    paid: int
    due_on: date | None
    written_off: int = 0

    @property
    def left(self) -> int:
        """What can still be paid of it: never below 0, and nothing of a credit note."""
        return max(0, self.total - self.credited - self.paid - self.written_off)

    @property
    def status(self) -> Status:
        """By what was credited, written off and paid; a credit note asks for nothing: `issued`."""
        if self.total <= 0:
            return Status.ISSUED
        if self.credited >= self.total:
            return Status.CREDITED
        if not self.left:
            return Status.WRITTEN_OFF if self.written_off else Status.PAID
        return Status.PARTLY_PAID if self.paid else Status.OPEN

    def is_overdue(self, today: date) -> bool:
        """Whether something is left of it after its due day; `today` is that of its issuer's zone.

        Example: due on the 14th, it is overdue from the 15th on, as the issuer's calendar has it.
        """
        return self.left > 0 and self.due_on is not None and self.due_on < today

    def state(self, today: date) -> State:
        """Its status, overdue where it is, and credit note for what only gives money back."""
        if self.total <= 0:
            return State.CREDIT_NOTE
        return State.OVERDUE if self.is_overdue(today) else State(self.status)
