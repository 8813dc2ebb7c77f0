"""What customers owe: statements of account, and receivables by age."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from portal.access import Actor
from portal.books.queries.money import customers, receivables_now
from portal.books.queries.money.customers import book_of
from portal.books.queries.sums import invoice_sums
from portal.db import snapshot
from portal.errors import Conflict, no_such
from portal.kit.queries.pages import COUNTED_MAX, Sorts
from portal.kit.queries.tenancy import CloudFacts
from portal.words import _


@dataclass(frozen=True, slots=True)
class AccountLine:
    """What moved a customer's account, and what it then came to. Minor units of `currency`."""

    day: date
    kind: str
    document: str
    amount: int
    balance: int
    currency: str


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement of account: receivable less credit balance before, line by line, and after.

    `credit` is the credit balance at the end; `whole` says whether all lines are there.
    """

    customer: str
    currency: str
    opening: int
    lines: Sequence[AccountLine]
    closing: int
    credit: int
    whole: bool

    def check_whole(self) -> None:
        """Raises `Conflict` where lines are left out."""
        if not self.whole:
            told = _("That is more than %(count)s lines: ask for fewer days.")
            raise Conflict(told % {"count": LINES_MAX})


LINES_MAX: Final = 10_000
"""Lines of one statement; whoever needs more asks for fewer days."""
# An allocation moves money from credit to claim: of the two together it moves nothing.
_BEFORE: Final = """
select coalesce(sum(amount), 0)::bigint from entry
where book = $1 and account in ('receivable', 'credit') and party = $2 and day < $3
"""
_LINES: Final = """
select p.day, p.kind, p.document, sum(e.amount)::bigint as amount
from entry e join posting p on p.id = e.posting
where e.book = $1 and e.account in ('receivable', 'credit') and e.party = $2
  and ($3::date is null or e.day >= $3) and ($4::date is null or e.day <= $4)
group by p.id, p.day, p.kind, p.document having sum(e.amount) <> 0
order by p.day, p.id limit $5
"""
_CREDIT: Final = """
select coalesce(-sum(amount), 0)::bigint from entry
where book = $1 and account = 'credit' and party = $2 and ($3::date is null or day <= $3)
"""


async def get_statement(
    actor: Actor,
    cloud: CloudFacts | None,
    name: int | str,
    *,
    first: date | None = None,
    last: date | None = None,
) -> Statement:
    """The account of a subscriber by number, or of a cloud with the platform. Raises `NotFound`."""
    async with snapshot(actor) as tx:
        book = await book_of(tx, actor, cloud)
        customer = await customers.named(tx, book, name)
        if customer is None:
            raise no_such(_("cloud") if cloud is None else _("subscriber"), name)
        whose = book.issuer, customer.name
        opening = 0 if first is None else await tx.fetchval(_BEFORE, *whose, first)
        rows = await tx.fetch(_LINES, *whose, first, last, LINES_MAX + 1)
        credit = await tx.fetchval(_CREDIT, *whose, last)
    lines, balance = [], opening
    for row in rows[:LINES_MAX]:
        balance += row["amount"]
        lines.append(AccountLine(**row, balance=balance, currency=customer.currency))
    whole = len(rows) <= LINES_MAX
    return Statement(customer.name, customer.currency, opening, lines, balance, credit, whole=whole)


@dataclass(frozen=True, slots=True)
class Aged:
    """What a customer owes as of a day, by how long it has been due. Minor units.

    `credit` is the credit balance; `total` what is owed less that.
    """

    customer: str
    name: str
    currency: str
    not_due: int
    d30: int
    d60: int
    d90: int
    over_90: int
    credit: int

    @property
    def total(self) -> int:
        """What it owes less what it has in credit."""
        return self.not_due + self.d30 + self.d60 + self.d90 + self.over_90 - self.credit


@dataclass(frozen=True, slots=True)
class AgedSums:
    """How many customers there are, or that there are more than so many; a sum a currency.

    `customer` of a sum is "".
    """

    total: int
    sums: Sequence[Aged]
    is_more: bool


# First whose account is not empty on that day, by sums of the ledger; then the invoices of these.
_OWING: Final = """
select * from (
  select e.party, e.cloud, e.subscriber, e.currency,
         sum(e.amount) filter (where e.account = 'receivable') as owed,
         coalesce(-sum(e.amount) filter (where e.account = 'credit'), 0)::bigint as credit,
         case $1::bigint when 0 then 0 else e.party::bigint end as place
  from entry e
  where e.book = $1 and e.account in ('receivable', 'credit') and e.day <= $2
  group by e.party, e.cloud, e.subscriber, e.currency
) w
where (coalesce(w.owed, 0) <> 0 or w.credit <> 0)
"""
_WHO: Final = f"{_OWING} and (w.place, w.party) > ($3, $4) order by w.place, w.party"
_CREDITS: Final = f"""
select o.currency, count(*)::int as customers, coalesce(sum(o.credit), 0)::bigint as credit
from ({_OWING}) o group by o.currency
"""  # noqa: S608 - texts of ours
_NOTHING: Final = dict.fromkeys(("not_due", "d30", "d60", "d90", "over_90"), 0)
_AGES: Final = """
       coalesce(sum(d.rest) filter (where d.late <= 0), 0)::bigint as not_due,
       coalesce(sum(d.rest) filter (where d.late between 1 and 30), 0)::bigint as d30,
       coalesce(sum(d.rest) filter (where d.late between 31 and 60), 0)::bigint as d60,
       coalesce(sum(d.rest) filter (where d.late between 61 and 90), 0)::bigint as d90,
       coalesce(sum(d.rest) filter (where d.late > 90), 0)::bigint as over_90
