"""A month by camera: each camera of each subscriber, and cost of days without a subscription."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from portal.access import Actor
from portal.billing.period import MonthAt, Period
from portal.billing.rating import rate_cameras
from portal.books.queries import rating
from portal.db import Transaction, snapshot
from portal.kit.queries import words
from portal.kit.queries.pages import Sorts, known, looked_at
from portal.kit.queries.tenancy import CloudFacts
from portal.overview.queries.reports import months
from portal.overview.queries.reports.by_subscriber import MARGIN
from portal.overview.queries.reports.months import Books
from portal.overview.queries.reports.rows import (
    LOOKED_AT_MAX,
    MoneyPage,
    Wanted,
    money_row,
)

NOBODY: Final = "-"
"""No number: days on which cameras had no subscription."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """Which cameras; None is all.

    `subscriber` is a number, or NOBODY; `tariff` a code: cameras that were on it last; `loses`
    those alone that lost money.
    """

    text: str | None = None
    subscriber: str | None = None
    tariff: str | None = None
    loses: bool = False

    @property
    def looks(self) -> bool:
        """Whether each has to be looked at to know if it fits."""
        return bool(self.text or self.subscriber or self.tariff or self.loses)


SORTS: Final = Sorts({"margin": MARGIN}, tie="m.camera", tie_turns=True)
_TARIFF: Final = "(select f.id from tariff f where f.cloud = $1 and f.code = {code})"
# The tariff that a camera was on last, as the close sums it: of its subscriptions, which are few.
# With an order PostgreSQL would go through those of the cloud from the latest on, to sort nothing.
_LAST: Final = """(
  select (max(array[x.starts_on - date '2000-01-01', x.tariff]))[2] from subscription x
  where x.cloud = $1 and x.camera = m.camera and x.subscriber = m.subscriber
    and x.starts_on < {end})"""
# Of a tariff of few cameras these are looked at; of one of many each that the order comes to.
_COUNT: Final = """
select m.cameras from {table} m
where m.cloud = $1 and m.{of} = $2 and m.tariff = {tariff} and m.subscriber is null
"""
_FEW: Final = """
select array_agg(distinct x.camera) as ids from subscription x
where x.cloud = $1 and x.tariff = {tariff} and x.starts_on < $3
"""
_ROWS: Final = """
select c.id, c.external_id as key, c.name, s.number as subscriber, coalesce(s.name, '') as owner,
       d.days, {charges} as charges, m.revenue, m.cost, m.commission,
       coalesce(t.discount_percent, 0) as discount_percent, m.subscriber is not null as is_owned
from unnest($5::bigint[]) with ordinality as one(id, place)
join {table} m on m.id = one.id and m.cloud = $1 and m.{of} = $2
join camera c on c.cloud = $1 and c.id = m.camera
left join subscriber s on s.cloud = $1 and s.id = m.subscriber
left join lateral (
  select t.discount_percent from subscriber_terms t where t.id = m.subscriber limit 1
) t on true
cross join lateral (
  select coalesce(sum(least(coalesce(x.ends_on, $4), $4) - greatest(x.starts_on, $3)), 0)::int
    as days
  from subscription x
  where x.cloud = $1 and x.camera = m.camera and x.subscriber = m.subscriber
    and x.starts_on < $4 and (x.ends_on is null or x.ends_on > $3)
) d
order by one.place
"""
_SUMS: Final = """
select coalesce(sum({charges}), 0)::bigint as charges, coalesce(sum(m.revenue), 0)::bigint
         as revenue, coalesce(sum(m.cost), 0)::bigint as cost,
       coalesce(sum(m.commission), 0)::bigint as commission
from {table} m where m.cloud = $1 and m.{of} = $2 and {which}
"""
_OF_CAMERA: Final = "h.camera = m.camera and h.subscriber = m.subscriber"


async def list_page(
    actor: Actor,
    cloud: CloudFacts,
    period: Period,
    filters: Filters,
    *,
    until: date,
    wanted: Wanted,
) -> MoneyPage:
    """A page of the cameras that a month earned or cost something of, by margin.

    A camera of two subscribers has a line for each. Sums are those of the filters; None without
    any, and where too many match to be summed.
    """
    part = wanted.part(looks=filters.looks)
    async with snapshot(actor) as tx:
        books = await months.books_of(tx, cloud, period)
        which, arguments = await _which(tx, cloud, (books, period), filters, part.counted)
        order = SORTS.order_by(wanted.sort)
        find = looked_at if filters.looks else known
        found = await find(tx, which, arguments, order, part)
        named = {
            "charges": books.charges(_OF_CAMERA),
            "table": books.margins,
            "of": books.of,
        }
        rows = await tx.fetch(
            _ROWS.format(**named), cloud.id, books.key, period.start, until, found.page
        )
        sums = None
        if filters.looks and not found.is_more:
            query = _SUMS.format(**named, which="m.id = any($3::bigint[])")
            row = await tx.fetchrow(query, cloud.id, books.key, found.ids)
            sums = money_row(cloud, row, id=0, key="", name="")
    return MoneyPage([money_row(cloud, row) for row in rows], found.total, found.is_more, sums)


async def _which(
    tx: Transaction, cloud: CloudFacts, month: tuple[Books, Period], filters: Filters, counted: int
) -> tuple[str, list[Any]]:
    """The condition of a list and its arguments."""
    books, period = month
    arguments: list[Any] = [cloud.id, books.key]
    parts = [books.rows(books.margins)]

    def place(value: Any, kind: str) -> str:
        arguments.append(value)
        return f"${len(arguments)}::{kind}"

    if hits := await words.find(tx, words.CAMERAS, cloud.id, filters.text, counted):
        told = {"text": place(filters.text, "text"), "ids": place(hits.ids, "bigint[]")}
        parts.append(hits.condition(words.CAMERAS, cloud="$1", row="m.camera", **told))
    if filters.subscriber == NOBODY:
        parts.append("m.subscriber is null")
    elif filters.subscriber:
        number = place(int(filters.subscriber), "bigint")
        parts.append(
            "m.subscriber = (select s.id from subscriber s"  # noqa: S608 - ours
            f" where s.cloud = $1 and s.number = {number})"
        )
    if filters.tariff:
        tariff = _TARIFF.format(code=place(filters.tariff, "text"))
        named = {"table": f"{books.tariffs}_books", "of": books.of}
        query = _COUNT.format(**named, tariff=_TARIFF.format(code="$3"))
        count = await tx.fetchval(query, cloud.id, books.key, filters.tariff) or 0
        if count <= LOOKED_AT_MAX:
            query = _FEW.format(tariff=_TARIFF.format(code="$2"))
            few = await tx.fetchval(query, cloud.id, filters.tariff, period.end) or []
            parts.append(f"m.camera = any({place(few, 'bigint[]')})")
        parts.append(f"{_LAST.format(end=place(period.end, 'date'))} = {tariff}")
    if filters.loses:
        parts.append(f"{MARGIN} < 0")
    return " and ".join(parts), arguments


# An account manager's own: charges, and nothing of cost ------------------------------------------

_OWN_SORTS: Final = Sorts({"name": "lower(c.name)"}, tie="c.id")
_SERVED: Final = """from camera c where c.cloud = $1 and (
  select true from subscription x where x.cloud = $1 and x.camera = c.id and x.starts_on < $3
    and (x.ends_on is null or x.ends_on > $2) limit 1)"""
_OWN_ROWS: Final = """
select c.id, c.external_id as key, c.name, s.number as subscriber, coalesce(s.name, '') as owner,
       d.days, h.charges
