"""A running month is settled as its close will settle it."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from portal.billing.commission import Basis, Term, on_issue
from portal.billing.money import percent_of
from portal.billing.outlook.so_far import Charged, settle

REX = Term(1, 1, Decimal(15), Basis.INVOICED)
TOM = Term(2, 2, Decimal(2), Basis.INVOICED)
UNA = Term(3, 1, Decimal(10), Basis.COLLECTED)

percents = st.decimals(0, 100, places=2)
charges = st.builds(
    Charged,
    retail=st.integers(0, 10**9),
    wholesale=st.integers(0, 10**9),
    discount_percent=percents,
    terms=st.sampled_from([(), (REX,), (REX, TOM), (UNA,)]),
)


def test_discounts_cost_and_commissions_are_those_of_a_close() -> None:
    """10.00 referred by Rex, whom Tom sponsors, and 5.00 less 10 %; the cloud pays 10.00 less 5 %."""
    sue, bob = settle(
        [Charged(1000, 600, Decimal(0), (REX, TOM)), Charged(500, 400, Decimal(10), ())],
        Decimal(5),
    )
    assert (sue.revenue, sue.cost, sue.commission) == (1000, 570, 150 + 20)
    assert (bob.revenue, bob.cost, bob.commission) == (450, 380, 0)


def test_who_is_paid_as_invoices_are_earns_nothing_by_their_issue() -> None:
    (one,) = settle([Charged(1000, 0, Decimal(0), (UNA,))], Decimal(0))
    assert one.commission == 0


@given(charged=st.lists(charges, max_size=8), discount=percents)
def test_costs_sum_to_the_platforms_invoice_and_each_document_earns_by_itself(
    charged: list[Charged], discount: Decimal
) -> None:
    settled = settle(charged, discount)
    wholesale = sum(one.wholesale for one in charged)
    assert sum(one.cost for one in settled) == wholesale - percent_of(wholesale, discount)
    for one, of in zip(settled, charged, strict=True):
        assert one.revenue == of.retail - percent_of(of.retail, of.discount_percent)
        assert list(one.earned) == on_issue(one.revenue, of.terms)
