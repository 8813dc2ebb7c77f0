"""What a subscriber sees of its own: the running month, what was invoiced, what is subscribed.

Every query names the subscriber or leaves that to the policies; nothing here reads what a cloud
pays, earns or owes to others.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from asyncpg import Record

from portal.access import Actor
from portal.billing.money import percent_of
from portal.billing.numbering import payment_reference
from portal.billing.period import Period, local_date
from portal.db import Transaction, snapshot
from portal.errors import NotFound
from portal.kit.queries import zones
from portal.values.bank import iban_of
from portal.words import _


@dataclass(frozen=True, slots=True)
class SoFar:
    """The running month as far as it is known at `as_of`: minor units, before tax and with it.

    `likely` is what the whole month will probably come to, with tax; `cameras` are those in it.
    """

    month: date
    taxable: int
    total: int
    likely: int
    cameras: int
    as_of: datetime


@dataclass(frozen=True, slots=True)
class Contact:
    """Whom a subscriber asks: the operator, and its account manager where it has one."""

    operator: str
    phone: str
    email: str
    manager: str
    manager_email: str


@dataclass(frozen=True, slots=True)
class ToPay:
    """What is open, in minor units: how many invoices, the day of the oldest, and where to pay.

    `references` are the numbers of the oldest, `bank` the lines that documents print.
    """

    amount: int
    invoices: int
    due_on: date | None
    overdue: bool
    references: tuple[str, ...]
    bank: tuple[str, ...]

    @property
    def to_type(self) -> tuple[tuple[str, str], ...]:
        """Each number with what a transfer gives as its reference: RF where there is an IBAN."""
        has_iban = bool(iban_of(self.bank))
        return tuple(
            (number, payment_reference(number) if has_iban else number)
            for number in self.references
        )


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


_WHO: Final = """
select s.id, s.number, s.name, t.tax_exempt, t.discount_percent, c.currency, c.timezone,
       c.tax_percent, c.close_automatically, c.close_after_days
from subscriber s join subscriber_terms t on t.id = s.id join cloud c on c.id = s.cloud
where s.cloud = $1 and s.id = $2
"""
_ESTIMATE: Final = """
select month, retail, discount, likely, cameras, as_of from estimate
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
    likely = estimate["likely"] - percent_of(estimate["likely"], who["discount_percent"])

    def with_tax(amount: int) -> int:
        return amount + (0 if who["tax_exempt"] else percent_of(amount, who["tax_percent"]))

    return SoFar(
        month=estimate["month"],
        taxable=taxable,
        total=with_tax(taxable),
        likely=with_tax(likely),
        cameras=estimate["cameras"],
        as_of=estimate["as_of"],
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


_CONTACT: Final = """
select c.name as operator, c.phone, c.email, coalesce(m.name, '') as manager,
       coalesce(m.email, '') as manager_email
from cloud c left join own_account_manager m on m.cloud = c.id where c.id = $1
"""
_OPEN: Final = """
select i.number, b.left, i.due_on, b.overdue
from invoice i join document_balance b on b.cloud = i.cloud and b.invoice = i.id
where i.cloud = $1 and i.subscriber = $2 and i.type = 'invoice' and b.left > 0
order by i.due_on nulls last, i.id
"""
REFERENCES_MAX: Final = 10
"""Numbers that are told one by one; a transfer of more names the oldest."""


async def contact(actor: Actor) -> Contact:
    """Whom the subscriber asks."""
    async with snapshot(actor) as tx:
        row = await tx.fetchrow(_CONTACT, actor.cloud)
    assert row is not None, "everybody sees their own cloud"
    return Contact(**row)


async def to_pay(actor: Actor, *, now: datetime) -> ToPay:
    """What the subscriber owes today, by its invoices; money that was paid is taken off."""
    async with snapshot(actor) as tx:
        await zones.tell_todays(tx, now)
        rows = await tx.fetch(_OPEN, actor.cloud, actor.subscriber)
        bank = await tx.fetchval("select bank from cloud where id = $1", actor.cloud)
    return ToPay(
        amount=sum(row["left"] for row in rows),
        invoices=len(rows),
        due_on=next((row["due_on"] for row in rows), None),
        overdue=any(row["overdue"] for row in rows),
        references=tuple(row["number"] for row in rows[:REFERENCES_MAX]),
        bank=tuple(bank or ()),
    )
