"""Statements: drafted of all that is payable, approved with a number, paid or voided."""

from __future__ import annotations

from datetime import date, datetime
from fractions import Fraction
from functools import partial
from typing import Any, Final

from portal import jobs, tables
from portal.access import Actor, Permission
from portal.billing.money import to_minor
from portal.billing.payouts import statement as law
from portal.billing.payouts.statement import StatementState
from portal.billing.period import Period, has_ended, local_date
from portal.books.forms.statement import PayStatement
from portal.books.queries.commissions import CommissionRow
from portal.books.queries.commissions import get_in as commission_in
from portal.books.queries.payouts import statements
from portal.books.queries.payouts.statements import Statement
from portal.customers.queries import referrals
from portal.db import Transaction, atomic
from portal.errors import Conflict, Invalid
from portal.kit.actions import audit, events
from portal.kit.actions.permit import require
from portal.kit.actions.queueing import enqueue_after_commit
from portal.kit.actions.rows import update
from portal.kit.queries.tenancy import CloudFacts
from portal.kit.queries.zones import tell_todays
from portal.ports import Queue
from portal.values.webhooks import EventType
from portal.words import _

_LOCK: Final = "select pg_advisory_xact_lock(hashtextextended('statements of ' || $1::bigint, 0))"
# In one statement, so that sums and entries are of the same commissions. `law.sum_of` says which.
_DRAFT: Final = """
with payable as (
  select m.id, m.referral, m.month, m.amount
  from due_commission m
  where m.cloud = $1 and m.entry is null and m.state = 'payable'
    and ($2::bigint is null or m.referral = $2)
    and not exists (select from statement t where t.cloud = $1 and t.referral = m.referral
                    and t.month = $3 and t.state not in ('dropped', 'void'))
), made as (
  insert into statement
    (cloud, referral, month, currency, entries, carried, amount, made_at, made_by)
  select $1, referral, $3, $4, count(*), coalesce(sum(amount) filter (where month < $3), 0),
         sum(amount), $5, $6
  from payable group by referral having sum(amount) >= $7 order by referral
  returning id, referral
), entries as (
  insert into statement_entry (cloud, referral, statement, commission)
  select $1, p.referral, t.id, p.id from payable p join made t on t.referral = p.referral
  order by p.id
)
select id from made
"""
_THRESHOLD: Final = "select payout_threshold from cloud where id = $1"
_NUMBER: Final = """
insert into statement_series (cloud, year, last_number) values ($1, $2, 1)
on conflict (cloud, year) do update set last_number = statement_series.last_number + 1
returning last_number
"""
_PAYER: Final = """
select name, address, tax_number, email, bank from cloud where id = $1
"""
_PAYEE: Final = """
select code, name, payee, address, tax_number, email, iban, bic from referral
where cloud = $1 and code = $2
"""
_FREE: Final = "update statement_entry set freed = true where cloud = $1 and statement = $2"


async def draft(
    actor: Actor, cloud: CloudFacts, period: Period, *, referral: str | None = None, now: datetime
) -> list[Statement]:
    """Draft what a month's statements are to be, of all that is payable, whatever month earned it.

    Those that stand are left as they are, and are among the answer. Who names a `referral` (a code)
    is not stopped by the threshold. Raises `Conflict` for a month that has not ended, and for a
    referral of whom nothing is payable; `NotFound` for an unknown one.
    """
    require(actor, Permission.PAYMENTS_WRITE)
    if not has_ended(period, now, cloud.timezone):
        facts = {"key": period.key, "timezone": cloud.timezone}
        raise Conflict(_("%(key)s has not ended in %(timezone)s.") % facts)
    async with atomic(actor) as tx:
        one = None if referral is None else await referrals.get_in(tx, cloud.id, referral)
        chosen = None if one is None else one.id
        await draft_in(tx, actor, cloud, period, referral=chosen, now=now)
        found = await statements.of_month(tx, cloud, period, referral)
    if referral is not None and not found:
        raise Conflict(_("Nothing is payable to referral %(code)s.") % {"code": referral})
    return found


