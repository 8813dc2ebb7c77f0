"""Commissions: what Rex earns on Sue's documents, what his sponsors earn, and what they give back."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from portal.billing.commission import (
    Basis,
    Commission,
    Referral,
    Sold,
    Term,
    chain,
    change,
    collected,
    earned,
    earned_so_far,
    makes_circle,
    on_issue,
    terms,
)
from portal.billing.invoice import totals
from tests.billing.cast import d, law

REX, TOM, UNA, VIC = 31, 32, 33, 34


def referral(number, percent="10", sponsor=None, basis=Basis.INVOICED):
    return Referral(number, d(percent), basis, sponsor)


REFERRALS = {
    REX: referral(REX, "10", TOM),
    TOM: referral(TOM, "50", UNA),
    UNA: referral(UNA, "50", VIC),
    VIC: referral(VIC, "50"),
}


def test_rex_earns_his_percent_of_the_taxable_amount():
    assert earned(1351, d("15")) == 203
    (row,) = on_issue(1351, terms(REX, {REX: referral(REX, "15")}, []))
    assert row == Commission(REX, 1, Basis.INVOICED, 1351, d("15"), 203)


def test_golden_levels_of_tapfiliate():
    agreed = terms(REX, REFERRALS, [d("2"), d("1")])
    assert [(t.referral, t.level, t.percent) for t in agreed] == [
        (REX, 1, d("10")),
        (TOM, 2, d("2")),
        (UNA, 3, d("1")),
    ]
    assert [row.amount for row in on_issue(10000, agreed)] == [1000, 200, 100]


def test_level_1_has_the_referrals_own_percent_and_the_others_the_clouds():
    assert [(t.referral, t.percent) for t in terms(TOM, REFERRALS, [d("2")])] == [
        (TOM, d("50")),
        (UNA, d("2")),
    ]


def test_a_percent_of_zero_earns_nothing_but_the_levels_above_go_on():
    agreed = terms(REX, {**REFERRALS, REX: referral(REX, "0", TOM)}, [d("0"), d("1")])
    assert [(t.referral, t.level) for t in agreed] == [(UNA, 3)]


def test_the_chain_ends_with_the_levels_the_sponsors_or_where_a_ring_closes():
    sponsors = {REX: TOM, TOM: UNA, UNA: None}
    assert chain(REX, sponsors, 2) == [REX, TOM]
    assert chain(REX, sponsors, 9) == [REX, TOM, UNA]
    assert chain(REX, {REX: TOM, TOM: REX}, 9) == [REX, TOM]
    assert chain(REX, {REX: REX}, 9) == [REX]


def test_nobody_sponsors_himself_even_through_others():
    sponsors = {REX: TOM, TOM: UNA, UNA: None, VIC: None}
    for referral_id, sponsor in ((REX, REX), (UNA, REX), (TOM, REX)):
        assert makes_circle(referral_id, sponsor, sponsors)
    assert not makes_circle(UNA, VIC, sponsors)
    assert not makes_circle(VIC, REX, sponsors)


def test_each_referrals_own_basis_applies_on_every_level():
    referrals = {**REFERRALS, TOM: referral(TOM, "50", UNA, Basis.COLLECTED)}
    agreed = terms(REX, referrals, [d("2"), d("1")])
    assert [row.referral for row in on_issue(10000, agreed)] == [REX, UNA]
    assert agreed[1].basis is Basis.COLLECTED


def test_a_negative_period_takes_todays_percent_at_once_on_either_basis():
    referrals = {**REFERRALS, TOM: referral(TOM, "50", UNA, Basis.COLLECTED)}
    rows = on_issue(-10000, terms(REX, referrals, [d("2")]))
    assert [(row.referral, row.amount) for row in rows] == [(REX, -1000), (TOM, -200)]


def test_what_rounds_to_nothing_is_no_row():
    assert on_issue(4, terms(REX, REFERRALS, [])) == []
    assert on_issue(0, terms(REX, REFERRALS, [])) == []


# Collected


def test_golden_commission_on_three_payments():
    invoice = totals(10000, d("0"), d("19"))
    term = Term(REX, 1, d("7"), Basis.COLLECTED)
    rows, paid, before = [], 0, 0
    for payment in (3967, 3967, 3966):
        paid += payment
        row = change(Sold(invoice.taxable, invoice.total, paid=paid), term, before, payment)
        assert row is not None
        rows.append(row.amount)
        before += row.amount
    assert rows == [233, 234, 233]


def test_the_running_sum_of_what_was_collected():
    assert [collected(10000, 11900, d("7"), paid) for paid in (0, 3967, 7934, 11900)] == [
        0,
        233,
        467,
        700,
    ]
    assert collected(0, 0, d("7"), 0) == 0


def test_a_payment_counts_up_to_what_is_left_of_the_total():
    term = Term(REX, 1, d("10"), Basis.COLLECTED)
    sold = Sold(10000, 11900, credited_taxable=5000, credited_total=5950, paid=11900)
    assert earned_so_far(sold, term) == 500


# Clawback


def test_a_credit_note_claws_back_at_the_original_percent():
    term = Term(REX, 1, d("15"), Basis.INVOICED)
    row = change(Sold(1351, 1648, credited_taxable=451, credited_total=550), term, 203, -451)
    assert row == Commission(REX, 1, Basis.INVOICED, -451, d("15"), 135 - 203)


def test_on_collection_a_credit_note_of_what_was_not_paid_yet_takes_nothing_back():
    term = Term(REX, 1, d("10"), Basis.COLLECTED)
    assert change(Sold(10000, 11900, 5000, 5950, paid=5950), term, 500, -5000) is None
    row = change(Sold(10000, 11900, 5000, 5950, paid=11900), term, 1000, -5000)
    assert row is not None
    assert row.amount == -500


def test_nothing_changed_is_no_row():
    assert change(Sold(1351, 1648), Term(REX, 1, d("15"), Basis.INVOICED), 203, 0) is None


@law(100)
@given(
    st.integers(1, 10**6),
    st.sampled_from(("0.01", "2", "7", "15", "33.333333", "100")),
    st.sampled_from(("0", "19", "22")),
    st.sampled_from(list(Basis)),
    st.lists(st.tuples(st.booleans(), st.integers(1, 100)), max_size=6),
)
def test_law_10_commission_less_clawback_is_never_negative_and_ends_at_nothing(
    taxable, percent, tax, basis, steps
):
    figures = totals(taxable, d("0"), d(tax))
    term = Term(REX, 1, d(percent), basis)
    paid = credited = credited_total = 0
    before = sum(row.amount for row in on_issue(taxable, [term]))
    for is_payment, part in [*steps, (False, 10**6)]:
        left = figures.total - credited_total - paid
        if is_payment:
            paid += max(0, left * part // 100)
        else:
            net = min(taxable - credited, taxable * part // 100)
            credited += net
            credited_total = (
                figures.total if credited == taxable else figures.total * credited // taxable
            )
        sold = Sold(taxable, figures.total, credited, credited_total, paid)
        row = change(sold, term, before, 1)
        before += row.amount if row else 0
        assert 0 <= before <= earned(taxable, d(percent))
    assert before == 0
