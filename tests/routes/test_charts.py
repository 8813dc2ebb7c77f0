"""The geometry of charts: every figure inside, zero where it belongs, gaps kept."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.routes.charts import (
    BOTTOM,
    HEIGHT,
    TOP,
    Series,
    bar_chart,
    grouped_chart,
    line_chart,
    nice_ticks,
    sparkline,
    stacked_chart,
)

figures = st.integers(-(10**12), 10**12)


@pytest.mark.parametrize(
    ("low", "high", "ticks"),
    [
        (0, 1830, (0, 500, 1000, 1500, 2000)),
        (0, 100, (0, 25, 50, 75, 100)),
        (0, 3, (0, 1, 2, 3)),
        (-40, 100, (-50, 0, 50, 100)),
        (0, 0, (0, 1)),
        (900, 1000, (0, 250, 500, 750, 1000)),  # bars that do not start at zero lie
    ],
)
def test_ticks_are_round_and_hold_zero(low, high, ticks):
    assert nice_ticks(low, high) == ticks


@given(figures, figures)
def test_ticks_span_every_value_and_are_few(one, other):
    ticks = nice_ticks(min(one, other), max(one, other))
    assert ticks[0] <= min(one, other, 0)
    assert ticks[-1] >= max(one, other, 0)
    assert 0 in ticks
    assert 2 <= len(ticks) <= 7


@given(st.lists(st.lists(figures, min_size=2, max_size=2), min_size=1, max_size=31))
def test_stacked_bars_stay_in_the_plot_and_do_not_overlap(columns):
    series = [Series(name, [column[i] for column in columns]) for i, name in enumerate("ab")]
    chart = stacked_chart([str(i) for i in range(len(columns))], series)
    for slot in chart.slots:
        spans = sorted((bar.y, bar.y + bar.height) for bar in slot.bars)
        assert all(TOP - 0.1 <= top < bottom <= HEIGHT - BOTTOM + 0.1 for top, bottom in spans)
        assert all(a[1] <= b[0] + 0.11 for a, b in pairwise(spans))
        assert all(bar.x >= 0 and bar.x + bar.width <= 100.01 for bar in slot.bars)


def test_a_bar_reaches_from_zero_to_its_value():
    chart = bar_chart(["Sep", "Oct"], [50, -50], name="Margin")
    up, down = chart.slots[0].bars[0], chart.slots[1].bars[0]
    assert up.y + up.height == pytest.approx(chart.baseline)
    assert down.y == pytest.approx(chart.baseline)
    assert up.height == pytest.approx(down.height)


def test_the_table_says_what_the_bars_show():
    chart = stacked_chart(
        ["Oct"],
        [Series("Recurring", [1501]), Series("Overage", [None])],
        label=lambda v: f"{v} cents",
    )
    assert chart.columns == ("Recurring", "Overage")
    assert chart.rows == (("Oct", "1501 cents", "–"),)
    assert chart.slots[0].title == "Oct\nRecurring: 1501 cents\nOverage: –"


def test_series_of_another_length_are_refused():
    with pytest.raises(ValueError, match="1 values for 2 labels"):
        stacked_chart(["Sep", "Oct"], [Series("Recurring", [1])])


def test_a_month_that_runs_ends_where_it_is_and_the_previous_goes_on():
    chart = line_chart(
        ["1", "2", "3", "4"], [10, 20], name="November", previous=[5, 6, 7, 8], label=str
    )
    solid = [s for s in chart.segments if not s.dashed]
    dashed = [s for s in chart.segments if s.dashed]
    assert len(solid) == 1
    assert len(dashed) == 3
    assert chart.segments[-1] == solid[0]  # drawn last, so in front
    assert chart.rows[3] == ("4", "–", "8")
    assert [len(slot.dots) for slot in chart.slots] == [2, 2, 1, 1]


def test_a_gap_is_not_a_zero():
    chart = line_chart(["1", "2", "3"], [10, None, 30], name="Usage")
    assert chart.segments == ()
    assert chart.rows[1] == ("2", "–")


def test_labels_thin_out_where_it_is_narrow():
    chart = bar_chart([str(day) for day in range(1, 32)], [1] * 31, name="Cameras")
    assert 8 <= len(chart.labels) <= 12
    assert 3 <= sum(label.narrow for label in chart.labels) <= 5


def test_nothing_at_all_is_said_to_be_nothing():
    assert bar_chart([], [], name="Cameras").empty
    assert bar_chart(["Oct"], [0], name="Cameras").empty
    assert not bar_chart(["Oct"], [1], name="Cameras").empty


def test_the_gutter_is_as_wide_as_its_longest_label():
    narrow = bar_chart(["Oct"], [4], name="Cameras", label=lambda v: f"{v:.0f}")
    wide = bar_chart(["Oct"], [4], name="Revenue", label=lambda v: f"KWD {v:.3f}")
    assert wide.gutter > narrow.gutter


def test_a_sparkline_needs_two_points():
    assert sparkline([]) is None
    assert sparkline([1, None]) is None
    line = sparkline([1, None, 3])
    assert line is not None
    assert line.points == "0,26 100,2"
    assert line.last == (100.0, 2.0)


def test_a_flat_sparkline_runs_through_the_middle():
    line = sparkline([7, 7, 7])
    assert line is not None
    assert line.points == "0,14 50,14 100,14"


def test_bars_side_by_side_share_a_slot_and_start_at_zero():
    chart = grouped_chart(["Sep", "Oct"], [Series("Revenue", [10, 20]), Series("Cost", [5, -20])])
    assert [len(slot.bars) for slot in chart.slots] == [2, 2]
    for slot in chart.slots:
        first, second = slot.bars
        assert slot.x <= first.x < first.x + first.width <= second.x
        assert second.x + second.width <= slot.x + slot.width
    revenue, cost = chart.slots[1].bars
    assert revenue.y + revenue.height == chart.baseline == cost.y
    assert revenue.height == cost.height
    assert chart.rows[1] == ("Oct", "20", "-20")
