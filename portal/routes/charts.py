"""Geometry of the charts, drawn by `macros/chart.html` as SVG: pure, no markup, no locale.

A chart is as wide as its card and its text must stay readable at 360 px, so nothing is scaled:
x is in percent of the width (0 to 100), y in pixels from the top. Money enters as minor units or
major decimals alike; what people read is made by `label`, e.g. `lambda v: "€1.2K"`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from portal.routes.chart_shapes import (
    Bar,
    Chart,
    Dot,
    Legend,
    Number,
    Segment,
    Series,
    Slot,
    Sparkline,
    Tick,
    XLabel,
)
from portal.words import _

__all__ = [
    "Chart",
    "Number",
    "Series",
    "Sparkline",
    "bar_chart",
    "grouped_chart",
    "line_chart",
    "sparkline",
    "stacked_chart",
]

Label = Callable[[Number], str]

HEIGHT: Final = 240
TOP: Final = 10
"""Room above the highest tick for half of its label."""
BOTTOM: Final = 26
"""Room below the plot for the labels of x."""
CHARACTER: Final = 7
GUTTER_EDGE: Final = 12
"""A label's character is about 7 pixels wide at 12 pixels; 12 more keep it off the plot."""
TICKS: Final = 4
BAR_SHARE: Final = 0.62
"""Of a slot's width, how much its bar takes."""
GROUP_SHARE: Final = 0.74
"""The same of bars side by side, together."""
BARS_MAX: Final = 16
"""Of the plot's width, in percent, how much the bars of one slot take: two months are no walls."""
LABELS_WIDE: Final = 12
LABELS_NARROW: Final = 5
SPARK_HEIGHT: Final = 28
SPARK_EDGE: Final = 2.0


@dataclass(frozen=True, slots=True)
class Scale:
    """From a value to y, between the first and the last of `ticks`."""

    ticks: tuple[float, ...]
    height: int

    def y(self, value: Number) -> float:
        """Pixels from the top, to a tenth."""
        low, high = self.ticks[0], self.ticks[-1]
        share = (float(value) - low) / (high - low)
        return round(self.height - BOTTOM - share * (self.height - BOTTOM - TOP), 1)


def nice_ticks(low: Number, high: Number, count: int = TICKS) -> tuple[float, ...]:
    """At most `count` + 2 round values from ≤ `low` to ≥ `high`, zero among them.

    Steps are 1, 2, 2.5 or 5 times a power of ten. Example: 0 to 1 830 gives 0, 500, 1 000, 1 500,
    2 000. Where all is zero: 0 and 1.
    """
    bottom, top = min(0.0, float(low)), max(0.0, float(high))
    if bottom == top:
        return (0.0, 1.0)
    rough = (top - bottom) / count
    magnitude = 10.0 ** math.floor(math.log10(rough))
    step = next(
        factor * magnitude
        for factor in (1, 2, 2.5, 5, 10)
        if factor * magnitude >= rough * (1 - 1e-9)
    )
    # The tolerance keeps 0.3 / 0.1 from becoming 4 steps; it must not cut off what is there.
    first = math.floor(bottom / step + 1e-9)
    first -= first * step > bottom
    last = math.ceil(top / step - 1e-9)
    last += last * step < top
    return tuple(round(step * n, 10) for n in range(first, last + 1))


def bar_chart(
    labels: Sequence[str],
    values: Sequence[Number | None],
    *,
    name: str,
    label: Label = str,
    tick: Label | None = None,
    height: int = HEIGHT,
) -> Chart:
    """One bar for each label."""
    return stacked_chart(labels, [Series(name, values)], label=label, tick=tick, height=height)


