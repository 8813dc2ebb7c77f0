"""Referred subscribers: a page of them, one with its months, and who is to be invited."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from asyncpg import Record

from portal.access import SYSTEM, Actor
from portal.billing.period import Period, local_date
from portal.db import Transaction, snapshot
from portal.errors import no_such
from portal.kit.queries import words
from portal.kit.queries.pages import Part, Sorts, known, looked_at
from portal.overview.queries.referral_dashboard import Expected, expected_on, who_is
from portal.tables.usage_days import peak, span, total, within
from portal.usage.queries import measured
from portal.usage.queries.measured import Measured
from portal.usage.queries.seen import seen
from portal.words import _


@dataclass(frozen=True, slots=True)
class ReferredSubscriber:
    """A subscriber of the referral. `status` is one of STATES.

    `tariffs` and `cameras` are those of today, `earned` the commissions of the month asked for,
    `all_earned` those of all months.
    """

    number: int
    name: str
    status: str
    tariffs: tuple[str, ...]
    cameras: int
    since: date | None
    earned: int
    all_earned: int


@dataclass(frozen=True, slots=True)
class Sums:
    """Of all that match: their cameras of today, and commissions in minor units."""

    cameras: int
    earned: int
    all_earned: int


@dataclass(frozen=True, slots=True)
class ReferredPage:
    """A page of subscribers, how many match, and their sums; `closed` is the month of `earned`.

    With `is_more` there are more than `total`; `sums` is None where they are too many to be summed.
    """

    rows: Sequence[ReferredSubscriber]
    closed: date | None
    total: int
    is_more: bool
    sums: Sums | None


@dataclass(frozen=True, slots=True)
class MonthOf:
    """What a subscriber's cameras used in a month, by service code, and what that earned.

    `earned` is None while the month has not been closed.
    """

    month: date
    cameras: int
    days: int
    quantities: Mapping[str, Decimal]
    earned: int | None


@dataclass(frozen=True, slots=True)
class ReferredMonths:
    """A subscriber with its months, the latest first; `services` are those it used.

    `tariffs` are those of today with the cameras on each; `all_earned` is of all time.
    """

    one: ReferredSubscriber
    currency: str
    percent: Decimal
    basis: str
    today: date
    closed: date | None
    tariffs: Mapping[str, int]
    services: Sequence[Measured]
    months: Sequence[MonthOf]
    expected: Expected | None
    all_earned: int


COUNTED_MAX: Final = 10_000
"""Up to so many are counted; of more it is said that they are more."""
LOOKED_AT_MAX: Final = 1_000
"""The same where each has to be looked at."""
TOTALS_MAX: Final = 500
"""Up to so many are summed below the list."""
STATES: Final = ("with_operator", "active", "planned", "no_cameras", "suspended", "left")
"""With the operator until that has looked; active while a subscription runs."""
_RUNNING: Final = (
    "p.cloud = s.cloud and p.subscriber = s.id and p.starts_on <= $3"
    " and (p.ends_on is null or p.ends_on > $3)"
)
# By values and no `exists`, which are lookups of one subscriber: they never become a join of all.
_IS_ACTIVE: Final = f"(select true from subscription p where {_RUNNING} limit 1)"  # noqa: S608
_SINCE: Final = (
    "(select min(p.starts_on) from subscription p where p.cloud = s.cloud and p.subscriber = s.id)"
)
_CAMERAS: Final = f"(select count(distinct p.camera) from subscription p where {_RUNNING})"  # noqa: S608
_EARNED: Final = (
    "(select coalesce(sum(m.amount), 0)::bigint from commission m"
    " where m.cloud = s.cloud and m.referral = $2 and m.subscriber = s.id{month})"
)
_ALL_EARNED, _LAST_EARNED = _EARNED.format(month=""), _EARNED.format(month=" and m.month = $4")
_IN_STATE: Final = (
    f"case when s.suspended then 'suspended' when {_IS_ACTIVE} then 'active'"
    " when s.brought_at is not null and s.checked_at is null then 'with_operator'"
    f" when {_SINCE} > $3 then 'planned'"
    " when s.served_until = '-infinity' then 'no_cameras' else 'left' end"
)
# All parameters are named, so that each has a type.
_OF_REFERRAL: Final = """
from subscriber s where s.cloud = $1 and s.referral = $2 and $3::date is not null
  and ($4::date is null or true) and ($5::text is null or true) and ($6::text is null or true)
  and ($7::bigint[] is null or true)
"""
_STATE: Final = f" and {_IN_STATE} = $6"
_SORTS: Final = Sorts(
    {
        "number": "s.number",
        "name": "lower(s.name)",
        "since": _SINCE,
        "cameras": _CAMERAS,
        "earned": _LAST_EARNED,
        "total": _ALL_EARNED,
    },
    tie="s.number",
    optional=frozenset({"since"}),
)
_FACTS: Final = """
select s.id, s.number, s.name,
  case when s.suspended then 'suspended' when p.cameras > 0 then 'active'
       when s.brought_at is not null and s.checked_at is null then 'with_operator'
       when p.since > $3 then 'planned' when p.since is null then 'no_cameras' else 'left' end
    as status,
  p.tariffs, p.cameras, p.since, e.earned, e.all_earned
