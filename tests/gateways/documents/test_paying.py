"""The reference and the code of a transfer stand on invoices that are paid so, whoever sells."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from portal.gateways.documents.paying import AMOUNT_MAX, code_to_pay, reference_to_pay
from tests.gateways.documents.specimens import SUE


def test_they_stand_on_invoices_in_euro_with_an_iban() -> None:
    """Another amount, number or account is another code; what is not paid so has none."""
    assert reference_to_pay(SUE) == "RF65NORTH2026000001"
    code = code_to_pay(SUE)
    assert code.startswith("data:image/svg+xml")
    other = replace(SUE.seller, bank=("IBAN DE89 3704 0044 0532 0130 00",))
    others = [
        replace(SUE, total=SUE.total + 1),
        replace(SUE, number="NORTH-2026-000002"),
        replace(SUE, seller=other),
    ]
    assert len({code, *map(code_to_pay, others)}) == 4
    for without in (
        replace(SUE, currency="USD"),
        replace(SUE, type="credit_note"),
        replace(SUE, type="statement"),
        replace(SUE, seller=replace(SUE.seller, bank=("IBAN IT61 X054 2811 1010 0000 0123 456",))),
        replace(SUE, total=0),
        replace(SUE, total=AMOUNT_MAX + 1),
    ):
        assert code_to_pay(without) == "", without


@settings(max_examples=40, deadline=None)
@given(st.text(min_size=1, max_size=300).filter(str.strip), st.integers(1, AMOUNT_MAX))
def test_any_name_and_amount_has_a_code(name: str, total: int) -> None:
    value = replace(SUE, total=total, seller=replace(SUE.seller, name=name))
    assert code_to_pay(value).startswith("data:image/svg+xml")
