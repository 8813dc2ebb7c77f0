"""Which invoices money is for: Sue and Tom owe, and lines of the bank name what they pay."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.billing.bank.line import BankLine, identities
from portal.billing.bank.matching import (
    SUGGESTIONS_MAX,
    Claim,
    Receivables,
    Rule,
    match,
    names_of,
    suggest,
    words_of,
)
from portal.billing.numbering import payment_reference
from tests.billing.cast import SUE, TOM, law

DUE = date(2026, 11, 14)
IBAN = "IT60X0542811101000000123456"
NUMBERS = [f"N-2026-00001{n}" for n in range(5)]


def line(amount: int, text: str = "", **more: Any) -> BankLine:
    return BankLine(
        line=1, account="AT61", booked_on=DUE, amount=amount, currency="EUR", text=text, **more
    )


def claim(n: int, left: int, customer: int = SUE, *, written_off: int = 0, days: int = 0) -> Claim:
    return Claim(n, NUMBERS[n], customer, DUE + timedelta(days), left, written_off)


def books(*claims: Claim, accounts: dict[str, frozenset[int]] | None = None) -> Receivables:
    still: dict[int, list[str]] = {}
    for one in claims:
        still.setdefault(one.customer, []).append(one.number)
    return Receivables(
        {one.number: one for one in claims},
        accounts or {},
        {customer: tuple(numbers) for customer, numbers in still.items()},
    )


def found(one: BankLine, owed: Receivables, *, auto: bool = True):
    return match(one, names_of(one, ["N"]), owed, auto=auto)


def put(result) -> list[tuple[int, list[tuple[str, int]], int]]:
    return [
        (part.customer, [(one.number, one.amount) for one in part.allocations], part.credit)
        for part in result.parts
    ]


@pytest.mark.parametrize(
    ("told", "rule"),
    [
        ({"end_to_end": "N-2026-000010", "text": "N-2026-000011"}, Rule.END_TO_END),
        ({"references": (payment_reference(NUMBERS[0]),), "text": "N-2026-000011"}, Rule.REFERENCE),
        ({"references": ("N-2026-000010",), "iban": IBAN}, Rule.REFERENCE),
        ({"text": "n 2026/10", "iban": IBAN}, Rule.NUMBER),
        ({"iban": IBAN}, Rule.IBAN),
    ],
)
def test_the_first_rule_that_names_something_decides(told, rule):
    owed = books(claim(0, 1648), claim(1, 900, TOM), accounts={IBAN: frozenset({SUE})})
    result = found(line(1648, **told), owed)
    assert result.rule is rule
    assert put(result) == [(SUE, [(NUMBERS[0], 1648)], 0)]


def test_a_number_of_no_invoice_names_nothing_and_the_next_rule_is_asked():
    owed = books(claim(0, 1648), accounts={IBAN: frozenset({SUE})})
    assert found(line(1648, "N-2026-000099", iban=IBAN), owed).rule is Rule.IBAN


def test_money_fills_invoices_by_due_day_and_what_is_above_is_credit():
    owed = books(claim(0, 5000, days=2), claim(1, 10000), claim(2, 0, written_off=700, days=1))
    told = "N-2026-000010 N-2026-000011 N-2026-000012"
    short = found(line(10500, told), owed)
    assert put(short) == [(SUE, [(NUMBERS[1], 10000), (NUMBERS[2], 500)], 0)]
    assert put(found(line(20000, told), owed)) == [
        (SUE, [(NUMBERS[1], 10000), (NUMBERS[2], 700), (NUMBERS[0], 5000)], 4300)
    ]


def test_an_invoice_that_is_paid_gives_its_customer_a_credit():
    assert put(found(line(300, NUMBERS[0]), books(claim(0, 0)))) == [(SUE, [], 300)]


def test_money_for_two_customers_has_to_be_all_that_they_owe():
    owed = books(claim(0, 1000), claim(1, 2000, TOM), claim(2, 0, TOM, written_off=50))
    told = " ".join(NUMBERS[:3])
    assert put(found(line(3000, told), owed)) == [
        (SUE, [(NUMBERS[0], 1000)], 0),
        (TOM, [(NUMBERS[1], 2000)], 0),
    ]
    unsure = found(line(2999, told), owed)
    assert (unsure.rule, unsure.parts, set(unsure.named)) == (Rule.NUMBER, (), set(NUMBERS[:3]))


@pytest.mark.parametrize(
    ("amount", "numbers"), [(1000, [0]), (4000, [0, 1, 2]), (1500, []), (3000, []), (5, [])]
)
def test_a_payers_account_says_which_where_the_amount_does(amount, numbers):
    owed = books(
        *(claim(0, 1000), claim(1, 1500), claim(2, 1500)),
        accounts={IBAN: frozenset({SUE})},
    )
    result = found(line(amount, iban=IBAN), owed)
    assert list(result.named) == [NUMBERS[n] for n in numbers]


def test_an_account_of_two_customers_or_of_none_says_nothing():
    owed = books(claim(0, 1000), claim(1, 900, TOM), accounts={IBAN: frozenset({SUE, TOM})})
    assert found(line(1000, iban=IBAN), owed).rule is None
    assert found(line(1000, iban=""), owed).rule is None


def test_without_automatic_matching_all_is_a_suggestion():
    result = found(line(1648, NUMBERS[0]), books(claim(0, 1648)), auto=False)
    assert (result.rule, result.parts, result.named) == (Rule.NUMBER, (), (NUMBERS[0],))


def test_what_a_line_paid_is_not_left_for_the_next():
    owed = books(claim(0, 1000, written_off=200))
    for amount, credit in ((600, 0), (600, 200), (150, 0), (150, 100)):
        result = found(line(amount, NUMBERS[0]), owed)
        owed.take(result.parts)
        assert put(result)[0][2] == credit


def test_guesses_by_the_amount_begin_with_the_payers_own():
    names = ["Tom Tester", "Müller Jörg", "Muller Jörg und Söhne", "", "x", "y", "JORG, MULLER"]
    guesses = [
        Claim(n, f"N-2026-{n:06d}", n, DUE, 1000 if n else 999, 0, name)
        for n, name in enumerate(names)
    ]
    result = suggest(line(1000, name="jorg müller"), guesses)
    assert len(result) == SUGGESTIONS_MAX
    assert [int(one.number[-1]) for one in result] == [1, 6, 2, 3, 4]
    assert [one.same_name for one in result] == [True, True, False, False, False]
    assert words_of("Ångström, Ö.") == words_of("o angstrom")


CLAIMS = st.lists(
    st.tuples(
        st.integers(0, 500), st.integers(0, 100), st.sampled_from([SUE, TOM]), st.integers(0, 3)
    ),
    min_size=1,
    max_size=len(NUMBERS),
)


@law(300)
@given(
    CLAIMS, st.lists(st.tuples(st.integers(1, 1500), st.sets(st.sampled_from(NUMBERS))), max_size=6)
)
def test_every_cent_is_somewhere_and_no_invoice_is_paid_twice(owing, lines):
    claims = [
        claim(n, left, customer, written_off=gone, days=days)
        for n, (left, gone, customer, days) in enumerate(owing)
    ]
    owed = books(*claims)
    for amount, numbers in lines:
        before = dict(owed.claims)
        result = found(line(amount, " ".join(sorted(numbers))), owed)
        for part in result.parts:
            assert part.amount == sum(one.amount for one in part.allocations) + part.credit
            for one in part.allocations:
                assert 0 < one.amount <= before[one.number].takes
                assert before[one.number].customer == part.customer
        if result.parts:
            assert sum(part.amount for part in result.parts) == amount
        owed.take(result.parts)
        assert all(one.left >= 0 and one.written_off >= 0 for one in owed.claims.values())


LINES = st.lists(
    st.builds(
        lambda amount, text, reference, place: line(
            amount, text, bank_reference=reference, place=place
        ),
        st.sampled_from([-900, 900, 1648]),
        st.sampled_from(["camera", "camera 2"]),
        st.sampled_from(["", "", "B1", "B2"]),
        st.integers(0, 1),
    ),
    max_size=8,
)


@law(200)
@given(LINES, LINES)
def test_a_file_that_comes_twice_is_once_and_two_that_overlap_are_their_union(one, other):
    def keys(lines):
        return [identity.key for identity in identities(lines)]

    assert keys(one) == keys(list(one))
    without = [each for each in one if not each.bank_reference]
    assert len(set(keys(without))) == len(without)
    longer = [*one, *other]
    assert set(keys(one)) <= set(keys(longer))
    assert keys(longer)[: len(one)] == keys(one)
