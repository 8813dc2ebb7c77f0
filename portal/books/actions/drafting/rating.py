"""Rating a month that is not closed, run of cameras after run.

Each run is read in a transaction of its own, so that nobody waits for a draft. What changes
meanwhile leaves a mark, and the draft is made anew. Of a month that is over each run is kept, for
its close.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass, field
from hashlib import sha256

from portal.access import SYSTEM
from portal.billing.drafting.by_day import ByDay
from portal.billing.drafting.keeping import Keeping
from portal.billing.drafting.rated import RatedMonth
from portal.billing.outlook.forecast import likely_charges
from portal.billing.period import MonthAt
from portal.billing.rating import price_pools, rate_cameras
from portal.books.actions.closing.rated import RatedRun, drop, keep, read_source
from portal.books.queries import rating
from portal.books.queries.rating import PriceBook, Run
from portal.db import atomic, snapshot
from portal.kit.queries.tenancy import CloudFacts


@dataclass(slots=True)
class Rating:
    """What a month's cameras come to, without what corrects older months.

    By subscriber (row id): `likely` is the retail of the whole of a running month, at today's
    tariffs, and `cameras` how many were subscribed on its days. `facts` are what each run of
    cameras was rated from, in order.
    """

    book: PriceBook
    month: MonthAt
    keeping: Keeping
    by_day: ByDay
    rated: RatedMonth = field(default_factory=RatedMonth)
    facts: list[str] = field(default_factory=list)
    likely: dict[int, int] = field(default_factory=lambda: defaultdict(int))
    cameras: dict[int, int] = field(default_factory=lambda: defaultdict(int))

    @property
    def digest(self) -> str:
        """One of all facts."""
        return sha256("".join(self.facts).encode()).hexdigest()


async def rate_month(
    cloud: CloudFacts,
    month: MonthAt,
    accepted: Collection[tuple[int, str]],
) -> Rating:
    """Rate a month as it stands: all of its days, or those that are over."""
    async with snapshot(SYSTEM) as tx:
        book = await rating.price_book(tx, cloud, month.period)
        runs = await rating.runs(tx, cloud.id)
    by_day = ByDay(month.period, book.prices.wholesale.services)
    found = Rating(book, month, Keeping(book.prices, accepted), by_day)
    for run in runs:
        await _rate_run(found, run)
    if not month.running:
        async with atomic(SYSTEM) as tx:
            await drop(tx, cloud.id, month.period, but=runs)
    for charges in price_pools(book.prices, found.rated.shares):
        found.rated.add(charges, month.period.start)
        found.by_day.add_pooled(charges, month.days_over)
    return found


async def _rate_run(found: Rating, run: Run) -> None:
    book, month = found.book, found.month
    async with snapshot(SYSTEM) as tx:
        source = await read_source(tx, book, run)
        whole = await rating.of_run(tx, book, run)
    fleet = whole.so_far(month) if month.running else whole
    rated = rate_cameras(book.prices, fleet)
    found.facts.append(source.facts)
    if not month.running:
        async with atomic(SYSTEM) as tx:
            await keep(tx, source, RatedRun.of(book, fleet, rated))
    found.rated.add(rated.charges, month.period.start)
    found.by_day.add(fleet, rated.charges)
    found.rated.add_shares(rated.shares)
    found.rated.unrated.update(rated.unrated)
    found.keeping.add(fleet)
    for subscriptions in fleet.subscriptions.values():
        for subscriber in {one.subscriber for one in subscriptions}:
            found.cameras[subscriber] += 1
    likely = likely_charges(book.prices, whole, month) if month.running else rated.charges
    for charge in likely:
        if charge.subscriber is not None:
            found.likely[charge.subscriber] += charge.amount
