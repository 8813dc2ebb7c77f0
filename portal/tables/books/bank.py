"""What banks give, and how it is read. `issuer` is a book: a cloud, or 0, the platform."""

from __future__ import annotations

from piccolo.columns import JSONB, Array, Boolean, Bytea, Integer, Text, Varchar
from piccolo.constraints import Check, Unique
from piccolo.table import Table

from portal.tables import columns as col
from portal.tables.books.payment import Payment
from portal.tables.customers.cloud import Cloud
from portal.tables.customers.subscriber import Subscriber


class CsvMapping(Table, tablename="csv_mapping"):
    """How the CSV of a bank is read: `columns` are their names in the file, by what they say."""

    id = col.key()
    issuer = col.pointer()
    cloud = col.belongs_to(Cloud, null=True)
    name = Varchar(length=64)
    delimiter = Varchar(length=1)
    decimal = Varchar(length=1)
    date_format = Varchar(length=40)
    columns = JSONB()
    csv_mapping_once = Unique([issuer, name])
    csv_mapping_of_book = Check("issuer = coalesce(cloud, 0)")


class BankImport(Table, tablename="bank_import"):
    """A file that is taken in; its bytes are not kept. `added` of its `lines` were new so far.

    One without `finished_at` was stopped: the same file goes on with it. `name` is what whoever
    sent it called it.
    """

    id = col.key()
    issuer = col.pointer()
    cloud = col.belongs_to(Cloud, null=True)
    format = Varchar(length=5)
    sha256 = Varchar(length=64)
    lines = Integer()
    added = Integer()
    made_by = Varchar(length=254)
    made_at = col.moment()
    name = Varchar(length=200, default="")
    finished_at = col.moment(null=True)
    bank_import_of_book = Check("issuer = coalesce(cloud, 0)")


class BankLine(Table, tablename="bank_line"):
    """A movement on an account, once however many files have it; `identity` tells it from others.

    `entry` is the identity of its entry where it has one, and `is_whole` says that it is all of
    that. `amount` is below 0 where money went out. `payer` is the mark of the payer's account,
    whose number is not kept. `takes_back` is the line that it returns or reverses. `name_begun` is
    the name in small letters; `note` says why somebody took the line off the list.
    """

    id = col.key()
    issuer = col.pointer()
    cloud = col.belongs_to(Cloud, null=True)
    bank_import = col.belongs_to(BankImport)
    line = Integer()
    identity = Bytea()
    entry = Bytea(null=True, default=None)
    is_whole = Boolean()
    account = Varchar(length=64)
    booked_on = col.day()
    currency = Varchar(length=3)
    amount = col.amount()
    bank_reference = Varchar(length=140)
    end_to_end = Varchar(length=140)
    batch = Varchar(length=140)
    text = Text()
    name = Varchar(length=140)
    payer = Bytea(null=True, default=None)
    instructed = Varchar(length=40)
    charges = Varchar(length=40)
    state = Varchar(length=8)
    rule = Varchar(length=10, null=True, default=None)
    reason = Varchar(length=35)
    fee = col.amount()
    suggestions = Array(base_column=Varchar(length=40), default=list)
    takes_back = col.pointer(null=True)
    name_begun = Text(default="")
    note = Varchar(length=500, default="")
    bank_line_once = Unique([issuer, identity])
    bank_line_of_book = Check("issuer = coalesce(cloud, 0)")
    bank_line_state_known = Check("state in ('matched', 'open', 'returned', 'reversal', 'ignored')")


class BankUpload(Table, tablename="bank_upload"):
    """A file that somebody looks at before it is taken in, kept for a day.

    `preview` says what would become of its lines, and `bank_import` the file that it became.
    `currency` is that of amounts in a file that says none, "" where it says.
    """

    id = col.key()
    issuer = col.pointer()
    cloud = col.belongs_to(Cloud, null=True)
    name = Varchar(length=200)
    format = Varchar(length=5)
    currency = Varchar(length=3)
    sha256 = Varchar(length=64)
    content = Bytea(secret=True)
    made_by = col.pointer()
    made_at = col.moment()
    preview = JSONB(null=True, default=None)
    bank_import = col.belongs_to(BankImport, null=True)
    bank_upload_of_book = Check("issuer = coalesce(cloud, 0)")


class BankPayment(Table, tablename="bank_payment"):
    """A payment that a line became; a line for several customers became one of each."""

    id = col.key()
    issuer = col.pointer()
    cloud = col.belongs_to(Cloud, null=True)
    bank_line = col.belongs_to(BankLine)
    payment = col.belongs_to(Payment)
    bank_payment_once = Unique([payment])
    bank_payment_of_book = Check("issuer = coalesce(cloud, 0)")


class PayerAccount(Table, tablename="payer_account"):
    """That an account pays for a customer, as a person confirmed. Of the account a mark is kept.

    In a cloud's book `cloud` is the book's, in the platform's the customer.
    """

    id = col.key()
    issuer = col.pointer()
    cloud = col.belongs_to(Cloud)
    subscriber = col.belongs_to(Subscriber, null=True)
    mark = Bytea()
    payer_account_once = Unique([issuer, mark, cloud, subscriber], nulls_distinct=False)