from unnest($5::bigint[]) with ordinality as one(id, place)
join camera c on c.cloud = $1 and c.id = one.id
cross join lateral (
  select coalesce(sum(least(coalesce(x.ends_on, $4), $4) - greatest(x.starts_on, $3)), 0)::int
           as days,
         (array_agg(x.subscriber order by x.starts_on desc))[1] as subscriber
  from subscription x
  where x.cloud = $1 and x.camera = one.id and x.starts_on < $4
    and (x.ends_on is null or x.ends_on > $3)
) d
left join subscriber s on s.cloud = $1 and s.id = d.subscriber
left join lateral (
  select coalesce(sum(h.amount), 0)::bigint as charges from charge h
  where h.cloud = $1 and h.period = $2 and h.camera = one.id and h.side = 'retail'
) h on true
order by one.place
"""


async def own_page(
    actor: Actor,
    cloud: CloudFacts,
    month: MonthAt,
    filters: Filters,
    wanted: Wanted,
) -> MoneyPage:
    """The cameras of an account manager's subscribers in a month, with what they are charged.

    Of an open month the lines of the page are rated as they are asked for. `sort` is name.
    """
    period, part = month.period, wanted.part(looks=True)
    async with snapshot(actor) as tx:
        books = await months.books_of(tx, cloud, period)
        which, arguments = await _own_which(tx, cloud, filters, period, part.counted)
        found = await looked_at(tx, which, arguments, _OWN_SORTS.order_by(wanted.sort), part)
        closed = books.key if books.is_closed else None
        rows = await tx.fetch(_OWN_ROWS, cloud.id, closed, period.start, month.until, found.page)
        so_far = {} if books.is_closed else await _so_far(tx, cloud, month, found.page)
    listed = [
        money_row(cloud, row, **({} if books.is_closed else {"charges": so_far.get(row["id"], 0)}))
        for row in rows
    ]
    return MoneyPage(listed, found.total, found.is_more)


async def _own_which(
    tx: Transaction, cloud: CloudFacts, filters: Filters, period: Period, counted: int
) -> tuple[str, list[Any]]:
    arguments: list[Any] = [cloud.id, period.start, period.end]
    parts = [_SERVED]

    def place(value: Any, kind: str) -> str:
        arguments.append(value)
        return f"${len(arguments)}::{kind}"

    narrowed = []
    if filters.subscriber and filters.subscriber != NOBODY:
        number = place(int(filters.subscriber), "bigint")
        narrowed.append(
            "x.subscriber = (select s.id from subscriber s"  # noqa: S608 - ours
            f" where s.cloud = $1 and s.number = {number})"
        )
    if filters.tariff:
        narrowed.append(f"x.tariff = {_TARIFF.format(code=place(filters.tariff, 'text'))}")
    if narrowed:
        parts = [_SERVED.replace("limit 1", f"and {' and '.join(narrowed)} limit 1")]
    if hits := await words.find(tx, words.CAMERAS, cloud.id, filters.text, counted):
        told = {"text": place(filters.text, "text"), "ids": place(hits.ids, "bigint[]")}
        parts.append(hits.condition(words.CAMERAS, cloud="$1", row="c.id", **told))
    return " and ".join(parts), arguments


async def _so_far(
    tx: Transaction, cloud: CloudFacts, month: MonthAt, cameras: Sequence[int]
) -> dict[int, int]:
    """What cameras are charged on the days of a month that are over, before discount, by row id."""
    book = await rating.price_book(tx, cloud, month.period)
    fleet = await rating.of_cameras(tx, book, cameras)
    charged: dict[int, int] = {}
    for charge in rate_cameras(book.prices, fleet.so_far(month)).charges:
        if charge.side == "retail":
            charged[charge.camera] = charged.get(charge.camera, 0) + charge.amount
    return charged
