"""Issuing a period: what its parts made is moved into the books, in one short transaction.

No document is an object here: statements number and store all of them at once. Killed half-way,
nothing of it has happened; done once, it finds the period closed and does nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from typing import Any, Final

from portal import jobs, tables
from portal.access import SYSTEM
from portal.billing.numbering import issue_year, prefix_of
from portal.billing.period import local_date
from portal.books.actions.closing.documents import PLATFORM_ISSUER, Issuer, next_numbers
from portal.books.actions.closing.rated import drop as drop_rated
from portal.books.actions.closing.settle import settle_cost
from portal.books.actions.closing.tariffs import losses, sum_tariffs
from portal.books.actions.closing.terms import Terms, read_terms
from portal.books.actions.estimates import drop_estimate
from portal.books.actions.money.at_issue import apply_credit_to_issued
from portal.books.actions.sending.due import note_closed
from portal.books.queries import periods
from portal.books.queries.closing import Party
from portal.db import Transaction, atomic
from portal.kit.actions import audit, events
from portal.kit.actions.queueing import enqueue_after_commit
from portal.kit.actions.rows import update
from portal.ports import Queue
from portal.values.webhooks import EventType

_HOLD: Final = "select cloud from period where id = $1 and state = 'closing' for no key update"
_IS_MADE: Final = """
select exists (select from period_settled where cloud = $1 and period = $2)
   and not exists (
     select from period_part where cloud = $1 and period = $2 and done_at is null)
"""
# Made by other terms than those of now, or of a subscriber whose row has been changed since.
_STALE: Final = """
select id from period_part where cloud = $1 and period = $2 and terms <> $3
union
select d.part from period_document d
join subscriber s on s.cloud = d.cloud and s.id = d.subscriber
where d.cloud = $1 and d.period = $2 and d.version <> s.xmin::text::bigint
"""
_IS_OLD: Final = """
select terms <> $3 from period_settled where cloud = $1 and period = $2
"""
_DROP_COST: Final = """
delete from period_document where cloud = $1 and period = $2 and side = 'wholesale'
"""
_WHOSE: Final = """
select s.id from period_part t join subscriber s
  on s.cloud = t.cloud and s.number between t.first and t.last
