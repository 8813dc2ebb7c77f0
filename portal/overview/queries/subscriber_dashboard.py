"""What a subscriber sees of its own: the running month, what was invoiced, each camera by day.

Every query names the subscriber or leaves that to the policies; nothing here reads what a cloud
pays, earns or owes to others.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Final

from asyncpg import Record

from portal.access import Actor
from portal.billing.measure import ENABLED, Measure
from portal.billing.money import percent_of
from portal.billing.period import Period, local_date, month_at
from portal.books.queries.charges import with_quantity
from portal.db import Transaction, snapshot
from portal.errors import NotFound, no_such
from portal.usage.queries.usage_sums import IN_TARIFF, Measured


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


@dataclass(frozen=True, slots=True)
class Charged:
    """A retail charge of a camera, in minor units; `service` and `unit` are of an overage.

    `billed_in` is the month whose close made it, later than its own for a correction.
    """

    kind: str
    tariff: str
    service: str | None
    unit: str
    quantity: Fraction
    unit_price: Decimal | None
    amount: int
    billed_in: date


@dataclass(frozen=True, slots=True)
class DayOf:
    """A day of a camera: what it used of each service, in the service's units, by code.

    `tariff` is the one it was on, `enabled` whether it was switched on, None where that is unknown.
    """

    day: date
    tariff: str
    enabled: bool | None
    used: Mapping[str, Decimal]


@dataclass(frozen=True, slots=True)
class CameraMonth:
    """A month of a camera, the days on which it served this subscriber alone.

    `quantities` are of the month, by service; `charges` those about it, made at any time.
    """

    external_id: str
    name: str
    currency: str
    terms: Sequence[Terms]
    services: Sequence[Measured]
    days: Sequence[DayOf]
    quantities: Mapping[str, Decimal]
    charges: Sequence[Charged]

    @property
    def charged(self) -> int:
        """All charges together, before discount and tax."""
        return sum(one.amount for one in self.charges)


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
    return SoFar(estimate["month"], taxable, taxable + tax, estimate["as_of"])


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
        raise NotFound("There is no such subscriber.")
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


_CAMERA: Final = "select id, external_id, name from camera where cloud = $1 and external_id = $2"
_USED: Final = """
select m.id as meter, m.key, u.day, u.quantity
from usage u join meter m on m.id = u.meter
where u.cloud = $1 and u.camera = $2 and u.day >= $3 and u.day < $4
  and exists (select from subscription s where s.cloud = u.cloud and s.camera = u.camera
    and s.subscriber = $5 and s.starts_on <= u.day and (s.ends_on is null or u.day < s.ends_on))
order by u.day
"""
# Those of its tariff come first, used or not; a page opens on the first.
_SERVICES: Final = f"""
select code, name, unit, unit_size, measure, meter from (
  select s.*, {IN_TARIFF} as is_included from service s
) s where is_included or meter = any($1::bigint[])
order by not is_included, code
"""  # noqa: S608 - a condition of ours
_CHARGES: Final = """
select h.kind, t.name as tariff, v.name as service, coalesce(v.unit, '') as unit,
       h.quantity_numerator, h.quantity_denominator, h.unit_price, h.amount,
       p.starts_on as billed_in
from charge h
join period p on p.cloud = h.cloud and p.id = h.period
left join tariff t on t.id = h.tariff
left join service v on v.id = h.service
where h.cloud = $1 and h.subscriber = $2 and h.camera = $3 and h.side = 'retail'
  and h.original_period = $4
order by p.starts_on, h.id
"""


async def camera_month(
    actor: Actor, external_id: str, period: Period, *, now: datetime
) -> CameraMonth:
    """A camera in a month, day by day up to today, or yesterday if today has not been read yet.

    A camera that has moved away is there with the days on which it was this subscriber's. Raises
    `NotFound`.
    """
    async with snapshot(actor) as tx:
        who = await _who(tx, actor)
        row = await tx.fetchrow(_CAMERA, actor.cloud, external_id)
        if row is None:
            raise no_such("camera", external_id)
        on = await terms(actor, period, [external_id])
        used = await tx.fetch(
            _USED, actor.cloud, row["id"], period.start, period.end, actor.subscriber
        )
        services = [
            Measured(**{**one, "measure": Measure(one["measure"])})
            for one in await tx.fetch(
                _SERVICES,
                sorted({one["meter"] for one in used}),
                row["id"],
                period.start,
                period.end,
            )
        ]
        charges = await tx.fetch(_CHARGES, actor.cloud, actor.subscriber, row["id"], period.start)
    month = month_at(period, now, who["timezone"])
    # Today is shown once it has been read, and counts when it is over.
    read_today = any(one["day"] == month.today for one in used)
    after = min(period.end, month.today + timedelta(days=read_today))
    subscribed = on.get(external_id, ())
    return CameraMonth(
        external_id=row["external_id"],
        name=row["name"],
        currency=who["currency"],
        terms=subscribed,
        services=services,
        days=_days(period, after, subscribed, services, used),
        quantities=_quantities(period, services, [u for u in used if u["day"] < month.until]),
        charges=[Charged(**with_quantity(one)) for one in charges],
    )


def _days(
    period: Period,
    after: date,
    subscribed: Sequence[Terms],
    services: Sequence[Measured],
    used: Sequence[Record],
) -> list[DayOf]:
    """The days of a month before `after` on which a tariff held, with or without usage."""
    by_day: dict[date, dict[int, int]] = defaultdict(dict)
    enabled: dict[date, bool] = {}
    for row in used:
        by_day[row["day"]][row["meter"]] = row["quantity"]
        if row["key"] == ENABLED:
            enabled[row["day"]] = bool(row["quantity"])
    return [
        DayOf(
            day=day,
            tariff=one.tariff,
            enabled=enabled.get(day),
            used={
                service.code: Decimal(by_day[day][service.meter]) / service.unit_size
                for service in services
                if service.meter in by_day[day]
            },
        )
        for one in subscribed
        for day in period
        if day < after and one.starts_on <= day and (one.ends_on is None or day < one.ends_on)
    ]


def _quantities(
    period: Period, services: Sequence[Measured], used: Sequence[Record]
) -> dict[str, Decimal]:
    values: dict[int, list[int]] = defaultdict(list)
    for row in used:
        values[row["meter"]].append(row["quantity"])
    return {
        service.code: service.quantity(
            sum(values[service.meter]), max(values[service.meter]), period.days
        )
        for service in services
        if service.meter in values
    }
