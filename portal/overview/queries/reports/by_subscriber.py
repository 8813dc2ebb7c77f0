"""A month by subscriber, and by the referrals who referred them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from portal.access import Actor
from portal.billing.period import Period
from portal.db import Transaction, snapshot
from portal.kit.queries import pages, words
from portal.kit.queries.pages import Sorts, known, looked_at
from portal.kit.queries.tenancy import CloudFacts
from portal.overview.queries.reports import months
from portal.overview.queries.reports.months import Books, Sums
from portal.overview.queries.reports.rows import (
    MoneyPage,
    MoneyRow,
    Wanted,
    money_row,
    sum_of,
)

NOBODY: Final = "-"
"""A code can be no sign alone: subscribers of no referral."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """Which subscribers; None is all.

    `referral` is a code, NOBODY for none; `loses` those alone that lost money.
    """

    text: str | None = None
    referral: str | None = None
    loses: bool = False

    @property
    def looks(self) -> bool:
        """Whether each has to be looked at to know if it fits."""
        return bool(self.text or self.referral or self.loses)


MARGIN: Final = "(m.revenue - m.cost - m.commission)"
SORTS: Final = Sorts({"margin": MARGIN}, tie="m.subscriber", tie_turns=True)
_NAMED: Final = Sorts({"name": "lower(s.name)", "number": "s.number"}, tie="s.number")
_HAS: Final = "(select true {rows} and m.subscriber = s.id limit 1)"
_REFERRAL: Final = "(select r.id from referral_name r where r.cloud = $1 and r.code = {code})"
# The terms of a customer, and its cameras and camera-days from $3 to $4.
_SERVED: Final = """
left join lateral (
  select t.discount_percent from subscriber_terms t where t.id = {who} limit 1
) t on true
cross join lateral (
  select count(distinct x.camera)::int as cameras,
         coalesce(sum(least(coalesce(x.ends_on, $4), $4) - greatest(x.starts_on, $3)), 0)::int
           as days
  from subscription x
  where x.cloud = $1 and x.subscriber = {who} and x.starts_on < $4
    and (x.ends_on is null or x.ends_on > $3)
) d
"""
_ROWS: Final = (
    """
select s.id, s.number::text as key, s.name, d.cameras, d.days, {charges} as charges, m.revenue,
       m.cost, m.commission, coalesce(t.discount_percent, 0) as discount_percent
from unnest($5::bigint[]) with ordinality as one(id, place)
join {table} m on m.{which} = one.id and m.cloud = $1 and m.{of} = $2
join subscriber s on s.cloud = $1 and s.id = m.subscriber
"""
    + _SERVED.format(who="m.subscriber")
    + """order by one.place
"""
)
_SUMS: Final = """
select coalesce(sum({charges}), 0)::bigint as charges, coalesce(sum(m.revenue), 0)::bigint
         as revenue, coalesce(sum(m.cost), 0)::bigint as cost,
       coalesce(sum(m.commission), 0)::bigint as commission
from {table} m where m.cloud = $1 and m.{of} = $2 and m.{which} = any($3::bigint[])
"""
_OF_SUBSCRIBER: Final = "h.subscriber = m.subscriber"


async def list_page(
    actor: Actor,
    cloud: CloudFacts,
    period: Period,
    filters: Filters,
    *,
    until: date,
    wanted: Wanted,
) -> MoneyPage:
    """A page of the subscribers that a month earned or cost something of.

    `sort` is margin, name or number. Sums are those of the page's filters, None without any: then
    they are the month's.
    """
    part = wanted.part(looks=filters.looks)
    async with snapshot(actor) as tx:
        books = await months.books_of(tx, cloud, period)
        by_name = wanted.sort.lstrip("-") in _NAMED.columns
        which, arguments = await _which(tx, cloud, books, filters, part.counted, by_name=by_name)
        order = (_NAMED if by_name else SORTS).order_by(wanted.sort)
        find = looked_at if filters.looks else known
        found = await find(tx, which, arguments, order, part)
        column = "subscriber" if by_name else "id"
        named = {
            "charges": books.charges(_OF_SUBSCRIBER),
            "table": books.subscribers,
            "of": books.of,
            "which": column,
        }
        rows = await tx.fetch(
            _ROWS.format(**named), cloud.id, books.key, period.start, until, found.page
        )
        sums = None
        if filters.looks and not found.is_more:
            row = await tx.fetchrow(_SUMS.format(**named), cloud.id, books.key, found.ids)
            sums = money_row(cloud, row, id=0, key="", name="")
    listed = [money_row(cloud, row) for row in rows]
    return MoneyPage(listed, found.total, found.is_more, sums)


async def _which(
    tx: Transaction,
    cloud: CloudFacts,
    books: Books,
    filters: Filters,
    counted: int,
    *,
    by_name: bool,
) -> tuple[str, list[Any]]:
    """The condition and its arguments; by name subscribers are gone through, not their sums."""
    arguments: list[Any] = [cloud.id, books.key]
    of = "s.id" if by_name else "m.subscriber"
    rows = books.rows(books.subscribers)
    parts = [rows]
    if by_name:
        has = _HAS.format(rows=rows)
        parts = [f"from subscriber s where s.cloud = $1 and {has}"]

    def place(value: Any, kind: str) -> str:
        arguments.append(value)
        return f"${len(arguments)}::{kind}"

    if hits := await words.find(tx, words.SUBSCRIBERS, cloud.id, filters.text, counted):
        told = {"text": place(filters.text, "text"), "ids": place(hits.ids, "bigint[]")}
        parts.append(hits.condition(words.SUBSCRIBERS, cloud="$1", row=of, **told))
    if filters.referral:
        brought = f"(select b.referral from subscriber b where b.cloud = $1 and b.id = {of})"  # noqa: S608
        code = None
        if filters.referral != NOBODY:
            code = _REFERRAL.format(code=place(filters.referral, "text"))
        parts.append(f"{brought} is null" if code is None else f"{brought} = {code}")
    if filters.loses:
        losing = f"{MARGIN} < 0"
        if by_name:
            losing = f"(select true {rows} and m.subscriber = s.id and {losing})"
        parts.append(losing)
    return " and ".join(parts), arguments


# An account manager's own: documents, which hold no cost -----------------------------------------

_OWN_CLOSED: Final = """
select i.subscriber as id, sum(i.subtotal)::bigint as charges, sum(i.taxable)::bigint as revenue
from invoice i where i.cloud = $1 and i.month = $3 and i.side = 'retail' group by i.subscriber
"""
_OWN_OPEN: Final = """
select d.subscriber as id, d.subtotal as charges, d.taxable as revenue
from draft_invoice d where d.cloud = $1 and d.month = $3 and (d.subtotal <> 0 or d.cameras > 0)
"""
_OWN: Final = (
    """
