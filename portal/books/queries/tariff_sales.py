"""Tariffs as they sell: what is in them, who is on them today, what their last months earned.

Sums of closed months stand in `tariff_month`, and who is on a tariff is counted up to a bound, so
that a cloud of 100 000 cameras reads like one of ten. An account manager sees its own subscribers'.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final

from portal.access import Actor, shows
from portal.billing.money import round_half_away
from portal.billing.outlook.composer import share_of
from portal.billing.period import Period
from portal.db import Transaction, snapshot
from portal.errors import no_such
from portal.kit.queries.pages import Sorts, numbered
from portal.kit.queries.rows import row_of
from portal.kit.queries.tenancy import CloudFacts
from portal.words import _

COUNTED_MAX: Final = 10_000
"""More cameras on one tariff are not counted: "more than 10 000"."""
LISTED_CAMERAS: Final = 20
"""Of a tariff, on its own page."""
MONTHS: Final = 12


@dataclass(frozen=True, slots=True)
class Included:
    """A service that a tariff includes: so much of it, and what people call it and its unit."""

    service: str
    name: str
    short: str
    unit: str
    unit_plural: str
    quantity: Decimal


@dataclass(frozen=True, slots=True)
class Sold:
    """What a tariff's cameras earned in closed months, in minor units, and how many they were.

    Revenue is after discount, before tax; cost and commission are None to those who may not know.
    """

    cameras: int
    revenue: int
    cost: int | None
    commission: int | None

    @property
    def margin(self) -> int | None:
        """What is left of the revenue."""
        if self.cost is None or self.commission is None:
            return None
        return self.revenue - self.cost - self.commission

    @property
    def margin_per_camera(self) -> int | None:
        """The same for each camera, rounded; None of none."""
        return None if self.margin is None else _each(self.margin, self.cameras)

    @property
    def margin_percent(self) -> int | None:
        """The margin in percent of the revenue."""
        if self.margin is None or self.revenue <= 0:
            return None
        return share_of(self.margin, self.revenue)


@dataclass(frozen=True, slots=True)
class OnTariff:
    """Cameras of so many subscribers; with `more` there are more than were counted."""

    cameras: int
    subscribers: int
    more: bool = False


NOBODY: Final = OnTariff(0, 0)


@dataclass(frozen=True, slots=True)
class TariffRow:
    """A tariff of a list. `price` is today's, None before its first version; `next_*` to come.

    `sold` is of the last closed month, None without one in which it was sold.
    """

    code: str
    name: str
    offered: bool
    is_default: bool
    price: Decimal | None
    next_on: date | None
    next_price: Decimal | None
    currency: str
    included: tuple[Included, ...]
    on_it: OnTariff
    sold: Sold | None

    @property
    def state(self) -> str:
        """Offered, the default, or not offered."""
        return ("default" if self.is_default else "offered") if self.offered else "not_offered"


@dataclass(frozen=True, slots=True)
class TariffPage:
    """A page of tariffs, how many match, their sums, and the closed month that these are of."""

    rows: Sequence[TariffRow]
    total: int
    sold: Sold
    month: date | None


@dataclass(frozen=True, slots=True)
class MonthOfTariff:
    """A closed month of a tariff."""

    month: date
    sold: Sold


@dataclass(frozen=True, slots=True)
class CameraOnTariff:
    """A camera that is on a tariff today, and since when."""

    external_id: str
    name: str
    number: int
    subscriber: str
    since: date


SORTS: Final = Sorts(
    {
        "name": "lower(t.name)",
        "price": "v.monthly_price",
        "revenue": "coalesce(s.revenue, 0)",
        "cost": "coalesce(s.cost, 0)",
        "each": "(s.revenue - s.cost - s.commission)::numeric / nullif(s.cameras, 0)",
        "percent": "(s.revenue - s.cost - s.commission)::numeric / nullif(s.revenue, 0)",
    },
    tie="lower(t.name), t.id",
    optional=frozenset({"price", "each", "percent"}),
)
_CLOSED: Final = """
select id, starts_on from period where cloud = $1 and state = 'closed' order by starts_on desc"""
_MONTH: Final = f"{_CLOSED} limit 1"
_SUMS: Final = """
  select {by}, sum(cameras)::int as cameras, sum(revenue)::bigint as revenue,
         {cost} as cost, {commission} as commission
  from {source} where cloud = $1 and {where} and subscriber is {whose} group by {by}
