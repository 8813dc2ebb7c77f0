"""What referrals earned."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Final

from asyncpg import Record

from portal.access import Actor
from portal.billing import commission
from portal.billing.period import Period
from portal.billing.why import explanation as why
from portal.billing.why.formula import earned_text
from portal.db import Transaction, snapshot
from portal.errors import no_such
from portal.kit.queries.pages import Sorts, numbered
from portal.kit.queries.tenancy import CloudFacts
from portal.kit.queries.zones import tell_todays
from portal.words import _


@dataclass(frozen=True, slots=True)
class CommissionRow:
    """One amount earned, or below zero given back; `base` and `amount` in minor units.

    It is pending until `payable_on`; `statement` is the number of the one it is on.
    """

    id: int
    referral: str
    name: str
    level: int
    subscriber: int
    document: str
    month: date
    base: int
    percent: Decimal
    amount: int
    state: str
    payable_on: date
    statement: str | None
    currency: str

    @property
    def reason(self) -> why.Earned | None:
        """The operands that make it; None where its own base and percent do not.

        So with a part of a payment, which is the difference of two running sums.
        """
        return reason_of(self.base, self.percent, self.amount)

    @property
    def formula(self) -> str | None:
        """For programs: `13.51 × 15 ÷ 100 = 2.03`."""
        reason = self.reason
        return None if reason is None else earned_text(reason, self.amount, self.currency)


def reason_of(base: int, percent: Decimal, amount: int) -> why.Earned | None:
    """The operands of a commission; None where its own base and percent do not make it."""
    is_whole = commission.earned(base, percent) == amount
    return why.Earned(base, percent) if is_whole else None


WAITING: Final = """
select coalesce(x.held, 0)::bigint as held,
       (coalesce(y.open, 0) - coalesce(x.young, 0))::bigint as pending,
       coalesce(z.stated, 0)::bigint as stated, coalesce(z.paid, 0)::bigint as paid
from (select ((select current_setting('app.todays')::jsonb)->>c.timezone)::date as today,
             a.hold_days
      from cloud c cross join referral a where c.id = $1 and a.cloud = $1 and a.id = r.id) d
cross join lateral (
  select sum(m.amount) as held,
         sum(m.amount) filter (where m.amount > 0 and m.payable_on > d.today) as young
  from due_commission m
  where m.cloud = $1 and m.referral = r.id and m.state = 'held' and m.id in (
    select k.id from commission k
    where k.cloud = $1 and k.referral = r.id
      and k.subscriber = any(array(select h.id from held_subscriber h where h.cloud = $1))
    union all
    select k.id from commission_hold h
    join commission k on k.cloud = h.cloud and k.invoice = h.invoice and k.referral = h.referral
      and k.level = h.level
    where h.cloud = $1 and h.referral = r.id and h.released_at is null)
) x
cross join lateral (
  select sum(k.open) as open from commission_day k
  where k.cloud = $1 and k.referral = r.id and k.earned_on > d.today - d.hold_days
) y
cross join lateral (
  select sum(t.amount) as stated, sum(t.amount) filter (where t.state = 'paid') as paid
  from statement t
  where t.cloud = $1 and t.referral = r.id and t.state in ('draft', 'approved', 'paid')
) z
"""
"""What the referral `r` earned in the cloud $1 and is not payable: held, pending, on a statement.