async def lock(tx: Transaction, cloud: int) -> None:
    """Be the only one who drafts and voids statements of a cloud, up to the end."""
    await tx.execute(_LOCK, cloud)


async def draft_in(
    tx: Transaction,
    actor: Actor,
    cloud: CloudFacts,
    period: Period,
    *,
    referral: int | None,
    now: datetime,
) -> None:
    """As `draft`, within a transaction; `referral` is a row id."""
    await lock(tx, cloud.id)
    await tell_todays(tx, now)
    threshold = to_minor(Fraction(await tx.fetchval(_THRESHOLD, cloud.id)), cloud.currency)
    least = law.least(threshold, asked_for=referral is not None)
    facts = cloud.id, referral, period.start, cloud.currency, now, actor.name, least
    made = [row["id"] for row in await tx.fetch(_DRAFT, *facts)]
    for one in made:
        await _changed(tx, actor, cloud, one, "statement.draft")


async def approve(
    actor: Actor, cloud: CloudFacts, key: str, *, now: datetime, queue: Queue
) -> Statement:
    """Give a draft its number; from now on it says what it says. Approved again it stays so.

    Its PDF follows.

    Raises `Conflict` for one that was dropped, voided or paid.
    """
    require(actor, Permission.PAYMENTS_WRITE)
    async with atomic(actor) as tx:
        found = await statements.get_in(tx, cloud, key, lock=True)
        if found.state == StatementState.APPROVED:
            return found
        _refuse_unless(found, StatementState.DRAFT)
        today = local_date(now, cloud.timezone)
        n = await tx.fetchval(_NUMBER, cloud.id, today.year)
        payer = await tx.fetchrow(_PAYER, cloud.id)
        payee = await tx.fetchrow(_PAYEE, cloud.id, found.referral)
        assert payer is not None, "a statement is of a cloud"
        assert payee is not None, "a statement is of a referral"
        columns: dict[str, Any] = {
            "state": str(StatementState.APPROVED),
            "number": law.number_of(cloud.invoice_prefix, today.year, n),
            "sequence": n,
            "approved_at": now,
            "approved_on": today,
            "approved_by": actor.name,
            "payer": dict(payer),
            "payee": dict(payee),
        }
        await update(tx, tables.Statement, found.id, columns)
        enqueue_after_commit(queue, jobs.RENDER_DOCUMENTS)
        _note(tx, cloud, EventType.STATEMENT_APPROVED, found.id, now)
        return await _changed(tx, actor, cloud, found.id, "statement.approve")


async def void(
    actor: Actor, cloud: CloudFacts, key: str, reason: str, *, now: datetime
) -> Statement:
    """Drop a draft, or void an approved one: its commissions are payable again, its number is used.

    Done again it stays so. Raises `Conflict` for one that was paid.
    """
    require(actor, Permission.PAYMENTS_WRITE)
    async with atomic(actor) as tx:
        await lock(tx, cloud.id)
        found = await statements.get_in(tx, cloud, key, lock=True)
        if found.state in {StatementState.DROPPED, StatementState.VOID}:
            return found
        _refuse_unless(found, StatementState.DRAFT, StatementState.APPROVED)
        is_draft = found.state == StatementState.DRAFT
        state = StatementState.DROPPED if is_draft else StatementState.VOID
        columns = {
            "state": str(state),
            "ended_at": now,
            "ended_by": actor.name,
            "reason": reason,
        }
        await update(tx, tables.Statement, found.id, columns)
        ended = await _changed(tx, actor, cloud, found.id, "statement.void")
        await tx.execute(_FREE, cloud.id, found.id)
        return ended