"""
_LISTED: Final = """
with s as ({sums})
{select}
from tariff t
left join s on s.tariff = t.id
left join lateral (
  select id, monthly_price from tariff_version
  where cloud = $1 and tariff = t.id and valid_from <= $3 order by valid_from desc limit 1
) v on true
left join lateral (
  select id, valid_from, monthly_price from tariff_version
  where cloud = $1 and tariff = t.id and valid_from > $3 order by valid_from limit 1
) n on true
where t.cloud = $1
  and ($4 = '' or position(lower($4) in lower(t.name)) > 0 or starts_with(lower(t.code), lower($4)))
  and ($5 = '' or $5 = case when t.is_default then 'default' when t.offered then 'offered'
                            else 'not_offered' end)
"""
_ROWS: Final = """
select t.id, t.code, t.name, t.offered, t.is_default, v.monthly_price as price,
       n.valid_from as next_on, n.monthly_price as next_price,
       coalesce(v.id, n.id) as version, s.cameras, s.revenue, s.cost, s.commission
"""
_TOTAL: Final = """
select count(*)::int as total, coalesce(sum(s.cameras), 0)::int as cameras,
       coalesce(sum(s.revenue), 0)::bigint as revenue, {cost} as cost, {commission} as commission
"""
_INCLUDED: Final = """
select i.version, s.code as service, s.name, s.short, s.unit, s.unit_plural, i.quantity
from tariff_item i join service s on s.id = i.service
where i.cloud = $1 and i.version = any($2::bigint[]) order by i.version, i.position
"""
# One more than are counted tells that there are more.
_ON_TARIFFS: Final = """
select t.tariff, c.cameras, c.subscribers
from unnest($2::bigint[]) as t(tariff) cross join lateral (
  select count(*)::int as cameras, count(distinct one.subscriber)::int as subscribers from (
    select s.subscriber from subscription s
    where s.cloud = $1 and s.tariff = t.tariff and s.starts_on <= $3
      and (s.ends_on is null or s.ends_on > $3)
    limit $4
  ) one
) c
"""
_MONTHS: Final = """
with recent as ({recent} limit $3), s as ({sums})
select p.starts_on as month, s.cameras, s.revenue, s.cost, s.commission
from recent p join s on s.period = p.id order by p.starts_on
"""
_RECENTLY: Final = "tariff = $2 and period = any(array(select id from recent))"
# The first of its index, then what is said of each: a join would go through all of them.
_CAMERAS: Final = """
select c.external_id, c.name, b.number, b.name as subscriber, s.starts_on as since
from (
  select s.camera, s.subscriber, s.starts_on from subscription s
  where s.cloud = $1 and s.tariff = $2 and s.starts_on <= $3
    and (s.ends_on is null or s.ends_on > $3)
  limit $4
) s
cross join lateral (
  select c.external_id, c.name from camera c where c.cloud = $1 and c.id = s.camera limit 1
) c
cross join lateral (
  select b.number, b.name from subscriber b where b.cloud = $1 and b.id = s.subscriber limit 1
) b
"""


async def list_page(
    actor: Actor,
    cloud: CloudFacts,
    today: date,
    *,
    text: str = "",
    state: str = "",
    sort: str,
    offset: int,
    limit: int,
) -> TariffPage:
    """Tariffs whose name holds the text or whose code begins with it, in `state` (`TariffRow`)."""
    books = shows(actor, "sales", "margin")
    async with snapshot(actor) as tx:
        month = await tx.fetchrow(_MONTH, cloud.id)
        sums = _sums(books=books, where="period = $2", by="tariff")
        arguments = (cloud.id, 0 if month is None else month["id"], today, text, state)
        total = await tx.fetchrow(
            _LISTED.format(
                sums=sums, select=_TOTAL.format(**_hidden(books=books, of="s.", whole=True))
            ),
            *arguments,
        )
        assert total is not None, "a sum is always there"
        found = await numbered(
            tx,
            _LISTED.format(sums=sums, select=_ROWS) + SORTS.order_by(sort),
            arguments,
            total["total"],
            offset=offset,
            limit=limit,
        )
        included = await included_in(tx, cloud.id, [row["version"] for row in found])
        on_them = await _count(tx, cloud.id, [row["id"] for row in found], today)
    rows = [
        TariffRow(
            **{name: row[name] for name in ("code", "name", "offered", "is_default")},
            **{name: row[name] for name in ("price", "next_on", "next_price")},
            currency=cloud.currency,
            included=included.get(row["version"], ()),
            on_it=on_them.get(row["id"], NOBODY),
            sold=None if row["cameras"] is None else row_of(Sold, row),
        )
        for row in found
    ]
    return TariffPage(
        rows=rows,
        total=total["total"],
        sold=row_of(Sold, total),
        month=None if month is None else month["starts_on"],
    )


@dataclass(frozen=True, slots=True)
class TariffSales:
    """What a tariff's page says beside its versions; `included` is by their `valid_from`."""

    on_it: OnTariff
    months: Sequence[MonthOfTariff]
    cameras: Sequence[CameraOnTariff]
    included: dict[date, tuple[Included, ...]]