select s.id, s.number::text as key, s.name, d.cameras, d.days, o.charges, o.revenue,
       coalesce(t.discount_percent, 0) as discount_percent
from ({own}) o
join subscriber s on s.cloud = $1 and s.id = o.id
"""
    + _SERVED.format(who="o.id")
    + """where $2::text is null or strpos(lower(s.name), lower($2)) > 0 or s.number::text = $2
"""
)


_OWN_SORTS: Final[Mapping[str, Callable[[MoneyRow], tuple[Any, int]]]] = {
    "revenue": lambda row: (row.revenue, row.id),
    "name": lambda row: (row.name.lower(), row.id),
    "number": lambda row: (int(row.key), row.id),
}


async def own_page(
    actor: Actor,
    cloud: CloudFacts,
    period: Period,
    *,
    until: date,
    text: str | None,
    wanted: Wanted,
) -> MoneyPage:
    """The subscribers in an account manager's care, with what they are charged.

    `sort` is revenue, name or number. All are read: they are those of one person.
    """
    async with snapshot(actor) as tx:
        books = await months.books_of(tx, cloud, period)
        query = _OWN.format(own=_OWN_CLOSED if books.is_closed else _OWN_OPEN)
        found = await tx.fetch(query, cloud.id, text, period.start, until)
    rows = [money_row(cloud, row) for row in found]
    rows.sort(key=_OWN_SORTS[wanted.sort.lstrip("-")], reverse=wanted.sort.startswith("-"))
    first = pages.last_page(wanted.offset, wanted.limit, len(rows))
    return MoneyPage(rows[first : first + wanted.limit], len(rows), sums=sum_of(cloud, rows))


# By referral --------------------------------------------------------------------------------------

_REFERRALS: Final = """
select r.id, r.code as key, r.name, count(*)::int as subscribers,
       sum({charges})::bigint as charges, sum(m.revenue)::bigint as revenue,
       sum(m.cost)::bigint as cost, sum(m.commission)::bigint as commission
from referral r
join subscriber s on s.cloud = $1 and s.referral = r.id
join {table} m on m.cloud = $1 and m.{of} = $2 and m.subscriber = s.id
where r.cloud = $1 group by r.id, r.code, r.name
"""


async def by_referral(
    actor: Actor, cloud: CloudFacts, period: Period, sums: Sums
) -> Sequence[MoneyRow]:
    """Each referral with its referred subscribers; the rest of the month under NOBODY.

    The commission is all that was earned on these subscribers, on every level.
    """
    async with snapshot(actor) as tx:
        books = await months.books_of(tx, cloud, period)
        query = _REFERRALS.format(
            charges=books.charges(_OF_SUBSCRIBER), table=books.subscribers, of=books.of
        )
        rows = [money_row(cloud, row) for row in await tx.fetch(query, cloud.id, books.key)]
    known = sum_of(cloud, rows)
    rest = MoneyRow(
        id=0,
        key=NOBODY,
        name="",
        currency=cloud.currency,
        charges=sums.charges - (known.charges or 0),
        revenue=sums.revenue - sums.later - (known.revenue or 0),
        cost=sums.cost - sums.unborne - (known.cost or 0),
        commission=sums.commission - (known.commission or 0),
    )
    is_some = any((rest.charges, rest.revenue, rest.cost, rest.commission))
    return [*rows, rest] if is_some else rows
