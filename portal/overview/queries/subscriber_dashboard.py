"""What a subscriber sees of its own: the running month, what was invoiced, what is subscribed.

Every query names the subscriber or leaves that to the policies; nothing here reads what a cloud
pays, earns or owes to others.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from asyncpg import Record

from portal.access import Actor
from portal.billing.money import percent_of
from portal.billing.period import Period, local_date
from portal.db import Transaction, snapshot
from portal.errors import NotFound
from portal.words import _


@dataclass(frozen=True, slots=True)
class SoFar:
    """The running month as far as it is known at `as_of`: minor units, before tax and with it."""

    month: date
    taxable: int
    total: int
    as_of: datetime


@dataclass(frozen=True, slots=True)
class NextInvoice:
    """The next month to be invoiced, and the day on which that is due; None when it may be any day.

    So it is where a person closes the months, and for a month that should be closed already.
    """

    month: date
    on: date | None


@dataclass(frozen=True, slots=True)
class Home:
    """A subscriber at a point in time. `invoiced` is by month, credit notes taken off.

    `cameras` are subscribed today, `cameras_before` were a month ago.
    """

    number: int
    name: str
    currency: str
    today: date
    so_far: SoFar | None
    next: NextInvoice | None
    invoiced: Mapping[date, int]
    cameras: int
    cameras_before: int

    @property
    def running(self) -> Period:
        """The month that runs in the cloud's zone."""
        return Period.of(self.today)


@dataclass(frozen=True, slots=True)
class Terms:
    """A camera on a tariff from a day to the day after the last; None has no end."""

    tariff: str
    starts_on: date
    ends_on: date | None


_WHO: Final = """
select s.id, s.number, s.name, t.tax_exempt, c.currency, c.timezone, c.tax_percent,
       c.close_automatically, c.close_after_days
from subscriber s join subscriber_terms t on t.id = s.id join cloud c on c.id = s.cloud
where s.cloud = $1 and s.id = $2
"""
_ESTIMATE: Final = """
select month, retail, discount, as_of from estimate
where cloud = $1 and subscriber = $2 and month = $3
"""
_INVOICED: Final = """
select month, sum(total)::bigint as total from invoice
where cloud = $1 and subscriber = $2 and month >= $3 group by month
"""
_CAMERAS_ON: Final = """
select count(distinct camera)::int from subscription
where cloud = $1 and subscriber = $2 and starts_on <= $3 and (ends_on is null or ends_on > $3)
"""
_SUBSCRIBED_IN: Final = """
select exists (select from subscription where cloud = $1 and subscriber = $2
  and starts_on < $4 and (ends_on is null or ends_on > $3))
"""
_IS_CLOSED: Final = """
select exists (select from period where cloud = $1 and starts_on = $2 and state = 'closed')
"""


async def get(actor: Actor, *, now: datetime) -> Home:
    """The subscriber whom the actor is, with twelve months of invoices up to the running one."""
    async with snapshot(actor) as tx:
        who = await _who(tx, actor)
        today = local_date(now, who["timezone"])
        running = Period.of(today)
        own = (actor.cloud, who["id"])
        estimate = await tx.fetchrow(_ESTIMATE, *own, running.start)
        invoiced = await tx.fetch(_INVOICED, *own, running.back(11).start)
        return Home(
            number=who["number"],
            name=who["name"],
            currency=who["currency"],
            today=today,
            so_far=None if estimate is None else _so_far(who, estimate),
            next=await _next_invoice(tx, actor, who, today),
            invoiced={row["month"]: row["total"] for row in invoiced},
            cameras=await tx.fetchval(_CAMERAS_ON, *own, today),
            cameras_before=await tx.fetchval(_CAMERAS_ON, *own, _a_month_before(today)),
        )


def _so_far(who: Record, estimate: Record) -> SoFar:
    taxable = estimate["retail"] - estimate["discount"]
    tax = 0 if who["tax_exempt"] else percent_of(taxable, who["tax_percent"])
    return SoFar(
        month=estimate["month"], taxable=taxable, total=taxable + tax, as_of=estimate["as_of"]
    )


async def _next_invoice(
    tx: Transaction, actor: Actor, who: Record, today: date
) -> NextInvoice | None:
    """The oldest of this and the previous month that is subscribed and not closed."""
    running = Period.of(today)
    for period in (running.previous(), running):
        subscribed = await tx.fetchval(
            _SUBSCRIBED_IN, actor.cloud, who["id"], period.start, period.end
        )
        if subscribed and not await tx.fetchval(_IS_CLOSED, actor.cloud, period.start):
            due = period.end + timedelta(days=who["close_after_days"])
            known = who["close_automatically"] and due > today
            return NextInvoice(period.start, due if known else None)
    return None


def _a_month_before(day: date) -> date:
    """The same day of the month before, or its last: 31 March → 28 February."""
    before = Period.of(day).previous()
    return min(before.day(day.day - 1), before.last)


async def _who(tx: Transaction, actor: Actor) -> Record:
    row = await tx.fetchrow(_WHO, actor.cloud, actor.subscriber)
    if row is None:
        raise NotFound(_("There is no such subscriber."))
    return row


async def number(actor: Actor) -> int:
    """The number of the subscriber whom the actor is."""
    async with snapshot(actor) as tx:
        found: int = (await _who(tx, actor))["number"]
        return found


_TERMS: Final = """
select c.external_id, t.name as tariff, s.starts_on, s.ends_on
from subscription s
join camera c on c.cloud = s.cloud and c.id = s.camera
join tariff t on t.id = s.tariff
where s.cloud = $1 and s.subscriber = $2 and s.starts_on < $4
  and (s.ends_on is null or s.ends_on > $3) and c.external_id = any($5::text[])
order by c.external_id, s.starts_on
"""


async def terms(
    actor: Actor, period: Period, cameras: Sequence[str]
) -> Mapping[str, Sequence[Terms]]:
    """What each of the cameras (external ids) was subscribed to in a month, oldest first."""
    async with snapshot(actor) as tx:
        rows = await tx.fetch(
            _TERMS, actor.cloud, actor.subscriber, period.start, period.end, list(cameras)
        )
    found: dict[str, list[Terms]] = defaultdict(list)
    for external_id, *facts in (tuple(row.values()) for row in rows):
        found[external_id].append(Terms(*facts))
    return found


_CHARGED: Final = """
select c.external_id, sum(h.amount)::bigint as amount
from charge h join camera c on c.cloud = h.cloud and c.id = h.camera
where h.cloud = $1 and h.subscriber = $2 and h.side = 'retail' and h.original_period = $3
  and ($4::text is null or strpos(lower(c.external_id), lower($4)) > 0
    or strpos(lower(c.name), lower($4)) > 0)
group by c.external_id
"""


async def charged(actor: Actor, period: Period, *, text: str | None = None) -> Mapping[str, int]:
    """Retail charges about a month by camera (external id), before discount and tax.

    `text` is a part of a camera's external id or name.
    """
    async with snapshot(actor) as tx:
        rows = await tx.fetch(_CHARGED, actor.cloud, actor.subscriber, period.start, text)
    return {row["external_id"]: row["amount"] for row in rows}
