"""Periods of a cloud, and the batches that workers claim while one closes."""

from __future__ import annotations

from piccolo.columns import JSONB, BigInt, Boolean, Integer, Numeric, Text, Varchar
from piccolo.constraints import Check, Unique
from piccolo.table import Table

from portal.tables import columns as col
from portal.tables.customers.cloud import Cloud


class Period(Table, tablename="period"):
    """A calendar month of a cloud. A month without a row is open and untouched.

    Once it is closed, so many cameras were `losing` money in it, `lost` together.
    """

    id = col.key()
    cloud = col.belongs_to(Cloud)
    starts_on = col.day()
    state = Varchar(length=8, default="open")
    accepted_gaps = JSONB(default="[]")
    accepted_by = Varchar(length=254, default="")
    accepted_reason = Text(default="")
    cameras_total = Integer(default=0)
    retail = BigInt(default=0)
    wholesale = BigInt(default=0)
    commission = BigInt(default=0)
    closing_at = col.moment(null=True)
    closed_at = col.moment(null=True)
    trouble = Text(default="")
    tried_at = col.moment(null=True)
    losing = Integer(default=0)
    lost = col.amount()
    period_once = Unique([cloud, starts_on])
    period_state_known = Check("state in ('open', 'closing', 'closed')")
    period_first_day = Check("extract(day from starts_on) = 1")


class PeriodBatch(Table, tablename="period_batch"):
    """A run of cameras `[first_camera, last_camera]` by id, rated by whichever worker claims it.

    So many of its cameras are `loose`: on no tariff in the month. `facts` is a digest of what it
    was rated from where its draft had rated it, else empty.
    """

    id = col.key()
    cloud = col.belongs_to(Cloud)
    period = col.belongs_to(Period)
    first_camera = col.pointer()
    last_camera = col.pointer()
    cameras = Integer()
    done_at = col.moment(null=True)
    loose = Integer(default=0)
    facts = Varchar(length=64, default="")
    period_batch_once = Unique([cloud, period, first_camera])


class PoolShare(Table, tablename="pool_share"):
    """A camera's part of a pooled quantity, in base units, kept between rating and pricing."""

    id = col.key()
    cloud = col.belongs_to(Cloud)
    period = col.belongs_to(Period)
    service = col.pointer()
    camera = col.pointer()
    base = Numeric(digits=(38, 0))
    pool_share_once = Unique([cloud, period, service, camera])


class UnratedUsage(Table, tablename="unrated_usage"):
    """Usage on days without a rate: charged to nobody, listed on the close for a person."""

    id = col.key()
    cloud = col.belongs_to(Cloud)
    period = col.belongs_to(Period)
    batch = col.pointer()
    service = col.pointer()
    day = col.day()
    cameras = Integer()


class PeriodSettled(Table, tablename="period_settled"):
    """That all cameras of a period are rated, and how the discount of their cost is spread.

    `terms` tells what its documents share; see `portal.books.actions.closing.terms`. `subtotal` and
    `discount` are the platform's, the last camera is as in `portal.billing.money`. `drafted` says
    that its cameras came to what its draft says, and no other month is corrected.
    """

    id = col.key()
    cloud = col.belongs_to(Cloud)
    period = col.belongs_to(Period)
    terms = Varchar(length=64)
    subtotal = col.amount()
    discount = col.amount()
    last_remainder = Numeric(digits=(60, 0), null=True, default=None)
    last_camera = Text(null=True, default=None)
    settled_at = col.moment()
    drafted = Boolean()
    period_settled_once = Unique([cloud, period])


class PeriodPart(Table, tablename="period_part"):
    """Customers `[first, last]` by number, or cameras by id that nobody pays for.

    Whichever worker claims it makes their documents and margins, by the `terms` it read.
    """

    id = col.key()
    cloud = col.belongs_to(Cloud)
    period = col.belongs_to(Period)
    kind = Varchar(length=9)
    first = col.pointer()
    last = col.pointer()
    terms = Varchar(length=64, default="")
    done_at = col.moment(null=True)
    period_part_once = Unique([cloud, period, kind, first])
    period_part_kind_known = Check("kind in ('customers', 'cameras')")


class PeriodDocument(Table, tablename="period_document"):
    """A document of a period that is closing, before it has a number; without a `type` none is due.

    `version` is that of the subscriber's row when it was read. Lines and commissions are as
    `portal.books.actions.closing.parts` keeps them.
    """

    id = col.key()
    cloud = col.pointer()
    period = col.pointer()
    part = col.pointer(null=True)
    side = Varchar(length=9)
    subscriber = col.pointer(null=True)
    number = Integer(null=True, default=None)
    version = BigInt(null=True, default=None)
    type = Varchar(length=11, null=True, default=None)
    locale = Varchar(length=16)
    buyer = JSONB()
    discount_percent = col.percent()
    tax_percent = col.percent()
    tax_exempt = Boolean()
    subtotal = col.amount()
    discount = col.amount()
    taxable = col.amount()
    tax = col.amount()
    total = col.amount()
    commission = col.amount()
    lines = JSONB()
    earned = JSONB()
    collected = JSONB()
    period_document_once = Unique([cloud, period, side, subscriber], nulls_distinct=False)
