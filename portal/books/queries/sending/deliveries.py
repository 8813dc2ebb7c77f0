"""How far documents are on their way to subscribers: of a month, of some, of one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Final

from portal.access import Actor, Role
from portal.billing.period import Period
from portal.books.queries.invoices import Filters, facts_of, which_of
from portal.books.queries.sending import refused
from portal.books.queries.sending.letters import RECIPIENTS
from portal.books.queries.sending.troubles import Trouble
from portal.db import Transaction, snapshot
from portal.errors import Invalid, no_such
from portal.kit.queries import zones
from portal.kit.queries.tenancy import CloudFacts
from portal.values.text import shown
from portal.words import _

TROUBLES: Final = ("failed", "no_address")


@dataclass(frozen=True, slots=True)
class Sending:
    """A month's documents to subscribers, as far as the actor sees them.

    Each is one of `sent`, `waiting` (on its way), `failed` and `unsent`: written to nobody yet. Of
    these `without_address` have nobody to be sent to, and `refused_before` go to an address that a
    server has refused.
    """

    documents: int
    sent: int
    waiting: int
    failed: int
    without_address: int
    refused_before: int = 0

    @property
    def unsent(self) -> int:
        """Those that were written to nobody yet."""
        return self.documents - self.sent - self.waiting - self.failed

    @property
    def to_send(self) -> int:
        """Those that can go now."""
        return self.unsent - self.without_address


@dataclass(frozen=True, slots=True)
class DocumentDelivery:
    """A mail that a document goes with. `copy` is 0 for the first, 1 and more for further ones.

    `state` as of any mail; `taken` are those of the `recipients` that have it, `error` says why the
    others have not. `due_at` is when it is tried, None while its PDF is not made.
    """

    id: int
    number: str
    subscriber: int
    name: str
    copy: int
    state: str
    recipients: Sequence[str]
    taken: Sequence[str]
    attempts: int
    error: str
    created_at: datetime
    due_at: datetime | None
    sent_at: datetime | None


@dataclass(frozen=True, slots=True)
class Document:
    """A document (row id) to a subscriber, and that one's addresses of today."""

    id: int
    number: str
    subscriber: int
    name: str
    recipients: Sequence[str]


_KEPT: Final = """
select coalesce((select sum(documents) from invoice_sum
                 where cloud = $1 and month = $2 and side = 'retail'), 0)::int as documents,
       coalesce(s.sent, 0) as sent, coalesce(s.waiting, 0) as waiting,
       coalesce(s.failed, 0) as failed
from (select 1) one left join sending_sum s on s.cloud = $1 and s.month = $2
"""
# Of who sees some of a cloud's documents only.
_COUNTED: Final = """
select count(*)::int as documents, count(*) filter (where d.state = 'sent')::int as sent,
       count(*) filter (where d.state in ('waiting', 'sending'))::int as waiting,
       count(*) filter (where d.state in ('failed', 'dropped'))::int as failed
from invoice i
left join delivery d on d.cloud = i.cloud and d.document = i.id and d.copy = 0
where i.cloud = $1 and i.month = $2 and i.side = 'retail'
"""
# Customers without an address are few, by an index; what each was issued is then looked up.
_UNREACHABLE: Final = """
from (
  select t.id from subscriber_terms t
  where t.cloud = $1 and t.email = '' and cardinality(t.document_emails) = 0 offset 0
) t
cross join lateral (
  select i.id, i.cloud, i.number, i.buyer from invoice i
  where i.cloud = $1 and i.subscriber = t.id and i.month = $2 and i.side = 'retail' offset 0
) i
where (select true from delivery d where d.cloud = i.cloud and d.document = i.id limit 1) is null
"""
_SELECT: Final = """
select d.id, i.number, s.number as subscriber, i.buyer->>'name' as name, d.copy, d.state,
       d.recipients, d.taken, d.attempts, d.error, d.created_at,
       case when isfinite(d.due_at) then d.due_at end as due_at, d.sent_at
from delivery d join invoice i on i.cloud = d.cloud and i.id = d.document
join subscriber s on s.cloud = i.cloud and s.id = i.subscriber
"""
_TROUBLES: Final = f"""
select * from (
  (select i.number, s.number as subscriber, i.buyer->>'name' as name, d.recipients, d.error,
          i.id as place
   from delivery d join invoice i on i.cloud = d.cloud and i.id = d.document
   join subscriber s on s.cloud = i.cloud and s.id = i.subscriber
   where d.cloud = $1 and d.state = 'failed' and i.month = $2 and i.id > $3
   order by d.document limit $4)
  union all
  (select i.number, (select s.number from subscriber s where s.cloud = i.cloud and s.id = t.id),
          i.buyer->>'name', '{{}}'::text[], '', i.id {_UNREACHABLE}
   and i.id > $3 order by i.id limit $4)
) one order by place limit $4
"""  # noqa: S608 - texts of ours
_DOCUMENT: Final = f"""
select i.id, i.number, s.number as subscriber, i.buyer->>'name' as name,
       {RECIPIENTS} as recipients
from invoice i join subscriber s on s.cloud = i.cloud and s.id = i.subscriber
join subscriber_terms t on t.cloud = s.cloud and t.id = s.id
where i.cloud = $1 and i.number = $2 and i.side = 'retail'
"""  # noqa: S608 - texts of ours


