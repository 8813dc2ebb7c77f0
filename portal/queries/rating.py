"""Everything that rating a run of cameras needs, read at once."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from portal.billing.rating import CameraUsage, PriceList, Subscription, Version
from portal.queries import pricelist

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from asyncpg import Record

    from portal.billing.period import Period
    from portal.billing.rating import Daily
    from portal.db import Connection
    from portal.queries.tenancy import CloudFacts


@dataclass(frozen=True, slots=True)
class PriceBook:
    """A cloud's prices made ready for one period. They cannot change while it closes."""

    cloud: CloudFacts
    period: Period
    wholesale: PriceList
    versions: Mapping[int, Sequence[Version]]
    meters: Mapping[int, str]


@dataclass(frozen=True, slots=True)
class RatingFacts:
    """A run of cameras: each one's usage, and the subscriptions that touch the period."""

    cameras: Sequence[CameraUsage]
    subscriptions: Mapping[int, Sequence[Subscription]]


async def price_book(tx: Connection, cloud: CloudFacts, period: Period) -> PriceBook:
    """Read a cloud's prices for a period."""
    services = await pricelist.services(tx)
    rates = await pricelist.rates(tx, cloud.id, services)
    return PriceBook(
        cloud=cloud,
        period=period,
        wholesale=PriceList(period, cloud.currency, rates, tuple(services.values())),
        versions=await pricelist.versions(tx, cloud.id, services),
        meters={row["id"]: row["key"] for row in await tx.fetch("select id, key from meter")},
    )


_CAMERAS = "select id, external_id from camera where cloud = $1 and id between $2 and $3"
_CAMERAS_LISTED = "select id, external_id from camera where cloud = $1 and id = any($2)"

# The primary key keeps a camera's month together and in order, so this is one pass over an index
# range. `offsets` is only asked for where a day is missing.
_USAGE = """
select camera, meter, array_agg(quantity order by day) as quantities,
       case when count(*) < $4::date - $3::date
            then array_agg((day - $3::date)::int order by day) end as offsets
from usage
where cloud = $1 and day >= $3 and day < $4 and {cameras}
group by camera, meter
"""
_SUBSCRIPTIONS = """
select id, camera, subscriber, tariff, starts_on, ends_on
from subscription
where cloud = $1 and starts_on < $3 and (ends_on is null or ends_on > $2) and {cameras}
order by camera, starts_on
"""


async def of_range(tx: Connection, book: PriceBook, first: int, last: int) -> RatingFacts:
    """The facts of the cameras with ids from `first` to `last`."""
    cameras = await tx.fetch(_CAMERAS, book.cloud.id, first, last)
    span = (book.cloud.id, book.period.start, book.period.end)
    usage = await tx.fetch(
        _USAGE.format(cameras="camera between $2 and $5"),
        book.cloud.id,
        first,
        book.period.start,
        book.period.end,
        last,
    )
    subscriptions = await tx.fetch(
        _SUBSCRIPTIONS.format(cameras="camera between $4 and $5"), *span, first, last
    )
    return _facts(book, cameras, usage, subscriptions)


async def of_cameras(tx: Connection, book: PriceBook, ids: Sequence[int]) -> RatingFacts:
    """The facts of the cameras named."""
    cameras = await tx.fetch(_CAMERAS_LISTED, book.cloud.id, ids)
    span = (book.cloud.id, book.period.start, book.period.end)
    usage = await tx.fetch(_USAGE.format(cameras="camera = any($2)"), book.cloud.id, ids, *span[1:])
    subscriptions = await tx.fetch(_SUBSCRIPTIONS.format(cameras="camera = any($4)"), *span, ids)
    return _facts(book, cameras, usage, subscriptions)


def _facts(
    book: PriceBook,
    cameras: Sequence[Record],
    usage: Sequence[Record],
    subscriptions: Sequence[Record],
) -> RatingFacts:
    days = book.period.days
    daily: dict[int, dict[str, Daily]] = defaultdict(dict)
    for row in usage:
        camera, meter, quantities, offsets = row.values()
        if offsets is not None:
            values: list[int | None] = [None] * days
            for offset, quantity in zip(offsets, quantities, strict=True):
                values[offset] = quantity
            quantities = values
        daily[camera][book.meters[meter]] = quantities
    of_camera: dict[int, list[Subscription]] = defaultdict(list)
    for row in subscriptions:
        subscription = Subscription(**row)
        of_camera[subscription.camera].append(subscription)
    return RatingFacts(
        [CameraUsage(row["id"], row["external_id"], daily[row["id"]]) for row in cameras],
        of_camera,
    )
