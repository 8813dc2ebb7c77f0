"""A ledger as Beancount text is read by Beancount itself, and comes to the same balances."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta

from beancount import loader
from beancount.core.data import Open, Transaction
from hypothesis import given, settings
from hypothesis import strategies as st

from portal.billing.ledger import LEGS, PARTIES, Posted
from portal.billing.money import parse_minor
from portal.books.queries.money.accounting import OPENING, Ledger, account_name
from portal.books.queries.money.ledger import AccountBalance, Entry

FIRST = date(2026, 10, 1)
PARTY = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,12}", fullmatch=True)
TEXT = st.text(max_size=12)


@st.composite
def postings(draw: st.DrawFn) -> list[tuple[date, Posted, str, list[Entry]]]:
    """Postings by day, each of its kind's two accounts, in one of two currencies."""
    made = []
    day = FIRST
    for _nth in range(draw(st.integers(0, 6))):
        day += timedelta(days=draw(st.integers(0, 20)))
        kind = draw(st.sampled_from(sorted(LEGS)))
        currency, amount = draw(st.sampled_from(["EUR", "JPY"])), draw(st.integers(-999, 999))
        party = draw(PARTY)
        entries = [
            Entry(account, party if account in PARTIES else "", currency, sign * amount)
            for account, sign in zip(LEGS[kind], (1, -1), strict=True)
        ]
        made.append((day, kind, draw(TEXT), entries))
    return made


@settings(max_examples=40, deadline=None)
@given(postings(), TEXT, st.lists(st.tuples(PARTY, st.integers(-999, 999)), max_size=3))
def test_beancount_reads_the_text_and_agrees(
    made: list[tuple[date, Posted, str, list[Entry]]],
    title: str,
    before: list[tuple[str, int]],
) -> None:
    """No error; each account has what the entries and the opening balances sum to."""
    writer = Ledger(title, ["EUR", "JPY"])
    opening = [AccountBalance("receivable", party, "EUR", amount) for party, amount in before]
    lines = [*writer.heading(), *writer.opening(FIRST, opening)]
    wanted: Counter[tuple[str, str]] = Counter()
    for one in opening:
        wanted[account_name(one.account, one.party), one.currency] += one.amount
        wanted[OPENING, one.currency] -= one.amount
    for nth, (day, kind, document, entries) in enumerate(made):
        lines += writer.posting(day, nth, kind, document, entries)
        for entry in entries:
            wanted[account_name(entry.account, entry.party), entry.currency] += entry.amount
    read, errors, options = loader.load_string("\n".join(lines))
    assert not errors, errors
    assert set(options["operating_currency"]) == {"EUR", "JPY"}
    found: Counter[tuple[str, str]] = Counter()
    for leg in (leg for each in read if isinstance(each, Transaction) for leg in each.postings):
        assert leg.units is not None
        currency = leg.units.currency
        found[leg.account, currency] += parse_minor(str(leg.units.number), currency)
    assert {at: amount for at, amount in found.items() if amount} == {
        at: amount for at, amount in wanted.items() if amount
    }
    opened = [each.account for each in read if isinstance(each, Open)]
    assert len(opened) == len(set(opened))
