"""Where money goes, what is left of invoices, and that books agree with it under any history."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.strategies import DataObject

from portal.billing import ledger
from portal.billing.allocation import spread
from portal.billing.balance import Status
from portal.billing.ledger import Account, Entry, Posted
from portal.errors import Conflict, Invalid
from tests.billing.cast import law
from tests.billing.money.books import Books

FIRST = date(2026, 11, 1)
A = Account


def status(books: Books, invoice: int) -> Status:
    return books.claim(invoice).balance.status


def test_an_overpaid_invoice_that_is_credited_gives_the_money_to_the_credit_balance() -> None:
    books = Books()
    one = books.issue(1648)
    books.pay_for(1648, [(one, 1648)])
    books.credit_note(one, 500)
    balance = books.claim(one).balance
    assert (balance.credited, balance.paid, balance.left) == (500, 1148, 0)
    assert (books.credit, balance.status) == (500, Status.PAID)


def test_a_credit_note_takes_the_newest_payment_off_first() -> None:
    books = Books()
    one = books.issue(1648)
    first, second = books.pay_for(1000, [(one, 1000)]), books.pay_for(648, [(one, 648)])
    books.credit_note(one, 500)
    assert [row.rest for row in books.rows] == [1000, 148]
    assert (books.free(first), books.free(second)) == (0, 500)


def test_a_credit_note_recovers_what_was_written_off_before_it_touches_payments() -> None:
    books = Books()
    one = books.issue(6000)
    books.write_off(one)
    books.credit_note(one, 2000)
    balance = books.claim(one).balance
    assert (balance.written_off, balance.left, books.credit) == (4000, 0, 0)
    assert books.account(A.BAD_DEBT) == 4000


def test_money_of_a_customer_fills_the_oldest_invoice_and_its_return_empties_both() -> None:
    books = Books()
    later, sooner = books.issue(5000, FIRST + timedelta(1)), books.issue(10000, FIRST)
    payment = books.pay(12000)
    assert (books.left(sooner), books.left(later)) == (0, 3000)
    books.give_back(payment, 350)
    assert (books.left(sooner), books.left(later), books.credit) == (10000, 5000, 0)
    assert (books.account(A.CASH), books.account(A.FEES)) == (-350, 350)


def test_what_was_refunded_of_a_returned_payment_is_owed_and_the_next_money_fills_it() -> None:
    books = Books()
    one = books.issue(2000)
    payment = books.pay_for(3000, [(one, 2000)])
    books.refund(1000)
    books.give_back(payment)
    assert (books.left(one), books.credit) == (2000, -1000)
    books.pay(2500)
    assert (books.left(one), books.credit) == (500, 0)


def test_money_that_names_an_invoice_goes_there_although_the_customer_owes_a_refund() -> None:
    books = Books()
    one = books.issue(2000)
    payment = books.pay(3000)
    books.refund(1000)
    books.give_back(payment)
    books.pay_for(500, [(one, 500)])
    assert (books.left(one), books.credit) == (1500, -1000)
    with pytest.raises(Conflict):
        books.refund(1)


def test_what_comes_in_for_a_lost_claim_is_recovered() -> None:
    books = Books()
    one = books.issue(6000)
    books.write_off(one)
    books.pay_for(2500, [(one, 2500)])
    balance = books.claim(one).balance
    assert (balance.written_off, balance.paid, balance.left) == (3500, 2500, 0)
    assert (books.account(A.BAD_DEBT), balance.status) == (3500, Status.WRITTEN_OFF)


def test_an_allocation_fills_what_is_left_before_it_recovers() -> None:
    books = Books()
    one = books.issue(6000)
    books.write_off(one, 2000)
    books.pay_for(5000, [(one, 5000)])
    balance = books.claim(one).balance
    assert (balance.paid, balance.written_off, balance.left) == (5000, 1000, 0)


def test_money_of_a_customer_leaves_lost_claims_alone() -> None:
    books = Books()
    lost, open_one = books.issue(6000, FIRST), books.issue(1000)
    books.write_off(lost)
    books.pay(2500)
    assert (books.left(open_one), books.credit, books.lost[lost]) == (0, 1500, 6000)


def test_an_amount_above_what_can_be_taken_is_refused_at_its_field() -> None:
    books = Books()
    one = books.issue(1000)
    with pytest.raises(Invalid) as refused:
        books.pay_for(1200, [(one, 600), (one, 401)])
    assert set(refused.value.fields) == {"amount"}
    assert (books.left(one), books.sources) == (1000, {})
    books.write_off(one, 400)
    with pytest.raises(Conflict):
        books.write_off(one, 601)
    with pytest.raises(Conflict):
        books.refund(1)


def test_an_amount_can_be_taken_off_an_invoice_and_no_more_than_is_there() -> None:
    books = Books()
    one = books.issue(1000)
    payment = books.pay(700)
    books.unallocate(one, payment, 200)
    assert (books.left(one), books.credit) == (500, 200)
    for amount in (501, 10**12):
        with pytest.raises(Invalid):
            books.unallocate(one, payment, amount)
    books.unallocate(one, payment)
    with pytest.raises(Invalid):
        books.unallocate(one, payment)
    assert (books.left(one), books.credit) == (1000, 700)


def test_a_refund_is_of_the_payment_named_or_of_the_oldest() -> None:
    books = Books()
    first, second = books.pay(1000), books.pay(500)
    books.refund(200, second)
    books.refund(1100)
    assert (books.free(first), books.free(second)) == (0, 200)
    with pytest.raises(Conflict):
        books.refund(1, first)


def test_the_ledger_of_the_worked_month() -> None:
    """Sue's invoice, 20.00 in cash for it, Rex's commission paid out, and North's own bill."""
    books = Books("1")
    one = books.issue(1648, tax=297)
    books.pay(2000)
    assert books.left(one) == 0
    books.post(Posted.COMMISSION, 203)
    books.postings.append([Entry(A.COMMISSION_PAYABLE, "rex", 203), Entry(A.CASH, "", -203)])
    books.postings.append(ledger.billed(1080, 238))
    said = {account: books.account(account) for account in Account}
    assert {account: amount for account, amount in said.items() if amount} == {
        A.CREDIT: -352, A.CASH: 1797, A.REVENUE: -1351, A.TAX: -297, A.COMMISSION: 203,
        A.COST: 1080, A.INPUT_TAX: 238, A.PAYABLE: -1318,
    }  # fmt: skip
    assert sum(said.values()) == 0


