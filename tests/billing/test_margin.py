"""Margins: revenue, cost and commission of every camera, summing to the documents."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.billing.commission import earned
from portal.billing.invoice import totals
from portal.billing.margin import Adjustment, Margin, Sale, margins, net_by_camera
from portal.billing.money import Spread, allocate
from tests.billing.cast import GATE, SUE, TOM, YARD, d, law

NAMES = {GATE: "gate", YARD: "yard", 3: "attic"}


def test_a_discount_is_spread_by_charges_and_a_commission_by_revenue():
    rows = margins([Sale(SUE, {GATE: 990, YARD: 511}, 1351, 203)], {}, 0, {}, NAMES)
    assert rows == [Margin(GATE, SUE, 891, 0, 134), Margin(YARD, SUE, 460, 0, 69)]
    assert [row.margin for row in rows] == [757, 391]


def test_ties_go_to_the_lower_external_id():
    rows = margins([Sale(SUE, {YARD: 100, 3: 100}, 199, 1)], {}, 0, {}, NAMES)
    assert [(row.camera, row.revenue, row.commission) for row in rows] == [
        (3, 99, 0),
        (YARD, 100, 1),
    ]


def test_a_cameras_cost_is_split_by_the_days_its_subscribers_had_it():
    rows = margins([], {GATE: 1000}, 950, {GATE: {SUE: 10, TOM: 21}}, NAMES)
    assert [(row.subscriber, row.cost) for row in rows] == [(SUE, 306), (TOM, 644)]


def test_the_odd_cent_of_a_shared_camera_is_the_lower_subscriber_numbers():
    rows = margins([], {GATE: 101}, 101, {GATE: {TOM: 5, SUE: 5}}, NAMES)
    assert [(row.subscriber, row.cost) for row in rows] == [(SUE, 51), (TOM, 50)]


def test_cost_of_a_camera_without_a_subscription_is_shown_as_nobodys():
    assert margins([], {GATE: 101}, 101, {}, NAMES) == [Margin(GATE, None, 0, 101, 0)]
    assert margins([], {GATE: 101}, 101, {GATE: {SUE: 0}}, NAMES) == [Margin(GATE, None, 0, 101, 0)]


def test_a_camera_that_moved_has_a_row_for_each_subscriber():
    rows = margins(
        [Sale(SUE, {GATE: 300}, 300), Sale(TOM, {GATE: 700}, 700)],
        {GATE: 500},
        500,
        {GATE: {SUE: 9, TOM: 21}},
        NAMES,
    )
    assert rows == [Margin(GATE, SUE, 300, 150, 0), Margin(GATE, TOM, 700, 350, 0)]


def test_a_document_not_issued_for_a_total_of_zero_still_has_its_cost():
    rows = margins([Sale(SUE, {GATE: 990}, 0)], {GATE: 750}, 750, {GATE: {SUE: 31}}, NAMES)
    assert rows == [Margin(GATE, SUE, 0, 750, 0)]


def test_a_credit_note_by_hand_lowers_revenue_by_the_weights_of_its_invoice():
    revenue = net_by_camera({GATE: 990, YARD: 511}, 1351, NAMES)
    assert revenue == {GATE: 891, YARD: 460}
    rows = margins([Adjustment(SUE, revenue, -451, -68)], {}, 0, {}, NAMES)
    assert sum(row.revenue for row in rows) == -451
    assert sum(row.commission for row in rows) == -68
    assert [(row.revenue, row.commission) for row in rows] == [(-297, -45), (-154, -23)]


def test_a_payment_that_earns_a_commission_later_costs_the_month_it_was_paid_in():
    rows = margins([Adjustment(SUE, {GATE: 891, YARD: 460}, 0, 203)], {}, 0, {}, NAMES)
    assert [(row.revenue, row.commission, row.margin) for row in rows] == [
        (0, 134, -134),
        (0, 69, -69),
    ]


def test_several_documents_of_one_subscriber_add_up():
    rows = margins(
        [Sale(SUE, {GATE: 100}, 90, 9), Adjustment(SUE, {GATE: 90}, -10, -1)], {}, 0, {}, NAMES
    )
    assert rows == [Margin(GATE, SUE, 80, 0, 8)]


def test_a_camera_without_a_name_cannot_be_spread_to():
    with pytest.raises(KeyError):
        margins([Sale(SUE, {99: 100}, 90)], {}, 0, {}, NAMES)


@law(60)
@given(
    st.lists(
        st.tuples(st.integers(1, 5), st.integers(1, 4), st.integers(-300, 9000)),
        min_size=1,
        max_size=10,
    ),
    st.lists(st.tuples(st.integers(1, 5), st.integers(0, 9000)), max_size=6),
    st.sampled_from(("0", "10", "33.3")),
)
def test_cameras_sum_to_the_documents(sold, used, discount):
    names = {camera: f"cam-{camera}" for camera in range(1, 6)}
    sales: list[Sale] = []
    subscribed: dict[int, dict[int, int]] = {}
    for subscriber in range(1, 5):
        charges: dict[int, int] = {}
        for camera, who, amount in sold:
            if who == subscriber:
                charges[camera] = charges.get(camera, 0) + amount
                subscribed.setdefault(camera, {})[who] = 3 + who
        figures = totals(sum(charges.values()), d(discount), d("22"))
        sales.append(Sale(subscriber, charges, figures.taxable, earned(figures.taxable, d("15"))))
    cost = dict(used)
    wholesale = totals(sum(cost.values()), d("5"), d("22"))
    rows = margins(sales, cost, wholesale.taxable, subscribed, names)
    assert sum(row.revenue for row in rows) == sum(sale.taxable for sale in sales)
    assert sum(row.commission for row in rows) == sum(sale.commission for sale in sales)
    assert sum(row.cost for row in rows) == wholesale.taxable
    assert len({(row.camera, row.subscriber) for row in rows}) == len(rows)


WEIGHTS = st.dictionaries(
    st.text("aB-z0é", min_size=1, max_size=4), st.integers(-9_000, 90_000), min_size=1, max_size=12
)


@law(300)
@given(st.integers(-(10**6), 10**6), WEIGHTS)
def test_one_by_one_comes_to_what_all_at_once_does(total, weights):
    if not sum(weights.values()):
        total = 0
    spread = Spread.of(total, weights)
    parts = [spread.part(weight, key) for key, weight in weights.items()]
    assert parts == allocate(total, list(weights.values()), list(weights))
    assert sum(parts) == total


def test_the_unit_that_is_left_goes_to_the_lower_name():
    spread = Spread.of(100, {"c": 1, "a": 1, "b": 1})
    assert [spread.part(1, key) for key in "abc"] == [34, 33, 33]


def test_nothing_is_split_over_weights_that_sum_to_nothing():
    with pytest.raises(ValueError, match="sum to 0"):
        Spread.of(1, {"a": 1, "b": -1})