async def get(actor: Actor, cloud: CloudFacts, code: str, today: date) -> TariffSales:
    """One tariff: 12 closed months, the oldest first, and some of its cameras. `NotFound`."""
    books = shows(actor, "sales", "margin")
    async with snapshot(actor) as tx:
        tariff = await _id(tx, cloud.id, code)
        versions = await tx.fetch(
            "select id, valid_from from tariff_version where cloud = $1 and tariff = $2",
            cloud.id,
            tariff,
        )
        included = await included_in(tx, cloud.id, [row["id"] for row in versions])
        months = await tx.fetch(
            _MONTHS.format(recent=_CLOSED, sums=_sums(books=books, where=_RECENTLY, by="period")),
            cloud.id,
            tariff,
            MONTHS,
        )
        cameras = await tx.fetch(_CAMERAS, cloud.id, tariff, today, LISTED_CAMERAS)
        on_it = (await _count(tx, cloud.id, [tariff], today)).get(tariff, NOBODY)
    return TariffSales(
        on_it=on_it,
        months=[MonthOfTariff(month=row["month"], sold=row_of(Sold, row)) for row in months],
        cameras=[row_of(CameraOnTariff, row) for row in cameras],
        included={row["valid_from"]: included.get(row["id"], ()) for row in versions},
    )


async def closed_months(actor: Actor, cloud: CloudFacts, *, limit: int) -> list[Period]:
    """The months that are closed, the last first."""
    async with snapshot(actor) as tx:
        rows = await tx.fetch(f"{_CLOSED} limit $2", cloud.id, limit)
    return [Period.of(row["starts_on"]) for row in rows]


async def count_on(actor: Actor, cloud: CloudFacts, code: str, day: date) -> OnTariff:
    """Who is on a tariff on a day. Raises `NotFound`."""
    async with snapshot(actor) as tx:
        tariff = await _id(tx, cloud.id, code)
        return (await _count(tx, cloud.id, [tariff], day)).get(tariff, NOBODY)


async def included_in(
    tx: Transaction, cloud: int, versions: Sequence[int | None]
) -> dict[int, tuple[Included, ...]]:
    """What versions include, by their row ids."""
    found: dict[int, list[Included]] = defaultdict(list)
    for row in await tx.fetch(_INCLUDED, cloud, [one for one in versions if one is not None]):
        found[row["version"]].append(row_of(Included, row))
    return {version: tuple(of) for version, of in found.items()}


async def _id(tx: Transaction, cloud: int, code: str) -> int:
    found: int | None = await tx.fetchval(
        "select id from tariff where cloud = $1 and code = $2", cloud, code
    )
    if found is None:
        raise no_such(_("tariff"), code)
    return found


async def _count(
    tx: Transaction, cloud: int, tariffs: Sequence[int], day: date
) -> dict[int, OnTariff]:
    rows = await tx.fetch(_ON_TARIFFS, cloud, tariffs, day, COUNTED_MAX + 1)
    return {
        row["tariff"]: OnTariff(
            cameras=min(row["cameras"], COUNTED_MAX),
            subscribers=row["subscribers"],
            more=row["cameras"] > COUNTED_MAX,
        )
        for row in rows
    }


def _sums(*, books: bool, where: str, by: str) -> str:
    """Who knows the books reads the sums of all; others add up what they see."""
    source = {"source": "tariff_month_books", "whose": "null"}
    if not books:
        source = {"source": "tariff_month", "whose": "not null"}
    return _SUMS.format(**source, where=where, by=by, **_hidden(books=books))


def _hidden(*, books: bool, of: str = "", whole: bool = False) -> dict[str, str]:
    """The sums that not everybody is told; `whole` ones are 0 of nothing."""
    found = {}
    for name in ("cost", "commission"):
        total = f"sum({of}{name})"
        told = f"coalesce({total}, 0)" if whole else total
        found[name] = f"{told}::bigint" if books else "null::bigint"
    return found


def _each(amount: int, cameras: int) -> int | None:
    return round_half_away(amount, cameras) if cameras else None
