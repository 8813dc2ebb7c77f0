"""Splitting an amount over very many, one weight at a time: `allocate` without all weights at hand.

By largest remainder it is enough to know what the weights sum to, and who is the last to get a unit
more. Both are found in one pass; then each part is worked out by itself, in any order.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Spread:
    """How `total` minor units are split in proportion to weights that sum to `over`.

    `last` is the remainder and the key of the last part that gets a unit more than the floor of its
    share; None where none does. Of equal remainders the lower key, in code-point order, is first.
    Keys differ from each other. Weights may be negative, their sum is 0 only if `total` is.
    """

    total: int
    over: int
    last: tuple[int, str] | None = None

    @classmethod
    def of(cls, total: int, weights: Mapping[str, int]) -> Spread:
        """The split of an amount over weights by key: what a database finds of very many."""
        plain = cls(total, sum(weights.values()))
        if not total:
            return plain
        shares = {key: plain.share(weight) for key, weight in weights.items()}
        left = abs(total) - sum(part for part, _remainder in shares.values())
        if not left:
            return plain
        order = sorted((-remainder, key) for key, (_part, remainder) in shares.items())
        remainder, key = order[left - 1]
        return cls(total, plain.over, (-remainder, key))

    def share(self, weight: int) -> tuple[int, int]:
        """The floor of a weight's share of the absolute amount, and what remains above it.

        Raises `ValueError` where the weights sum to 0.
        """
        if not self.over:
            raise ValueError("an amount cannot be split by weights that sum to 0")
        sign = 1 if self.over > 0 else -1
        return divmod(abs(self.total) * weight * sign, self.over * sign)

    def part(self, weight: int, key: str) -> int:
        """What one of them gets, in minor units.

        Example: 100 over weights of 1, 1, 1 called a, b, c → 34, 33, 33: `last` is (1, "a").
        """
        if not self.total:
            return 0
        part, remainder = self.share(weight)
        if self.last is not None and (-remainder, key) <= (-self.last[0], self.last[1]):
            part += 1
        return part if self.total > 0 else -part
