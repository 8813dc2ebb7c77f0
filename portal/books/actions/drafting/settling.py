"""What a rated month becomes: documents, commissions and margins, by the functions of the close."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from portal.billing.commission import Commission
from portal.billing.margin import Margin
from portal.billing.money import Spread
from portal.books.actions.closing.commissions import earned_on
from portal.books.actions.closing.corrections import Corrected
from portal.books.actions.closing.documents import Draft, retail_document, wholesale_document
from portal.books.actions.closing.margins import costs_after, margins_of
from portal.books.actions.closing.terms import Terms, terms_of
from portal.books.actions.drafting.rating import Rating
from portal.books.queries import closing
from portal.books.queries.closing import CameraSums
from portal.books.queries.money import adjustments
from portal.db import Transaction


@dataclass(frozen=True, slots=True)
class Settled:
    """A month as its close would issue it now; `earned` is by subscriber number.

    `ids` are the row ids of subscribers by their number; `terms` are those of its documents, and
    `spread` is how the platform's discount is spread.
    """

    retail: Sequence[Draft]
    wholesale: Draft
    earned: Mapping[int, Sequence[Commission]]
    margins: Sequence[Margin]
    ids: Mapping[int, int]
    terms: Terms
    spread: Spread

    @property
    def commission(self) -> int:
        """All that referrals would earn."""
        return sum(row.amount for rows in self.earned.values() for row in rows)


async def settle(tx: Transaction, found: Rating, corrected: Sequence[Corrected]) -> Settled:
    """Documents of the month with the corrections of those before it, and what is left of them."""
    cloud, rated, month = found.book.cloud, found.rated, found.month
    for one in corrected:
        rated.add(one.charges, one.month)
    lines = rated.lines()
    terms = await terms_of(tx, cloud, month.period)
    seller, referrals = terms.party, terms.referrals
    buyers = await closing.buyers(tx, cloud.id, list(rated.retail))
    retail = [retail_document(cloud, seller, buyer, lines[buyer.id]) for buyer in buyers]
    parties = terms.platform.party, seller
    wholesale = wholesale_document(cloud, parties, lines.get(None, []))
    earned = {
        buyer.number: earned_on(draft, referrals, cloud.level_percents)
        for buyer, draft in zip(buyers, retail, strict=True)
    }
    sums = CameraSums(
        retail={buyer.number: rated.retail[buyer.id] for buyer in buyers},
        wholesale=rated.wholesale,
        subscribed=await closing.subscribed_days(tx, cloud.id, month.period.start, month.until),
        names=await closing.camera_names(tx, cloud.id),
    )
    commission = {number: sum(row.amount for row in rows) for number, rows in earned.items()}
    spread = Spread.of(
        wholesale.totals.discount,
        {sums.names[camera]: amount for camera, amount in sums.wholesale.items()},
    )
    costs = costs_after(sums, spread)
    adjusted, _names = await adjustments.of_month(tx, cloud.id, month.period)
    margins = margins_of(retail, costs, sums, commission, adjusted)
    ids = await closing.subscribers_by_number(tx, cloud.id)
    return Settled(retail, wholesale, earned, margins, ids, terms, spread)
