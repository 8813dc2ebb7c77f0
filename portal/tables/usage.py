"""Usage: what each camera did each day."""

from __future__ import annotations

from piccolo.columns import BigInt, Date, SmallInt, Text, Varchar
from piccolo.constraints import Unique
from piccolo.table import Table

from portal.tables import columns as col
from portal.tables.customers.cloud import Cloud


class Usage(Table, tablename="usage"):
    """(camera, day, meter) → quantity, merged by maximum. Partitioned by month of `day`.

    The true key is (cloud, camera, meter, day). Piccolo knows single-column keys only, so `camera`
    stands for it here and rows are read and written with SQL.
    """

    cloud = BigInt(default=None)
    camera = BigInt(primary_key=True, default=None)
    meter = SmallInt(default=None)
    day = Date(default=None)
    quantity = BigInt(default=None)


class UsageChange(Table, tablename="usage_change"):
    """Usage of a camera changed in a month whose close had begun: the next close corrects it."""

    id = col.key()
    cloud = col.belongs_to(Cloud)
    camera = col.pointer()
    month = Date(default=None)
    changed_at = col.moment(now=True)
    usage_change_once = Unique([cloud, month, camera])


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
