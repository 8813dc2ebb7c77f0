"""Forms of money: received, put on invoices, given back, taken back, given up, credited.

In a cloud's book a subscriber is named by its number, in the platform's a cloud by its slug.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Annotated, Final

from portal.errors import Invalid
from portal.kit.forms.form import ListOf, Nested
from portal.values.kinds import SLUG, Choice, Currency, Day, Flag, Text, Whole
from portal.values.numbers import NUMBER, Amount
from portal.words import _

METHODS: Final = Choice(("bank", "direct_debit", "card", "cash", "other"))
REFERENCE: Final = Text(140, example="BANK-2026-11-05-1")
INVOICE: Final = Text(40, example="NORTH-2026-000001")
REASON: Final = Text(500)
NO_REASON: Final = Text(500, minimum=0)
ALLOCATIONS_MAX: Final = 500
CREDITED: Final = Choice(("all", "lines", "amount"))
CREDITED_LINES: Final = ListOf(Whole(0, 2**31 - 1), 1_000)


@dataclass(frozen=True, slots=True, kw_only=True)
class Allocation:
    """So much on an invoice."""

    invoice: Annotated[str, INVOICE]
    amount: Annotated[str, Amount()]


ALLOCATIONS: Final = ListOf(Nested(Allocation), ALLOCATIONS_MAX)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Received:
    amount: Annotated[str, Amount()]
    paid_on: Annotated[date, Day()]
    reference: Annotated[str, REFERENCE]
    method: Annotated[str, METHODS] = "bank"
    invoice: Annotated[str | None, INVOICE] = None
    allocations: Annotated[tuple[Allocation, ...] | None, ALLOCATIONS] = None

    def __post_init__(self) -> None:
        if self.invoice is not None and self.allocations:
            raise Invalid({"allocations": _("name an invoice, or amounts on several, not both")})


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPayment(_Received):
    """Money received: for an invoice, of a subscriber, or of nobody yet.

    With `allocations` each amount goes on its invoice and the rest to the credit balance.
    """

    subscriber: Annotated[int | None, NUMBER] = None

    @property
    def customer(self) -> int | None:
        """Whose money it is said to be."""
        return self.subscriber


@dataclass(frozen=True, slots=True, kw_only=True)
class NewCloudPayment(_Received):
    """Money received by the platform. Without an invoice or a cloud it says its `currency`."""

    cloud: Annotated[str | None, SLUG] = None
    currency: Annotated[str | None, Currency()] = None

    @property
    def customer(self) -> str | None:
        """Whose money it is said to be."""
        return self.cloud


@dataclass(frozen=True, slots=True, kw_only=True)
class _Allocate:
    allocations: Annotated[tuple[Allocation, ...] | None, ALLOCATIONS] = None


def _one_of(customer: object, allocations: object, field: str) -> None:
    if (customer is None) == (not allocations):
        raise Invalid({field: _("say whose it is, or on which invoices it goes")})


@dataclass(frozen=True, slots=True, kw_only=True)
class AllocateForm(_Allocate):
    """Put a payment on the invoices named, or the whole credit balance of a subscriber on its."""

    subscriber: Annotated[int | None, NUMBER] = None

    def __post_init__(self) -> None:
        _one_of(self.subscriber, self.allocations, "allocations")

    @property
    def customer(self) -> int | None:
        """Whose money it is."""
        return self.subscriber


@dataclass(frozen=True, slots=True, kw_only=True)
class AllocateCloudForm(_Allocate):
    """The same in the platform's book."""

    cloud: Annotated[str | None, SLUG] = None

    def __post_init__(self) -> None:
        _one_of(self.cloud, self.allocations, "allocations")

    @property
    def customer(self) -> str | None:
        """Whose money it is."""
        return self.cloud