async def pay(
    actor: Actor, cloud: CloudFacts, key: str, paid: PayStatement, *, now: datetime
) -> Statement:
    """Note that an approved statement was paid. The same again changes nothing.

    Raises `Invalid` for a day to come, `Conflict` for one that is not approved, or was paid on
    another day or under another reference.
    """
    require(actor, Permission.PAYMENTS_WRITE)
    _refuse_day(paid.paid_on, local_date(now, cloud.timezone))
    async with atomic(actor) as tx:
        found = await statements.get_in(tx, cloud, key, lock=True)
        if found.state == StatementState.PAID:
            if (found.paid_on, found.reference) == (paid.paid_on, paid.reference):
                return found
            facts = {"number": found.title, "day": found.paid_on, "reference": found.reference}
            raise Conflict(
                _("Statement %(number)s was paid on %(day)s with the reference “%(reference)s”.")
                % facts
            )
        _refuse_unless(found, StatementState.APPROVED)
        columns = {
            "state": str(StatementState.PAID),
            "paid_on": paid.paid_on,
            "reference": paid.reference,
            "ended_at": now,
            "ended_by": actor.name,
        }
        await update(tx, tables.Statement, found.id, columns)
        _note(tx, cloud, EventType.STATEMENT_PAID, found.id, now)
        return await _changed(tx, actor, cloud, found.id, "statement.pay")


def _note(
    tx: Transaction, cloud: CloudFacts, kind: EventType, statement: int, now: datetime
) -> None:
    """Tell the cloud's systems what happened to a statement."""
    read = partial(statements.by_id_in, tx, cloud, statement)
    events.note(tx, cloud.id, kind, now=now, facts=read)


async def release(
    actor: Actor, cloud: CloudFacts, commission: int, reason: str, *, now: datetime
) -> CommissionRow:
    """Pay out in time what is held since referral and subscriber seem to be the same person.

    All that the referral earns on that document on that level is released. Released again it stays
    so. Raises `NotFound`; `Conflict` for one that is not held, or that waits for a look at its
    subscriber.
    """
    require(actor, Permission.PAYMENTS_WRITE)
    async with atomic(actor) as tx:
        await tell_todays(tx, now)
        found = await commission_in(tx, cloud, commission)
        hold = await tx.fetchrow(_HOLD, cloud.id, commission)
        if hold is None:
            if found.state == law.Due.HELD:
                facts = {"number": found.subscriber}
                told = _("It waits until you have checked subscriber %(number)s: check that first.")
                raise Conflict(told % facts)
            raise Conflict(_("This commission is not held."))
        if hold["released_at"] is not None:
            return found
        columns = {"released_at": now, "released_by": actor.name, "reason": reason}
        await update(tx, tables.CommissionHold, hold["id"], columns)
        await audit.record(
            tx,
            actor,
            "commission.release",
            f"commission {found.referral} {found.document}",
            cloud=cloud.id,
            after={"level": found.level, "reason": reason},
        )
        return await commission_in(tx, cloud, commission)


_HOLD: Final = """
select h.id, h.released_at from commission_hold h
join commission m on m.cloud = h.cloud and m.invoice = h.invoice and m.referral = h.referral
  and m.level = h.level
where m.cloud = $1 and m.id = $2
for update of h
"""


def _refuse_day(day: date, today: date) -> None:
    if day > today:
        raise Invalid({"paid_on": _("is a day to come")})


_AS_IT_IS: Final = {
    StatementState.DRAFT: _("Statement %(number)s is a draft: approve it first."),
    StatementState.DROPPED: _("Statement %(number)s was dropped."),
    StatementState.APPROVED: _("Statement %(number)s is approved."),
    StatementState.VOID: _("Statement %(number)s was voided."),
    StatementState.PAID: _("Statement %(number)s was paid."),
}


def _refuse_unless(found: Statement, *states: StatementState) -> None:
    if found.state not in states:
        told = _AS_IT_IS[StatementState(found.state)]
        raise Conflict(told % {"number": found.title})


async def _changed(
    tx: Transaction, actor: Actor, cloud: CloudFacts, statement: int, action: str
) -> Statement:
    """A statement (a row id) as it was stored just now; the log says what was done with it."""
    found = await statements.by_id_in(tx, cloud, statement)
    await audit.record(tx, actor, action, f"statement {found.title}", cloud=cloud.id, after=found)
    return found
