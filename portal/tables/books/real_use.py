"""What cameras cost in a closed month, summed for what asks about all of them."""

from __future__ import annotations

from piccolo.columns import Array, BigInt, Integer, Numeric, Varchar
from piccolo.constraints import Check, Unique
from piccolo.table import Table

from portal.tables import columns as col
from portal.tables.books.period import Period
from portal.tables.customers.cloud import Cloud


class RealUse(Table, tablename="real_use"):
    """Wholesale charges of a closed period, before discount: of all cameras, or of some.

    `kind` says which: "all"; those that were on the "tariff" with the row id `of`; those whose
    deepest archive in the month was `of` base units, by "depth". Of all, `of` is 0. A row without a
    `service` is all services together, and counts cameras that cost nothing, too; it is there of
    "all" as soon as the sums are. The quantities that "all" cameras used of a service are exact
    fractions, summed by their denominators. The kind "retail" is no cost: it has what subscribers
    were charged for the cameras that were on the tariff `of` last.
    """

    id = col.key()
    cloud = col.belongs_to(Cloud)
    period = col.belongs_to(Period)
    kind = Varchar(length=6)
    of = BigInt(default=0)
    service = col.pointer(null=True)
    cameras = Integer()
    amount = col.amount()
    numerators = Array(base_column=Numeric(digits=(60, 0)))
    denominators = Array(base_column=Numeric(digits=(60, 0)))
    real_use_once = Unique([cloud, period, kind, of, service], nulls_distinct=False)
    real_use_kind_known = Check("kind in ('all', 'tariff', 'depth', 'retail')")
