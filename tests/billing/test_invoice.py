"""Documents: totals, what becomes an invoice, and credit notes that sum to it."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.billing.invoice import (
    DocumentType,
    Line,
    Note,
    Original,
    Totals,
    credit_amount,
    credit_lines,
    document_type,
    totals,
)
from portal.billing.money import format_minor
from portal.billing.rating import Kind
from portal.errors import Conflict, Invalid
from tests.billing.cast import d, law


def issued(*lines: int, discount: str = "0", tax: str = "20", exempt: bool = False) -> Original:
    figures = totals(sum(lines), d(discount), d(tax), exempt=exempt)
    return Original(lines, figures, d("0") if exempt else d(tax))


LAGO = issued(6833, 6833, 5750, 8500)


# Totals


def test_discount_and_tax_are_rounded_once_for_the_document():
    assert totals(1501, d("10"), d("22")) == Totals(1501, 150, 1351, 297, 1648)
    assert totals(1137, d("5"), d("22")) == Totals(1137, 57, 1080, 238, 1318)


@pytest.mark.parametrize(
    ("source", "lines", "percent", "tax"),
    [
        ("EN 16931 BR-CO-17", [1750] * 4, "7", 490),
        ("Flexprice", [10000], "8.875", 888),
        ("Flexprice", [12345], "7.25", 895),
        ("Flexprice, JPY", [999], "10.5", 105),
    ],
)
def test_golden_tax_per_document_and_not_per_line(source, lines, percent, tax):
    assert totals(sum(lines), d("0"), d(percent)).tax == tax


def test_a_tax_exempt_subscriber_has_tax_zero():
    assert totals(1501, d("10"), d("22"), exempt=True) == Totals(1501, 150, 1351, 0, 1351)


def test_a_negative_period_mirrors_a_positive_one():
    assert totals(-1501, d("10"), d("22")) == Totals(-1501, -150, -1351, -297, -1648)


def test_totals_that_do_not_add_up_are_not_built():
    with pytest.raises(ValueError, match="add up"):
        Totals(100, 10, 91, 0, 91)


def test_the_sign_of_the_taxable_amount_makes_the_document():
    assert document_type(totals(100, d("0"), d("22"))) is DocumentType.INVOICE
    assert document_type(totals(-100, d("0"), d("22"))) is DocumentType.CREDIT_NOTE
    assert document_type(totals(0, d("0"), d("22"))) is None
    assert document_type(totals(100, d("100"), d("22"))) is None


def test_lines_stand_own_month_first_then_by_tariff_version_kind_and_service():
    october, september = date(2026, 10, 1), date(2026, 9, 1)
    rows: list[tuple[Kind, int, int, int | None, date]] = [
        ("recurring", 1, 2, None, october),
        ("setup", 1, 2, None, october),
        ("overage", 1, 2, 5, october),
        ("overage", 1, 2, 6, october),
        ("recurring", 1, 3, None, october),
        ("recurring", 4, 1, None, october),
        ("recurring", 1, 2, None, september),
    ]
    lines = [Line(k, t, v, s, p, Fraction(1), None, 1) for k, t, v, s, p in rows]
    assert sorted([*lines[3:], *lines[:3]], key=Line.order) == lines


# Credit notes by hand


def test_golden_notes_of_lago_one_by_one_sum_to_the_invoice():
    assert format_minor(LAGO.totals.total, "EUR") == "334.99"
    notes: list[Note] = []
    for line in (0, 2, 3, 1):
        notes.append(credit_lines(LAGO, notes, [line]))
    assert [-note.totals.total for note in notes] == [8200, 6900, 10200, 8199]
    assert [note.lines for note in notes] == [(0,), (2,), (3,), (1,)]
    assert sum(note.totals.total for note in notes) == -33499


def test_amounts_on_a_credit_note_are_negative():
    note = credit_lines(issued(1000, 501, discount="10", tax="22"), [], [1])
    assert note.amounts == (-501,)
    assert note.totals == Totals(-501, -50, -451, -99, -550)


def test_each_line_takes_its_largest_remainder_share_of_the_discount_ties_to_the_earlier():
    # 10 % of 3 × 0.15 is 0.045, rounded 0.05: 2, 2 and 1 cents.
    original = issued(15, 15, 15, discount="10", tax="0")
    notes: list[Note] = []
    for line in range(3):
        notes.append(credit_lines(original, notes, [line]))
    assert [note.totals.discount for note in notes] == [-2, -2, -1]
    assert sum(note.totals.total for note in notes) == -original.totals.total


def test_a_line_is_credited_once():
    notes = [credit_lines(LAGO, [], [0])]
    for again in ([0], [1, 0], [2, 2]):
        with pytest.raises(Conflict, match="once"):
            credit_lines(LAGO, notes, again)


def test_a_line_that_is_not_there_is_named():
    for lines in ([4], [0, -1], [1, 99]):
        with pytest.raises(Invalid) as refused:
            credit_lines(LAGO, [], lines)
        assert list(refused.value.fields) == [f"lines[{len(lines) - 1}]"]
    with pytest.raises(Invalid):
        credit_lines(LAGO, [], [])


def test_a_gross_amount_has_the_tax_that_is_in_it():
    original = issued(10000, tax="19")
    note = credit_amount(original, [], 5950)
    assert note == Note((), (-5000,), Totals(-5000, 0, -5000, -950, -5950))
    rest = credit_amount(original, [note], 5950)
    assert rest.totals == Totals(-5000, 0, -5000, -950, -5950)


def test_more_than_is_left_is_a_conflict_and_so_is_anything_of_nothing():
    note = credit_amount(LAGO, [], 30000)
    with pytest.raises(Conflict, match="more than is left"):
        credit_amount(LAGO, [note], 3500)
    with pytest.raises(Conflict, match="more than is left"):
        credit_lines(LAGO, [note], [0])
    rest = credit_amount(LAGO, [note], 3499)
    for attempt in (
        lambda: credit_amount(LAGO, [note, rest], 1),
        lambda: credit_lines(LAGO, [note, rest], [0]),
    ):
        with pytest.raises(Conflict, match="nothing left"):
            attempt()


def test_an_amount_to_credit_is_above_zero():
    for gross in (0, -1):
        with pytest.raises(Invalid):
            credit_amount(LAGO, [], gross)


def test_a_credit_note_is_not_credited():
    with pytest.raises(Conflict):
        credit_lines(issued(-1000), [], [0])
    with pytest.raises(Conflict):
        credit_amount(issued(-1000), [], 1)


def test_a_line_that_gave_money_back_is_credited_only_together_with_others():
    original = issued(10000, -3000)
    with pytest.raises(Conflict, match="nothing to credit"):
        credit_lines(original, [], [1])
    with pytest.raises(Conflict, match="more than is left"):
        credit_lines(original, [], [0])
    assert credit_lines(original, [], [1, 0]).totals.total == -original.totals.total


def test_many_small_notes_never_give_back_more_tax_than_there_was():
    original = issued(*[3] * 10)  # 0.30 + 0.06; each alone would round to 0.01 of tax
    notes: list[Note] = []
    for line in range(10):
        notes.append(credit_lines(original, notes, [line]))
    assert [-note.totals.tax for note in notes] == [1, 1, 1, 1, 1, 1, 0, 0, 0, 0]
    assert sum(note.totals.total for note in notes) == -36


def test_an_exempt_invoice_is_credited_without_tax():
    original = issued(1000, 500, exempt=True)
    assert credit_lines(original, [], [1]).totals.total == -500
    assert credit_amount(original, [], 700).totals == Totals(-700, 0, -700, 0, -700)


@law(80)
@given(
    st.lists(st.integers(1, 20_000), min_size=1, max_size=6),
    st.sampled_from(("0", "10", "33.333333")),
    st.sampled_from(("0", "7", "20", "22", "8.875")),
    st.lists(st.tuples(st.booleans(), st.integers(1, 9000)), max_size=5),
    st.integers(0, 2**16),
)
def test_law_4_notes_never_exceed_their_invoice_and_sum_to_exactly_it(
    lines, discount, tax, steps, order
):
    original = issued(*lines, discount=discount, tax=tax)
    if not original.totals.total:
        return
    notes: list[Note] = []
    for by_line, number in steps:
        try:
            if by_line:
                notes.append(credit_lines(original, notes, [number % len(lines)]))
            else:
                notes.append(credit_amount(original, notes, number))
        except Conflict:
            continue
        _within(original, notes)
    left = original.totals.total + sum(note.totals.total for note in notes)
    if left:
        notes.append(credit_amount(original, notes, left))
    _within(original, notes)
    assert sum(note.totals.total for note in notes) == -original.totals.total
    assert sum(note.totals.tax for note in notes) == -original.totals.tax
    assert sum(note.totals.taxable for note in notes) == -original.totals.taxable

    singly: list[Note] = []
    for line in sorted(range(len(lines)), key=lambda index: (index * 7919 + order) % 31):
        try:
            singly.append(credit_lines(original, singly, [line]))
        except Conflict:  # a line of a cent, all of it discount
            assert original.totals.discount
        _within(original, singly)
    assert sum(note.totals.total for note in singly) == -original.totals.total


def _within(original, notes):
    for figure in ("taxable", "tax", "total"):
        given = -sum(getattr(note.totals, figure) for note in notes)
        assert 0 <= given <= getattr(original.totals, figure)
    assert all(note.totals.total < 0 for note in notes)
