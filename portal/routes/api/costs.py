"""Answers about what a tariff costs, and what it would have earned."""

from msgspec import Struct

from portal.routes.api.kit.rows import Amount, MonthKey


class Cost(Struct, frozen=True):
    """What one camera on a version costs and leaves in a full month; `real` null where not known.

    `unpriced` are services of it that have no wholesale price, which count nothing.
    """

    currency: str
    price: Amount
    included_cost: Amount
    real_cost: Amount | None
    commission: Amount
    margin_full: Amount
    margin_real: Amount | None
    below_cost: bool
    unpriced: list[str]


class PreviewRow(Struct, frozen=True):
    """What a subscriber was charged in a month, and would have been."""

    subscriber: int
    name: str
    cameras: int
    charged: Amount
    would_be_charged: Amount
    difference: Amount


class Money(Struct, frozen=True):
    """Revenue, what it cost, what referrals earned, and what is left."""

    revenue: Amount
    cost: Amount
    commission: Amount
    margin: Amount


class Preview(Struct, frozen=True):
    """A version tried on a closed month: by subscriber's number, and all of them together."""

    period: MonthKey
    currency: str
    items: list[PreviewRow]
    before: Money
    after: Money


class TriedRates(Struct, frozen=True):
    """What a month cost at its own rates and would have at others, without corrections."""

    period: MonthKey
    currency: str
    before: Amount
    after: Amount
    difference: Amount