`stated` has what is `paid`, too; what is left of all that was earned is payable. SQL is told which
day it is (`zones.tell_todays`).
"""
SUMMED: Final = """
select coalesce(sum(k.entries), 0)::int as total, coalesce(sum(k.amount), 0)::bigint as amount
from commission_sum k
where k.cloud = $1 and k.referral = $2 and ($3::date is null or k.month = $3) and k.level = $4
"""
"""How many commissions of a referral there are, of a month or of all, on a level or (0) on all."""
_PAGE: Final = """
select m.id from commission m
where m.cloud = $1 and m.referral = $2 and ($3::date is null or m.month = $3)
  and ($4::int is null or m.level = $4)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Which commissions of a referral to list, in which order, and which of them.

    `cloud` and `referral` are row ids; `order` names columns of commissions `m` alone.
    """

    cloud: int
    referral: int
    month: date | None
    level: int | None
    order: str
    offset: int
    limit: int


async def rows_of(
    tx: Transaction,
    page: Page,
    facts: Sequence[object],
    *,
    rows: str,
    sums: str | None,
    by_subscriber: bool,
) -> tuple[Record, Sequence[Record]]:
    """The sums of what a list has, and the rows of one page of it.

    `rows` and `sums` are its statements over `facts`, the first without an order. Without `sums`
    the list is whole: they are those that are kept; and unless it is in the order `by_subscriber`,
    its ids are found by an index, and what is said of them is looked up then.
    """
    which = page.cloud, page.referral, page.month
    if sums is None:
        found = await tx.fetchrow(SUMMED, *which, page.level or 0)
    else:
        found = await tx.fetchrow(sums, *facts)
    assert found is not None, "a sum is always one row"
    total, part = found["total"], {"offset": page.offset, "limit": page.limit}
    if sums is not None or by_subscriber:
        return found, await numbered(tx, rows + page.order, facts, total, **part)
    ids = await numbered(tx, _PAGE + page.order, (*which, page.level), total, **part)
    chosen = f"{rows} and m.id = any(${len(facts) + 1}){page.order}"
    return found, await tx.fetch(chosen, *facts, [row["id"] for row in ids])


LISTED: Final = """
select m.id, r.code as referral, r.name, m.level, s.number as subscriber, m.document, m.month,
       m.base, m.percent, m.amount, m.state, m.payable_on, m.statement
from due_commission m
join referral r on r.id = m.referral
left join subscriber s on s.id = m.subscriber
"""
"""What `CommissionRow` has but for its currency; SQL is told which day it is."""
_ROWS: Final = (
    LISTED
    + """
where m.cloud = $1 and ($2::date is null or m.month = $2) and ($3::text is null or r.code = $3)
  and m.id > $4 and ($6::text is null or m.state = $6)
  and ($7::bigint is null or exists (
    select from statement_entry e
    where e.cloud = $1 and e.statement = $7 and e.commission = m.id))
order by m.id limit $5
"""
)
_ONE: Final = LISTED + "where m.cloud = $1 and m.id = $2"


async def list_page(
    actor: Actor,
    cloud: CloudFacts,
    *,
    now: datetime,
    period: Period | None = None,
    referral: str | None = None,
    state: str | None = None,
    statement: int | None = None,
    after: int = 0,
    limit: int = 100,
) -> tuple[list[CommissionRow], int | None]:
    """A page of commissions; `period` is the document's month, `referral` a code.

    `state` is one of `billing.payouts.statement.Due`, `statement` the row id of one they are on.
    """
    async with snapshot(actor) as tx:
        await tell_todays(tx, now)
        month = None if period is None else period.start
        facts = cloud.id, month, referral, after, limit + 1, state, statement
        found = await tx.fetch(_ROWS, *facts)
    page = [CommissionRow(**row, currency=cloud.currency) for row in found[:limit]]
    return page, page[-1].id if len(found) > limit else None


async def get(actor: Actor, cloud: CloudFacts, commission: int, *, now: datetime) -> CommissionRow:
    """One by its row id. Raises `NotFound`."""
    async with snapshot(actor) as tx:
        await tell_todays(tx, now)
        return await get_in(tx, cloud, commission)


async def get_in(tx: Transaction, cloud: CloudFacts, commission: int) -> CommissionRow:
    """One by its row id. Raises `NotFound`. SQL is told which day it is before."""
    row = await tx.fetchrow(_ONE, cloud.id, commission)
    if row is None:
        raise no_such(_("commission"), str(commission))
    return CommissionRow(**row, currency=cloud.currency)


@dataclass(frozen=True, slots=True)
class Earned:
    """What a referral earned on the documents of a month: at each level, clawbacks included."""

    code: str
    name: str
    percent: Decimal
    basis: str
    subscribers: int
    documents: int
    own: int
    levels: int

    @property
    def amount(self) -> int:
        """All of it: what its own subscribers earned it, and those of the agents it sponsors."""
        return self.own + self.levels


_EARNED: Final = """
select r.code, r.name, r.percent, r.basis, k.subscribers, k.documents,
       coalesce(d.amount, 0) as own, k.amount - coalesce(d.amount, 0) as levels
