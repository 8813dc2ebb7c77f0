"""Commissions: what referrals earn on documents. Rows are only added."""

from __future__ import annotations

from piccolo.columns import Integer, Varchar
from piccolo.constraints import Unique
from piccolo.table import Table

from portal.tables import columns as col
from portal.tables.books.invoice import Invoice
from portal.tables.customers.cloud import Cloud
from portal.tables.customers.referral import Referral
from portal.tables.customers.subscriber import Subscriber


class Commission(Table, tablename="commission"):
    """What one referral earned (or, below zero, gave back) on one document at one level.

    `document` is copied: a referral sees the number, never the document. It is of the document
    itself, on the `day` of its issue, or of a credit `note` or an `allocation`, on that one's.
    """

    id = col.key()
    cloud = col.belongs_to(Cloud)
    referral = col.belongs_to(Referral)
    subscriber = col.belongs_to(Subscriber)
    invoice = col.belongs_to(Invoice)
    payment = col.pointer(null=True)
    document = Varchar(length=40)
    month = col.day()
    level = Integer()
    basis = Varchar(length=16)
    base = col.amount()
    percent = col.percent()
    amount = col.amount()
    state = Varchar(length=8, default="payable")
    created_at = col.moment(now=True)
    note = col.pointer(null=True)
    allocation = col.pointer(null=True)
    day = col.day()
    commission_once = Unique(
        [cloud, invoice, referral, level, note, allocation], nulls_distinct=False
    )


class CommissionTerm(Table, tablename="commission_term"):
    """What a referral earns on a document as it is paid: settled when the document is issued."""

    id = col.key()
    cloud = col.belongs_to(Cloud)
    referral = col.belongs_to(Referral)
    subscriber = col.pointer()
    invoice = col.belongs_to(Invoice)
    level = Integer()
    percent = col.percent()
    commission_term_once = Unique([cloud, invoice, level])


class CommissionSum(Table, tablename="commission_sum"):
    """What a referral earned in a month on a level; 0 is all levels together.

    A trigger on commissions writes it. `entries` are commissions, of so many different `documents`
    and `subscribers`.
    """

    id = col.key()
    cloud = col.belongs_to(Cloud)
    referral = col.belongs_to(Referral)
    month = col.day()
    level = Integer()
    entries = Integer()
    subscribers = Integer()
    documents = Integer()
    amount = col.amount()
    commission_sum_once = Unique([cloud, referral, month, level])


class CommissionDay(Table, tablename="commission_day"):
    """What a referral earned on a day and is on no statement yet, without what was taken back.

    Triggers on commissions and entries of statements write it.
    """

    id = col.key()
    cloud = col.belongs_to(Cloud)
    referral = col.belongs_to(Referral)
    earned_on = col.day()
    open = col.amount()
    commission_day_once = Unique([cloud, referral, earned_on])