def stacked_chart(
    labels: Sequence[str],
    series: Sequence[Series],
    *,
    label: Label = str,
    tick: Label | None = None,
    height: int = HEIGHT,
    hatched: Collection[int] = (),
) -> Chart:
    """Bars on top of each other, positive upwards and negative downwards from zero.

    `label` writes a value in the table and when pointed at, `tick` at the lines (default: so too).
    `hatched` are the columns, from 0, whose figures are not final.
    """
    columns = _columns(labels, series)
    highest = max((sum(v for v in column if v > 0) for column in columns), default=0.0)
    lowest = min((sum(v for v in column if v < 0) for column in columns), default=0.0)
    scale = Scale(nice_ticks(lowest, highest), height)
    slot = 100 / max(1, len(labels))
    width = min(slot * BAR_SHARE, BARS_MAX)
    bars = []
    for index, column in enumerate(columns):
        up = down = 0.0
        x = slot * (index + 0.5) - width / 2
        pile = []
        for tone, value in enumerate(column, start=1):
            start = up if value >= 0 else down
            end = start + value
            up, down = (end, down) if value >= 0 else (up, end)
            pile.append(_bar(x, width, scale.y(start), scale.y(end), tone))
        bars.append(pile)
    return _bar_chart(labels, series, scale, bars, label=label, tick=tick, hatched=hatched)


def grouped_chart(
    labels: Sequence[str],
    series: Sequence[Series],
    *,
    label: Label = str,
    tick: Label | None = None,
    height: int = HEIGHT,
) -> Chart:
    """Bars side by side, to be compared; arguments as for `stacked_chart`."""
    columns = _columns(labels, series)
    known = [value for column in columns for value in column]
    scale = Scale(nice_ticks(min(known, default=0), max(known, default=0)), height)
    slot = 100 / max(1, len(labels))
    width = min(slot * GROUP_SHARE, BARS_MAX) / max(1, len(series))
    bars = []
    for index, column in enumerate(columns):
        left = slot * (index + 0.5) - width * len(series) / 2
        bars.append(
            [
                _bar(left + width * nth, width * 0.92, scale.y(0), scale.y(value), nth + 1)
                for nth, value in enumerate(column)
            ]
        )
    return _bar_chart(labels, series, scale, bars, label=label, tick=tick)


def _bar(x: float, width: float, start: float, end: float, tone: int) -> Bar:
    top, bottom = min(start, end), max(start, end)
    return Bar(round(x, 3), top, round(width, 3), round(bottom - top, 1), tone)


def _bar_chart(
    labels: Sequence[str],
    series: Sequence[Series],
    scale: Scale,
    bars: Sequence[Sequence[Bar]],
    *,
    label: Label,
    tick: Label | None,
    hatched: Collection[int] = (),
) -> Chart:
    slot = 100 / max(1, len(labels))
    slots = tuple(
        Slot(
            round(slot * index, 3),
            round(slot, 3),
            _title(labels[index], series, index, label),
            bars=tuple(bar for bar in of if bar.height > 0),
            hatched=index in hatched,
        )
        for index, of in enumerate(bars)
    )
    centres = [slot * (index + 0.5) for index in range(len(labels))]
    return _chart(labels, series, scale, centres, slots, label=label, tick=tick)


def line_chart(
    labels: Sequence[str],
    values: Sequence[Number | None],
    *,
    name: str,
    previous: Sequence[Number | None] | None = None,
    previous_name: str = _("Previous period"),
    label: Label = str,
    tick: Label | None = None,
    height: int = HEIGHT,
) -> Chart:
    """A line with its area, and the previous period dashed behind it, day by day.

    `values` may be shorter than `labels` (a month that still runs), `previous` is cut to them.
    """
    series = [Series(name, _fill(values, len(labels)))]
    if previous is not None:
        series.append(Series(previous_name, _fill(previous, len(labels))))
    known = [float(value) for row in series for value in row.values if value is not None]
    scale = Scale(nice_ticks(min(known, default=0), max(known, default=0)), height)
    count = len(labels)
    centres = [100 * (index + 0.5) / max(1, count) for index in range(count)]
    segments: list[Segment] = []
    for tone, row in reversed(list(enumerate(series, start=1))):
        points = list(zip(centres, row.values, strict=True))
        segments += [
            Segment(round(x1, 3), scale.y(y1), round(x2, 3), scale.y(y2), tone, dashed=tone > 1)
            for (x1, y1), (x2, y2) in pairwise(points)
            if y1 is not None and y2 is not None
        ]
    width = 100 / max(1, count)
    slots = tuple(
        Slot(
            round(width * index, 3),
            round(width, 3),
            _title(labels[index], series, index, label),
            dots=tuple(
                Dot(round(centres[index], 3), scale.y(value), tone)
                for tone, row in enumerate(series, start=1)
                if (value := row.values[index]) is not None
            ),
        )
        for index in range(count)
    )
    area = _area(centres, series[0].values, scale)
    return _chart(
        labels, series, scale, centres, slots, label=label, tick=tick, segments=segments, area=area
    )


