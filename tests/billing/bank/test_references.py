"""Numbers of invoices as payers write them, and references that banks check."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.billing.bank.references import is_reference, numbers_in, numbers_of
from portal.billing.numbering import number_of, payment_reference
from tests.billing.cast import law

BETWEEN = st.text("-/._ ", max_size=3)
SOME_BETWEEN = st.text("-/._ ", min_size=1, max_size=3)
SEQUENCES = st.integers(1, 2_000_000)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("fattura n 2026/16", {"N-2026-000016"}),
        ("N2026000016", {"N-2026-000016"}),
        ("STORNO N-2026-000016", {"N-2026-000016"}),
        ("N-2026-0000161", set()),
        ("2026000016", set()),
        ("N-2026-000016.", {"N-2026-000016"}),
        ("N-2026-016", set()),
        ("N-2026-000000 N-2026-0", set()),
        ("N-2026-1000000", {"N-2026-1000000"}),
        ("N-2026-01000000", set()),
        ("SIGN-2026-16", set()),
        ("SIGN-2026-000016", {"N-2026-000016"}),
        ("1N-2026-000016", set()),
        ("invoice N-2026-0000\n16 of October", {"N-2026-000016"}),
        ("n2026/16, n2026/17 and N 2026 000018", {f"N-2026-0000{n}" for n in (16, 17, 18)}),
        ("N-2026-" + "9" * 10_000, set()),
        ("N-٢٠٢٦-000016", set()),
    ],
)
def test_a_number_is_found_however_people_write_it(text, found):
    assert numbers_in(text, ["N"]) == found


@law(300)
@given(
    st.sampled_from(["N", "NORTH", "N-1", "A-B"]),
    SEQUENCES,
    BETWEEN,
    BETWEEN,
    SOME_BETWEEN,
    st.data(),
)
def test_every_way_of_writing_a_number_names_it_and_no_other(
    prefix, sequence, first, second, apart, data
):
    digits = f"{sequence:06d}"
    written = data.draw(
        st.sampled_from(
            [
                f"{prefix}{first}2026{second}{digits}",
                f"{prefix.lower()}{first}2026{apart}{sequence}",
                f"XX{prefix}{first}2026{second}{sequence % 1_000_000 or 1:06d}",
            ]
        )
    )
    meant = sequence % 1_000_000 or 1 if written.startswith("XX") else sequence
    assert numbers_in(f"for {written}, thanks", [prefix]) == {number_of(prefix, 2026, meant)}
    assert numbers_in(f"{written}0", [prefix]) != {number_of(prefix, 2026, meant)}


@law(200)
@given(st.text(max_size=60), st.sampled_from([["N"], ["---"], ["N", "S-1"]]))
def test_no_text_is_too_odd_to_be_looked_at(text, prefixes):
    for number in numbers_in(text, prefixes) | numbers_of(text, prefixes):
        assert number.startswith(tuple(f"{one}-" for one in prefixes if one != "---"))


def test_the_reference_of_an_invoice_is_the_one_that_is_printed():
    assert payment_reference("N-2026-000010") == "RF22N2026000010"
    assert payment_reference("SIXTEEN-LETTERS-2026-000010") == ""


@law(200)
@given(
    st.from_regex(r"[A-Z0-9-]{1,8}", fullmatch=True).filter(lambda one: one.strip("-")), SEQUENCES
)
def test_a_reference_leads_back_to_its_number_and_no_wrong_digit_does(prefix, sequence):
    number = number_of(prefix, 2026, sequence)
    reference = payment_reference(number)
    assert is_reference(reference)
    assert number in numbers_of(f"{reference[:4]} {reference[4:].lower()}", [prefix])
    wrong = f"{reference[:-1]}{(int(reference[-1]) + 1) % 10}"
    assert not is_reference(wrong)
    assert not numbers_of(wrong, [prefix])


def test_a_number_given_apart_is_itself():
    assert numbers_of("n 2026/10", ["N"]) == {"N-2026-000010"}
