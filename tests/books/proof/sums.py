"""Kept sums that somebody changes by hand, and how each is named."""

from __future__ import annotations

from tests.books.proof.hand import Deed

TARIFF = Deed(
    "tariff_month",
    "update tariff_month set revenue = revenue + 1 where cloud = 1 and subscriber is null",
    "a tariff's month is that of its subscribers",
    "north: tariff home-7 in 2026-10",
    "expected 0.68 EUR, found 0.69 EUR",
)
SUMS = (
    Deed(
        "margin",
        "update margin set cost = cost + 1 where id = (select min(id) from margin)",
        "margins sum to the documents",
        "north: margin of 2026-10, cost",
        "expected 10.80 EUR, found 10.81 EUR",
    ),
    Deed(
        "invoice_sum",
        "update invoice_sum set settled_total = settled_total + 1 where cloud = 1",
        "sums that are kept are those of the documents",
        "platform: wholesale documents of 2026-10, settled, total",
        "expected 0.00 EUR, found 0.01 EUR",
    ),
    Deed(
        "subscriber",
        "update subscriber set owes_from = '2026-12-24' where id = 1",
        "who owes from when is kept",
        "north: subscriber 1",
        "expected infinity, found 2026-12-24",
    ),
    Deed(
        "commission_sum",
        "update commission_sum set amount = amount + 1 where referral = 1 and level = 0",
        "sums of commissions are those of their rows",
        "north: commissions of rex in 2026-10",
        "expected 2.03 EUR, found 2.04 EUR",
    ),
    Deed(
        "commission_day",
        "update commission_day set open = open + 1",
        "what is earned on a day and not stated is kept",
        "south: commissions of liz of 2026-11-05",
        "expected 0.99 USD, found 1.00 USD",
    ),
    Deed(
        "subscriber_month",
        "delete from subscriber_month where cloud = 1",
        "margins of subscribers are those of their cameras",
        "north: margin of subscriber 1 in 2026-10",
        "expected 0.68 EUR, found 0.00 EUR",
    ),
    TARIFF,
    Deed(
        "payment_sum",
        "update payment_sum set amount = amount + 1 where cloud = 1",
        "what came in is kept by day",
        "north: payments of 2026-11-05",
        "expected 20.00 EUR, found 20.01 EUR",
    ),
    Deed(
        "entry_sum",
        "update entry_sum set amount = amount + 1 where cloud = 1 and account = 'credit'",
        "accounts are kept by day",
        "north: credit of 2026-11-05",
        "expected -1.52 EUR, found -1.51 EUR",
    ),
)
