"""Statements: what referrals are paid, and what waits until then."""

from __future__ import annotations

from piccolo.columns import JSONB, Boolean, Bytea, Integer, Text, Varchar
from piccolo.constraints import Check, Unique
from piccolo.table import Table

from portal.tables import columns as col
from portal.tables.books.commission import Commission
from portal.tables.books.invoice import Invoice
from portal.tables.customers.cloud import Cloud
from portal.tables.customers.referral import Referral


class Statement(Table, tablename="statement"):
    """All that was payable of a referral, in a sum; `carried` is of months before `month`.

    It is a draft until it is approved: then it has its number, and says for good what it says;
    `payer` and `payee` are copied. `ended_at` is when it was paid, voided or dropped.
    """

    id = col.key()
    cloud = col.belongs_to(Cloud)
    referral = col.belongs_to(Referral)
    month = col.day()
    state = Varchar(length=8, default="draft")
    number = Varchar(length=40, null=True, default=None)
    sequence = Integer(null=True, default=None)
    currency = Varchar(length=3)
    entries = Integer()
    carried = col.amount()
    amount = col.amount()
    made_at = col.moment()
    made_by = Varchar(length=254)
    approved_at = col.moment(null=True)
    approved_on = col.day(null=True)
    approved_by = Varchar(length=254, default="")
    payer = JSONB(null=True, default=None)
    payee = JSONB(null=True, default=None)
    paid_on = col.day(null=True)
    reference = Varchar(length=140, default="")
    ended_at = col.moment(null=True)
    ended_by = Varchar(length=254, default="")
    reason = Text(default="")
    statement_number_once = Unique([cloud, number])
    statement_state_known = Check("state in ('draft', 'dropped', 'approved', 'void', 'paid')")
    statement_above_nothing = Check("amount > 0 and entries > 0")
    statement_number_at_approval = Check(
        "(number is null) = (state in ('draft', 'dropped'))"
        " and num_nulls(number, sequence, approved_at, approved_on, payer, payee) in (0, 6)"
    )
    statement_paid_on_a_day = Check("(paid_on is null) = (state <> 'paid')")


class StatementEntry(Table, tablename="statement_entry"):
    """A commission on a statement; `freed` once that was dropped or voided."""

    id = col.key()
    cloud = col.belongs_to(Cloud)
    referral = col.belongs_to(Referral)
    statement = col.belongs_to(Statement)
    commission = col.belongs_to(Commission)
    freed = Boolean(default=False)


class StatementFile(Table, tablename="statement_file"):
    """The PDF of a statement: rendered once after approval, its bytes and sha256 kept for good."""

    id = col.key()
    cloud = col.belongs_to(Cloud)
    referral = col.belongs_to(Referral)
    statement = col.belongs_to(Statement)
    sha256 = Varchar(length=64)
    size = Integer()
    content = Bytea(secret=True)
    created_at = col.moment(now=True)
    statement_file_once = Unique([cloud, statement])


class StatementRun(Table, tablename="statement_run"):
    """A month of which the statements of a cloud were drafted by the clock."""

    id = col.key()
    cloud = col.belongs_to(Cloud)
    month = col.day()
    statement_run_once = Unique([cloud, month])


class StatementSeries(Table, tablename="statement_series"):
    """The last number that a cloud's statements have had in a year."""

    id = col.key()
    cloud = col.belongs_to(Cloud)
    year = Integer()
    last_number = Integer()
    statement_series_once = Unique([cloud, year])


class CommissionHold(Table, tablename="commission_hold"):
    """What a referral earns on a document waits until somebody has looked, at `released_at`.

    The database notes it as the commission is earned, where referral and subscriber have the same
    e-mail address or tax number, and workers, where the referral is paid at an account that the
    subscriber pays from: `why` is which.
    """

    id = col.key()
    cloud = col.belongs_to(Cloud)
    referral = col.belongs_to(Referral)
    invoice = col.belongs_to(Invoice)
    level = Integer()
    why = Varchar(length=12)
    held_at = col.moment(now=True)
    released_at = col.moment(null=True)
    released_by = Varchar(length=254, default="")
    reason = Text(default="")
    commission_hold_once = Unique([cloud, invoice, referral, level])
    commission_hold_why_known = Check("why in ('email', 'tax_number', 'iban')")