from commission_sum k
join referral r on r.id = k.referral
left join commission_sum d on d.cloud = k.cloud and d.referral = k.referral
  and d.month = k.month and d.level = 1
where k.cloud = $1 and k.month = $2 and k.level = 0
  and ($3::text is null or strpos(lower(r.name), lower($3)) > 0 or r.code = $3)
"""
_EARNED_SORTS: Final = Sorts(
    {
        "name": "lower(r.name)",
        "subscribers": "k.subscribers",
        "documents": "k.documents",
        "amount": "k.amount",
    },
    tie="r.code",
)


async def sum_by_referral(
    actor: Actor,
    cloud: CloudFacts,
    period: Period,
    *,
    text: str | None = None,
    sort: str = "-amount",
) -> list[Earned]:
    """What each of a cloud's referrals earned in a month.

    `sort` is name, subscribers, documents or amount, with "-" in front for downwards.
    """
    async with snapshot(actor) as tx:
        rows = await tx.fetch(_EARNED + _EARNED_SORTS.order_by(sort), cloud.id, period.start, text)
    return [Earned(**row) for row in rows]


@dataclass(frozen=True, slots=True)
class ReferralMonth:
    """One referral's month: who it is, one page of what it earned, and sums of the whole."""

    currency: str
    code: str
    name: str
    percent: Decimal
    rows: Sequence[CommissionRow]
    total: int
    amount: int


_OF_REFERRAL: Final = """
from due_commission m
join referral r on r.id = m.referral
left join subscriber s on s.id = m.subscriber
where m.cloud = $1 and m.month = $2 and m.referral = $3
"""
_OF_REFERRAL_ROWS: Final = LISTED.partition("from due_commission")[0] + _OF_REFERRAL
_OF_REFERRAL_SORTS: Final = Sorts(
    {
        "document": "m.document",
        "subscriber": "s.number",
        "level": "m.level",
        "base": "m.base",
        "amount": "m.amount",
    },
    tie="m.id",
    optional=frozenset({"subscriber"}),
)


async def of_referral_in(
    actor: Actor,
    cloud: CloudFacts,
    period: Period,
    code: str,
    *,
    now: datetime,
    sort: str = "document",
    offset: int = 0,
    limit: int = 50,
) -> ReferralMonth:
    """What a referral of a cloud earned in a month, document by document.

    `sort` is document, subscriber, level, base or amount. Raises `NotFound`.
    """
    async with snapshot(actor) as tx:
        await tell_todays(tx, now)
        referral = await tx.fetchrow(
            "select id, code, name, percent from referral where cloud = $1 and code = $2",
            cloud.id,
            code,
        )
        if referral is None:
            raise no_such(_("referral"), code)
        page = Page(
            cloud=cloud.id,
            referral=referral["id"],
            month=period.start,
            level=None,
            order=_OF_REFERRAL_SORTS.order_by(sort),
            offset=offset,
            limit=limit,
        )
        sums, rows = await rows_of(
            tx,
            page,
            (cloud.id, period.start, referral["id"]),
            rows=_OF_REFERRAL_ROWS,
            sums=None,
            by_subscriber=sort.endswith("subscriber"),
        )
    return ReferralMonth(
        currency=cloud.currency,
        code=referral["code"],
        name=referral["name"],
        percent=referral["percent"],
        rows=[CommissionRow(**row, currency=cloud.currency) for row in rows],
        total=sums["total"],
        amount=sums["amount"],
    )
