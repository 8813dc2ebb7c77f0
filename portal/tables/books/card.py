"""Cards: a cloud's account at a gateway, the cards saved there, what was charged and came of it."""

from __future__ import annotations

from piccolo.columns import Boolean, Bytea, Integer, Text, Varchar
from piccolo.constraints import Check, Unique
from piccolo.table import Table

from portal.tables import columns as col
from portal.tables.books.invoice import Invoice
from portal.tables.books.payment import Payment, Refund
from portal.tables.customers.cloud import Cloud
from portal.tables.customers.subscriber import Subscriber


class CardAccount(Table, tablename="card_account"):
    """A cloud's account at a gateway; what it is spoken to with is encrypted.

    `trouble` is why the gateway could not be asked the last time, "" where it could. `looked_at` is
    when invoices were looked through for those to be charged, `read_at` when the gateway was for
    what it has not told.
    """

    id = col.key()
    cloud = col.belongs_to(Cloud)
    gateway = Varchar(length=32)
    secret = Bytea(secret=True)
    charge_on = Varchar(length=8, default="due")
    trouble = Text(default="")
    looked_at = col.moment(null=True)
    read_at = col.moment(null=True)
    created_at = col.moment(now=True)
    card_account_once = Unique([cloud, gateway])
    card_account_charge_on_known = Check("charge_on in ('issue', 'due', 'manual')")


class CardCustomer(Table, tablename="card_customer"):
    """Whom a gateway keeps a subscriber's cards under."""

    id = col.key()
    cloud = col.belongs_to(Cloud)
    subscriber = col.belongs_to(Subscriber)
    gateway = Varchar(length=32)
    customer = Varchar(length=255)
    card_customer_once = Unique([cloud, subscriber, gateway])


class CardSetUp(Table, tablename="card_set_up"):
    """A page of the gateway's on which somebody saves a card; looked at until it is over."""

    id = col.key()
    cloud = col.belongs_to(Cloud)
    subscriber = col.belongs_to(Subscriber)
    gateway = Varchar(length=32)
    session = Varchar(length=255)
    created_at = col.moment()
    expires_at = col.moment()
    look_at = col.moment(null=True)
    card_set_up_once = Unique([cloud, gateway, session])


class PaymentMethod(Table, tablename="payment_method"):
    """A card as far as it is known: never its number. One is charged, the `preferred` one."""

    id = col.key()
    cloud = col.belongs_to(Cloud)
    subscriber = col.belongs_to(Subscriber)
    gateway = Varchar(length=32)
    method = Varchar(length=255)
    brand = Varchar(length=32)
    last4 = Varchar(length=4)
    month = Integer(default=None)
    year = Integer(default=None)
    preferred = Boolean(default=False)
    added_at = col.moment()
    removed_at = col.moment(null=True)
    payment_method_once = Unique([cloud, gateway, method])
    payment_method_month_in_range = Check("month between 1 and 12")


class CardCharge(Table, tablename="card_charge"):
    """One attempt to charge what is left of an invoice; the gateway's key is made of its row id.

    Created, then asked for: it is unknown while no answer came, pending while its holder is asked,
    and ends as succeeded, with a payment, or failed. `look_at` is when it is looked at again.
    """

    id = col.key()
    cloud = col.belongs_to(Cloud)
    subscriber = col.belongs_to(Subscriber)
    invoice = col.belongs_to(Invoice)
    attempt = Integer(default=None)
    currency = Varchar(length=3)
    amount = col.amount()
    gateway = Varchar(length=32)
    payment_method = col.belongs_to(PaymentMethod)
    by_hand = Boolean(default=False)
    state = Varchar(length=9, default="created")
    intent = Varchar(length=255, null=True, default=None)
    url = Text(default="")
    code = Varchar(length=64, default="")
    message = Text(default="")
    payment = col.belongs_to(Payment, null=True)
    created_at = col.moment()
    asked_at = col.moment(null=True)
    look_at = col.moment(null=True)
    looks = Integer(default=0)
    ended_on = col.day(null=True)
    retry_on = col.day(null=True)
    told_at = col.moment(null=True)
    card_charge_attempt_once = Unique([cloud, invoice, attempt])
    card_charge_above_nothing = Check("amount > 0")
    card_charge_state_known = Check(
        "state in ('created', 'unknown', 'pending', 'succeeded', 'failed')"
    )
    card_charge_paid = Check("(payment is not null) = (state = 'succeeded')")


class CardRefund(Table, tablename="card_refund"):
    """A refund that a gateway makes of a charge."""

    id = col.key()
    cloud = col.belongs_to(Cloud)
    subscriber = col.pointer()
    refund = col.belongs_to(Refund)
    card_charge = col.belongs_to(CardCharge)
    gateway_refund = Varchar(length=255, null=True, default=None)
    asked_at = col.moment(null=True)
    look_at = col.moment(null=True)
    looks = Integer(default=0)
    card_refund_once = Unique([cloud, refund])


class CardDispute(Table, tablename="card_dispute"):
    """A charge that its holder's bank took back."""

    id = col.key()
    cloud = col.belongs_to(Cloud)
    subscriber = col.pointer()
    card_charge = col.belongs_to(CardCharge)
    dispute = Varchar(length=255)
    amount = col.amount()
    state = Varchar(length=4, default="open")
    card_dispute_once = Unique([cloud, dispute])
    card_dispute_state_known = Check("state in ('open', 'won', 'lost')")


class CardPayout(Table, tablename="card_payout"):
    """Money that a gateway paid to the cloud's bank."""

    id = col.key()
    cloud = col.belongs_to(Cloud)
    gateway = Varchar(length=32)
    payout = Varchar(length=255)
    currency = Varchar(length=3)
    amount = col.amount()
    paid_on = col.day()
    card_payout_once = Unique([cloud, gateway, payout])


class PaymentFee(Table, tablename="payment_fee"):
    """What a gateway keeps of a payment for itself."""

    id = col.key()
    issuer = col.pointer()
    cloud = col.belongs_to(Cloud)
    subscriber = col.pointer(null=True)
    payment = col.belongs_to(Payment)
    amount = col.amount()
    day = col.day()
    payment_fee_once = Unique([payment])
    payment_fee_in_range = Check("amount >= 0")


class GatewayEvent(Table, tablename="gateway_event"):
    """What a gateway told by itself: that an object changed. A worker reads how it is now."""

    id = col.key()
    cloud = col.belongs_to(Cloud)
    gateway = Varchar(length=32)
    event = Varchar(length=255)
    kind = Varchar(length=64)
    object = Varchar(length=255)
    received_at = col.moment()
    look_at = col.moment(null=True)
    looks = Integer(default=0)
    gateway_event_once = Unique([cloud, gateway, event])
