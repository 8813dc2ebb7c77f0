"""Invoices and credit notes with their lines. Never changed once issued."""

from __future__ import annotations

from piccolo.columns import (
    JSONB,
    Boolean,
    Bytea,
    ForeignKey,
    Integer,
    OnDelete,
    OnUpdate,
    Text,
    Varchar,
)
from piccolo.constraints import Check, Unique
from piccolo.table import Table

from portal.tables import columns as col
from portal.tables.books.period import Period
from portal.tables.customers.cloud import Cloud
from portal.tables.customers.subscriber import Subscriber


class Series(Table, tablename="series"):
    """The last number given in an issuer's year. `issuer` 0 is the platform, else a cloud's id."""

    id = col.key()
    issuer = col.pointer()
    prefix = Varchar(length=16)
    year = Integer()
    last_number = Integer(default=0)
    series_once = Unique([issuer, year])


class Invoice(Table, tablename="invoice"):
    """An issued document, retail (cloud to subscriber) or wholesale (platform to cloud).

    `period` is the first day of the month it was issued for. Seller, buyer, prices and tax are
    copied here, so that it can be printed again without reading anything else. Amounts on a credit
    note are negative. `number_begun` and `number_ended` are the number in small letters, and the
    same backwards, which the database makes of it.
    """

    id = col.key()
    cloud = col.belongs_to(Cloud)
    subscriber = col.belongs_to(Subscriber, null=True)
    period = col.belongs_to(Period, null=True)
    month = col.day()
    side = Varchar(length=9)
    type = Varchar(length=11)
    issuer = col.pointer()
    number = Varchar(length=40)
    sequence = Integer()
    issued_at = col.moment()
    issued_on = col.day()
    due_on = col.day(null=True)
    currency = Varchar(length=3)
    locale = Varchar(length=16)
    seller = JSONB()
    buyer = JSONB()
    discount_percent = col.percent()
    tax_percent = col.percent()
    tax_exempt = Boolean(default=False)
    subtotal = col.amount()
    discount = col.amount()
    taxable = col.amount()
    tax = col.amount()
    total = col.amount()
    credits: ForeignKey[Invoice] = ForeignKey(
        "self", null=True, default=None, on_delete=OnDelete.restrict, on_update=OnUpdate.restrict
    )
    reason = Text(default="")
    number_begun = Text(default="")
    number_ended = Text(default="")
    invoice_number_once = Unique([issuer, number])
    invoice_type_known = Check("type in ('invoice', 'credit_note')")
    invoice_side_known = Check("side in ('retail', 'wholesale')")
    invoice_adds_up = Check("taxable = subtotal - discount and total = taxable + tax")
    invoice_sign = Check("(type = 'credit_note') = (total < 0) and total <> 0")


class InvoiceLine(Table, tablename="invoice_line"):
    """The charges of what was sold, summed; on a credit note by hand, a line that it credits.

    It holds facts and names as sold; see `portal.values.lines` for what it says. Whose document it
    is on, a trigger looks at once for all lines of a statement.
    """

    id = col.key()
    cloud = col.pointer()
    subscriber = col.pointer(null=True)
    invoice = col.pointer()
    position = Integer()
    kind = Varchar(length=9)
    version = col.pointer(null=True)
    service = col.pointer(null=True)
    original_period = col.day()
    name = Text()
    service_name = Text(default="")
    valid_from = col.day(null=True)
    unit = Varchar(length=64, default="")
    quantity = col.quantity()
    unit_price = col.price(null=True)
    amount = col.amount()
    credited_line = Integer(null=True, default=None)
    invoice_line_once = Unique([cloud, invoice, position])


class InvoiceFile(Table, tablename="invoice_file"):
    """The PDF of a document: rendered once, its bytes and their sha256 kept for good.

    `usage_content` is the CSV of its cameras, attached to the PDF, too; null where it has none.
    """

    id = col.key()
    cloud = col.belongs_to(Cloud)
    subscriber = col.belongs_to(Subscriber, null=True)
    invoice = col.belongs_to(Invoice)
    sha256 = Varchar(length=64)
    size = Integer()
    content = Bytea(secret=True)
    usage_sha256 = Varchar(length=64, null=True, default=None)
    usage_content = Bytea(null=True, default=None, secret=True)
    created_at = col.moment(now=True)
    invoice_file_once = Unique([cloud, invoice])
    invoice_file_usage_whole = Check("(usage_sha256 is null) = (usage_content is null)")


class InvoiceWait(Table, tablename="invoice_wait"):
    """A document that waits for a font: the characters that none draws, and what installs one.

    `value` is the DocumentValue that will be printed, as JSON: what it says is settled.
    """

    id = col.key()
    cloud = col.belongs_to(Cloud)
    subscriber = col.belongs_to(Subscriber, null=True)
    invoice = col.belongs_to(Invoice)
    characters = Text()
    command = Text()
    value = Text(secret=True)
    created_at = col.moment(now=True)
    invoice_wait_once = Unique([cloud, invoice])


class InvoiceSum(Table, tablename="invoice_sum"):
    """Documents of a month with one due day, counted and summed by the database as they change.

    `account_manager` is that of their customers now.

    `open` ones have something left, `settled` ones nothing, `notes` never had: credit notes.
    """

    id = col.key()
    cloud = col.belongs_to(Cloud)
    issuer = col.pointer()
    side = Varchar(length=9)
    month = col.day()
    due_on = col.day(null=True)
    currency = Varchar(length=3)
    documents = Integer()
    total = col.amount()
    taxable = col.amount()
    open = Integer()
    open_total = col.amount()
    open_left = col.amount()
    settled = Integer()
    settled_total = col.amount()
    notes = Integer()
    notes_total = col.amount()
    account_manager = col.pointer(null=True)
    invoice_sum_once = Unique(
        [cloud, month, side, issuer, due_on, currency, account_manager], nulls_distinct=False
    )