def sparkline(values: Sequence[Number | None], *, height: int = SPARK_HEIGHT) -> Sparkline | None:
    """The trend alone, without axes; None when there are fewer than two known values."""
    known = [float(value) for value in values if value is not None]
    if len(known) < 2:
        return None
    low, high = min(known), max(known)
    spread = (high - low) or 1.0
    inner = height - 2 * SPARK_EDGE
    points = [
        (
            round(100 * index / (len(known) - 1), 2),
            round(height - SPARK_EDGE - inner * ((value - low) / spread if high > low else 0.5), 2),
        )
        for index, value in enumerate(known)
    ]
    path = " ".join(f"{x:g},{y:g}" for x, y in points)
    return Sparkline(height, path, f"0,{height} {path} 100,{height}", points[-1])


def _columns(labels: Sequence[str], series: Sequence[Series]) -> list[list[float]]:
    """Values by label instead of by series; what is not known counts as nothing."""
    for row in series:
        if len(row.values) != len(labels):
            raise ValueError(f"{row.name}: {len(row.values)} values for {len(labels)} labels")
    return [[float(row.values[i] or 0) for row in series] for i in range(len(labels))]


def _fill(values: Sequence[Number | None], length: int) -> list[Number | None]:
    return [*values[:length], *([None] * (length - len(values)))]


def _text(value: Number | None, label: Label) -> str:
    return "–" if value is None else label(value)


def _title(of: str, series: Sequence[Series], index: int, label: Label) -> str:
    parts = (f"{row.name}: {_text(row.values[index], label)}" for row in series)
    return "\n".join([of, *parts])


def _area(centres: Sequence[float], values: Sequence[Number | None], scale: Scale) -> str:
    """The polygon under the line, up to its first gap."""
    points = []
    for x, value in zip(centres, values, strict=True):
        if value is None:
            break
        points.append((x, scale.y(value)))
    if len(points) < 2:
        return ""
    zero = scale.y(0)
    outline = [(points[0][0], zero), *points, (points[-1][0], zero)]
    return " ".join(f"{x:.2f},{y:g}" for x, y in outline)


def _chart(
    labels: Sequence[str],
    series: Sequence[Series],
    scale: Scale,
    centres: Sequence[float],
    slots: tuple[Slot, ...],
    *,
    label: Label,
    tick: Label | None,
    segments: Sequence[Segment] = (),
    area: str = "",
) -> Chart:
    lines = bool(segments)
    # Where nothing is drawn, a figure beside the line above zero would mean nothing.
    empty = all(not value for row in series for value in row.values)
    ticks = tuple(
        Tick(scale.y(value), "" if value and empty else (tick or label)(value))
        for value in scale.ticks
    )
    return Chart(
        height=scale.height,
        gutter=GUTTER_EDGE + CHARACTER * max(len(line.label) for line in ticks),
        baseline=scale.y(0),
        ticks=ticks,
        labels=_x_labels(labels, centres),
        slots=slots,
        segments=tuple(segments),
        area=area,
        legend=tuple(
            Legend(row.name, tone, dashed=lines and tone > 1)
            for tone, row in enumerate(series, start=1)
        ),
        columns=tuple(row.name for row in series),
        rows=tuple(
            (text, *(_text(row.values[index], label) for row in series))
            for index, text in enumerate(labels)
        ),
        empty=not any(value for row in series for value in row.values),
    )


def _x_labels(labels: Sequence[str], centres: Sequence[float]) -> tuple[XLabel, ...]:
    """At most twelve of them, and about five of these where it is narrow."""
    wide = max(1, math.ceil(len(labels) / LABELS_WIDE))
    narrow = wide * max(1, math.ceil(len(labels) / wide / LABELS_NARROW))
    return tuple(
        XLabel(round(centres[index], 3), labels[index], "middle", narrow=index % narrow == 0)
        for index in range(0, len(labels), wide)
    )
