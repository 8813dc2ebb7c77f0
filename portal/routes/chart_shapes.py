"""What a chart is made of, as `portal.routes.charts` makes it and `macros/chart.html` draws it.

x is in percent of the width (0 to 100), y in pixels from the top.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

Number = int | Decimal | float


@dataclass(frozen=True, slots=True)
class Series:
    """One row of figures; None where nothing is known (a gap, not a zero)."""

    name: str
    values: Sequence[Number | None]


@dataclass(frozen=True, slots=True)
class Tick:
    """A horizontal line at `y` with its label."""

    y: float
    label: str


@dataclass(frozen=True, slots=True)
class XLabel:
    """A label below the plot. `narrow` ones stay when there is little room."""

    x: float
    text: str
    anchor: str
    narrow: bool


@dataclass(frozen=True, slots=True)
class Bar:
    """A rectangle; `tone` is the number of its series from 1."""

    x: float
    y: float
    width: float
    height: float
    tone: int


@dataclass(frozen=True, slots=True)
class Segment:
    """A straight piece of a line."""

    x1: float
    y1: float
    x2: float
    y2: float
    tone: int
    dashed: bool


@dataclass(frozen=True, slots=True)
class Dot:
    """A point of a line."""

    x: float
    y: float
    tone: int


@dataclass(frozen=True, slots=True)
class Slot:
    """The full-height column of one x, with the text that pointing at it shows.

    Bars of one that is `hatched` are not final: they may still change.
    """

    x: float
    width: float
    title: str
    bars: tuple[Bar, ...] = ()
    dots: tuple[Dot, ...] = ()
    hatched: bool = False


@dataclass(frozen=True, slots=True)
class Legend:
    """A series by name and how it is drawn."""

    name: str
    tone: int
    dashed: bool = False


@dataclass(frozen=True, slots=True)
class Chart:
    """All that the macro draws.

    `gutter` is the width of the ticks' labels in pixels. `rows` is the same data as a table: the
    label, then one text a series.
    """

    height: int
    gutter: int
    baseline: float
    ticks: tuple[Tick, ...]
    labels: tuple[XLabel, ...]
    slots: tuple[Slot, ...]
    segments: tuple[Segment, ...]
    area: str
    legend: tuple[Legend, ...]
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    empty: bool


@dataclass(frozen=True, slots=True)
class Sparkline:
    """Points for a polyline in a box of 100 × `height`; `last` is where it ends."""

    height: int
    points: str
    area: str
    last: tuple[float, float]
