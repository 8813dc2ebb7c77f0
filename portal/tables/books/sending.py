"""How far documents are on their way to subscribers, and which were handed to other systems."""

from __future__ import annotations

from piccolo.columns import Integer, Varchar
from piccolo.constraints import Check, Unique
from piccolo.table import Table

from portal.tables import columns as col
from portal.tables.books.invoice import Invoice
from portal.tables.customers.cloud import Cloud
from portal.tables.customers.subscriber import Subscriber


class SendingSum(Table, tablename="sending_sum"):
    """A month's documents that were written to somebody, counted by the database by state.

    Copies that were sent again by hand do not count.
    """

    id = col.key()
    cloud = col.belongs_to(Cloud)
    month = col.day()
    waiting = Integer(default=0)
    sent = Integer(default=0)
    failed = Integer(default=0)
    sending_sum_once = Unique([cloud, month])


class SendingDue(Table, tablename="sending_due"):
    """A closed month whose documents are to be written down by a worker: its cloud sends itself."""

    id = col.key()
    cloud = col.belongs_to(Cloud)
    month = col.day()
    sending_due_once = Unique([cloud, month])


class DocumentOpening(Table, tablename="document_opening"):
    """When somebody of the subscriber saw a document in the portal for the first time."""

    id = col.key()
    cloud = col.belongs_to(Cloud)
    subscriber = col.belongs_to(Subscriber)
    invoice = col.belongs_to(Invoice)
    opened_by = Varchar(length=254)
    opened_at = col.moment()
    document_opening_once = Unique([cloud, invoice])


class HandOver(Table, tablename="hand_over"):
    """Documents that somebody took as one file: `kind` is what of; `total` in minor units.

    `month` is null where they were chosen from several.
    """

    id = col.key()
    cloud = col.belongs_to(Cloud)
    month = col.day(null=True)
    kind = Varchar(length=4)
    made_by = Varchar(length=254)
    user_id = col.pointer(null=True)
    api_key = col.pointer(null=True)
    made_at = col.moment()
    documents = Integer()
    total = col.amount()
    hand_over_kind_known = Check("kind in ('csv', 'json', 'zip')")
    hand_over_of_some = Check("documents > 0")


class HandOverDocument(Table, tablename="hand_over_document"):
    """A document of a hand-over."""

    id = col.key()
    cloud = col.belongs_to(Cloud)
    hand_over = col.belongs_to(HandOver)
    invoice = col.belongs_to(Invoice)
    hand_over_document_once = Unique([cloud, hand_over, invoice])
