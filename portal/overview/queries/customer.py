"""One customer of a cloud: its running month, its account, its months, its cameras."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from asyncpg import Record

from portal.access import Actor, shows
from portal.billing.period import Period, local_date
from portal.customers.queries import subscribers
from portal.customers.queries.subscribers import Subscriber
from portal.db import snapshot
from portal.kit.queries import zones
from portal.kit.queries.pages import last_page, numbered
from portal.kit.queries.tenancy import CloudFacts

MONTHS: Final = 12


@dataclass(frozen=True, slots=True)
class SoFar:
    """The running month: minor units after discount, before tax, as known at `as_of`.

    Cost and commission are None where they are not this actor's to know.
    """

    month: date
    revenue: int
    cameras: int
    as_of: datetime
    cost: int | None
    commission: int | None

    @property
    def margin(self) -> int | None:
        """What is left of the revenue."""
        if self.cost is None or self.commission is None:
            return None
        return self.revenue - self.cost - self.commission


@dataclass(frozen=True, slots=True)
class Document:
    """An invoice or a credit note, with what was owed after it. Minor units, with tax."""

    number: str
    type: str
    month: date
    issued_on: date
    due_on: date | None
    state: str
    total: int
    left: int
    balance: int
    currency: str


@dataclass(frozen=True, slots=True)
class Account:
    """A page of documents, the latest first, and how many there are; what is open of all.

    `late_since` is the due day of the oldest one that is late.
    """

    rows: Sequence[Document]
    total: int
    open: int
    open_count: int
    late_since: date | None


@dataclass(frozen=True, slots=True)
class MonthOf:
    """A closed month; cost and margin are None where they are not this actor's to know."""

    month: date
    revenue: int
    cost: int | None
    margin: int | None


@dataclass(frozen=True, slots=True)
class CameraOf:
    """A camera that is the customer's, or is subscribed for it today.

    `tariff` (code and name) is today's, or the next; None without one, with its days as half-open
    interval. Amounts are those of the last closed month, None where nothing is known.
    """

    id: int
    external_id: str
    name: str
    suspended: bool
    tariff: str | None
    tariff_name: str
    starts_on: date | None
    ends_on: date | None
    revenue: int | None
    cost: int | None
    margin: int | None
    currency: str

    @property
    def state(self) -> str:
        """In one word: suspended, active, or unsubscribed."""
        if self.suspended:
            return "suspended"
        return "active" if self.tariff else "unsubscribed"


@dataclass(frozen=True, slots=True)
class Cameras:
    """A page of cameras, and how many there are; `subscribed` of them have a tariff today."""

    rows: Sequence[CameraOf]
    total: int
    subscribed: int


@dataclass(frozen=True, slots=True)
class Customer:
    """A customer with its latest months, oldest first; `today` is its cloud's."""

    facts: Subscriber
    currency: str
    today: date
    so_far: SoFar | None
    months: Sequence[MonthOf]

    @property
    def last(self) -> MonthOf | None:
        """The last closed month."""
        return self.months[-1] if self.months else None


_SO_FAR: Final = """
select e.month, e.retail - e.discount as revenue, e.cameras, e.as_of, b.cost, b.commission
from estimate e
left join lateral (
  select c.cost, c.commission from estimate_cost c
  where c.cloud = $1 and c.month = $3 and c.subscriber = $2 limit 1
) b on true
where e.cloud = $1 and e.subscriber = $2 and e.month = $3
"""
_CLOSED: Final = """
select p.id, p.starts_on as month from period p
where p.cloud = $1 and p.state = 'closed' order by p.starts_on desc limit $2
"""
_REVENUE: Final = """
select month, sum(taxable)::bigint as revenue from invoice
where cloud = $1 and subscriber = $2 and side = 'retail' and month = any($3::date[])
group by month
"""
_MARGINS: Final = """
select p.starts_on as month, sum(m.revenue)::bigint as revenue, sum(m.cost)::bigint as cost,
       sum(m.revenue - m.cost - m.commission)::bigint as margin
from margin m join period p on p.id = m.period
where m.cloud = $1 and m.subscriber = $2 and m.period = any($3::bigint[]) group by p.starts_on
"""


async def get(actor: Actor, cloud: CloudFacts, number: int, *, now: datetime) -> Customer:
    """One by its number. Raises `NotFound`."""
    async with snapshot(actor) as tx:
        facts = await subscribers.get_in(tx, cloud.id, number)
        today = local_date(now, cloud.timezone)
        estimate = await tx.fetchrow(_SO_FAR, cloud.id, facts.id, Period.of(today).start)
        closed = await tx.fetch(_CLOSED, cloud.id, MONTHS)
        rows = await tx.fetch(_REVENUE, cloud.id, facts.id, [row["month"] for row in closed])
        revenue = {row["month"]: row["revenue"] for row in rows}
        left: dict[date, Record] = {}
        if shows(actor, "sales", "margin"):
            ids = [row["id"] for row in closed]
            rows = await tx.fetch(_MARGINS, cloud.id, facts.id, ids)
            left = {row["month"]: row for row in rows}
    months = [
        MonthOf(
            month,
            left[month]["revenue"] if month in left else revenue.get(month, 0),
            left[month]["cost"] if month in left else None,
            left[month]["margin"] if month in left else None,
        )
        for month in sorted(row["month"] for row in closed)
        if month in left or month in revenue
    ]
    so_far = None if estimate is None else SoFar(**estimate)
    return Customer(facts, cloud.currency, today, so_far, months)