async def of_month(actor: Actor, cloud: CloudFacts, month: date) -> Sending:
    """How far the documents of a month are, `month` its first day."""
    query = _COUNTED if actor.role is Role.ACCOUNT_MANAGER else _KEPT
    async with snapshot(actor) as tx:
        row = await tx.fetchrow(query, cloud.id, month)
        assert row is not None, "sums are a row"
        found = Sending(**row, without_address=0)
        if not found.unsent:
            return found
        missing = await tx.fetchval(f"select count(*)::int {_UNREACHABLE}", cloud.id, month)
        refused_before = await refused.count_in(tx, cloud.id, month)
    return Sending(**row, without_address=missing, refused_before=refused_before)


async def troubles(
    actor: Actor, cloud: CloudFacts, period: Period, *, after: int = 0, limit: int = 100
) -> tuple[list[Trouble], int | None]:
    """Documents of a month that failed or have no address, and where the next page begins."""
    async with snapshot(actor) as tx:
        rows = await tx.fetch(_TROUBLES, cloud.id, period.start, after, limit + 1)
    page = rows[:limit]
    found = [Trouble(*list(row.values())[:5]) for row in page]
    return found, page[-1]["place"] if len(rows) > limit else None


async def list_page(
    actor: Actor,
    cloud: CloudFacts,
    *,
    period: Period | None = None,
    state: str | None = None,
    after: int = 0,
    limit: int = 100,
) -> tuple[list[DocumentDelivery], int | None]:
    """Mails of a cloud's documents in the order in which they were written."""
    async with snapshot(actor) as tx:
        rows = await tx.fetch(
            f"{_SELECT} where d.cloud = $1 and d.document is not null and d.id > $4"
            " and ($2::date is null or i.month = $2) and ($3::text is null or d.state = $3)"
            " order by d.id limit $5",
            cloud.id,
            None if period is None else period.start,
            state,
            after,
            limit + 1,
        )
    page = [DocumentDelivery(**row) for row in rows[:limit]]
    return page, page[-1].id if len(rows) > limit else None


async def of_document(actor: Actor, cloud: CloudFacts, number: str) -> list[DocumentDelivery]:
    """The mails of a document, the first one first. Raises `NotFound`."""
    async with snapshot(actor) as tx:
        found = await tx.fetchval(
            "select id from invoice where cloud = $1 and number = $2 and side = 'retail'",
            cloud.id,
            number,
        )
        if found is None:
            raise no_such(_("document"), number)
        return await of_documents_in(tx, cloud, [found])


async def of_documents_in(
    tx: Transaction, cloud: CloudFacts, ids: Sequence[int]
) -> list[DocumentDelivery]:
    """The mails of some documents (row ids), in the order in which they were written."""
    rows = await tx.fetch(
        f"{_SELECT} where d.cloud = $1 and d.document = any($2::bigint[]) order by d.id limit 1000",
        cloud.id,
        list(ids),
    )
    return [DocumentDelivery(**row) for row in rows]


async def last_in(tx: Transaction, cloud: CloudFacts, document: int) -> DocumentDelivery | None:
    """The latest mail of a document (a row id)."""
    row = await tx.fetchrow(
        f"{_SELECT} where d.cloud = $1 and d.document = $2 order by d.copy desc limit 1",
        cloud.id,
        document,
    )
    return None if row is None else DocumentDelivery(**row)


async def chosen(
    actor: Actor, cloud: CloudFacts, filters: Filters, *, now: datetime, limit: int
) -> list[int]:
    """Row ids of a cloud's documents to subscribers that filters leave, `limit` at most."""
    filters = replace(filters, side="retail")
    async with snapshot(actor) as tx:
        await zones.tell_todays(tx, now)
        rows = await tx.fetch(
            f"select i.id {which_of(filters)} order by i.id limit $7",
            *facts_of(cloud.id, filters),
            limit,
        )
    return [row["id"] for row in rows]


async def ids_of(actor: Actor, cloud: CloudFacts, numbers: Sequence[str]) -> list[int]:
    """Row ids of documents by their numbers. Raises `Invalid` for each that is not there."""
    async with snapshot(actor) as tx:
        rows = await tx.fetch(
            "select number, id from invoice"
            " where cloud = $1 and number = any($2::text[]) and side = 'retail'",
            cloud.id,
            list(numbers),
        )
    found = {row["number"]: row["id"] for row in rows}
    missing = {
        f"numbers[{place}]": _("There is no document %(number)s here.") % {"number": shown(number)}
        for place, number in enumerate(numbers)
        if number not in found
    }
    if missing:
        raise Invalid(missing)
    return [found[number] for number in dict.fromkeys(numbers)]


async def document(actor: Actor, cloud: CloudFacts, number: str) -> Document:
    """A document with its subscriber's addresses of today. Raises `NotFound`."""
    async with snapshot(actor) as tx:
        return await document_in(tx, cloud, number)


async def document_in(tx: Transaction, cloud: CloudFacts, number: str) -> Document:
    """As `document`, within a transaction."""
    row = await tx.fetchrow(_DOCUMENT, cloud.id, number)
    if row is None:
        raise no_such(_("document"), number)
    return Document(**row)
