"""Geometry of bars that lie: a price split into its parts, and figures before and after. Pure.

x is in percent of the width, so that bars are as wide as their card and text keeps its size.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

WHOLE = 100.0


@dataclass(frozen=True, slots=True)
class Part:
    """A part of an amount, in minor units, and the tone it is drawn in."""

    name: str
    amount: int
    tone: int


@dataclass(frozen=True, slots=True)
class Strip:
    """A part as it is drawn."""

    name: str
    x: float
    width: float
    tone: int


@dataclass(frozen=True, slots=True)
class SplitBar:
    """A price and what becomes of it.

    `price` is where the price ends, 100 where nothing is lost. `target` is where the margin would
    begin that is aimed at; a margin that begins before it is large enough.
    """

    strips: tuple[Strip, ...]
    price: float
    target: float | None


def split_bar(
    price: int, parts: Sequence[Part], rest: Part, target_percent: Decimal | None = None
) -> SplitBar:
    """`parts` one after the other, then `rest`, the price less all of them.

    Where they are more than the price, the bar is as long as they are, and the rest is drawn over
    its end. Example: 5.00 of 7.13 and 0.75 has its price at 63 percent.
    """
    spent = sum(part.amount for part in parts)
    whole = max(price, spent, 1)
    strips, at = [], 0
    for part in (*parts, rest):
        amount = max(0, part.amount)
        if part is rest and part.amount < 0:
            at, amount = price, spent - price
        strips.append(Strip(part.name, _share(at, whole), _share(amount, whole), part.tone))
        at += amount
    target = None
    if target_percent is not None and price > 0:
        target = _share(price, whole) * float(1 - target_percent / 100)
    return SplitBar(
        tuple(strip for strip in strips if strip.width > 0),
        _share(price, whole),
        None if target is None else round(target, 3),
    )


@dataclass(frozen=True, slots=True)
class Pair:
    """A figure before and after: the places of both dots, and of the line between them."""

    name: str
    href: str
    before: float
    after: float
    text: str

    @property
    def up(self) -> bool:
        """Whether it grew."""
        return self.after >= self.before


def dumbbell(rows: Sequence[tuple[str, str, int, int, str]]) -> tuple[Pair, ...]:
    """One line each of (name, address, before, after, what is said of it), on one scale from 0."""
    figures = [figure for row in rows for figure in (row[2], row[3])]
    low, high = min((0, *figures)), max((0, *figures))
    spread = max(1, high - low)

    def place(value: int) -> float:
        # Two percent at each side keep the dots within the picture.
        return round(2 + 96 * (value - low) / spread, 3)

    return tuple(
        Pair(name, href, place(before), place(after), text)
        for name, href, before, after, text in rows
    )


def _share(amount: int, whole: int) -> float:
    return round(WHOLE * amount / whole, 3)


@dataclass(frozen=True, slots=True)
class Step:
    """A step between two amounts as it is drawn: its own amount, and its bar in percent.

    Whole amounts, the first and the last, begin at nothing; `tone` is that of the bar.
    """

    name: str
    amount: int
    x: float
    width: float
    tone: int


WHOLE_TONE, MORE_TONE, LESS_TONE = 1, 2, 3


def steps_between(
    first: tuple[str, int], steps: Sequence[tuple[str, int]], last: str
) -> list[Step]:
    """The bars from one amount to another, each beginning where the one before has ended.

    Example: 100 and steps of 20 and -50 are bars from 0 to 100, 100 to 120, 70 to 120 and 0 to 70.
    """
    ends = [first[1]]
    for _name, amount in steps:
        ends.append(ends[-1] + amount)
    low, high = min(0, *ends), max(1, *ends)

    def at(amount: int) -> float:
        return round(WHOLE * (amount - low) / (high - low), 3)

    def drawn(name: str, amount: int, start: int, end: int, tone: int) -> Step:
        left, right = at(min(start, end)), at(max(start, end))
        return Step(name, amount, left, round(right - left, 3), tone)

    found = [drawn(first[0], first[1], 0, first[1], WHOLE_TONE)]
    for (name, amount), start in zip(steps, ends, strict=False):
        tone = MORE_TONE if amount >= 0 else LESS_TONE
        found.append(drawn(name, amount, start, start + amount, tone))
    found.append(drawn(last, ends[-1], 0, ends[-1], WHOLE_TONE))
    return found
