"""The ledger. Triggers write it where facts are written; `portal.billing.ledger` is its rule."""

from __future__ import annotations

from piccolo.columns import Integer, Varchar
from piccolo.constraints import Unique
from piccolo.table import Table

from portal.tables import columns as col
from portal.tables.customers.cloud import Cloud


class Posting(Table, tablename="posting"):
    """Something that moved accounts of a book: a cloud's by its id, or 0, the platform's.

    `cloud` and `subscriber` are its customer; in a cloud's own book `cloud` is the book. `source`
    names the row that it is of, `document` says it to people.
    """

    id = col.key()
    book = col.pointer()
    cloud = col.pointer(null=True)
    subscriber = col.pointer(null=True)
    day = col.day()
    kind = Varchar(length=16)
    source = Varchar(length=64)
    document = Varchar(length=140)
    created_at = col.moment(now=True)
    posting_once = Unique([book, kind, source])


class Entry(Table, tablename="entry"):
    """One account of a posting; debit above 0. `cloud` and `subscriber` where it is theirs."""

    id = col.key()
    book = col.pointer()
    cloud = col.pointer(null=True)
    subscriber = col.pointer(null=True)
    posting = col.pointer()
    day = col.day()
    account = Varchar(length=20)
    party = Varchar(length=64)
    currency = Varchar(length=3)
    amount = col.amount()


class EntrySum(Table, tablename="entry_sum"):
    """By what entries of a day moved an account of a cloud's own book: kept by a trigger.

    `parties` are those whose first entry on the account is of this day.
    """

    id = col.key()
    cloud = col.belongs_to(Cloud)
    account = Varchar(length=20)
    currency = Varchar(length=3)
    day = col.day()
    amount = col.amount()
    parties = Integer()
    entry_sum_once = Unique([cloud, account, currency, day])
