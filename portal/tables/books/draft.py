"""Drafts of months that are not closed: what a close would issue, and what is looked at first."""

from __future__ import annotations

from piccolo.columns import JSONB, BigInt, Boolean, Bytea, Date, Integer, Numeric, Text, Varchar
from piccolo.constraints import Check, Unique
from piccolo.table import Table

from portal.tables import columns as col
from portal.tables.customers.cloud import Cloud


class Draft(Table, tablename="draft"):
    """What the close of a month would issue if it began at `made_at`: sums over its documents.

    Days before `until` are in it. `wholesale` is after discount, before tax, and
    `wholesale_document` its lines and figures; `last` are the same sums of the month before, as it
    was issued, and `bridge` the steps from its revenue to this one, both null where that month is
    not closed. `by_day` is [revenue, cost, commission] of each day that is over: what the draft
    comes to, spread over its days.

    Of a month that is over `facts` is a digest of all that its cameras were rated from, empty where
    its close corrects other months, too; `terms` and the spread are as in `PeriodSettled`.
    """

    id = col.key()
    cloud = col.belongs_to(Cloud)
    month = col.day()
    made_at = col.moment()
    until = col.day()
    invoices = Integer()
    charges = col.amount()
    revenue = col.amount()
    wholesale = col.amount()
    commission = col.amount()
    tax = col.amount()
    to_collect = col.amount()
    wholesale_document = JSONB()
    last = JSONB(null=True, default=None)
    bridge = JSONB(null=True, default=None)
    by_day = JSONB(default="[]")
    facts = Varchar(length=64, default="")
    terms = Varchar(length=64, default="")
    last_remainder = Numeric(digits=(60, 0), null=True, default=None)
    last_camera = Text(null=True, default=None)
    draft_once = Unique([cloud, month])


class DraftBatch(Table, tablename="draft_batch"):
    """What rating came to for cameras `[first_camera, last_camera]` of a month that is over.

    `facts` is a digest of all that it was rated from. The close stores it as its own where that has
    not changed: the columns of bytes are lines as COPY takes them. So many cameras are `loose`.
    """

    id = col.key()
    cloud = col.belongs_to(Cloud)
    month = col.day()
    first_camera = col.pointer()
    last_camera = col.pointer()
    facts = Varchar(length=64)
    loose = Integer()
    charges = Bytea(secret=True)
    measurements = Bytea(secret=True)
    shares = Bytea(secret=True)
    unrated = Bytea(secret=True)
    draft_batch_once = Unique([cloud, month, first_camera])


class DraftDocument(Table, tablename="draft_document"):
    """What a subscriber's document says beside what `DraftInvoice` has, for its close to issue.

    `facts` is a digest of the subscriber; lines of commissions are as in `PeriodDocument`.
    """

    id = col.key()
    cloud = col.belongs_to(Cloud)
    month = col.day()
    subscriber = col.pointer()
    facts = Varchar(length=64)
    locale = Varchar(length=16)
    buyer = JSONB()
    earned = JSONB()
    collected = JSONB()
    draft_document_once = Unique([cloud, month, subscriber])


class DraftInvoice(Table, tablename="draft_invoice"):
    """A subscriber's document in a draft; without a `type` none would be issued.

    `last` is the total of the month before, null where that is not closed. `cost` and `commission`
    are of its cameras, `cameras` those that were subscribed in the month.
    """

    id = col.key()
    cloud = col.belongs_to(Cloud)
    month = col.day()
    subscriber = col.pointer()
    type = Varchar(length=11, null=True, default=None)
    subtotal = col.amount()
    discount_percent = col.percent()
    discount = col.amount()
    taxable = col.amount()
    tax_percent = col.percent()
    tax_exempt = Boolean()
    tax = col.amount()
    total = col.amount()
    last = BigInt(null=True, default=None)
    cost = col.amount()
    commission = col.amount()
    cameras = Integer()
    lines = JSONB()
    draft_invoice_once = Unique([cloud, month, subscriber])
    draft_invoice_type_known = Check("type in ('invoice', 'credit_note')")


class DraftMargin(Table, tablename="draft_margin"):
    """Revenue, cost and commissions of a camera of a subscriber in a month that is not closed.

    `charges` are before discount.
    """

    id = col.key()
    cloud = col.belongs_to(Cloud)
    month = col.day()
    camera = col.pointer()
    subscriber = col.pointer(null=True)
    charges = col.amount()
    revenue = col.amount()
    cost = col.amount()
    commission = col.amount()
    draft_margin_once = Unique([cloud, month, camera, subscriber], nulls_distinct=False)


class DraftSubscriber(Table, tablename="draft_subscriber"):
    """The same of all cameras of a subscriber."""

    id = col.key()
    cloud = col.belongs_to(Cloud)
    month = col.day()
    subscriber = col.pointer()
    charges = col.amount()
    revenue = col.amount()
    cost = col.amount()
    commission = col.amount()
    draft_subscriber_once = Unique([cloud, month, subscriber])


class DraftTariff(Table, tablename="draft_tariff"):
    """A subscriber's cameras of a tariff, or all of it, as `TariffMonth` has them once closed."""

    id = col.key()
    cloud = col.belongs_to(Cloud)
    month = col.day()
    tariff = col.pointer()
    subscriber = col.pointer(null=True)
    cameras = Integer()
    charges = col.amount()
    revenue = col.amount()
    cost = col.amount()
    commission = col.amount()
    draft_tariff_once = Unique([cloud, month, tariff, subscriber], nulls_distinct=False)


class DraftSurprise(Table, tablename="draft_surprise"):
    """Something in a draft that a person looks at: by which `rule`, and about which subject.

    `key` is made of rule and subject, so it stays when the draft is made anew. `detail` is a
    sentence as `portal.words.stored` keeps it; `cause` is why money is lost, where it is.
    """

    id = col.key()
    cloud = col.belongs_to(Cloud)
    month = col.day()
    key = Varchar(length=32)
    rule = Varchar(length=20)
    subject_kind = Varchar(length=12)
    subject = Text()
    name = Text()
    amount = BigInt(null=True, default=None)
    last = BigInt(null=True, default=None)
    detail = Text()
    cause = Varchar(length=16, default="")
    draft_surprise_once = Unique([cloud, month, key])


class Seen(Table, tablename="seen"):
    """That somebody found a surprise fine: it holds for exactly that amount."""

    id = col.key()
    cloud = col.belongs_to(Cloud)
    month = col.day()
    key = Varchar(length=32)
    rule = Varchar(length=20)
    subject_kind = Varchar(length=12)
    subject = Text()
    amount = BigInt(null=True, default=None)
    note = Text()
    by = Varchar(length=254)
    at = col.moment(now=True)
    seen_once = Unique([cloud, month, key, amount], nulls_distinct=False)


class DraftMark(Table, tablename="draft_mark"):
    """Something changed of which drafts are made: from a `month` on, or, without one, anything.

    Only added and taken away, so that two who change something never wait for each other.
    """

    id = col.key()
    cloud = col.pointer()
    month = Date(null=True, default=None)
