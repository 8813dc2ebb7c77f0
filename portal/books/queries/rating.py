"""Everything that rating a run of cameras needs, read at once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from asyncpg import Record

from portal.billing.period import Period
from portal.billing.rating import (
    ENABLED,
    RULES,
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
    digest: str = ""
    """The same as long as nothing of it changes, and rating comes to the same."""

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
    named = {row["id"]: row["key"] for row in meters}
    prices = Prices(PriceList(period, cloud.currency, rates, tuple(services.values())), versions)
    facts = RULES, prices, sorted(named.items())
    return PriceBook(cloud, prices, named, sha256(repr(facts).encode()).hexdigest())


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


# Few sizes, so that a close cuts where its draft did although cameras were added since. Smaller
# ones are all overhead, and the largest are what a process holds at a time.
SIZES: Final = (125, 200, 320, 500, 800)
RUNS_MIN: Final = 24
"""Into so many or more runs a cloud is cut, for as many workers to share them evenly."""
RUNS: Final = f"""
with size as (
  select max(size) as most from unnest(array{list(SIZES)}) size
  where size <= greatest({SIZES[0]}, (select count(*) from camera where cloud = $1) / {RUNS_MIN})
)
select min(id) as first, max(id) as last, count(*) as cameras
from (
  select id, (row_number() over (order by id) - 1) / most as run
  from camera, size where cloud = $1
) c
group by run order by run
"""  # noqa: S608 - numbers of ours


@dataclass(frozen=True, slots=True)
class Run:
    """The cameras of a cloud with ids from `first` to `last`."""

    first: int
    last: int


async def runs(tx: Transaction, cloud: int) -> list[Run]:
    """All cameras of a cloud, cut as a close of now would."""
    return [Run(first=row["first"], last=row["last"]) for row in await tx.fetch(RUNS, cloud)]


async def of_run(tx: Transaction, book: PriceBook, run: Run) -> Fleet:
    """The facts of a run of cameras, for whoever sees all of a cloud."""
    span = (book.cloud.id, book.period.start, book.period.end)
    ends = run.first, run.last
    cameras = await tx.fetch(_CAMERAS.format(cameras="c.id between $4 and $5"), *span, *ends)
    text = _usage(book, "usage", "camera between $4 and $5")
    usage = await tx.fetch(text, *span[:2], list(book.meters), *ends)
    return _facts(book, cameras, usage)


# A row of usage has another version (xmin) after every change, and the versions of all are added up
# by exclusive or, in any order. Subscriptions are few and short: their values count, also of those
# that ended before the month, which say on what tariff a camera was last.
_FACTS: Final = """
select (
  select concat_ws(' ', count(*), bit_xor(
    hashint8extended(camera, (meter::bigint << 32) | xmin::text::bigint)))
  from usage
  where cloud = $1 and month = $2 and meter = any($3::smallint[]) and camera between $5 and $6
) as usage, (
  select concat_ws(' ', count(*), bit_xor(hashtextextended(external_id, id)))
  from camera where cloud = $1 and id between $5 and $6
) as cameras, (
  select concat_ws(' ', count(*), bit_xor(hashtextextended(
    concat_ws(' ', camera, subscriber, tariff, starts_on - date '2000-01-01',
              ends_on - date '2000-01-01'), id)))
  from subscription where cloud = $1 and camera between $5 and $6 and starts_on < $4
) as subscriptions
"""


async def facts_of_run(tx: Transaction, book: PriceBook, run: Run) -> str:
    """A digest of all that a run of cameras is rated from: another one as soon as any of it is.

    Much quicker than reading it. In a database that was restored it is another one, too.
    """
    ends = run.first, run.last
    span = book.period.start, list(book.meters), book.period.end
    row = await tx.fetchrow(_FACTS, book.cloud.id, *span, *ends)
    assert row is not None, "sums are a row"
    return sha256(" ".join((book.digest, *map(str, ends), *row)).encode()).hexdigest()


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
