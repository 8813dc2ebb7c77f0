"""A month as reports read it: where its figures stand, and what all of it comes to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from portal.access import Actor
from portal.billing.period import Period
from portal.db import Transaction, snapshot
from portal.kit.queries.rows import row_of
from portal.kit.queries.tenancy import CloudFacts


@dataclass(frozen=True, slots=True)
class Books:
    """Where a month's figures stand: by camera, by subscriber and by tariff.

    Each is a table whose rows of the month are those of a cloud ($1) with `of` as `key` ($2): a
    closed period's row id, or the first day of a month that is open.
    """

    key: int | date
    of: str
    margins: str
    subscribers: str
    tariffs: str

    @property
    def is_closed(self) -> bool:
        """Whether they are those of a close."""
        return not isinstance(self.key, date)

    def rows(self, table: str, alias: str = "m") -> str:
        """The month's rows of a table: "from margin m where m.cloud = $1 and m.period = $2"."""
        return f"from {table} {alias} where {alias}.cloud = $1 and {alias}.{self.of} = $2"

    def charges(self, of: str) -> str:
        """SQL of what a row was charged before discount; `of` finds the charges of a closed one."""
        if not self.is_closed:
            return "m.charges"
        return (
            "(select coalesce(sum(h.amount), 0)::bigint from charge h"  # noqa: S608 - ours
            f" where h.cloud = $1 and h.period = $2 and h.side = 'retail' and {of})"
        )


@dataclass(frozen=True, slots=True)
class Sums:
    """What a month comes to, in minor units: charges before discount, the rest after it.

    Revenue and cost are before tax, `unborne` is the cost of days without a subscription, within
    the cost. `later` are credit notes that were given by hand, within the revenue: no camera's.
    """

    charges: int
    revenue: int
    cost: int
    commission: int
    unborne: int
    later: int

    @property
    def margin(self) -> int:
        """What is left of the revenue."""
        return self.revenue - self.cost - self.commission

    @property
    def discount(self) -> int:
        """What subscribers were given."""
        return self.charges - (self.revenue - self.later)


@dataclass(frozen=True, slots=True)
class Month:
    """A month with its sums. `made_at` is when the draft of an open one was made.

    `corrected` is what corrections of earlier months add to the revenue of a running month's
    draft, which its estimate leaves out.
    """

    period: Period
    books: Books
    sums: Sums
    made_at: datetime | None
    until: date | None
    corrected: int
    by_day: Sequence[tuple[int, int, int]]

    @property
    def is_closed(self) -> bool:
        """Whether the figures are those that were issued."""
        return self.books.is_closed


_CLOSED: Final = "select id from period where cloud = $1 and starts_on = $2 and state = 'closed'"
# Documents of which some are notes by hand are looked at; mostly there are none.
_ISSUED: Final = """
select b.retail as charges, b.commission, coalesce(s.revenue, 0)::bigint as revenue,
       coalesce(s.cost, 0)::bigint as cost, coalesce(u.cost, 0)::bigint as unborne,
       case when s.notes > 0 then coalesce((
         select sum(i.taxable) from invoice i
         where i.cloud = $1 and i.month = $3 and i.side = 'retail' and i.credits is not null), 0)
       else 0 end::bigint as later
from period_books b
left join lateral (
  select sum(i.taxable) filter (where i.side = 'retail') as revenue,
         sum(i.taxable) filter (where i.side = 'wholesale') as cost, sum(i.notes) as notes
  from invoice_sum i where i.cloud = $1 and i.month = $3
) s on true
left join lateral (
  select sum(m.cost) as cost from margin m
  where m.cloud = $1 and m.period = $2 and m.subscriber is null
) u on true
where b.id = $2
"""
_DRAFTED: Final = """
select d.charges, d.revenue, d.wholesale as cost, d.commission, d.made_at, d.until, d.by_day,
       0::bigint as later, coalesce((
         select sum(m.cost) from draft_margin m
         where m.cloud = $1 and m.month = $2 and m.subscriber is null), 0)::bigint as unborne,
       coalesce(d.revenue - (
         select e.revenue from estimate_sum e
         where e.cloud = $1 and e.month = $2 and e.account_manager is null), 0) as corrected
from draft d where d.cloud = $1 and d.month = $2
"""


async def books_of(tx: Transaction, cloud: CloudFacts, period: Period) -> Books:
    """Where the figures of a month stand."""
    closed = await tx.fetchval(_CLOSED, cloud.id, period.start)
    if closed is not None:
        tables = "margin", "subscriber_month", "tariff_month"
        return Books(closed, "period", *tables)
    return Books(period.start, "month", "draft_margin", "draft_subscriber", "draft_tariff")


async def find(actor: Actor, cloud: CloudFacts, period: Period) -> Month | None:
    """A month with its sums, for who may know them; None before an open one has a draft."""
    async with snapshot(actor) as tx:
        books = await books_of(tx, cloud, period)
        if books.is_closed:
            row = await tx.fetchrow(_ISSUED, cloud.id, books.key, period.start)
        else:
            row = await tx.fetchrow(_DRAFTED, cloud.id, period.start)
    is_open = not books.is_closed
    # A draft that was made before it kept what is left of each camera is made anew at once.
    if row is None or (is_open and row["until"] > period.start and not row["by_day"]):
        return None
    by_day = row["by_day"] if is_open else ()
    return Month(
        period=period,
        books=books,
        sums=row_of(Sums, row),
        made_at=row["made_at"] if is_open else None,
        until=row["until"] if is_open else None,
        corrected=row["corrected"] if is_open else 0,
        by_day=[(revenue, cost, earned) for revenue, cost, earned in by_day],
    )


async def is_closed(actor: Actor, cloud: CloudFacts, period: Period) -> bool:
    """Whether a month's figures are those that were issued."""
    async with snapshot(actor) as tx:
        return (await books_of(tx, cloud, period)).is_closed
