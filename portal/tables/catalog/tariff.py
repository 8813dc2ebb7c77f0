"""Tariffs, the retail plans of a cloud, with their dated versions."""

from __future__ import annotations

from piccolo.columns import JSONB, Boolean, Integer, Text, Varchar
from piccolo.constraints import Check, Unique
from piccolo.table import Table

from portal.tables import columns as col
from portal.tables.catalog.service import Service
from portal.tables.customers.cloud import Cloud


class Tariff(Table, tablename="tariff"):
    """A retail plan; `note` is for customers, and one of those `offered` may be the default."""

    id = col.key()
    cloud = col.belongs_to(Cloud)
    code = Varchar(length=64)
    name = Text()
    note = Text(default="")
    offered = Boolean(default=True)
    is_default = Boolean(default=False)
    created_at = col.moment(now=True)
    tariff_code_once = Unique([cloud, code])
    tariff_default_is_offered = Check("offered or not is_default")


class TariffVersion(Table, tablename="tariff_version"):
    """A tariff's price and rules from a day on. A day is priced by the version in force on it."""

    id = col.key()
    cloud = col.belongs_to(Cloud)
    tariff = col.belongs_to(Tariff)
    valid_from = col.day()
    monthly_price = col.price()
    setup_fee = col.price()
    trial_days = Integer(default=0)
    bill_when_disabled = Boolean(default=True)
    below_cost_reason = Text(default="")
    created_at = col.moment(now=True)
    tariff_version_one_a_day = Unique([cloud, tariff, valid_from])
    tariff_version_not_negative = Check("monthly_price >= 0 and setup_fee >= 0 and trial_days >= 0")


class TariffItem(Table, tablename="tariff_item"):
    """A service that a version includes: so much of it, and what goes beyond at `overage`."""

    id = col.key()
    cloud = col.belongs_to(Cloud)
    version = col.belongs_to(TariffVersion)
    position = Integer()
    service = col.belongs_to(Service)
    quantity = col.quantity()
    overage = JSONB(null=True, default=None)
    tariff_item_service_once = Unique([cloud, version, service])