def test_a_note_of_a_negative_month_is_credit_and_one_by_hand_is_less_to_claim() -> None:
    assert ledger.documented(-300, -66, customer="1", by_hand=False) == [
        Entry(A.CREDIT, "1", -366), Entry(A.REVENUE, "", 300), Entry(A.TAX, "", 66),
    ]  # fmt: skip
    assert ledger.documented(-410, -90, customer="1", by_hand=True) == [
        Entry(A.RECEIVABLE, "1", -500), Entry(A.REVENUE, "", 410), Entry(A.TAX, "", 90),
    ]  # fmt: skip
    assert ledger.moved(Posted.PAYMENT, 2000, party="1", unidentified=True) == [
        Entry(A.CASH, "", 2000), Entry(A.SUSPENSE, "", -2000),
    ]  # fmt: skip


EVENTS = ("issue", "pay", "pay_for", "note", "credit", "return", "refund", "lose", "unallocate")


def one_event(books: Books, draw: DataObject) -> None:
    """Something that may happen, or is refused and leaves everything as it was."""
    kind = draw.draw(st.sampled_from(EVENTS))
    amount = draw.draw(st.integers(1, 60))
    invoice = draw.draw(st.sampled_from(sorted(books.invoices))) if books.invoices else None
    payments = [one for one in books.sources if one not in books.returned and one.kind == "payment"]
    payment = draw.draw(st.sampled_from(payments)) if payments else None
    try:
        if kind == "issue":
            number = books.issue(amount, FIRST + timedelta(draw.draw(st.integers(0, 3))))
            if draw.draw(st.booleans()):
                books.apply(spread(books.of, [books.claim(number)]))
        elif kind == "pay":
            books.pay(amount)
        elif kind == "note":
            books.period_note(amount)
        elif kind == "refund":
            books.refund(amount, draw.draw(st.sampled_from((None, payment))))
        elif kind == "return" and payment is not None:
            books.give_back(payment, amount % 3)
        elif invoice is not None and kind == "pay_for":
            books.pay_for(amount, [(invoice, draw.draw(st.integers(1, amount)))])
        elif invoice is not None and kind == "lose":
            books.write_off(invoice, amount)
        elif invoice is not None and kind == "credit":
            there = books.invoices[invoice][0] - books.notes[invoice]
            if there:
                books.credit_note(invoice, min(amount, there))
        elif invoice is not None and payment is not None and kind == "unallocate":
            books.unallocate(invoice, payment, amount)
    except (Conflict, Invalid):
        pass  # refused: the laws hold all the same


@law(150)
@given(data=st.data())
def test_whatever_happens_the_books_agree_with_what_is_left(data: DataObject) -> None:
    """Σ left is the receivable, Σ free the credit; nothing is below 0 but what was refunded before."""
    books = Books()
    for _ in range(data.draw(st.integers(1, 14))):
        one_event(books, data)
        assert all(sum(entry.amount for entry in entries) == 0 for entries in books.postings)
        for claim in books.claims:
            balance = claim.balance
            raw = balance.total - balance.credited - balance.paid - balance.written_off
            assert raw == balance.left >= 0
            assert min(balance.credited, balance.paid, balance.written_off) >= 0
        assert sum(books.left(one) for one in books.invoices) == books.account(A.RECEIVABLE)
        assert books.credit == -books.account(A.CREDIT)
        assert books.account(A.BAD_DEBT) == sum(books.lost.values())
        refunded_then_returned = sum(books.refunds[one] for one in books.returned)
        assert books.credit >= -refunded_then_returned
        assert all(row.rest >= 0 for row in books.rows)


@law(60)
@given(data=st.data())
def test_money_that_names_nobody_ends_alike_in_whatever_order_it_comes(data: DataObject) -> None:
    """Payments, returns and credit notes in two orders: the same claim less credit, the same cash."""
    totals = data.draw(st.lists(st.integers(1, 50), min_size=1, max_size=3))
    payments = data.draw(st.lists(st.integers(1, 50), min_size=1, max_size=4))
    notes = data.draw(st.lists(st.integers(0, len(totals) - 1), unique=True))
    ends = []
    for _ in range(2):
        books = Books()
        for place, total in enumerate(totals):
            books.issue(total, FIRST + timedelta(place))
        events = [("pay", n) for n in range(len(payments))] + [("credit", n) for n in notes]
        for kind, n in data.draw(st.permutations(events)):
            if kind == "pay":
                source = books.pay(payments[n])
                if n % 2:
                    books.give_back(source)
            else:
                books.credit_note(n + 1, totals[n])
        ends.append((books.account(A.RECEIVABLE) + books.account(A.CREDIT), books.account(A.CASH)))
    assert ends[0] == ends[1]
