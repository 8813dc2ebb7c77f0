"""What a referral sees: what it earned, on which documents, and its referred subscribers.

No cameras by name, no documents and no payments: a document is its number alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Final

from asyncpg import Record

from portal.access import Actor
from portal.billing.commission import Basis, Term, on_issue
from portal.billing.money import to_minor
from portal.billing.period import Period, local_date
from portal.billing.why import explanation as why
from portal.books.queries.commissions import WAITING, Page, reason_of, rows_of
from portal.db import Transaction, snapshot
from portal.errors import NotFound
from portal.kit.queries.pages import Sorts
from portal.kit.queries.zones import tell_todays
from portal.words import _


@dataclass(frozen=True, slots=True)
class Expected:
    """What the running month would earn, were it closed as it stood at `as_of`, in minor units.

    `amount` is earned on the referral's own subscribers, `others` on those of agents below.
    """

    month: date
    amount: int
    as_of: datetime
    others: int = 0


@dataclass(frozen=True, slots=True)
class Earned:
    """A month's commissions in minor units: of own subscribers, and of those of others below."""

    own: int
    others: int

    @property
    def total(self) -> int:
        """Both."""
        return self.own + self.others


@dataclass(frozen=True, slots=True)
class Need:
    """What is to be done: of a subscriber, "idle" without a camera, or "expired"; or "payout".

    That is no subscriber's: its number is 0.
    """

    kind: str
    number: int
    name: str


@dataclass(frozen=True, slots=True)
class Home:
    """A referral at a point in time; `basis` is invoiced or collected.

    `payable`, `held`, `pending` and `stated`, which is on statements that are not paid yet, are of
    all months, `year` is what the months of this year earned. `closed`
    is the last closed month, None while there is none. `by_month` has the months with commissions
    among the last twelve. `expected` is None while nobody has a camera, or before an estimate.
    `next_statement` is the day of the next statement, which is made from `threshold` on, of what is
    `hold_days` old.
    """

    name: str
    percent: Decimal
    basis: str
    currency: str
    today: date
    payable: int
    held: int
    pending: int
    stated: int
    year: int
    closed: date | None
    by_month: Mapping[date, Earned]
    expected: Expected | None
    next_statement: date
    threshold: int
    hold_days: int
    subscribers: int
    active: int
    needs: Sequence[Need]

    @property
    def running(self) -> Period:
        """The month that runs in the cloud's zone."""
        return Period.of(self.today)

    def earned(self, month: date | None) -> int:
        """All that a month earned; 0 where nothing did."""
        found = None if month is None else self.by_month.get(month)
        return 0 if found is None else found.total


@dataclass(frozen=True, slots=True)
class CommissionRow:
    """One amount earned, or below zero given back. `subscriber` is None for one of others below.

    It is pending until `payable_on`; `statement` is the number of the one it is on.
    """

    document: str
    subscriber: int | None
    name: str | None
    month: date
    level: int
    base: int
    percent: Decimal
    amount: int
    state: str
    payable_on: date
    statement: str | None
    earned_at: datetime

    @property
    def reason(self) -> why.Earned | None:
        """The operands that make it."""
        return reason_of(self.base, self.percent, self.amount)


@dataclass(frozen=True, slots=True)
class CommissionPage:
    """A page of commissions, and the sum of all of them in minor units."""

    rows: Sequence[CommissionRow]
    total: int
    amount: int
    currency: str


