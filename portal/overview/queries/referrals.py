"""Referrals of a cloud as its operator sees them: what they are owed, and who is below.

Amounts are minor units of the cloud's currency.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Final

from portal.access import Actor
from portal.billing.period import local_date
from portal.books.queries.commissions import WAITING
from portal.customers.queries import referrals
from portal.customers.queries.referrals import Referral
from portal.db import Transaction, snapshot
from portal.kit.queries.pages import Sorts, numbered
from portal.kit.queries.tenancy import CloudFacts
from portal.kit.queries.zones import tell_todays
from portal.values.kinds import code_like

AGENTS_MAX: Final = 200
"""Of one referral's tree that are shown."""


@dataclass(frozen=True, slots=True)
class ReferralRow:
    """A referral with its subscribers, and what it earned: last closed month, not yet paid, held.

    `sponsor` is a code, `sponsor_name` what that one is called.
    """

    code: str
    name: str
    email: str
    percent: Decimal
    basis: str
    sponsor: str | None
    sponsor_name: str | None
    subscribers: int
    last_month: int
    payable: int
    held: int
    pending: int


@dataclass(frozen=True, slots=True)
class Sums:
    """Of all rows that the filters leave."""

    subscribers: int
    last_month: int
    payable: int
    held: int
    pending: int


@dataclass(frozen=True, slots=True)
class ReferralList:
    """One page of them; `total` on all pages; `month` is the last closed one, None before any."""

    rows: Sequence[ReferralRow]
    total: int
    sums: Sums
    month: date | None


@dataclass(frozen=True, slots=True)
class Balance:
    """What a referral earned; `year` is all of the months of the year that runs in the cloud.

    `stated` is on statements that are not paid yet.
    """

    currency: str
    payable: int
    held: int
    pending: int
    stated: int
    year: int
    last_month: int
    subscribers: int
    month: date | None


@dataclass(frozen=True, slots=True)
class Agent:
    """One of those above or below a referral; `level` on which it is paid from there, 1 is itself.

    Below, sales of this agent pay the referral on that level.
    """

    code: Annotated[str, code_like("tess")]
    name: str
    percent: Decimal
    level: int
    subscribers: int
    created_at: datetime


_LAST: Final = "select max(starts_on) from period where cloud = $1 and state = 'closed'"
_LISTED: Final = f"""
with listed as (
  select r.code, r.name, r.email, r.percent, r.basis, s.code as sponsor, s.name as sponsor_name,
         b.subscribers, e.last_month, e.earned - h.held - h.pending - h.stated as payable,
         h.held, h.pending
  from referral r
  left join referral s on s.id = r.sponsor
  cross join lateral (
    select coalesce(sum(k.amount), 0)::bigint as earned,
           coalesce(sum(k.amount) filter (where k.month = $2), 0)::bigint as last_month
    from commission_sum k where k.cloud = $1 and k.referral = r.id and k.level = 0
  ) e
  cross join lateral ({WAITING}) h
  cross join lateral (
    select count(*)::int as subscribers from subscriber b where b.cloud = $1 and b.referral = r.id
  ) b
  where r.cloud = $1 and ($4::text is null or r.basis = $4)
    and ($3::text is null or strpos(lower(r.name), lower($3)) > 0
         or strpos(lower(r.email), lower($3)) > 0 or lower(r.code) = lower($3))
)
"""  # noqa: S608 - queries of ours
_SUMS: Final = """
select count(*)::int as total, coalesce(sum(subscribers), 0)::int as subscribers,
       coalesce(sum(last_month), 0)::bigint as last_month,
       coalesce(sum(payable), 0)::bigint as payable, coalesce(sum(held), 0)::bigint as held,
       coalesce(sum(pending), 0)::bigint as pending
from listed
"""
_ALL: Final = "select * from listed"
_SORTS: Final = Sorts(
    {
        "name": "lower(name)",
        "percent": "percent",
        "subscribers": "subscribers",
        "month": "last_month",
        "payable": "payable",
        "held": "held",
        "pending": "pending",
    },
    tie="code",
)
_BALANCE: Final = f"""
select e.earned - h.held - h.pending - h.stated as payable, h.held, h.pending,
       h.stated - h.paid as stated, e.year, e.last_month
from (
  select coalesce(sum(k.amount), 0)::bigint as earned,
         coalesce(sum(k.amount) filter (where k.month >= $3), 0)::bigint as year,
         coalesce(sum(k.amount) filter (where k.month = $4), 0)::bigint as last_month
  from commission_sum k where k.cloud = $1 and k.referral = $2 and k.level = 0
) e
cross join ({WAITING.replace("r.id", "$2")}) h
"""  # noqa: S608 - queries of ours
_BELOW: Final = """
with recursive below(id, level) as (
  select id, 1 from referral where cloud = $1 and id = $2
  union select r.id, b.level + 1 from referral r join below b on r.sponsor = b.id
  where r.cloud = $1 and b.level < $3
)
select r.code, r.name, r.percent, b.level, r.created_at,
       (select count(*)::int from subscriber s where s.cloud = $1 and s.referral = r.id)
         as subscribers
from below b join referral r on r.id = b.id where b.level > 1
order by b.level, lower(r.name), r.code limit $4
"""
_ABOVE: Final = """
with recursive above(id, sponsor, level) as (
  select id, sponsor, 1 from referral where cloud = $1 and id = $2
  union select r.id, r.sponsor, a.level + 1 from referral r join above a on r.id = a.sponsor
  where r.cloud = $1 and a.level < $3
)
select r.code, r.name, r.percent, a.level, r.created_at,
       (select count(*)::int from subscriber s where s.cloud = $1 and s.referral = r.id)
         as subscribers
from above a join referral r on r.id = a.id where a.level > 1 order by a.level
"""


