"""A line of a report in money, and a page of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from portal.billing.outlook.composer import share_of
from portal.kit.queries.pages import Part
from portal.kit.queries.tenancy import CloudFacts

COUNTED_MAX: Final = 10_000
"""Up to so many lines are counted; of more it is said that they are more."""
LOOKED_AT_MAX: Final = 1_000
"""The same where each has to be looked at, and up to so many are summed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MoneyRow:
    """A subscriber, a camera, a tariff or a referral with its month, in minor units of `currency`.

    `key` is its number, external id or code; `subscriber` and `owner` are the number and name of a
    camera's subscriber. `cameras` were on a tariff on `days` camera-days. `charges` are before
    discount, revenue, cost and commission after it, before tax. What is None is not known, or not
    this actor's to know. `is_owned` says whether anybody pays: of days without a subscription
    there is only cost.
    """

    id: int
    key: str
    name: str
    currency: str
    subscriber: int | None = None
    owner: str = ""
    subscribers: int | None = None
    cameras: int | None = None
    days: int | None = None
    charges: int | None = None
    revenue: int | None = None
    cost: int | None = None
    commission: int | None = None
    discount_percent: Decimal = Decimal(0)
    is_owned: bool = True

    @property
    def discount(self) -> int | None:
        """What was given."""
        if self.charges is None or self.revenue is None:
            return None
        return self.charges - self.revenue

    @property
    def margin(self) -> int | None:
        """What is left of the revenue."""
        if self.revenue is None or self.cost is None or self.commission is None:
            return None
        return self.revenue - self.cost - self.commission

    @property
    def margin_percent(self) -> int | None:
        """The margin in percent of the revenue; None without revenue."""
        if self.margin is None or not self.revenue or self.revenue < 0:
            return None
        return share_of(self.margin, self.revenue)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which lines of a report to read, in which order; of how many at most they are counted.

    Without `counted` these are COUNTED_MAX, or LOOKED_AT_MAX where each has to be looked at.
    """

    sort: str
    offset: int = 0
    limit: int = 50
    counted: int | None = None

    def part(self, *, looks: bool) -> Part:
        """The same where filters look at each line, or do not."""
        most = self.counted or (LOOKED_AT_MAX if looks else COUNTED_MAX)
        return Part(self.offset, self.limit, most)


@dataclass(frozen=True, slots=True)
class MoneyPage:
    """A page of lines, how many there are, and the sum of all that the filters leave.

    With `is_more` there are more than `total`; `sums` is None where they are too many to be summed.
    """

    rows: Sequence[MoneyRow]
    total: int
    is_more: bool = False
    sums: MoneyRow | None = None


def money_row(cloud: CloudFacts, found: Any, **more: Any) -> MoneyRow:
    """A line of a row of SQL, whose columns are named as its fields."""
    return MoneyRow(**{**dict(found), **more}, currency=cloud.currency)


def sum_of(cloud: CloudFacts, rows: Sequence[MoneyRow]) -> MoneyRow:
    """Lines added up; what is not known of one is not known of all."""

    def total(name: str) -> int | None:
        known = [getattr(row, name) for row in rows]
        return None if None in known else sum(known)

    return MoneyRow(
        id=0,
        key="",
        name="",
        currency=cloud.currency,
        subscribers=total("subscribers"),
        cameras=total("cameras"),
        days=total("days"),
        charges=total("charges"),
        revenue=total("revenue"),
        cost=total("cost"),
        commission=total("commission"),
    )