_WHO: Final = """
select r.id, r.name, r.percent, r.basis, r.iban, r.hold_days, c.currency, c.timezone,
       c.statement_day, c.payout_threshold,
       (select max(p.starts_on) from period p
        where p.cloud = r.cloud and p.state = 'closed') as closed
from referral r join cloud c on c.id = r.cloud
where r.cloud = $1 and r.id = $2
"""
_SUMS: Final = f"""
select e.earned - h.held - h.pending - h.stated as payable, h.held, h.pending,
       h.stated - h.paid as stated, e.year
from (
  select coalesce(sum(amount), 0)::bigint as earned,
         coalesce(sum(amount) filter (where month >= $3), 0)::bigint as year
  from commission_sum where cloud = $1 and referral = $2 and level = 0
) e
cross join ({WAITING.replace("r.id", "$2")}) h
"""  # noqa: S608 - queries of ours
_EXPECTED: Final = """
select month, own as amount, as_of, others from estimate_earned
where cloud = $1 and referral = $2 and month = $3
"""
_NEEDS: Final = """
select 'expired' as kind, s.number, s.name
from expired_invitation x join subscriber s on s.id = x.subscriber
union all
select 'idle', s.number, s.name
from subscriber s
where s.cloud = $1 and s.referral = $2 and s.created_at < $3
  and (s.brought_at is null or s.checked_at is not null)
  and s.served_until <= $4
order by 1, 3, 2 limit $5
"""
NEEDS_MAX: Final = 7
IDLE_DAYS: Final = 30
_BY_MONTH: Final = """
select month, coalesce(sum(amount) filter (where level = 1), 0)::bigint as own,
       coalesce(sum(amount) filter (where level > 1), 0)::bigint as others
from commission_sum where cloud = $1 and referral = $2 and month >= $3 group by month
"""
_ESTIMATE: Final = """
select month, retail - discount as taxable, as_of from estimate
where cloud = $1 and subscriber = $2 and month = $3
"""
# Active is whose last subscription is not over; where the next has not begun, each is looked at.
_COUNTS: Final = """
select count(*)::int as total, count(*) filter (where s.served_until > $3 and s.id <> all(array(
  select f.subscriber from subscription f
  where f.cloud = $1 and f.starts_on > $3
    and (select true from subscription p where p.cloud = $1 and p.subscriber = f.subscriber
         and p.starts_on <= $3 and (p.ends_on is null or p.ends_on > $3) limit 1) is null
  )))::int as active
from subscriber s where s.cloud = $1 and s.referral = $2
"""


async def get(actor: Actor, *, now: datetime) -> Home:
    """The referral whom the actor is, with twelve months of commissions up to the running one."""
    async with snapshot(actor) as tx:
        await tell_todays(tx, now)
        who = await who_is(tx, actor)
        today = local_date(now, who["timezone"])
        running = Period.of(today)
        months = await tx.fetch(_BY_MONTH, actor.cloud, who["id"], running.back(12).start)
        counts = await tx.fetchrow(_COUNTS, actor.cloud, who["id"], today)
        assert counts is not None, "a count is always one row"
        sums = await tx.fetchrow(_SUMS, actor.cloud, who["id"], date(today.year, 1, 1))
        assert sums is not None, "a sum is always one row"
        idle = timedelta(days=IDLE_DAYS)
        needs = await tx.fetch(
            _NEEDS, actor.cloud, who["id"], now - idle, today - idle, NEEDS_MAX + 1
        )
        found = [Need(**row) for row in needs]
        if not who["iban"]:
            found.insert(0, Need("payout", 0, ""))
        return Home(
            name=who["name"],
            percent=who["percent"],
            basis=who["basis"],
            currency=who["currency"],
            today=today,
            **sums,
            closed=who["closed"],
            by_month={row["month"]: Earned(own=row["own"], others=row["others"]) for row in months},
            expected=await _expected(tx, actor, who, running, active=counts["active"]),
            next_statement=_next_statement(today, who["statement_day"]),
            threshold=to_minor(Fraction(who["payout_threshold"]), who["currency"]),
            hold_days=who["hold_days"],
            subscribers=counts["total"],
            active=counts["active"],
            needs=found,
        )


def _next_statement(today: date, day: int) -> date:
    """The next day of statements from today on."""
    ahead = today.replace(day=day)
    return ahead if today <= ahead else Period.of(today).next().start.replace(day=day)


async def _expected(
    tx: Transaction, actor: Actor, who: Record, period: Period, *, active: int
) -> Expected | None:
    """What a running month would earn on all subscribers, as the estimate has summed it."""
    row = await tx.fetchrow(_EXPECTED, actor.cloud, who["id"], period.start)
    if row is None or not (active or row["amount"] or row["others"]):
        return None
    return Expected(**row)


async def who_is(tx: Transaction, actor: Actor) -> Record:
    """The referral's row, its cloud's currency and zone, and the last closed month."""
    row = await tx.fetchrow(_WHO, actor.cloud, actor.referral)
    if row is None:
        raise NotFound(_("There is no such referral."))
    return row


