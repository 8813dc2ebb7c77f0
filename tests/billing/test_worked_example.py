"""The month of October 2026 at North, as the rules work it out, to the cent."""

from __future__ import annotations

from fractions import Fraction

import pytest

from portal.billing.commission import Basis, Referral, on_issue, terms
from portal.billing.invoice import DocumentType, Totals, document_type, totals
from portal.billing.margin import Sale, margins
from portal.billing.rating import Item, PriceList, rate_retail
from tests.billing.cast import (
    GATE,
    MOTION,
    OCTOBER,
    PLATES,
    SUE,
    YARD,
    amounts,
    d,
    per_unit,
    rate,
    subscription,
    usage,
    version,
)

RATES = {
    MOTION.id: [rate(1, MOTION, per_unit("0.50"))],
    PLATES.id: [rate(2, PLATES, per_unit("4.00"))],
}
HOME_7 = version(1, "2026-01-01", "9.90", Item(MOTION, d("7"), None), Item(PLATES, d("1"), None))
REX = 31


@pytest.fixture(scope="module")
def gate():
    return usage(GATE, "gate", motion=[7] * 31, plates=[1] * 31)


@pytest.fixture(scope="module")
def yard():
    return usage(YARD, "yard", motion=[None] * 15 + [7] * 16, plates=[None] * 15 + [1] * 16)


def test_the_gate_pays_a_whole_month_and_the_yard_sixteen_days(gate, yard):
    whole = rate_retail(OCTOBER, "EUR", subscription("2026-10-01"), [HOME_7], gate)
    part = rate_retail(
        OCTOBER, "EUR", subscription("2026-10-16", number=2, camera=YARD), [HOME_7], yard
    )
    assert amounts(whole) == [990]
    assert amounts(part) == [511]
    assert part[0].quantity == Fraction(16, 31)
    assert part[0].unit_price == d("9.90")


def test_north_pays_the_platform_for_what_each_camera_used(gate, yard):
    of_gate = PriceList(OCTOBER, "EUR", RATES).rate(gate)
    of_yard = PriceList(OCTOBER, "EUR", RATES).rate(yard)
    assert amounts(of_gate.charges) == [350, 400]
    assert amounts(of_yard.charges) == [181, 206]
    assert of_yard.charges[0].quantity == Fraction(112, 31)
    assert not of_gate.shares
    assert not of_gate.unrated


def test_the_documents_the_commission_and_the_margin():
    invoice = totals(990 + 511, d("10"), d("22"))
    assert invoice == Totals(1501, 150, 1351, 297, 1648)
    assert document_type(invoice) is DocumentType.INVOICE

    rex = Referral(REX, d("15"), Basis.INVOICED, None)
    (earned,) = on_issue(invoice.taxable, terms(REX, {REX: rex}, []))
    assert (earned.level, earned.base, earned.percent, earned.amount) == (1, 1351, d("15"), 203)

    wholesale = totals(350 + 400 + 181 + 206, d("5"), d("22"))
    assert wholesale == Totals(1137, 57, 1080, 238, 1318)

    rows = margins(
        [Sale(SUE, {GATE: 990, YARD: 511}, invoice.taxable, earned.amount)],
        {GATE: 750, YARD: 387},
        wholesale.taxable,
        {GATE: {SUE: 31}, YARD: {SUE: 16}},
        {GATE: "gate", YARD: "yard"},
    )
    assert [row.camera for row in rows] == [GATE, YARD]
    assert sum(row.revenue for row in rows) == 1351
    assert sum(row.cost for row in rows) == 1080
    assert sum(row.commission for row in rows) == 203
    assert sum(row.margin for row in rows) == 68
    # 1.50 by 9.90 and 5.11 is 0.99 and 0.51; 0.57 by 7.50 and 3.87 is 0.38 and 0.19.
    assert [(row.revenue, row.cost, row.commission) for row in rows] == [
        (891, 712, 134),
        (460, 368, 69),
    ]
