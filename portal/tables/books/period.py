"""Periods of a cloud, and the batches that workers claim while one closes."""

from __future__ import annotations

from piccolo.columns import JSONB, BigInt, Integer, Numeric, Text, Varchar
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
    """A run of cameras `[first_camera, last_camera]` by id, rated by whichever worker claims it."""

    id = col.key()
    cloud = col.belongs_to(Cloud)
    period = col.belongs_to(Period)
    first_camera = col.pointer()
    last_camera = col.pointer()
    cameras = Integer()
    done_at = col.moment(null=True)
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
