"""Subscribers, the customers of a cloud."""

from __future__ import annotations

from piccolo.columns import Array, BigInt, Boolean, Text, Varchar
from piccolo.constraints import Check, Unique
from piccolo.table import Table

from portal.tables import columns as col
from portal.tables.accounts.user import PortalUser
from portal.tables.customers.cloud import Cloud
from portal.tables.customers.referral import Referral


class Subscriber(Table, tablename="subscriber"):
    """A customer of one cloud. While it is `suspended`, so are all its cameras.

    Documents are in its `language`, without one in the cloud's.
    """

    id = col.key()
    cloud = col.belongs_to(Cloud)
    number = BigInt()
    name = Text()
    email = Varchar(length=254, default="")
    discount_percent = col.percent()
    tax_exempt = Boolean(default=False)
    referral = col.belongs_to(Referral, null=True)
    account_manager = col.belongs_to(PortalUser, null=True)
    address = Array(base_column=Text(), default=list)
    tax_number = Varchar(length=64, default="")
    language = Varchar(length=16, null=True, default=None)
    suspended = Boolean(default=False)
    created_at = col.moment(now=True)
    subscriber_number_once = Unique([cloud, number])
    subscriber_number_in_range = Check("number between 1 and 999999999")
    subscriber_discount_in_range = Check("discount_percent between 0 and 100")