"""
_RESTS: Final = """
  select i.cloud, i.subscriber, i.currency, coalesce($2::date - i.due_on, 0) as late, i.total
    + coalesce((select sum(n.total) from invoice n
                where n.cloud = i.cloud and n.credits = i.id and n.issued_on <= $2), 0)
    - coalesce((select sum(a.amount) from allocation a
                where a.cloud = i.cloud and a.invoice = i.id and a.day <= $2), 0)
    - coalesce((select sum(w.amount) from write_off w
                where w.cloud = i.cloud and w.invoice = i.id and w.day <= $2), 0) as rest
  from invoice i
  where i.issuer = $1 and i.issued_on <= $2 and i.total > 0
"""
# What documents were, and what was taken off each: added up and never joined. Row-level security
# lets PostgreSQL take all of it for few rows, and it would go through them for each document.
_ALL_RESTS: Final = """
select r.cloud, r.subscriber, max(r.currency) as currency,
       coalesce($2::date - max(r.due_on), 0) as late, sum(r.amount) as rest
from (
  select i.id, i.cloud, i.subscriber, i.currency, i.due_on, i.total as amount
  from invoice i where i.issuer = $1 and i.issued_on <= $2 and i.total > 0
  union all
  select n.credits, n.cloud, n.subscriber, null, null, n.total
  from invoice n where n.issuer = $1 and n.issued_on <= $2 and n.credits is not null
  union all
  select a.invoice, a.cloud, a.subscriber, null, null, -a.amount
  from allocation a where a.issuer = $1 and a.day <= $2
  union all
  select w.invoice, w.cloud, w.subscriber, null, null, -w.amount
  from write_off w where w.issuer = $1 and w.day <= $2
) r {whose} group by r.id, r.cloud, r.subscriber
"""
_AGE_SUMS: Final = ", ".join(
    f"sum(d.{name})::bigint as {name}" for name in ("not_due", "d30", "d60", "d90", "over_90")
)
# All customers with their ages, for an order that only their sums tell.
_AGED: Final = f"""
select * from (
  select case $1::bigint when 0 then c.slug else s.number::text end as customer,
         coalesce(s.name, c.name) as name, w.currency, coalesce(s.number, 0) as place,
         w.not_due, w.d30, w.d60, w.d90, w.over_90, w.credit, w.total
  from (
    select d.cloud, d.subscriber, d.currency, {_AGE_SUMS}, sum(d.credit)::bigint as credit,
           (sum(d.not_due + d.d30 + d.d60 + d.d90 + d.over_90) - sum(d.credit))::bigint as total
    from (
      select d.cloud, d.subscriber, d.currency, {_AGES}, 0::bigint as credit
      from ({_ALL_RESTS}) d group by d.cloud, d.subscriber, d.currency
      union all
      select e.cloud, e.subscriber, e.currency, 0, 0, 0, 0, 0, -sum(e.amount)::bigint
      from entry e
      where e.book = $1 and e.account = 'credit' and e.day <= $2
      group by e.cloud, e.subscriber, e.currency
    ) d
    group by d.cloud, d.subscriber, d.currency
    having sum(d.not_due + d.d30 + d.d60 + d.d90 + d.over_90) <> 0 or sum(d.credit) <> 0
  ) w
  join cloud c on c.id = w.cloud
  left join subscriber s on s.cloud = w.cloud and s.id = w.subscriber
) a
"""  # noqa: S608 - texts of ours
_AMOUNTS: Final = ("not_due", "d30", "d60", "d90", "over_90", "credit", "total")
# A cloud's documents are found by its own indexes; of the platform there is one a cloud and month.
_WHOSE: Final = {True: "", False: "where r.cloud = $1"}
SORTS: Final = Sorts(
    {"name": "lower(a.name)", **{name: f"a.{name}" for name in _AMOUNTS}}, tie="a.place, a.customer"
)
_LEFT: Final = f"""
select d.cloud, d.subscriber, {_AGES} from ({_RESTS}
  and i.cloud = any($3) and (i.issuer = 0 or i.subscriber = any($4))
) d group by d.cloud, d.subscriber
"""  # noqa: S608 - texts of ours
# Of one currency in a cloud's book; the platform's has several.
_ALL_LEFT: Final = f"""
select d.currency, {_AGES} from ({_ALL_RESTS}) d group by d.currency
"""  # noqa: S608 - texts of ours
_KEPT_LEFT: Final = f"""
select d.currency, {_AGES} from (
  select s.currency, coalesce($2::date - s.due_on, 0) as late, s.open_left as rest
  from invoice_sum s where s.cloud = $1 and s.issuer = $1
) d group by d.currency
"""  # noqa: S608 - texts of ours
_NAMES: Final = """
select u.cloud, u.subscriber, coalesce(s.name, c.name) as name
from unnest($1::bigint[], $2::bigint[]) as u (cloud, subscriber)
join cloud c on c.id = u.cloud
left join subscriber s on s.cloud = u.cloud and s.id = u.subscriber
"""
Key = tuple[int, str]
"""The last customer of a page: a subscriber's number, and its name as text; or 0 and a slug."""