_BALANCE: Final = """
select count(*)::int as total, coalesce(sum(b.left), 0)::bigint as open,
       count(*) filter (where b.left > 0)::int as open_count,
       min(i.due_on) filter (where b.overdue) as late_since
from invoice i join document_balance b on b.cloud = i.cloud and b.invoice = i.id
where i.cloud = $1 and i.subscriber = $2 and i.side = 'retail'
"""
_DOCUMENTS: Final = """
select d.number, d.type, d.month, d.issued_on, d.due_on, b.state, d.total, b.left, d.balance,
       d.currency
from (
  select i.id, i.cloud, i.number, i.type, i.month, i.issued_on, i.due_on, i.total, i.currency,
         sum(i.total) over (order by i.id)::bigint as balance
  from invoice i where i.cloud = $1 and i.subscriber = $2 and i.side = 'retail'
) d join document_balance b on b.cloud = d.cloud and b.invoice = d.id
order by d.id desc
"""


async def account(
    actor: Actor,
    cloud: CloudFacts,
    subscriber: int,
    *,
    now: datetime,
    limit: int,
) -> Account:
    """The documents of a customer (by row id) with a running balance, the latest few."""
    async with snapshot(actor) as tx:
        await zones.tell_todays(tx, now)
        sums = await tx.fetchrow(_BALANCE, cloud.id, subscriber)
        assert sums is not None, "sums are always one row"
        rows = await numbered(
            tx,
            _DOCUMENTS,
            (cloud.id, subscriber),
            sums["total"],
            offset=0,
            limit=limit,
        )
    return Account([Document(**row) for row in rows], **sums)


_COUNTS: Final = """
select count(*)::int as total, count(*) filter (where exists (
  select from subscription x where x.cloud = $1 and x.camera = c.id and x.subscriber = $2
    and x.starts_on <= $3 and (x.ends_on is null or x.ends_on > $3)))::int as subscribed
from camera c where c.cloud = $1 and c.subscriber = $2
"""
_LAST_CLOSED: Final = """
select id from period where cloud = $1 and state = 'closed' order by starts_on desc limit 1
"""
_CAMERAS: Final = """
select c.id, c.external_id, c.name, c.suspended, t.code as tariff,
       coalesce(t.name, '') as tariff_name, x.starts_on, x.ends_on, m.revenue, m.cost, m.margin
from (
  select c.id, c.external_id, c.name, c.suspended from camera c
  where c.cloud = $1 and c.subscriber = $2
  order by lower(c.name), c.external_id offset $5 limit $6
) c
left join lateral (
  select x.tariff, x.starts_on, x.ends_on from subscription x
  where x.cloud = $1 and x.camera = c.id and x.subscriber = $2
    and (x.ends_on is null or x.ends_on > $3)
  order by x.starts_on limit 1
) x on true
left join tariff t on t.id = x.tariff
left join lateral (
  select sum(m.revenue)::bigint as revenue, sum(m.cost)::bigint as cost,
         sum(m.revenue - m.cost - m.commission)::bigint as margin
  from margin m
  where m.cloud = $1 and m.period = $4 and m.camera = c.id and m.subscriber = $2
) m on true
order by lower(c.name), c.external_id
"""


async def cameras(
    actor: Actor,
    cloud: CloudFacts,
    subscriber: int,
    *,
    now: datetime,
    offset: int = 0,
    limit: int = 50,
) -> Cameras:
    """The cameras of a customer (by row id), by name."""
    async with snapshot(actor) as tx:
        today = local_date(now, cloud.timezone)
        counts = await tx.fetchrow(_COUNTS, cloud.id, subscriber, today)
        assert counts is not None, "counts are always one row"
        period = await tx.fetchval(_LAST_CLOSED, cloud.id)
        offset = last_page(offset, limit, counts["total"])
        rows = await tx.fetch(_CAMERAS, cloud.id, subscriber, today, period, offset, limit)
    return Cameras([CameraOf(**row, currency=cloud.currency) for row in rows], **counts)


async def external_ids(actor: Actor, cloud: CloudFacts, subscriber: int, limit: int) -> list[str]:
    """The external ids of a customer's cameras, `limit` at most."""
    async with snapshot(actor) as tx:
        rows = await tx.fetch(
            "select external_id from camera where cloud = $1 and subscriber = $2"
            " order by id limit $3",
            cloud.id,
            subscriber,
            limit,
        )
    return [row["external_id"] for row in rows]
