"""What else happens to a claim: given up, or disputed. `issuer` is a book: a cloud, or 0."""

from __future__ import annotations

from piccolo.columns import Text
from piccolo.constraints import Check
from piccolo.table import Table

from portal.tables import columns as col
from portal.tables.books.invoice import Invoice
from portal.tables.customers.cloud import Cloud


class WriteOff(Table, tablename="write_off"):
    """A part of an invoice given up; below 0 what of it came in after all. Rows are only added."""

    id = col.key()
    issuer = col.pointer()
    cloud = col.belongs_to(Cloud)
    subscriber = col.pointer(null=True)
    invoice = col.belongs_to(Invoice)
    amount = col.amount()
    day = col.day()
    reason = Text(default="")
    created_at = col.moment(now=True)
    write_off_of_something = Check("amount <> 0")


class Dispute(Table, tablename="dispute"):
    """An invoice that its customer does not accept, until it is closed."""

    id = col.key()
    issuer = col.pointer()
    cloud = col.belongs_to(Cloud)
    subscriber = col.pointer(null=True)
    invoice = col.belongs_to(Invoice)
    reason = Text()
    opened_at = col.moment()
    closed_at = col.moment(null=True)
    closed_reason = Text(default="")
