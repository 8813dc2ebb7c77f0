"""Spreading what a month's documents come to over its cameras."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from portal.billing.margin import Adjustment, Margin, Sale, margins_at
from portal.billing.money import Spread
from portal.books.actions.closing.documents import Draft
from portal.books.queries.closing import CameraSums


def costs_after(sums: CameraSums, spread: Spread) -> dict[int, int]:
    """What each camera costs the cloud after its part of the platform's discount."""
    return {
        camera: amount - spread.part(amount, sums.names[camera])
        for camera, amount in sums.wholesale.items()
    }


def margins_of(
    retail: Sequence[Draft],
    costs: Mapping[int, int],
    sums: CameraSums,
    commission: Mapping[int, int],
    adjustments: Sequence[Adjustment] = (),
) -> list[Margin]:
    """The margin of every camera at its cost after discount.

    `commission` is by subscriber number, as margins name them; `adjustments` are what the month did
    to invoices of before.
    """
    sales = [
        Sale(
            draft.buyer.number,
            sums.retail[draft.buyer.number],
            draft.totals.taxable,
            commission.get(draft.buyer.number, 0),
        )
        for draft in retail
        if draft.buyer is not None
    ]
    return margins_at(costs, [*sales, *adjustments], sums.subscribed, sums.names)
