"""Where Watcher and the books differ, kept so that a page reads only what differs."""

from __future__ import annotations

from piccolo.columns import Array, BigInt, Boolean, Integer, Text, Varchar
from piccolo.constraints import Unique
from piccolo.table import Table

from portal.tables import columns as col
from portal.tables.customers.cloud import Cloud


class DifferenceMonth(Table, tablename="difference_month"):
    """A month of a cloud whose differences are kept, looked at for its days before `until`.

    `fixed` are the cameras that keep more than a preset gives which cannot be adjusted: what it
    gave before is learnt from all of them together.
    """

    id = col.key()
    cloud = col.belongs_to(Cloud)
    month = col.day()
    until = col.day()
    fixed = Array(base_column=BigInt(), default=list)
    difference_month_once = Unique([cloud, month])


class DifferenceRow(Table, tablename="difference"):
    """A difference about a camera, which is called `name`, and whose it is; `worth` minor units."""

    id = col.key()
    cloud = col.belongs_to(Cloud)
    month = col.day()
    camera = col.pointer()
    name = Text()
    kind = Varchar(length=24)
    days = Integer(default=None)
    worth = col.whole()
    accepted = Boolean(default=None)
    detail = Text()
    subscriber = col.pointer(null=True)


class DifferenceMark(Table, tablename="difference_mark"):
    """Something changed since: of `cameras`, or, without them, of the whole cloud.

    Only added and taken away, so that two who change something never wait for each other.
    """

    id = col.key()
    cloud = col.pointer()
    cameras = Array(base_column=BigInt(), null=True, default=None)
