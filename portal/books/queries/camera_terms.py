"""What a camera's tariffs include day by day, what it has beyond that, and what would cure it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final

from portal.access import Actor
from portal.billing.period import MonthAt, Period, local_date
from portal.billing.rating import CameraUsage, version_on
from portal.billing.why.excess import Cure, Excess, Sold, cure_of, excess_of, sold_of
from portal.books.queries import rating
from portal.customers.queries import cameras
from portal.db import Transaction, snapshot
from portal.kit.queries.rows import row_of
from portal.kit.queries.tenancy import CloudFacts


@dataclass(frozen=True, slots=True)
class Named:
    """A tariff that would cure an excess; `difference` is how much more it costs a month."""

    code: str
    name: str
    difference: Decimal


@dataclass(frozen=True, slots=True)
class CameraTerms:
    """A camera's month: what is sold day by day, and what it has beyond that.

    `accepted` are the meters of which more is accepted, with the reason. `cure` is the cheapest
    tariff on which nothing of `excess` would be left, None where there is none.
    """

    sold: Sequence[Sold]
    excess: Sequence[Excess]
    accepted: Mapping[str, str]
    cure: Named | None

    @property
    def open_excess(self) -> list[Excess]:
        """What nobody has accepted."""
        return [one for one in self.excess if one.service.meter not in self.accepted]


_ACCEPTED: Final = """
select m.key, e.reason from accepted_excess e join meter m on m.id = e.meter
where e.cloud = $1 and e.camera = $2 and e.withdrawn_at is null
"""


async def get(
    actor: Actor, cloud: CloudFacts, external_id: str, period: Period, *, now: datetime
) -> CameraTerms:
    """A camera's terms in a month, of its days that are over. Raises `NotFound`."""
    today = local_date(now, cloud.timezone)
    async with snapshot(actor) as tx:
        camera = await cameras.get_in(tx, cloud.id, external_id)
        book = await rating.price_book(tx, cloud, period)
        whole = await rating.of_cameras(tx, book, [camera.id])
        accepted = {
            row["key"]: row["reason"] for row in await tx.fetch(_ACCEPTED, cloud.id, camera.id)
        }
        subscriptions = whole.subscriptions.get(camera.id, ())
        fleet = whole.so_far(MonthAt(period, today))
        usage = next(iter(fleet.cameras), CameraUsage(camera.id, external_id, {}))
        excess = excess_of(book.prices, fleet.subscriptions.get(camera.id, ()), usage)
        cure = None
        running = [one for one in subscriptions if one.ends_on is None or one.ends_on > today]
        if excess and running:
            dated = book.prices.versions.get(running[-1].tariff, ())
            current = version_on(dated, max(today, running[-1].starts_on))
            found = current and cure_of(book.prices.versions, current, excess, today)
            cure = await _named(tx, cloud, found) if found else None
    return CameraTerms(sold_of(book.prices, subscriptions), excess, accepted, cure)


async def _named(tx: Transaction, cloud: CloudFacts, cure: Cure) -> Named | None:
    row = await tx.fetchrow(
        "select code, name from tariff where cloud = $1 and id = $2 and offered",
        cloud.id,
        cure.tariff,
    )
    return None if row is None else row_of(Named, {**row, "difference": cure.difference})