async def expected_on(
    tx: Transaction, actor: Actor, who: Record, period: Period, subscriber: int
) -> Expected | None:
    """What a running month would earn on a subscriber (a row id) of the referral's own."""
    row = await tx.fetchrow(_ESTIMATE, actor.cloud, subscriber, period.start)
    if row is None:
        return None
    term = Term(referral=who["id"], level=1, percent=who["percent"], basis=Basis(who["basis"]))
    amount = sum(one.amount for one in on_issue(row["taxable"], [term]))
    return Expected(month=row["month"], amount=amount, as_of=row["as_of"])


_COMMISSIONS: Final = """
from due_commission m left join subscriber s on s.cloud = m.cloud and s.id = m.subscriber
where m.cloud = $1 and m.referral = $2 and ($3::date is null or m.month = $3)
  and ($4::int is null or m.level = $4) and ($5::text is null or m.state = $5)
  and ($6::bigint[] is null or m.id = any($6))
"""
# How each stands is worked out of those alone that a customer or a text leaves.
_FOUND: Final = """
select k.id from commission k left join subscriber s on s.cloud = k.cloud and s.id = k.subscriber
where k.cloud = $1 and k.referral = $2 and ($3::date is null or k.month = $3)
  and ($4::bigint is null or s.number = $4)
  and ($5::text is null or strpos(lower(k.document), lower($5)) > 0
    or strpos(lower(s.name), lower($5)) > 0)
"""
_COMMISSION_ROWS: Final = """
select m.document, s.number as subscriber, s.name, m.month, m.level, m.base, m.percent, m.amount,
       m.state, m.payable_on, m.statement, m.created_at as earned_at
"""
_COMMISSIONS_SUMMED: Final = """
select count(*)::int as total, coalesce(sum(m.amount), 0)::bigint as amount
"""
_COMMISSION_SORTS: Final = Sorts(
    {
        "document": "m.id",
        "subscriber": "lower(s.name)",
        "month": "m.month",
        "level": "m.level",
        "base": "m.base",
        "amount": "m.amount",
    },
    tie="m.id desc",
    optional=frozenset({"subscriber"}),
)


async def commissions(
    actor: Actor,
    *,
    now: datetime,
    period: Period | None = None,
    subscriber: int | None = None,
    text: str | None = None,
    level: int | None = None,
    state: str | None = None,
    sort: str = "-document",
    offset: int = 0,
    limit: int = 50,
) -> CommissionPage:
    """A page of the referral's commissions.

    `text` is a part of a document's number or of a subscriber's name. `sort` is one of document
    (the order of issue), subscriber, month, level, base and amount.
    """
    async with snapshot(actor) as tx:
        await tell_todays(tx, now)
        who = await who_is(tx, actor)
        month = None if period is None else period.start
        of, ids = (actor.cloud, who["id"], month), None
        if (subscriber, text) != (None, None):
            found = await tx.fetch(_FOUND, *of, subscriber, text)
            ids = [row["id"] for row in found]
        facts = [*of, level, state, ids]
        is_whole = (state, ids) == (None, None)
        page = Page(
            cloud=actor.cloud or 0,
            referral=who["id"],
            month=month,
            level=level,
            order=_COMMISSION_SORTS.order_by(sort),
            offset=offset,
            limit=limit,
        )
        sums, rows = await rows_of(
            tx,
            page,
            facts,
            rows=_COMMISSION_ROWS + _COMMISSIONS,
            sums=None if is_whole else _COMMISSIONS_SUMMED + _COMMISSIONS,
            by_subscriber=sort.endswith("subscriber"),
        )
    return CommissionPage([CommissionRow(**row) for row in rows], **sums, currency=who["currency"])


async def months(actor: Actor) -> list[date]:
    """The first days of the months with commissions, the latest first."""
    async with snapshot(actor) as tx:
        rows = await tx.fetch(
            "select month from commission_sum where cloud = $1 and referral = $2 and level = 0"
            " order by month desc limit 36",
            actor.cloud,
            actor.referral,
        )
    return [row["month"] for row in rows]