from subscriber s
cross join lateral (
  select min(p.starts_on) as since,
    count(distinct p.camera) filter (where p.runs)::int as cameras,
    array_agg(distinct p.tariff) filter (where p.runs) as tariffs
  from (
    select x.camera, x.tariff, x.starts_on,
           x.starts_on <= $3 and (x.ends_on is null or x.ends_on > $3) as runs
    from subscription x where x.cloud = s.cloud and x.subscriber = s.id
  ) p
) p
cross join lateral (
  select coalesce(sum(m.amount) filter (where m.month = $4), 0)::bigint as earned,
         coalesce(sum(m.amount), 0)::bigint as all_earned
  from commission m where m.cloud = s.cloud and m.referral = $2 and m.subscriber = s.id
) e
where s.cloud = $1 and s.referral = $2
"""
_SUMS: Final = """
select (select count(distinct (p.subscriber, p.camera))::int from subscription p
        where p.cloud = $1 and p.subscriber = any($5::bigint[])
          and p.starts_on <= $3 and (p.ends_on is null or p.ends_on > $3)) as cameras,
       coalesce(sum(m.amount) filter (where m.month = $4), 0)::bigint as earned,
       coalesce(sum(m.amount), 0)::bigint as all_earned
from commission m
where m.cloud = $1 and m.referral = $2 and m.subscriber = any($5::bigint[])
"""


async def list_page(
    actor: Actor,
    *,
    now: datetime,
    text: str | None = None,
    state: str | None = None,
    sort: str = "number",
    offset: int = 0,
    limit: int = 50,
    counted: int | None = None,
) -> ReferredPage:
    """A page of the referral's subscribers, with what the last closed month earned on each.

    `text` is the beginning of a word of a name or of a number, `state` one of STATES. `sort` is one
    of number, name, since, cameras, earned and total, with "-" in front for downwards. Up to
    `counted` are counted;
    unless that is said, COUNTED_MAX, or LOOKED_AT_MAX where a filter looks at each of them.
    """
    if counted is None:
        counted = LOOKED_AT_MAX if text or state else COUNTED_MAX
    async with snapshot(actor) as tx:
        who = await who_is(tx, actor)
        month = actor.cloud, who["id"], local_date(now, who["timezone"]), who["closed"]
        which = _OF_REFERRAL + (_STATE if state else "")
        ids: Sequence[int] = ()
        if (hits := await words.find(tx, words.SUBSCRIBERS, actor.cloud or 0, text)) is not None:
            ids, place = hits.ids, {"cloud": "$1", "row": "s.id", "text": "$5", "ids": "$7"}
            which += f" and {hits.condition(words.SUBSCRIBERS, **place)}"
        of, order = (*month, text, state, ids), _SORTS.order_by(sort)
        part = Part(offset, limit, counted)
        if text or state:
            found = await looked_at(tx, which, of, order, part, by_arguments=True)
        else:
            found = await known(tx, which, of, order, part)
        rows = {
            row["id"]: row
            for row in await tx.fetch(_FACTS + " and s.id = any($5::bigint[])", *month, found.page)
        }
        sums = None
        if not found.is_more and found.total <= TOTALS_MAX:
            every = found.ids
            if len(every) < found.total:
                every = [row["id"] for row in await tx.fetch("select s.id " + which, *of)]
            row = await tx.fetchrow(_SUMS, *month, every)
            assert row is not None, "sums are always one row"
            sums = Sums(**row)
        names = await _names(tx, rows.values())
    listed = [_one(rows[one], names) for one in found.page]
    return ReferredPage(listed, who["closed"], found.total, found.is_more, sums)


async def _names(tx: Transaction, rows: Iterable[Record]) -> dict[int, str]:
    """What the tariffs of rows are called, by row id: each is looked at once."""
    used = {tariff for row in rows for tariff in row["tariffs"] or ()}
    found = await tx.fetch("select id, name from tariff where id = any($1::bigint[])", list(used))
    return {row["id"]: row["name"] for row in found}


def _one(row: Record, names: Mapping[int, str]) -> ReferredSubscriber:
    called = {names[tariff] for tariff in row["tariffs"] or () if tariff in names}
    facts: dict[str, Any] = {**row, "tariffs": tuple(sorted(called))}
    del facts["id"]
    return ReferredSubscriber(**facts)


_TARIFFS: Final = """
select t.name, count(distinct p.camera)::int as cameras
from subscription p join tariff t on t.id = p.tariff
where p.cloud = $1 and p.subscriber = $2
  and p.starts_on <= $3 and (p.ends_on is null or p.ends_on > $3)