where t.cloud = $1 and t.period = $2 and t.id = any($3) and t.kind = 'customers'
"""
_DROP_SUMS: Final = """
delete from {table} where cloud = $1 and period = $2 and subscriber in ({whose})
"""
_DROP_PARTS: Final = (
    *(
        _DROP_SUMS.format(table=table, whose=_WHOSE)
        for table in ("margin", "subscriber_month", "tariff_month")
    ),
    """
    delete from margin m using period_part t
    where t.cloud = $1 and t.period = $2 and t.id = any($3) and t.kind = 'cameras'
      and m.cloud = $1 and m.period = $2 and m.subscriber is null
      and m.camera between t.first and t.last
    """,
    "delete from period_document where cloud = $1 and period = $2 and part = any($3)",
    "update period_part set done_at = null where cloud = $1 and period = $2 and id = any($3)",
)


@dataclass(frozen=True, slots=True)
class Issue:
    """The occasion: by which terms, and when the documents are issued."""

    terms: Terms
    now: datetime

    @property
    def of(self) -> tuple[int, int]:
        """The row ids of the cloud and of its period."""
        return self.terms.cloud.id, self.terms.period_id

    @property
    def issuers(self) -> dict[str, tuple[Issuer, Party]]:
        """Who numbers and who sells the documents of a side: first the cloud, then the platform."""
        cloud, platform = self.terms.cloud, self.terms.platform
        own = Issuer(cloud.id, cloud.invoice_prefix, cloud.timezone)
        above = Issuer(PLATFORM_ISSUER, platform.invoice_prefix, platform.timezone)
        return {"retail": (own, self.terms.party), "wholesale": (above, platform.party)}


async def issue(period_id: int, *, now: datetime, queue: Queue) -> bool | None:
    """Close a period whose parts are all made; whether this did.

    None when some part has to be made (anew) first: because a subscriber, a percent or a name
    changed since it was.
    """
    async with atomic(SYSTEM) as tx:
        cloud = await tx.fetchval(_HOLD, period_id)
        if cloud is None:
            return False
        if not await tx.fetchval(_IS_MADE, cloud, period_id):
            return None
        issued = Issue(await read_terms(tx, period_id), now)
        if await _drop_stale(tx, issued):
            return None
        for step in STEPS:
            await step(tx, issued)

        enqueue_after_commit(queue, jobs.RENDER_DOCUMENTS)
        enqueue_after_commit(queue, jobs.SUM_REAL_USE, period_id)
        # the next month of the cloud may have waited for this one
        enqueue_after_commit(queue, jobs.SWEEP)
        return True


async def _drop_stale(tx: Transaction, issued: Issue) -> bool:
    """Take away what was made of something that has changed since; whether anything was."""
    of, digest = issued.of, issued.terms.digest
    stale = [row["id"] for row in await tx.fetch(_STALE, *of, digest)]
    is_old = await tx.fetchval(_IS_OLD, *of, digest)
    if is_old:
        await tx.execute(_DROP_COST, *of)
        await settle_cost(tx, issued.terms, issued.now)
    for statement in _DROP_PARTS if stale else ():
        await tx.execute(statement, *of, stale)
    return bool(stale or is_old)


_DUE: Final = """
select side, count(*)::int as documents from period_document
where cloud = $1 and period = $2 and type is not null group by side
"""
# Each document with its number, the n-th of a side having the n-th as `numbering.number_of` writes
# it, goes with its lines and commissions into the books at once: nothing is looked up again.
_DOCUMENTS: Final = """
with numbered as materialized (
  select d.*, nextval('invoice_id_seq') as invoice,
         d.prefix || lpad(d.n::text, greatest(6, length(d.n::text)), '0') as document
  from (
    select d.*, i.issuer, i.prefix, i.issued_on, i.seller,
           i.first - 1 + row_number() over (partition by d.side order by d.number) as n
    from period_document d
    join unnest($7::text[], $8::bigint[], $9::text[], $10::bigint[], $11::date[], $12::jsonb[])
      as i(side, issuer, prefix, first, issued_on, seller) on i.side = d.side
    where d.cloud = $1 and d.period = $2 and d.type is not null
    order by d.side, d.number
  ) d
),
documents as (
  insert into invoice (id, cloud, subscriber, period, month, side, type, issuer, number, sequence,
    issued_at, issued_on, due_on, currency, locale, seller, buyer, discount_percent, tax_percent,
    tax_exempt, subtotal, discount, taxable, tax, total, reason)
  select invoice, cloud, subscriber, period, $3, side, type, issuer, document, n, $4, issued_on,
         case when total > 0 then issued_on + $5::int end, $6, locale, seller, buyer,
         discount_percent, tax_percent, tax_exempt, subtotal, discount, taxable, tax, total, ''
  from numbered
),
lines as (
  insert into invoice_line (cloud, subscriber, invoice, position, kind, version, service,
    original_period, name, service_name, valid_from, unit, quantity, unit_price, amount)
  select d.cloud, d.subscriber, d.invoice, l.place - 1, l.kind, l.version, l.service,
         l.original_period, l.name, l.service_name, l.valid_from, l.unit, l.quantity, l.unit_price,
         l.amount
  from numbered d cross join lateral rows from (jsonb_to_recordset(d.lines) as (
    kind text, version bigint, service bigint, original_period date, name text, service_name text,
    valid_from date, unit text, quantity numeric, unit_price numeric, amount bigint
  )) with ordinality as l(kind, version, service, original_period, name, service_name, valid_from,
    unit, quantity, unit_price, amount, place)
),
terms as (
  insert into commission_term (cloud, referral, subscriber, invoice, level, percent)
  select d.cloud, t.referral, d.subscriber, d.invoice, t.level, t.percent
  from numbered d cross join lateral jsonb_to_recordset(d.collected) as t(
    referral bigint, level int, percent numeric)
  where d.collected <> '[]'
)
insert into commission (cloud, referral, subscriber, invoice, document, month, day, level, basis,
  base, percent, amount)
