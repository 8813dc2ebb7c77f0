"""Payments and refunds."""

from datetime import date
from typing import Final, Literal

from msgspec import Struct

from portal.access import Permission
from portal.books.actions.money import claims, payments, refunds
from portal.books.forms.payments import (
    AllocateCloudForm,
    AllocateForm,
    ApplyCreditForm,
    CloudPaymentFilter,
    NewCloudPayment,
    NewCloudRefund,
    NewPayment,
    NewRefund,
    PaymentFilter,
    ReturnForm,
    UnallocateForm,
)
from portal.books.queries.money import payments as queries
from portal.routes.api.answers import Page
from portal.routes.api.kit.endpoint import Call, Register, Reply
from portal.routes.api.kit.paging import make_cursor
from portal.routes.api.kit.rows import Amount, answer
from portal.routes.api.money.books import again, book, in_both_books

payment_register: Final = Register("Payments")
ABOVE: Final = "it is more than there is in the credit balance"


class PutOn(Struct, frozen=True):
    """What of a payment is on an invoice."""

    invoice: str
    amount: Amount


class Payment(Struct, frozen=True):
    """Money received.

    `unallocated` is on no invoice and not refunded, 0 once it was returned. In a cloud's book it is
    of a `subscriber`, in the platform's of a `cloud`; of nobody yet, that is null.
    """

    id: int
    cloud: str | None
    subscriber: int | None
    currency: str
    amount: Amount
    paid_on: date
    reference: str
    method: Literal["bank", "direct_debit", "card", "cash", "other"]
    allocated: Amount
    refunded: Amount
    unallocated: Amount
    allocations: list[PutOn]
    state: Literal["received", "returned"]
    returned_on: date | None
    reason: str | None
    fee: Amount | None


class Refund(Struct, frozen=True):
    """Money given back out of a credit balance."""

    id: int
    cloud: str
    subscriber: int | None
    currency: str
    amount: Amount
    refunded_on: date
    reference: str
    method: Literal["bank", "direct_debit", "card", "cash", "other"]
    payment: int | None
    reason: str
    state: Literal["pending", "succeeded", "failed"]


class Applied(Struct, frozen=True):
    """Credit that was put on invoices, and what is left of the balance."""

    customer: str
    currency: str
    allocated: Amount
    credit: Amount


@in_both_books(
    payment_register, "POST", "/payments", Permission.PAYMENTS_WRITE, summary="Record a payment",
    answer=Payment, form=NewPayment, status=201, platform={"form": NewCloudPayment},
    conflicts="the reference is another payment's",
)  # fmt: skip
async def record_payment(call: Call, form: NewPayment | NewCloudPayment) -> Payment | Reply:
    """Money for an `invoice`, on several (`allocations`), of a customer, or of nobody yet.

    What is said to be for invoices goes there; what is a customer's alone goes, with all its credit
    balance, on its open invoices, the oldest first. The same again is 200 with the first payment.
    """
    made, before = await payments.receive(call.actor, book(call), form, now=call.now)
    return again(answer(Payment, made)) if before else answer(Payment, made)


@in_both_books(
    payment_register, "GET", "/payments", Permission.PAYMENTS_READ, summary="List payments",
    answer=Page[Payment], query=PaymentFilter, platform={"query": CloudPaymentFilter}, paged=True,
)  # fmt: skip
async def list_payments(call: Call, query: PaymentFilter | CloudPaymentFilter) -> Page[Payment]:
    """As they were recorded; `unidentified` ones are of nobody yet."""
    customer = query.subscriber if isinstance(query, PaymentFilter) else query.cloud
    rows, last = await queries.list_page(
        call.actor,
        book(call),
        customer=customer,
        unidentified=query.unidentified,
        after=call.after(int) or 0,
        limit=call.limit,
    )
    following = None if last is None else make_cursor(last)
    return Page([answer(Payment, row) for row in rows], following)


