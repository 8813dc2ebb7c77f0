"""A month as it is rated, range of cameras after range: sums for its documents, never all charges.

What SQL sums over stored charges when a month is closed, this sums as the charges are made.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from portal.billing.charge import Charge, Kind, exact_sum
from portal.billing.invoice import Line
from portal.billing.wholesale import PoolShare


class _Sold(NamedTuple):
    """What is the same on a line."""

    kind: Kind
    tariff: int | None
    version: int | None
    service: int | None
    original_period: date


@dataclass(slots=True)
class _Sum:
    """A line as it gathers: its quantity's numerators by denominator, and its one price, if any."""

    amount: int = 0
    parts: dict[int, int] = field(default_factory=lambda: defaultdict(int))
    prices: set[Decimal | None] = field(default_factory=set)

    def add(self, charge: Charge) -> None:
        self.amount += charge.amount
        self.parts[charge.quantity.denominator] += charge.quantity.numerator
        if len(self.prices) < 2:  # a second one is enough to know that there is not one
            self.prices.add(charge.unit_price)

    @property
    def unit_price(self) -> Decimal | None:
        return next(iter(self.prices)) if len(self.prices) == 1 else None


@dataclass(slots=True)
class RatedMonth:
    """The sums of a month: lines by subscriber, and charges by camera to spread documents over.

    `retail` is by subscriber (row id) and camera, `wholesale` by camera, both in minor units.
    `shares` wait for the last camera; `unrated` is as in `Rated`.
    """

    retail: dict[int, dict[int, int]] = field(default_factory=dict)
    wholesale: dict[int, int] = field(default_factory=dict)
    shares: dict[int, list[PoolShare]] = field(default_factory=lambda: defaultdict(list))
    unrated: Counter[tuple[int, int]] = field(default_factory=Counter)
    _lines: dict[int | None, dict[_Sold, _Sum]] = field(default_factory=dict)

    def add(self, charges: Iterable[Charge], about: date) -> None:
        """Count charges; `about` is the first day of their original period."""
        for charge in charges:
            if charge.subscriber is None:
                by_camera = self.wholesale
            else:
                by_camera = self.retail.setdefault(charge.subscriber, {})
            by_camera[charge.camera] = by_camera.get(charge.camera, 0) + charge.amount
            sold = _Sold(charge.kind, charge.tariff, charge.version, charge.service, about)
            lines = self._lines.setdefault(charge.subscriber, {})
            line = lines.get(sold)
            if line is None:
                line = lines[sold] = _Sum()
            line.add(charge)

    def add_shares(self, shares: Iterable[PoolShare]) -> None:
        """Keep shares of pooled services until all cameras are rated."""
        for share in shares:
            self.shares[share.service].append(share)

    def lines(self) -> Mapping[int | None, list[Line]]:
        """The lines of each subscriber's document, of the platform's under None, in order."""
        return {
            subscriber: sorted(
                (
                    Line(
                        **sold._asdict(),
                        quantity=exact_sum(line.parts.values(), line.parts),
                        unit_price=line.unit_price,
                        amount=line.amount,
                    )
                    for sold, line in lines.items()
                ),
                key=Line.order,
            )
            for subscriber, lines in self._lines.items()
        }
