"""Why the stored charges of a month are what they are: rated anew with reasons, and compared."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from portal.billing.charge import Charge, Key
from portal.billing.correction import NOTHING, sum_by_key
from portal.billing.fleet import Prices
from portal.billing.retail import Subscription, explain_stored
from portal.billing.why.explanation import Corrected, Explained, Explanation


@dataclass(frozen=True, slots=True)
class Stored:
    """A charge as a close stored it: its row id, and the first day of the month of that close."""

    id: int
    billed_in: date
    charge: Charge


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a stored charge is what it is; None where nothing that is stored explains it.

    `amount` is what the explanation makes. `differs`: all that was charged for its thing and month
    is not what rating comes to now, or the stored charge is not what its own quantity comes to.
    """

    stored: Stored
    explanation: Explanation | None
    amount: int
    differs: bool


def explain_month(
    prices: Prices,
    subscriptions: Mapping[int, Subscription],
    stored: Sequence[Stored],
    due: Iterable[Charge],
    explained: Explained,
) -> list[Reason]:
    """The reasons of charges that are about one month, in their order.

    `stored` are, of each thing charged, its own charge and all corrections of it, in the order in
    which they were made; `due` and `explained` what its usage and prices come to now. Where usage
    has changed since a charge, its reason comes from its own stored quantity and price.

    Example: 1.81 was charged, and 1.69 more when 15 days came late: `112 ÷ 31 × 0.50 = 1.81`, then
    `3.50 − 1.81 = 1.69`.
    """
    now = sum_by_key(due)
    totals: dict[Key, int] = defaultdict(int)
    last: dict[Key, int] = {}
    for one in stored:
        totals[one.charge.key] += one.charge.amount
        last[one.charge.key] = one.id
    reasons = []
    billed: dict[Key, int] = defaultdict(int)
    for one in stored:
        key, amount = one.charge.key, one.charge.amount
        fresh = now.get(key, NOTHING)
        differs = totals[key] != fresh.amount
        how: Explanation | None
        made = amount
        if one.billed_in != prices.period.start:
            is_last = last[key] == one.id and not differs
            how = Corrected(
                prices.period.start,
                billed[key] + amount,
                billed[key],
                explained.get(key) if is_last else None,
            )
        elif (fresh.amount, fresh.quantity) == (amount, one.charge.quantity):
            how = explained.get(key)
        else:
            how, made = _as_stored(prices, subscriptions, one.charge)
            differs = differs or made != amount
        billed[key] += amount
        reasons.append(Reason(one, how, made, differs))
    return reasons


def _as_stored(
    prices: Prices, subscriptions: Mapping[int, Subscription], charge: Charge
) -> tuple[Explanation | None, int]:
    """A charge's reason by its own quantity, and the amount that it makes; 0 without one."""
    explained: Explained = {}
    if charge.side == "wholesale":
        made = prices.wholesale.explain_stored(charge, explained)
    else:
        subscription = subscriptions.get(charge.subscription or 0)
        version = next(
            (
                one
                for one in prices.versions.get(charge.tariff or 0, ())
                if one.id == charge.version
            ),
            None,
        )
        if subscription is None or version is None:
            return None, 0
        of = prices.period, prices.currency
        made = explain_stored(of, subscription, version, charge, explained)
    return explained.get(charge.key), sum(one.amount for one in made)
