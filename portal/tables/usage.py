"""Usage: what each camera did each day."""

from __future__ import annotations

from piccolo.columns import Array, BigInt, Boolean, Date, Integer, Numeric, SmallInt, Text, Varchar
from piccolo.constraints import Check, Unique
from piccolo.table import Table

from portal.tables import columns as col
from portal.tables.customers.cloud import Cloud
from portal.tables.usage_days import DAYS


class Usage(Table, tablename="usage"):
    """(camera, month, meter) → a quantity a day, merged by maximum. Partitioned by `month`.

    `d01` to `d31` are the days, null where there is no usage; PostgreSQL works out `total`, `peak`
    and `days` of them, the last a bit for each day with usage, bit 0 the first. `risen` are the
    days that the last merge raised. The true key is (cloud, month, camera, meter). Piccolo knows
    single-column keys only, so `camera` stands for it here and rows are read and written with SQL.
    """

    cloud = BigInt(default=None)
    month = Date(default=None)
    camera = BigInt(primary_key=True, default=None)
    meter = SmallInt(default=None)
    vars().update({day: BigInt(null=True, default=None) for day in DAYS})
    total = Numeric(default=None)
    peak = BigInt(null=True, default=None)
    days = Integer(default=None)
    risen = Integer(default=0)


class UsageSum(Table, tablename="usage_sum"):
    """What all cameras of a large cloud used in a month, as of `as_of`.

    `basis` is "used" of all cameras, or "served" of the customers whom they served; or of the
    "tariff", or of the customers of the "referral", with the row id `of`, 0 of no referral. Of the
    kind "meter" a row is a meter's: base units, and the sum of each camera's highest day. Of the
    kind "day" `key` is the day's offset in the month, `total` the cameras with usage on it. Of the
    kind "days" `total` are camera-days with usage. Of the kind "count" the `total` of 0 are
    customers or cameras in the month, that of 1 cameras on tariffs, that of 2 cameras that were
    subscribed. Of the kind "version" `of` is a tariff's version, `total` the days that cameras were
    on it, `peak` how many cameras these were.
    """

    id = col.key()
    cloud = col.belongs_to(Cloud)
    month = col.day()
    basis = Varchar(length=8)
    kind = Varchar(length=7)
    of = BigInt(default=0)
    key = Integer(default=None)
    total = col.whole()
    peak = col.whole()
    as_of = col.moment()
    usage_sum_once = Unique([cloud, month, basis, kind, of, key])
    usage_sum_basis_known = Check("basis in ('used', 'served', 'tariff', 'referral')")
    usage_sum_kind_known = Check("kind in ('meter', 'day', 'count', 'days', 'version')")


class MissingDays(Table, tablename="missing_days"):
    """On how many cameras of a large cloud the days of a month have no usage, as of its last draft.

    The lists have a number for each day before `until`: cameras `subscribed` on it, and those of
    them that are `missing`; 0 and 0 where none is. `begun` says that its close had begun.
    """

    id = col.key()
    cloud = col.belongs_to(Cloud)
    month = col.day()
    until = col.day()
    begun = Boolean(default=False)
    subscribed = Array(base_column=Integer(), default=list)
    missing = Array(base_column=Integer(), default=list)
    missing_days_once = Unique([cloud, month])
    missing_days_same_length = Check("cardinality(subscribed) = cardinality(missing)")


class UsageChange(Table, tablename="usage_change"):
    """Usage of a camera changed in a month whose close had begun: the next close corrects it.

    `days` are those that changed, bit 0 the first, and 0 where they are not known. Of a month too
    old for that a person settles it: "bill", with the next close, or "waive".
    """

    id = col.key()
    cloud = col.belongs_to(Cloud)
    camera = col.pointer()
    month = Date(default=None)
    changed_at = col.moment(now=True)
    days = BigInt(default=0)
    settled = Varchar(length=5, null=True, default=None)
    settled_reason = Varchar(length=500, default="")
    settled_by = Varchar(length=254, default="")
    settled_at = col.moment(null=True)
    usage_change_settled_known = Check("settled in ('bill', 'waive')")
    usage_change_once = Unique([cloud, month, camera])


class UsageCorrected(Table, tablename="usage_corrected"):
    """A camera whose usage of a month a later close rated again: it was measured before that.

    Of months that were closed before this was noted, `camera` is null: all of them may be.
    """

    id = col.key()
    cloud = col.belongs_to(Cloud)
    month = Date(default=None)
    camera = col.pointer(null=True)
    usage_corrected_once = Unique([cloud, month, camera], nulls_distinct=False)


class UsageCorrection(Table, tablename="usage_correction"):
    """A person's correction of one day's usage, with its reason. The only way to lower usage."""

    id = col.key()
    cloud = col.belongs_to(Cloud)
    camera = col.pointer()
    meter = SmallInt(default=None)
    day = Date(default=None)
    before = BigInt(null=True, default=None)
    after = BigInt(default=None)
    reason = Text()
    by = Varchar(length=254)
    at = col.moment(now=True)
