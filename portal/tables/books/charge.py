"""Charges: what each camera owes for a period, on each side. Never changed once written."""

from __future__ import annotations

from piccolo.columns import Array, BigInt, Boolean, Integer, Numeric, Varchar
from piccolo.constraints import Check, Unique
from piccolo.table import Table

from portal.tables import columns as col
from portal.tables.books.period import Period
from portal.tables.catalog.tariff import Tariff
from portal.tables.customers.cloud import Cloud


class Charge(Table, tablename="charge"):
    """One rounded amount for one camera.

    `original_period` is the first day of the month it is about: its own, or an older one when it
    `corrects`. Ids without foreign keys: a close writes hundreds of thousands of these from rows
    that it holds, and nothing they point at can be deleted.

    The quantity is kept as an exact fraction, 10 days of 30 as 1/3: sums of it are exact, and are
    rounded once, where they are shown.
    """

    id = col.key()
    cloud = col.pointer()
    period = col.pointer()
    side = Varchar(length=9)
    kind = Varchar(length=9)
    camera = col.pointer()
    subscriber = col.pointer(null=True)
    subscription = col.pointer(null=True)
    tariff = col.pointer(null=True)
    version = col.pointer(null=True)
    service = col.pointer(null=True)
    rate = col.pointer(null=True)
    original_period = col.day()
    corrects = Boolean(default=False)
    quantity_numerator = col.whole()
    quantity_denominator = col.whole()
    unit_price = col.price(null=True)
    amount = col.amount()
    charge_side_known = Check("side in ('retail', 'wholesale')")
    charge_kind_known = Check("kind in ('recurring', 'setup', 'overage', 'service')")
    charge_denominator_positive = Check("quantity_denominator > 0")
    charge_not_zero = Check("amount <> 0")


class CorrectedDays(Table, tablename="corrected_days"):
    """The days of a camera in an older month on which usage changed, that a close put right.

    Bit 0 of `days` is the month's first; `month` is that first day.
    """

    id = col.key()
    cloud = col.belongs_to(Cloud)
    period = col.belongs_to(Period)
    month = col.day()
    camera = col.pointer()
    days = BigInt()
    corrected_days_some = Check("days > 0")
    corrected_days_once = Unique([cloud, period, month, camera])


class Measurement(Table, tablename="measurement"):
    """What rating measured of a camera for a subscriber, or, without one, for the platform.

    The arrays are as long as each other: a place of all four is what `billing.measurement` calls
    one, in base units and bits of days. Ids as on a charge.
    """

    id = col.key()
    cloud = col.pointer()
    period = col.pointer()
    camera = col.pointer()
    subscriber = col.pointer(null=True)
    subscriptions = Array(base_column=BigInt())
    services = Array(base_column=BigInt())
    bases = Array(base_column=Numeric(digits=(60, 0)))
    days = Array(base_column=BigInt())
    measurement_whole = Check(
        "cardinality(subscriptions) = cardinality(services)"
        " and cardinality(bases) = cardinality(services)"
        " and cardinality(days) = cardinality(services)"
    )


class Margin(Table, tablename="margin"):
    """Revenue, cost and commissions of a camera of a subscriber in a closed period."""

    id = col.key()
    cloud = col.pointer()
    period = col.pointer()
    camera = col.pointer()
    subscriber = col.pointer(null=True)
    revenue = col.amount()
    cost = col.amount()
    commission = col.amount()


class SubscriberMonth(Table, tablename="subscriber_month"):
    """The margins of a subscriber's cameras in a closed period, summed."""

    id = col.key()
    cloud = col.pointer()
    period = col.pointer()
    subscriber = col.pointer()
    revenue = col.amount()
    cost = col.amount()
    commission = col.amount()
    subscriber_month_once = Unique([cloud, period, subscriber])


class TariffMonth(Table, tablename="tariff_month"):
    """A subscriber's cameras of a tariff in a closed period: revenue, cost, and how many they were.

    One row more is all subscribers together; its `subscriber` is null. A camera that changed its
    tariff within the month counts where it was last.
    """

    id = col.key()
    cloud = col.belongs_to(Cloud)
    period = col.belongs_to(Period)
    tariff = col.belongs_to(Tariff)
    subscriber = col.pointer(null=True)
    cameras = Integer()
    revenue = col.amount()
    cost = col.amount()
    commission = col.amount()
    tariff_month_once = Unique([cloud, period, tariff, subscriber], nulls_distinct=False)