@dataclass(frozen=True, slots=True, kw_only=True)
class UnallocateForm:
    """Take a payment off an invoice: all that it has there, or an amount."""

    invoice: Annotated[str, INVOICE]
    amount: Annotated[str | None, Amount()] = None
    reason: Annotated[str, NO_REASON] = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnForm:
    """The bank took a payment back; its fee is the operator's."""

    returned_on: Annotated[date, Day()]
    reason: Annotated[str, NO_REASON] = ""
    fee: Annotated[str, Amount()] = "0"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Refunded:
    amount: Annotated[str, Amount()]
    refunded_on: Annotated[date, Day()]
    reference: Annotated[str, REFERENCE]
    method: Annotated[str, METHODS] = "bank"
    payment: Annotated[int | None, Whole(1)] = None
    reason: Annotated[str, NO_REASON] = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewRefund(_Refunded):
    """Money given back out of a subscriber's credit balance: of a payment, or the oldest first."""

    subscriber: Annotated[int, NUMBER]

    @property
    def customer(self) -> int:
        """Whom it is given back to."""
        return self.subscriber


@dataclass(frozen=True, slots=True, kw_only=True)
class NewCloudRefund(_Refunded):
    """The same to a cloud."""

    cloud: Annotated[str, SLUG]

    @property
    def customer(self) -> str:
        """Whom it is given back to."""
        return self.cloud


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteOffForm:
    """Give up what is left of an invoice, or an amount of it."""

    amount: Annotated[str | None, Amount()] = None
    reason: Annotated[str, REASON]


@dataclass(frozen=True, slots=True, kw_only=True)
class DisputeForm:
    """Why an invoice is disputed."""

    reason: Annotated[str, REASON]


@dataclass(frozen=True, slots=True, kw_only=True)
class SettleForm:
    """Why it is no longer."""

    reason: Annotated[str, NO_REASON] = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditForm:
    """Credit lines of an invoice, counted from 0, or a gross amount of it."""

    lines: Annotated[tuple[int, ...] | None, CREDITED_LINES] = None
    amount: Annotated[str | None, Amount()] = None
    reason: Annotated[str, REASON]

    def __post_init__(self) -> None:
        if (self.lines is None) == (self.amount is None):
            raise Invalid({"amount": _("say which lines are credited, or which amount")})


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditBoxes:
    """What a page says to credit: all that is left, the lines ticked, or the gross amount typed.

    What is ticked or typed beside another choice is refused: one of the two is not meant.
    """

    what: Annotated[str, CREDITED] = "all"
    lines: Annotated[tuple[int, ...] | None, CREDITED_LINES] = None
    amount: Annotated[str | None, Amount()] = None
    reason: Annotated[str, NO_REASON] = ""

    def __post_init__(self) -> None:
        if self.what == "lines" and not self.lines:
            raise Invalid({"lines": _("must name at least one line")})
        if self.what == "amount" and self.amount is None:
            raise Invalid({"amount": _("is required")})
        if self.lines and self.what != "lines":
            raise Invalid({"what": _("says otherwise, and lines are ticked")})
        if self.amount is not None and self.what != "amount":
            raise Invalid({"what": _("says otherwise, and an amount is typed")})

    def asked(self, left: str) -> CreditForm:
        """The form, where `left` is all that is. Raises `Invalid` without a reason."""
        if not self.reason:
            raise Invalid({"reason": _("is required")})
        if self.what == "lines":
            return CreditForm(lines=self.lines, reason=self.reason)
        return CreditForm(amount=self.amount or left, reason=self.reason)


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplyCreditForm:
    """Put the credit balance on the invoices named, or on all that are open, the oldest first."""

    allocations: Annotated[tuple[Allocation, ...] | None, ALLOCATIONS] = None

    def __post_init__(self) -> None:
        if self.allocations == ():
            raise Invalid({"allocations": _("must not be empty")})


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentFilter:
    """Payments of a subscriber, or those of nobody yet."""

    subscriber: Annotated[int | None, NUMBER] = None
    unidentified: Annotated[bool, Flag()] = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CloudPaymentFilter:
    """Payments of a cloud, or those of nobody yet."""

    cloud: Annotated[str | None, SLUG] = None
    unidentified: Annotated[bool, Flag()] = False