select d.cloud, e.referral, d.subscriber, d.invoice, d.document, $3, d.issued_on, e.level, e.basis,
       e.base, e.percent, e.amount
from numbered d cross join lateral jsonb_to_recordset(d.earned) as e(
  referral bigint, level int, basis text, base bigint, percent numeric, amount bigint)
where d.earned <> '[]'
"""


async def _store_documents(tx: Transaction, issued: Issue) -> None:
    """Numbers from the locked series, in order of subscriber number."""
    terms, now = issued.terms, issued.now
    due = {row["side"]: row["documents"] for row in await tx.fetch(_DUE, *issued.of)}
    rows: list[tuple[str, int, str, int, date, dict[str, Any]]] = []
    for side, (issuer, party) in issued.issuers.items():
        if side in due:
            year, on = issue_year(now, issuer.zone), local_date(now, issuer.zone)
            first = await next_numbers(tx, issuer, year, due[side])
            prefix = prefix_of(issuer.prefix, year)
            rows.append((side, issuer.id, prefix, first, on, party.as_object()))
    if rows:
        cloud = terms.cloud
        facts = terms.period.start, now, cloud.payment_days, cloud.currency
        columns = (list(column) for column in zip(*rows, strict=True))
        await tx.execute(_DOCUMENTS, *issued.of, *facts, *columns)


async def _apply_credit(tx: Transaction, issued: Issue) -> None:
    await apply_credit_to_issued(tx, issued.terms.cloud, issued.terms.period_id)


_FIGURES: Final = """
select coalesce(sum(subtotal) filter (where side = 'retail'), 0)::bigint as retail,
       coalesce(sum(subtotal) filter (where side = 'wholesale'), 0)::bigint as wholesale,
       coalesce(sum(commission), 0)::bigint as commission
from period_document where cloud = $1 and period = $2
"""


async def _close(tx: Transaction, issued: Issue) -> None:
    terms, of = issued.terms, issued.of
    row = await tx.fetchrow(_FIGURES, *of)
    assert row is not None, "a sum is a row"
    figures = {
        "retail": row["retail"],
        "wholesale": row["wholesale"],
        "commission": row["commission"],
    }
    await sum_tariffs(tx, *of)
    losing, lost = await losses(tx, *of)
    kept = {**figures, "losing": losing, "lost": lost}
    columns = {**kept, "state": "closed", "closed_at": issued.now, "trouble": ""}
    await update(tx, tables.Period, terms.period_id, columns)
    await tx.execute("delete from period_document where cloud = $1 and period = $2", *of)
    await drop_rated(tx, terms.cloud.id, terms.period)
    await drop_estimate(tx, terms.cloud.id, terms.period)
    await note_closed(tx, terms.cloud.id, terms.period)
    await audit.record(
        tx,
        SYSTEM,
        "period.closed",
        f"period {terms.period.key}",
        cloud=terms.cloud.id,
        after=figures,
    )


_TOLD: Final = """
select id from invoice where cloud = $1 and period = $2 and issuer = $1
  and (wants_events($1, 'invoice.issued') or wants_events($1, 'invoice.paid'))
"""


async def _note_events(tx: Transaction, issued: Issue) -> None:
    """The cloud's own systems are told, where it has any."""
    terms, now = issued.terms, issued.now
    cloud, today = terms.cloud, local_date(now, terms.cloud.timezone)
    documents = [row["id"] for row in await tx.fetch(_TOLD, *issued.of)]
    for kind in (EventType.INVOICE_ISSUED, EventType.INVOICE_PAID):
        events.note_documents(tx, cloud.id, kind, documents, now=now, today=today)
    read = partial(periods.get, SYSTEM, cloud, terms.period, now=now)
    events.note(tx, cloud.id, EventType.PERIOD_CLOSED, now=now, facts=read)


STEPS: Final = (_store_documents, _apply_credit, _close, _note_events)
"""What issuing is, in order: each is a statement or two over all documents of the period.

What else belongs to the moment of issue goes between the documents and the end.
"""
