"""Margins: revenue - cost - commission of each camera and subscriber in a period.

All amounts are minor units. Everything is spread by largest remainder, so that cameras sum to the
documents; of equal remainders the lower `external_id` in code-point order takes the unit.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from portal.billing.money import allocate


@dataclass(frozen=True, slots=True)
class Sale:
    """One retail document that the close of the period made, also one not issued for a total of 0.

    `charges` are its charges summed by camera, `taxable` their sum less the discount, `commission`
    all that referrals earned on it in the period, at every level.
    """

    subscriber: int
    charges: Mapping[int, int]
    taxable: int
    commission: int = 0


@dataclass(frozen=True, slots=True)
class Adjustment:
    """What happened in the period to an issued invoice: a credit note by hand, or a payment.

    `revenue` is the invoice's, by camera (`net_by_camera`): the weights by which `taxable` (of a
    credit note, negative; of a payment 0) and `commission` are spread.
    """

    subscriber: int
    revenue: Mapping[int, int]
    taxable: int
    commission: int = 0


@dataclass(frozen=True, slots=True)
class Margin:
    """One camera of one subscriber; `subscriber` None is cost that no subscription bears."""

    camera: int
    subscriber: int | None
    revenue: int
    cost: int
    commission: int

    @property
    def margin(self) -> int:
        """What is left of the revenue."""
        return self.revenue - self.cost - self.commission


_Sums = dict[tuple[int, int | None], list[int]]
"""Revenue, cost and commission as they gather, by camera and subscriber."""
REVENUE, COST, COMMISSION = range(3)


def margins(
    events: Iterable[Sale | Adjustment],
    wholesale: Mapping[int, int],
    wholesale_taxable: int,
    subscribed: Mapping[int, Mapping[int, int]],
    names: Mapping[int, str],
) -> list[Margin]:
    """The margin of every camera and subscriber that had revenue, cost or commission.

    `wholesale` are the period's wholesale charges by camera and `wholesale_taxable` their
    document's taxable amount; the rest is as for `margins_at`.
    """
    costs = net_by_camera(wholesale, wholesale_taxable, names)
    return margins_at(costs, events, subscribed, names)


def margins_at(
    costs: Mapping[int, int],
    events: Iterable[Sale | Adjustment],
    subscribed: Mapping[int, Mapping[int, int]],
    names: Mapping[int, str],
) -> list[Margin]:
    """The margins of some cameras at their `costs`, which are after the cloud's discount.

    `events` are the period's retail documents and what happened in it to earlier ones, each with
    all of its cameras; `subscribed` gives, by camera, each subscriber *number* with its subscribed
    days of the period, by which a camera's cost is split; `names` every camera's `external_id`.
    Subscribers are their numbers throughout. Rows come in order of `external_id` and number.
    """
    sums: _Sums = {}
    for event in events:
        _add_event(sums, event, names)
    for camera, cost in costs.items():
        bearers = subscribed.get(camera) or {}
        days = {number: count for number, count in sorted(bearers.items()) if count > 0}
        parts = allocate(cost, list(days.values()), list(days)) if len(days) > 1 else [cost]
        for number, part in zip(days or (None,), parts, strict=True):
            _add(sums, (camera, number), COST, part)
    return [
        Margin(camera, subscriber, *amounts)
        for (camera, subscriber), amounts in sorted(
            sums.items(), key=lambda item: (names[item[0][0]], item[0][1] or 0)
        )
    ]


def _add(sums: _Sums, key: tuple[int, int | None], what: int, amount: int) -> None:
    amounts = sums.get(key)
    if amounts is None:
        amounts = sums[key] = [0, 0, 0]
    amounts[what] += amount


def _add_event(sums: _Sums, event: Sale | Adjustment, names: Mapping[int, str]) -> None:
    if isinstance(event, Sale):
        revenue = net_by_camera(event.charges, event.taxable, names)
        weights: Mapping[int, int] = revenue
    else:
        weights, revenue = event.revenue, _spread(event.taxable, event.revenue, names)
    for camera, amount in revenue.items():
        _add(sums, (camera, event.subscriber), REVENUE, amount)
    for camera, amount in _spread(event.commission, weights, names).items():
        _add(sums, (camera, event.subscriber), COMMISSION, amount)


def net_by_camera(
    charges: Mapping[int, int], taxable: int, names: Mapping[int, str]
) -> dict[int, int]:
    """Charges by camera less each camera's share of the discount: they sum to `taxable`."""
    discounts = _spread(sum(charges.values()) - taxable, charges, names)
    return {camera: amount - discounts[camera] for camera, amount in charges.items()}


def _spread(amount: int, weights: Mapping[int, int], names: Mapping[int, str]) -> dict[int, int]:
    """An amount over cameras by weight."""
    parts = allocate(amount, list(weights.values()), [names[camera] for camera in weights])
    return dict(zip(weights, parts, strict=True))