async def list_page(
    actor: Actor,
    cloud: CloudFacts,
    *,
    now: datetime,
    text: str | None = None,
    basis: str | None = None,
    sort: str = "name",
    offset: int = 0,
    limit: int = 50,
) -> ReferralList:
    """A cloud's referrals. `text` is a part of a name or an address, or a code.

    `sort` is name, percent, subscribers, month, payable, pending or held, with "-" in front for
    downwards.
    """
    async with snapshot(actor) as tx:
        await tell_todays(tx, now)
        month = await tx.fetchval(_LAST, cloud.id)
        facts = cloud.id, month, text, basis
        row = await tx.fetchrow(_LISTED + _SUMS, *facts)
        assert row is not None, "an aggregate has a row"
        sums = dict(row)
        total = sums.pop("total")
        ordered = _LISTED + _ALL + _SORTS.order_by(sort)
        rows = await numbered(tx, ordered, facts, total, offset=offset, limit=limit)
        return ReferralList([ReferralRow(**one) for one in rows], total, Sums(**sums), month)


async def balance(actor: Actor, cloud: CloudFacts, code: str, *, now: datetime) -> Balance:
    """What a referral earned and is owed. Raises `NotFound`."""
    async with snapshot(actor) as tx:
        await tell_todays(tx, now)
        one = await referrals.get_in(tx, cloud.id, code)
        month = await tx.fetchval(_LAST, cloud.id)
        january = local_date(now, cloud.timezone).replace(month=1, day=1)
        row = await tx.fetchrow(_BALANCE, cloud.id, one.id, january, month)
        assert row is not None, "an aggregate has a row"
        subscribers = await tx.fetchval(
            "select count(*) from subscriber where cloud = $1 and referral = $2", cloud.id, one.id
        )
        return Balance(**row, currency=cloud.currency, subscribers=subscribers, month=month)


async def agents(actor: Actor, cloud: CloudFacts, one: Referral) -> tuple[list[Agent], list[Agent]]:
    """Those above a referral and those below it, as deep as levels go; the next ones always."""
    async with snapshot(actor) as tx:
        depth = 1 + max(1, len(cloud.level_percents))
        above = await _agents(tx, _ABOVE, cloud.id, one.id, depth)
        return above, await _agents(tx, _BELOW, cloud.id, one.id, depth, AGENTS_MAX)


async def _agents(tx: Transaction, query: str, *facts: int) -> list[Agent]:
    return [Agent(**row) for row in await tx.fetch(query, *facts)]


async def highest_percent(actor: Actor, cloud: CloudFacts) -> Decimal | None:
    """The highest percent of a cloud's referrals; None without one."""
    async with snapshot(actor) as tx:
        found: Decimal | None = await tx.fetchval(
            "select max(percent) from referral where cloud = $1", cloud.id
        )
        return found


async def codes(actor: Actor, cloud: CloudFacts) -> set[str]:
    """Codes of a cloud's referrals that are taken."""
    async with snapshot(actor) as tx:
        rows = await tx.fetch("select code from referral where cloud = $1", cloud.id)
        return {row["code"] for row in rows}
