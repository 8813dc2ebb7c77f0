"""Estimates of the running month: by subscriber, summed up, and by referral."""

from __future__ import annotations

from piccolo.columns import BigInt, Date, Integer, Varchar
from piccolo.constraints import Check, Unique
from piccolo.table import Table

from portal.tables import columns as col
from portal.tables.accounts.user import PortalUser
from portal.tables.catalog.service import Service
from portal.tables.customers.cloud import Cloud
from portal.tables.customers.referral import Referral


class Estimate(Table, tablename="estimate"):
    """The running month as far as it is known: what a subscriber's cameras would be charged.

    `cost` is after the cloud's discount, `commission` what referrals would earn on it. `likely` is
    the retail of the whole month, at today's tariffs.
    """

    id = col.key()
    cloud = col.belongs_to(Cloud)
    subscriber = col.pointer(null=True)
    month = col.day()
    retail = col.amount()
    discount = col.amount()
    cost = col.amount()
    likely = BigInt(default=0)
    commission = BigInt(default=0)
    cameras = col.pointer()
    as_of = col.moment()


class EstimateSum(Table, tablename="estimate_sum"):
    """The running month's sums: of all subscribers, or of those in an account manager's care.

    `cameras` are on a tariff as it is made, `cameras_before` were a month before.
    """

    id = col.key()
    cloud = col.belongs_to(Cloud)
    month = col.day()
    account_manager = col.belongs_to(PortalUser, null=True)
    revenue = col.amount()
    cost = col.amount()
    commission = col.amount()
    as_of = col.moment()
    cameras = Integer(default=0)
    cameras_before = Integer(default=0)
    estimate_sum_once = Unique([cloud, month, account_manager], nulls_distinct=False)


class EstimateEarned(Table, tablename="estimate_earned"):
    """What a referral would earn on the running month: on its own, and on those of others below."""

    id = col.key()
    cloud = col.belongs_to(Cloud)
    month = col.day()
    referral = col.belongs_to(Referral)
    own = col.amount()
    others = col.amount()
    as_of = col.moment()
    estimate_earned_once = Unique([cloud, month, referral])


class MonthFinding(Table, tablename="month_finding"):
    """What the last estimate found amiss in a month that is not closed.

    A `service` that is used without a price ("unpriced", `total` cameras), cameras of subscribers
    that are on no tariff ("without_tariff", `amount` is what they cost), days without complete
    usage ("days_missing", `total` days).
    """

    id = col.key()
    cloud = col.belongs_to(Cloud)
    month = col.day()
    kind = Varchar(length=16)
    service = col.belongs_to(Service, null=True)
    total = Integer()
    amount = BigInt(null=True, default=None)
    since = Date(null=True, default=None)
    as_of = col.moment()
    month_finding_once = Unique([cloud, month, kind, service], nulls_distinct=False)
    month_finding_kind_known = Check("kind in ('unpriced', 'without_tariff', 'days_missing')")
    month_finding_of_service = Check("(service is not null) = (kind = 'unpriced')")
