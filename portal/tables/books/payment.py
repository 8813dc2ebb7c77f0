"""Payments, what they are put on, refunds and returns. `issuer` is a book: a cloud, or 0."""

from __future__ import annotations

from piccolo.columns import ForeignKey, Integer, OnDelete, OnUpdate, Text, Varchar
from piccolo.constraints import Check, Unique
from piccolo.table import Table

from portal.tables import columns as col
from portal.tables.books.invoice import Invoice
from portal.tables.customers.cloud import Cloud
from portal.tables.customers.subscriber import Subscriber

METHODS = "method in ('bank', 'direct_debit', 'card', 'cash', 'other')"
ONE_SOURCE = "num_nonnulls(payment, note) = 1"


class Payment(Table, tablename="payment"):
    """Money received: of a subscriber in a cloud's book, of a cloud in the platform's.

    Whose it is may be said later, once, on `identified_on`; nothing else of it changes. `names` is
    what it was said to be for when it came. `gateway` is "" where the money is at the bank.
    `reference_begun` is the reference in small letters.
    """

    id = col.key()
    issuer = col.pointer()
    cloud = col.belongs_to(Cloud, null=True)
    subscriber = col.belongs_to(Subscriber, null=True)
    currency = Varchar(length=3)
    amount = col.amount()
    paid_on = col.day()
    method = Varchar(length=12)
    gateway = Varchar(length=32, default="")
    reference = Varchar(length=140)
    names = Text(default="")
    identified_on = col.day(null=True)
    created_at = col.moment(now=True)
    reference_begun = Text(default="")
    payment_reference_once = Unique([issuer, reference])
    payment_above_nothing = Check("amount > 0")
    payment_method_known = Check(METHODS)
    payment_of_book = Check(
        "case issuer when 0 then subscriber is null else cloud is not null and cloud = issuer end"
    )


class Allocation(Table, tablename="allocation"):
    """A part of a payment, or of a negative period's credit note, on an invoice. Rows are added.

    One below 0 takes off what the one that it `undoes` put on. `day` is that of its cause.
    """

    id = col.key()
    issuer = col.pointer()
    cloud = col.belongs_to(Cloud)
    subscriber = col.pointer(null=True)
    payment = col.belongs_to(Payment, null=True)
    note = col.belongs_to(Invoice, null=True)
    invoice = col.belongs_to(Invoice)
    amount = col.amount()
    day = col.day()
    undoes: ForeignKey[Allocation] = ForeignKey(
        "self", null=True, default=None, on_delete=OnDelete.restrict, on_update=OnUpdate.restrict
    )
    reason = Text(default="")
    created_at = col.moment(now=True)
    allocation_of_one_source = Check(ONE_SOURCE)
    allocation_undone = Check("amount <> 0 and (amount < 0) = (undoes is not null)")


class Refund(Table, tablename="refund"):
    """Money given back out of a credit balance; `payment` is the one named, if one was.

    `reference_begun` is the reference in small letters, `failed_on` the day on which money that a
    gateway had given back was there again.
    """

    id = col.key()
    issuer = col.pointer()
    cloud = col.belongs_to(Cloud)
    subscriber = col.belongs_to(Subscriber, null=True)
    currency = Varchar(length=3)
    amount = col.amount()
    refunded_on = col.day()
    method = Varchar(length=12)
    gateway = Varchar(length=32, default="")
    reference = Varchar(length=140)
    payment = col.belongs_to(Payment, null=True)
    reason = Text(default="")
    state = Varchar(length=9, default="succeeded")
    created_at = col.moment(now=True)
    reference_begun = Text(default="")
    failed_on = col.day(null=True)
    refund_reference_once = Unique([issuer, reference])
    refund_above_nothing = Check("amount > 0")
    refund_method_known = Check(METHODS)
    refund_state_known = Check("state in ('pending', 'succeeded', 'failed')")
    refund_failed_on = Check("failed_on is null or state = 'failed'")


class RefundPart(Table, tablename="refund_part"):
    """How much of a refund came out of which source."""

    id = col.key()
    issuer = col.pointer()
    cloud = col.belongs_to(Cloud)
    subscriber = col.pointer(null=True)
    refund = col.belongs_to(Refund)
    payment = col.belongs_to(Payment, null=True)
    note = col.belongs_to(Invoice, null=True)
    amount = col.amount()
    refund_part_above_nothing = Check("amount > 0")
    refund_part_of_one_source = Check(ONE_SOURCE)


class PaymentReturn(Table, tablename="payment_return"):
    """A payment that the bank or a card network took back, once; its `fee` is the operator's."""

    id = col.key()
    issuer = col.pointer()
    cloud = col.belongs_to(Cloud, null=True)
    subscriber = col.pointer(null=True)
    payment = col.belongs_to(Payment)
    returned_on = col.day()
    reason = Text(default="")
    fee = col.amount()
    created_at = col.moment(now=True)
    payment_return_once = Unique([payment])
    payment_return_fee_in_range = Check("fee >= 0")


class CreditSource(Table, tablename="credit_source"):
    """What of a source is on no invoice and not refunded, where that is not 0: kept by triggers.

    Below 0 for a payment that was returned after some of it had been refunded.
    """

    id = col.key()
    issuer = col.pointer()
    cloud = col.belongs_to(Cloud)
    subscriber = col.pointer(null=True)
    payment = col.pointer(null=True)
    note = col.pointer(null=True)
    day = col.day()
    free = col.amount()
    credit_source_once = Unique([cloud, payment, note], nulls_distinct=False)


class PaymentSum(Table, tablename="payment_sum"):
    """Payments of a day in a cloud's book that were not returned: kept by triggers.

    `account_manager` is that of whose they are, now.
    """

    id = col.key()
    cloud = col.belongs_to(Cloud)
    currency = Varchar(length=3)
    paid_on = col.day()
    payments = Integer()
    amount = col.amount()
    account_manager = col.pointer(null=True)
    payment_sum_once = Unique([cloud, paid_on, currency, account_manager], nulls_distinct=False)
