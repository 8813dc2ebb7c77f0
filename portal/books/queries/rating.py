"""Everything that rating a run of cameras needs, read at once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from asyncpg import Record

from portal.billing.period import Period
from portal.billing.rating import (
    ENABLED,
    CameraUsage,
    Daily,
    Fleet,
    PriceList,
    Prices,
    Subscription,
)
from portal.catalog.queries import pricelist
from portal.db import Transaction
from portal.kit.queries.tenancy import CloudFacts
from portal.tables.usage_days import DAYS
from portal.usage.queries.seen import SEEN, seen


@dataclass(frozen=True, slots=True)
class PriceBook:
    """A cloud's prices made ready for one period. They cannot change while it closes."""

    cloud: CloudFacts
    prices: Prices
    meters: Mapping[int, str]
    """The meters that rating looks at, by id: those of services, and of disabled days."""

    @property
    def period(self) -> Period:
        """The period that is rated."""
        return self.prices.period


async def price_book(tx: Transaction, cloud: CloudFacts, period: Period) -> PriceBook:
    """Read a cloud's prices for a period."""
    services = await pricelist.services(tx)
    rates = await pricelist.rates(tx, cloud.id, services)
    versions = await pricelist.versions(tx, cloud.id, services)
    looked_at = {service.meter for service in services.values()}
    if not all(version.bill_when_disabled for dated in versions.values() for version in dated):
        looked_at.add(ENABLED)
    meters = await tx.fetch("select id, key from meter where key = any($1)", list(looked_at))
    return PriceBook(
        cloud=cloud,
        prices=Prices(PriceList(period, cloud.currency, rates, tuple(services.values())), versions),
        meters={row["id"]: row["key"] for row in meters},
    )


# A camera without a subscription is a row, too. The last columns are Subscription's, in its order.
_CAMERAS = """
select c.external_id, c.id, s.id, s.camera, s.subscriber, s.tariff, s.starts_on, s.ends_on
from camera c
left join subscription s on s.cloud = c.cloud and s.camera = c.id
  and s.starts_on < $3 and (s.ends_on is null or s.ends_on > $2)
where c.cloud = $1 and {cameras}
order by c.id, s.starts_on
"""
# A row is a month, and one array of its days: nothing is sorted or gathered.
_USAGE = """
select camera, meter, array[{days}] as days from {usage}
where cloud = $1 and month = $2 and meter = any($3::smallint[]) and {cameras}
"""


async def of_range(tx: Transaction, book: PriceBook, first: int, last: int) -> Fleet:
    """The facts of the cameras with ids from `first` to `last`, for whoever sees all of a cloud."""
    span = (book.cloud.id, book.period.start, book.period.end)
    cameras = await tx.fetch(_CAMERAS.format(cameras="c.id between $4 and $5"), *span, first, last)
    text = _usage(book, "usage", "camera between $4 and $5")
    usage = await tx.fetch(text, *span[:2], list(book.meters), first, last)
    return _facts(book, cameras, usage)


async def of_cameras(tx: Transaction, book: PriceBook, ids: Sequence[int]) -> Fleet:
    """The facts of the cameras named, on the days that are the actor's to see."""
    span = (book.cloud.id, book.period.start, book.period.end)
    cameras = await tx.fetch(_CAMERAS.format(cameras="c.id = any($4)"), *span, ids)
    text = seen(_usage(book, SEEN, "camera = any($4)"))
    usage = await tx.fetch(text, *span[:2], list(book.meters), ids)
    return _facts(book, cameras, usage)


def _usage(book: PriceBook, usage: str, cameras: str) -> str:
    days = ", ".join(DAYS[: book.period.days])
    return _USAGE.format(days=days, usage=usage, cameras=cameras)


def _facts(book: PriceBook, cameras: Sequence[Record], usage: Sequence[Record]) -> Fleet:
    daily: dict[int, dict[str, Daily]] = defaultdict(dict)
    for camera, meter, days in usage:
        daily[camera][book.meters[meter]] = days
    names: dict[int, str] = {}
    subscriptions: dict[int, list[Subscription]] = defaultdict(list)
    for external_id, camera, *subscription in cameras:
        names[camera] = external_id
        if subscription[0] is not None:
            subscriptions[camera].append(Subscription(*subscription))
    return Fleet(
        [CameraUsage(camera, name, daily[camera]) for camera, name in names.items()],
        subscriptions,
    )
