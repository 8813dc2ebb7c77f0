"""A month's money day by day: each charge spread evenly over the days on which it arose.

Charges are of a month. What one day earned is no charge of its own; it is the day's part of each,
so that the days sum to the month.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from portal.billing.charge import Charge
from portal.billing.fleet import Fleet
from portal.billing.measure import Daily, Service
from portal.billing.money import allocate
from portal.billing.period import Period
from portal.billing.retail import running_days

Stretch = tuple[int, int]
"""Offsets of a month's days, `[first, after)`."""


class ByDay:
    """Gathers charges of both sides, in minor units, by the days on which they arose.

    A price and what goes beyond a tariff arise while the subscription runs, a set-up fee on its
    first day, a service on the days between the first and the last with usage of it.
    """

    def __init__(self, period: Period, services: Iterable[Service]) -> None:
        self._period = period
        self._meters = {service.id: service.meter for service in services}
        self._retail: dict[Stretch, int] = defaultdict(int)
        self._wholesale: dict[Stretch, int] = defaultdict(int)

    def add(self, fleet: Fleet, charges: Iterable[Charge]) -> None:
        """The charges of a run of cameras."""
        usage = {one.camera: one for one in fleet.cameras}
        running = {
            one.id: running_days(self._period, one)
            for subscriptions in fleet.subscriptions.values()
            for one in subscriptions
        }
        days = self._period.days
        for charge in charges:
            if charge.subscription is None:
                meter = self._meters.get(charge.service or 0, "")
                used = _used(usage[charge.camera].meter(meter, days) or ())
                self._wholesale[used] += charge.amount
                continue
            stretch = running[charge.subscription]
            first = stretch.start
            after = first + 1 if charge.kind == "setup" else stretch.stop
            self._retail[first, after] += charge.amount

    def add_pooled(self, charges: Iterable[Charge], days: int) -> None:
        """Parts of a pool, which all days that are over have filled."""
        self._wholesale[0, days] += sum(charge.amount for charge in charges)

    def spread(self, revenue: int, cost: int, commission: int, days: int) -> list[list[int]]:
        """[revenue, cost, commission] of each of the first `days` days; they sum to what is given.

        Discounts, commissions and what corrects older months follow the charges of each day.
        """
        sold, bought = _by_day(self._retail, days), _by_day(self._wholesale, days)
        parts = (_share(revenue, sold), _share(cost, bought), _share(commission, sold))
        return [list(of_day) for of_day in zip(*parts, strict=True)]


def _used(values: Daily) -> Stretch:
    """From the first day with usage to the last: looked for from both ends, where it mostly is."""
    first = next((offset for offset, value in enumerate(values) if value), None)
    if first is None:
        return 0, max(1, len(values))
    back = next(offset for offset, value in enumerate(reversed(values)) if value)
    return first, len(values) - back


def _by_day(sums: dict[Stretch, int], days: int) -> list[int]:
    found = [0] * days
    for stretch, amount in sums.items():
        first, after = min(stretch[0], days - 1), min(stretch[1], days)
        if after > first >= 0:
            for offset, part in enumerate(allocate(amount, [1] * (after - first)), first):
                found[offset] += part
    return found


def _share(amount: int, weights: Sequence[int]) -> list[int]:
    """An amount by weights; evenly where these are nothing."""
    if not weights:
        return []
    return allocate(amount, weights if sum(weights) else [1] * len(weights))