group by t.name order by t.name
"""
_EARNED_ON: Final = """
select month, sum(amount)::bigint as amount from commission
where cloud = $1 and referral = $2 and subscriber = $3 group by month
"""
_ON_DAYS: Final = within("u.mask")
_USED: Final = f"""
with per as (
  select month, camera, meter, bit_or(u.days & u.mask) as days,
         sum(case when u.days & ~u.mask = 0 then u.total else {total(_ON_DAYS)} end) as total,
         max(case when u.days & ~u.mask = 0 then u.peak else {peak(_ON_DAYS)} end) as peak
  from (
    select u.*, {span("p.starts_on", "least(p.ends_on, $4)", "u.month")} as mask
    from subscription p
    cross join lateral (
      select * from seen_usage u
      where u.cloud = $1 and u.camera = p.camera and u.month >= $3 and u.month < $4 offset 0
    ) u
    where p.cloud = $1 and p.subscriber = $2 offset 0
  ) u
  where u.days & u.mask <> 0 group by 1, 2, 3
), seen as (select month, camera, bit_or(days) as days from per group by month, camera)
select month, meter, sum(total) as total, sum(peak) as peak, 0 as days, 0 as cameras
from per group by month, meter
union all
select month, null, 0, 0, sum(bit_count(days::bit(31))), count(*) from seen group by month
"""  # noqa: S608 - ours
MONTHS: Final = 12


async def get(actor: Actor, number: int, *, now: datetime) -> ReferredMonths:
    """A subscriber of the referral, with its last twelve months. Raises `NotFound`."""
    async with snapshot(actor) as tx:
        who = await who_is(tx, actor)
        today = local_date(now, who["timezone"])
        running = Period.of(today)
        row = await tx.fetchrow(
            _FACTS + " and s.number = $5", actor.cloud, who["id"], today, who["closed"], number
        )
        if row is None:
            raise no_such(_("subscriber"), number)
        first = running.back(MONTHS - 1).start
        on = {
            one["month"]: one["amount"]
            for one in await tx.fetch(_EARNED_ON, actor.cloud, who["id"], row["id"])
        }
        used = await tx.fetch(seen(_USED), actor.cloud, row["id"], first, today)
        meters = [one["meter"] for one in used if one["meter"] is not None]
        services = await measured.of_meters(tx, meters)
        tariffs = await tx.fetch(_TARIFFS, actor.cloud, row["id"], today)
        return ReferredMonths(
            one=_one(row, await _names(tx, [row])),
            currency=who["currency"],
            percent=who["percent"],
            basis=who["basis"],
            today=today,
            closed=who["closed"],
            tariffs={one["name"]: one["cameras"] for one in tariffs},
            services=services,
            months=_months(first, used, services, on, closed=who["closed"]),
            expected=await expected_on(tx, actor, who, running, row["id"]),
            all_earned=sum(on.values()),
        )


def _months(
    first: date,
    used: Sequence[Record],
    services: Sequence[Measured],
    on: Mapping[date, int],
    *,
    closed: date | None,
) -> list[MonthOf]:
    """The months from `first` with usage or commissions, the latest first."""
    meters: dict[date, dict[int, tuple[int, int]]] = defaultdict(dict)
    counts: dict[date, tuple[int, int]] = {}
    for row in used:
        if row["meter"] is None:
            counts[row["month"]] = int(row["cameras"]), int(row["days"])
        else:
            meters[row["month"]][row["meter"]] = int(row["total"]), int(row["peak"])
    months = sorted({*counts, *(month for month in on if month >= first)}, reverse=True)
    return [
        MonthOf(
            month,
            *counts.get(month, (0, 0)),
            {
                service.code: service.quantity(*meters[month][service.meter], Period.of(month).days)
                for service in services
                if service.meter in meters[month]
            },
            on.get(month, 0 if closed is not None and month <= closed else None),
        )
        for month in months
    ]


@dataclass(frozen=True, slots=True)
class Due:
    """A subscriber who is to be invited: row ids of it and its cloud, and whom to write to."""

    id: int
    cloud: int
    number: int
    name: str
    email: str
    doubts: tuple[str, ...]


INVITED_AT_ONCE: Final = 50
DAYS_TO_INVITE: Final = timedelta(days=7)
"""Who was referred longer ago is the operator's to invite."""
_TO_INVITE: Final = """
select s.id, s.cloud, s.number, s.name, s.email, s.brought_doubts as doubts
from subscriber s join cloud c on c.id = s.cloud
where s.brought_at > $1 and s.email <> '' and not 'email' = any(s.brought_doubts)
  and (s.checked_at is not null or (c.referral_invites and s.brought_doubts = '{}'))
  and not exists (select from portal_user u where u.cloud = s.cloud and u.subscriber = s.id)
order by s.brought_at, s.id limit $2
"""


async def to_invite(*, now: datetime) -> list[Due]:
    """Referred subscribers whom nobody has invited, where it is time, in all clouds."""
    async with snapshot(SYSTEM) as tx:
        rows = await tx.fetch(_TO_INVITE, now - DAYS_TO_INVITE, INVITED_AT_ONCE)
    return [Due(**{**row, "doubts": tuple(row["doubts"])}) for row in rows]