@in_both_books(
    payment_register, "GET", "/payments/{id}", Permission.PAYMENTS_READ, summary="Read a payment",
    answer=Payment,
)  # fmt: skip
async def read_payment(call: Call) -> Payment:
    """And on which invoices it is."""
    return answer(Payment, await queries.get(call.actor, book(call), call.number("id")))


@in_both_books(
    payment_register, "POST", "/payments/{id}/allocate", Permission.PAYMENTS_WRITE,
    summary="Put a payment on invoices", answer=Payment, form=AllocateForm,
    platform={"form": AllocateCloudForm},
    conflicts=f"{ABOVE}, it is of somebody else, or the bank took it back",
)  # fmt: skip
async def allocate_payment(call: Call, form: AllocateForm | AllocateCloudForm) -> Payment:
    """On those named; or, of a customer, its whole credit balance on all that is open.

    A payment of nobody yet is then that customer's.
    """
    of = book(call)
    done = await payments.allocate(call.actor, of, call.number("id"), form, now=call.now)
    return answer(Payment, done)


@in_both_books(
    payment_register, "POST", "/payments/{id}/unallocate", Permission.PAYMENTS_WRITE,
    summary="Take a payment off an invoice", answer=Payment, form=UnallocateForm,
)  # fmt: skip
async def unallocate_payment(call: Call, form: UnallocateForm) -> Payment:
    """All that it has there, or an `amount`, goes back to the credit balance."""
    of = book(call)
    done = await payments.unallocate(call.actor, of, call.number("id"), form, now=call.now)
    return answer(Payment, done)


@in_both_books(
    payment_register, "POST", "/payments/{id}/return", Permission.PAYMENTS_WRITE,
    summary="Write that the bank took a payment back", answer=Payment, form=ReturnForm, status=201,
)  # fmt: skip
async def return_payment(call: Call, form: ReturnForm) -> Payment | Reply:
    """It comes off its invoices; what of it was refunded is owed. Again is 200."""
    of = book(call)
    done, before = await payments.take_back(call.actor, of, call.number("id"), form, now=call.now)
    return again(answer(Payment, done)) if before else answer(Payment, done)


@in_both_books(
    payment_register, "POST", "/refunds", Permission.PAYMENTS_WRITE, summary="Record a refund",
    answer=Refund, form=NewRefund, status=201, platform={"form": NewCloudRefund},
    conflicts=f"{ABOVE}, or the reference is another refund's",
)  # fmt: skip
async def record_refund(call: Call, form: NewRefund | NewCloudRefund) -> Refund | Reply:
    """Out of the credit balance, the oldest money first, or of the payment named.

    An invoice is refunded by crediting it first. The same again is 200 with the first refund. Of a
    card payment named in `payment` the gateway gives the money back: `pending`, until it has.
    """
    made, before = await refunds.refund(
        call.actor, book(call), form, now=call.now, queue=call.queue
    )
    return again(answer(Refund, made)) if before else answer(Refund, made)


@in_both_books(
    payment_register, "GET", "/refunds", Permission.PAYMENTS_READ, summary="List refunds",
    answer=Page[Refund], paged=True,
)  # fmt: skip
async def list_refunds(call: Call) -> Page[Refund]:
    """As they were made."""
    rows, last = await queries.list_refunds(
        call.actor, book(call), after=call.after(int) or 0, limit=call.limit
    )
    following = None if last is None else make_cursor(last)
    return Page([answer(Refund, row) for row in rows], following)


@in_both_books(
    payment_register, "POST", "/subscribers/{number}/apply-credit", Permission.PAYMENTS_WRITE,
    summary="Put a credit balance on invoices", answer=Applied, form=ApplyCreditForm,
    platform_path="/clouds/{slug}/apply-credit", conflicts=ABOVE,
)  # fmt: skip
async def apply_credit(call: Call, form: ApplyCreditForm) -> Applied:
    """On those named, or on all that are open, the oldest first."""
    name = call.path.get("slug") or call.number("number")
    return answer(Applied, await claims.apply_credit(call.actor, book(call), name, form))