async def list_aged(
    actor: Actor,
    cloud: CloudFacts | None,
    *,
    as_of: date | None,
    now: datetime,
    after: Key | None = None,
    offset: int = 0,
    limit: int = 100,
) -> tuple[list[Aged], Key | None]:
    """Receivables of a book by age, customer by customer in order of number or slug.

    `as_of` is by the end of that day, today's where the books are kept for None. A customer with
    nothing on its account is not among them. `offset` is counted from `after`.
    """
    async with snapshot(actor) as tx:
        book = await book_of(tx, actor, cloud)
        day = as_of or book.today(now)
        is_now = cloud is not None and await receivables_now.is_now(tx, cloud, day)
        who = await tx.fetch(
            f"{receivables_now.WHO if is_now else _WHO} offset $5 limit $6",
            *(book.issuer, day, *(after or (-1, "")), offset, limit + 1),
        )
        page = who[:limit]
        clouds = [row["cloud"] for row in page]
        subscribers = [row["subscriber"] for row in page]
        left = {
            (row["cloud"], row["subscriber"]): {name: row[name] for name in _NOTHING}
            for row in await tx.fetch(
                _LEFT,
                *(book.issuer, day, sorted(set(clouds))),
                [one for one in subscribers if one is not None],
            )
        }
        names = {
            (row["cloud"], row["subscriber"]): row["name"]
            for row in await tx.fetch(_NAMES, clouds, subscribers)
        }
    found = [
        Aged(
            customer=row["party"],
            name=names[(row["cloud"], row["subscriber"])],
            currency=row["currency"],
            **left.get((row["cloud"], row["subscriber"]), _NOTHING),
            credit=row["credit"],
        )
        for row in page
    ]
    last = (page[-1]["place"], page[-1]["party"]) if len(who) > limit else None
    return found, last


async def list_sorted(
    actor: Actor,
    cloud: CloudFacts | None,
    *,
    as_of: date,
    sort: str,
    offset: int = 0,
    limit: int = 50,
) -> list[Aged]:
    """The same in an order of `SORTS`."""
    async with snapshot(actor) as tx:
        book = await book_of(tx, actor, cloud)
        ordered = _AGED.format(whose=_WHOSE[book.cloud is None]) + SORTS.order_by(sort)
        rows = await tx.fetch(
            f"{ordered} offset $3 limit $4",
            *(book.issuer, as_of, offset, limit),
        )
    but = {"place", "total"}
    return [Aged(**{name: one for name, one in row.items() if name not in but}) for row in rows]


async def sum_aged(
    actor: Actor, cloud: CloudFacts | None, as_of: date, *, counted: int | None = None
) -> AgedSums:
    """How many customers of a book `list_aged` has in all, and their sums."""
    most = COUNTED_MAX if counted is None else counted
    async with snapshot(actor) as tx:
        book = await book_of(tx, actor, cloud)
        facts = book.issuer, as_of
        is_now = cloud is not None and await receivables_now.is_now(tx, cloud, as_of)
        is_kept = is_now and invoice_sums.are_for(actor)
        summed = _ALL_LEFT.format(whose=_WHOSE[book.cloud is None])
        left = await tx.fetch(_KEPT_LEFT if is_kept else summed, *facts)
        credits_of = (
            await tx.fetch(receivables_now.CREDITS, *facts, most + 1)
            if is_now
            else await tx.fetch(_CREDITS, *facts)
        )
    ages = {row["currency"]: {name: row[name] for name in _NOTHING} for row in left}
    credit = {row["currency"]: row["credit"] for row in credits_of}
    found = [
        Aged(
            customer="",
            name="",
            currency=currency,
            **ages.get(currency, _NOTHING),
            credit=credit.get(currency, 0),
        )
        for currency in sorted({*ages, *credit, *([] if cloud is None else [cloud.currency])})
    ]
    customers = sum(row["customers"] for row in credits_of)
    return AgedSums(min(customers, most), found, is_more=customers > most)
