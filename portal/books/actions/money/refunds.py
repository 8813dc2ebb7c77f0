"""Money given back, out of the credit balance."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import partial

from portal import tables
from portal.access import Actor, Permission
from portal.billing import allocation
from portal.billing.allocation import Kind, SourceId
from portal.books.actions.money.at_gateway import place_of, to_gateway
from portal.books.actions.money.naming import AMOUNT, above_nothing, check_day, named_customer
from portal.books.actions.money.storing import lock_customer, open_book
from portal.books.forms.payments import NewCloudRefund, NewRefund
from portal.books.queries.money import customers, payments
from portal.books.queries.money.customers import Customer, columns_of
from portal.books.queries.money.payments import Refund
from portal.db import Transaction, atomic
from portal.errors import Conflict, Invalid, NotFound
from portal.kit.actions import audit, events
from portal.kit.actions.rows import insert
from portal.kit.queries.tenancy import CloudFacts, id_of
from portal.ports import Queue
from portal.values.webhooks import EventType
from portal.words import _


async def refund(
    actor: Actor,
    cloud: CloudFacts | None,
    new: NewRefund | NewCloudRefund,
    *,
    now: datetime,
    queue: Queue | None = None,
    made_as: str = "",
) -> tuple[Refund, bool]:
    """Give money back to a customer of a cloud's book, or of the platform's; and whether it was.

    The same reference again changes nothing. Of a payment whose money is at a gateway, the gateway
    gives it back: it is pending until a worker has asked for it, or made already with the
    gateway's name `made_as`. Raises `Invalid` at a field, `Conflict` above the credit balance, or
    where the reference is another refund's.
    """
    async with atomic(actor) as tx:
        book = await open_book(tx, actor, cloud, Permission.PAYMENTS_WRITE)
        check_day("refunded_on", new.refunded_on, book.today(now))
        at = "subscriber" if isinstance(new, NewRefund) else "cloud"
        customer = await named_customer(tx, book, new.customer, at, None)
        amount = above_nothing(new.amount, customer.currency)
        await lock_customer(tx, customer)
        before = await payments.refund_by_reference(tx, book.issuer, new.reference)
        if before is not None:
            whose = before.cloud if book.cloud is None else str(before.subscriber)
            if (before.amount, whose) != (amount, customer.name):
                raise Conflict(_("Another refund has this reference."), {"reference": _("is used")})
            return before, True
        named = await _payment(tx, customer, new.payment)
        found = await customers.sources(tx, customer)
        parts = allocation.refunded([one for one, _day in found.values()], amount, named)
        made_at = await place_of(tx, customer.cloud, new, made_as)
        row = {
            "issuer": book.issuer,
            "cloud": customer.cloud,
            "subscriber": customer.subscriber,
            "currency": customer.currency,
            AMOUNT: amount,
            "refunded_on": new.refunded_on,
            "method": made_at.method,
            "gateway": made_at.gateway,
            "state": made_at.state,
            "reference": new.reference,
            "payment": new.payment,
            "reason": new.reason,
        }
        made = await insert(tx, tables.Refund, row, unless_there=True)
        if made is None:  # another customer's, at the same moment
            raise Conflict(_("Another refund has this reference."), {"reference": _("is used")})
        await _take(tx, customer, made, parts)
        await to_gateway(tx, made_at, made, made_as, queue)
        about = f"refund {made}"
        await audit.record(tx, actor, "refund.create", about, cloud=id_of(cloud), after=row)
        if made_at.state == "succeeded" and book.cloud is not None:
            note_made(tx, book.issuer, new.reference)
        stored = await payments.refund_by_reference(tx, book.issuer, new.reference)
        assert stored is not None, "it was written just now"
        return stored, False


def note_made(tx: Transaction, issuer: int, reference: str) -> None:
    """Tell a cloud's systems that the refund with a reference was made."""
    read = partial(payments.refund_by_reference, tx, issuer, reference)
    events.note(tx, issuer, EventType.REFUND_SUCCEEDED, facts=read)


async def _take(
    tx: Transaction, customer: Customer, refund: int, parts: Sequence[tuple[SourceId, int]]
) -> None:
    """Write down out of which sources a refund is paid."""
    for source, part in parts:
        payment, note = columns_of(source)
        columns = {
            "issuer": customer.issuer,
            "cloud": customer.cloud,
            "subscriber": customer.subscriber,
            "refund": refund,
            "payment": payment,
            "note": note,
            AMOUNT: part,
        }
        await insert(tx, tables.RefundPart, columns)


async def _payment(tx: Transaction, customer: Customer, payment: int | None) -> SourceId | None:
    """The payment that a body names as what is given back of. Raises `Invalid`."""
    if payment is None:
        return None
    try:
        found = await payments.find(tx, customer.issuer, payment)
    except NotFound:
        raise Invalid({"payment": _("is not there")}) from None
    whose = found.cloud if customer.subscriber is None else str(found.subscriber)
    if whose != customer.name:
        raise Invalid({"payment": _("is of somebody else")})
    return SourceId(Kind.PAYMENT, payment)
