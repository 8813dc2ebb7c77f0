"""Outages: the days of cameras that were given back."""

from __future__ import annotations

from decimal import Decimal

from piccolo.columns import BigInt, Numeric
from piccolo.constraints import Check
from piccolo.table import Table

from portal.tables import columns as col
from portal.tables.books.invoice import Invoice
from portal.tables.customers.camera import Camera
from portal.tables.customers.cloud import Cloud


class OutageCredit(Table, tablename="outage_credit"):
    """What a credit note gives back of a camera's charges on an invoice, before discount.

    `days` has a bit for each day, bit 0 the first of the invoice's month, and `share` is what
    percent of their charge has come back with this row, in all: a day of a camera is in a second
    row only with a higher one. `subscriber` is null where the platform sold.
    """

    id = col.key()
    cloud = col.belongs_to(Cloud)
    issuer = col.pointer()
    subscriber = col.pointer(null=True)
    invoice = col.belongs_to(Invoice)
    note = col.belongs_to(Invoice)
    camera = col.belongs_to(Camera)
    days = BigInt()
    share = Numeric(digits=(9, 6), default=Decimal(100))
    amount = col.amount()
    outage_credit_of_days = Check("days > 0")
    outage_credit_share_in_range = Check("share > 0 and share <= 100")
    outage_credit_not_below_0 = Check("amount >= 0")
