"""Meters and the services made of them. They are the platform's, the same for every cloud."""

from __future__ import annotations

from piccolo.columns import JSONB, BigInt, Text, Varchar
from piccolo.constraints import Check
from piccolo.table import Table

from portal.tables import columns as col


class Meter(Table, tablename="meter"):
    """One daily fact about one camera, an integer in `base_unit`."""

    id = col.key()
    key = Varchar(length=64, unique=True)
    base_unit = Varchar(length=64)
    kind = Varchar(length=8)
    meter_kind_known = Check("kind in ('gauge', 'counter')")


class Service(Table, tablename="service"):
    """What the platform sells: `name` on documents, `short` in headings.

    `list_pricing` is what a new cloud's rate begins with; None where there is no list price.
    """

    id = col.key()
    code = Varchar(length=64, unique=True)
    name = Text()
    short = Text(default="")
    meter = col.belongs_to(Meter)
    unit = Varchar(length=64)
    unit_plural = Varchar(length=64, default="")
    unit_size = BigInt()
    measure = Varchar(length=16)
    list_pricing = JSONB(null=True, default=None)
    service_unit_size_positive = Check("unit_size > 0")
    service_measure_known = Check("measure in ('unit_month', 'total', 'peak')")
