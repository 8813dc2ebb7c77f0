"""Issued documents: lists of them, and one with its lines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final, TypeVar

from portal.access import Actor, Role
from portal.billing.balance import State
from portal.billing.numbering import payment_reference
from portal.billing.period import Period
from portal.billing.rating import Side
from portal.books.queries.document_search import FOUND
from portal.books.queries.sending.listed import CONDITIONS, LAST_STATE
from portal.books.queries.sums import balance_sums, invoice_sums
from portal.books.queries.sums.balance_sums import BALANCE, OF_STATE, of_state
from portal.books.queries.sums.document_lines import InvoiceLine
from portal.books.queries.sums.invoice_sums import SETTLED, Sums, span
from portal.db import Transaction, acting, snapshot
from portal.errors import no_such
from portal.kit.queries import tenancy, zones
from portal.kit.queries.pages import Sorts, in_order, numbered
from portal.kit.queries.tenancy import CloudFacts
from portal.values.lines import LineFacts
from portal.values.rendering import reason_of
from portal.words import _

STATES: Final = (State.OPEN, State.OVERDUE, SETTLED, State.CREDIT_NOTE)
"""What a list may be narrowed to; what is overdue is open, too."""


@dataclass(frozen=True, slots=True)
class Filters:
    """Which documents to list; None is all. `cloud` is a slug, `state` one of STATES.

    `text` is the beginning or end of a number, or begins a word of the buyer's name;
    `account_manager` an e-mail address, `sent` how far its mail is, one of `listed.CONDITIONS`.
    """

    cloud: str | None = None
    period: Period | None = None
    side: str | None = None
    subscriber: int | None = None
    text: str | None = None
    state: str | None = None
    account_manager: str | None = None
    sent: str | None = None

    @property
    def are_kept(self) -> bool:
        """Whether what is kept of months and sides sums what these leave."""
        return (self.text, self.subscriber, self.account_manager, self.sent) == (None,) * 4


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceRow:
    """An invoice or credit note in a list. Amounts: minor units, negative on a credit note.

    `cloud` is a slug. What `credited`, `paid`, `left` and `state` are, `billing.balance` says;
    today is by the calendar of whoever issued it. `sent` is its latest mail's state, None of none.
    """

    id: int
    number: str
    type: str
    side: str
    cloud: str
    cloud_name: str
    subscriber: int | None
    name: str
    month: date
    issued_at: datetime
    issued_on: date
    due_on: date | None
    currency: str
    total: int
    credited: int
    paid: int
    written_off: int
    left: int
    overdue: bool
    disputed: bool
    in_collection: bool
    state: str
    has_file: bool
    has_usage: bool
    lacks: str | None
    sent: str | None

    @property
    def waits_for(self) -> str:
        """Why its PDF waits for a font, "" when it does not."""
        return reason_of(self.lacks) if self.lacks else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Invoice(InvoiceRow):
    """A document with all that it says, and its `Status`.

    `command` is what installs the font that its PDF waits for.
    """

    subtotal: int
    discount: int
    discount_percent: Decimal
    taxable: int
    tax: int
    tax_percent: Decimal
    tax_exempt: bool
    credits: str | None
    reason: str
    seller: dict[str, Any]
    buyer: dict[str, Any]
    status: str
    command: str | None
    lines: Sequence[InvoiceLine] = ()

    @property
    def payment_reference(self) -> str:
        """What a payment of it says it is for: "RF22N2026000010"."""
        return payment_reference(self.number)


@dataclass(frozen=True, slots=True)
class Listed:
    """One page of a list, and sums of the whole of it by currency.

    `states` has those of each of STATES, whatever state the list is narrowed to.
    """

    rows: Sequence[InvoiceRow]
    sums: Sequence[Sums]
    states: Sequence[tuple[str, Sequence[Sums]]]

    @property
    def total(self) -> int:
        """How many documents there are on all pages."""
        return sum(of.count for of in self.sums)


# First which they are, then what is said of each: only of those on the page.
_WHICH: Final = """
where ($1::bigint is null or i.cloud = $1) and ($2::date is null or i.month = $2)
  and ($3::text is null or i.side = $3)
  and ($4::bigint is null or i.subscriber in (select s.id from subscriber s where s.number = $4))
  and ($5::text is null or true)
  and ($6::text is null or i.subscriber in (
    select t.id from subscriber_terms t join colleague u on u.id = t.account_manager
    where t.cloud = i.cloud and u.email = $6))
"""
# Policies say the same of each row. Said once more, an index finds the documents of those who see
# some customers' alone.
_OWN: Final = {
    Role.SUBSCRIBER: """
  and i.cloud = (select app_cloud()) and i.subscriber = (select app_subscriber())
""",
    Role.ACCOUNT_MANAGER: """
  and i.cloud = (select app_cloud())
  and i.subscriber = any(array(select m.id from managed_subscriber m))
""",
}
_SPAN: Final = " and i.month = any($7::date[]) and i.id between $8 and $9"
_LATEST: Final = "select i.id from invoice i where i.side = $1"
_NAMED: Final = f" and i.id = any(array({FOUND}))"
SORTS: Final = Sorts(
    {
        "number": "i.id",
        "name": "lower(i.buyer->>'name')",
        "cloud": "(select lower(c.name) from cloud c where c.id = i.cloud)",
        "month": "i.month",
        "issued": "i.issued_on",
        "due": "coalesce(i.due_on, 'infinity')",
        "total": "i.total",
    },
    tie="i.id",
    tie_turns=True,
)
_ROW: Final = """
i.id, i.number, i.type, i.side, c.slug as cloud, c.name as cloud_name, s.number as subscriber,
i.buyer->>'name' as name, i.month, i.issued_at, i.issued_on, i.due_on, i.currency, i.total,
b.credited, b.paid, b.written_off, b.left, b.overdue, b.disputed, b.in_collection, b.state,
f.invoice is not null as has_file,
f.usage_sha256 is not null as has_usage, w.characters as lacks, d.sent
"""
_WHOLE: Final = (
    _ROW
    + """,
i.subtotal, i.discount, i.discount_percent, i.taxable, i.tax, i.tax_percent, i.tax_exempt,
o.number as credits, i.reason, i.seller, i.buyer, b.status, w.command
"""
)
_FROM: Final = f"""
from invoice i{BALANCE}
left join lateral ({LAST_STATE}) d on true
join cloud c on c.id = i.cloud
left join subscriber s on s.id = i.subscriber
left join invoice o on o.id = i.credits
left join invoice_file f on f.cloud = i.cloud and f.invoice = i.id
left join invoice_wait w on w.cloud = i.cloud and w.invoice = i.id
where i.id = any($1::bigint[])
"""
_LINES: Final = """
select l.invoice, l.kind, l.name, l.service_name, l.unit, l.valid_from,
       nullif(l.original_period, i.month) as corrects,
       l.quantity, l.unit_price, l.amount, l.original_period
from invoice_line l join invoice i on i.cloud = l.cloud and i.id = l.invoice
where l.cloud = $1 and l.invoice = any($2::bigint[]) order by l.invoice, l.position
"""

Row = TypeVar("Row", bound=InvoiceRow)


async def list_page(
    actor: Actor,
    cloud: CloudFacts,
    filters: Filters,
    *,
    now: datetime,
    after: int = 0,
    limit: int = 100,
) -> tuple[list[Invoice], int | None]:
    """A page of a cloud's documents in order of issue, and the id the next begins after.

    `NotFound` where there is no such cloud.
    """
    async with snapshot(actor) as tx:
        found = await tx.fetch(
            f"select i.id {which_of(filters)} and i.id > $7 order by i.id limit $8",
            *facts_of(cloud.id, filters),
            after,
            limit + 1,
        )
        page = await whole_in(tx, cloud.id, [row["id"] for row in found[:limit]], now)
    return page, page[-1].id if len(found) > limit else None


async def list_for_portal(
    actor: Actor,
    side: Side,
    filters: Filters,
    *,
    now: datetime,
    sort: str = "-number",
    offset: int = 0,
    limit: int = 50,
) -> Listed:
    """A page of all documents of a side that the actor sees, in every cloud.

    What subscribers owe and what is owed to the platform are never one sum. `sort` is one of number
    (the order of issue), name, cloud, month, issued, due and total, with "-" in front for
    downwards.
    """
    filters = replace(filters, side=side)
    which = which_of(filters)
    async with snapshot(actor) as tx:
        facts = facts_of(await cloud_id_of(tx, filters.cloud), filters)
        await zones.tell_todays(tx, now)
        is_kept = filters.are_kept and invoice_sums.are_for(actor)
        of = (*facts[:3], await zones.todays(tx, now))
        if is_kept:
            found = await tx.fetch(invoice_sums.KEPT, *of)
        else:
            found = await tx.fetch(balance_sums.of_documents(_narrowed(filters)), *facts)
        sums = of_state(found, filters.state)
        total = sum(one.count for one in sums)
        if is_kept and total and filters.state and facts[0] is not None:
            which, facts = f"{which}{_SPAN}", (*facts, *await span(tx, filters.state, *of))
        ordered = f"select i.id {which}{SORTS.order_by(sort)}"
        # Few of a customer, or found by a text, are sorted; all of a cloud have an index.
        page = in_order if is_kept and not _own() else numbered
        ids = await page(tx, ordered, facts, total, offset=offset, limit=limit) if total else []
        rows = await _rows(tx, InvoiceRow, _ROW, [row["id"] for row in ids])
    return Listed(rows, sums, [(state, of_state(found, state)) for state in STATES])


async def latest(actor: Actor, side: Side, *, now: datetime, limit: int = 5) -> list[InvoiceRow]:
    """The documents of a side issued last of all that the actor sees, the newest first."""
    async with snapshot(actor) as tx:
        ids = await tx.fetch(
            f"{_LATEST}{_own()} order by i.id desc limit $2",
            side,
            limit,
        )
        await zones.tell_todays(tx, now)
        return await _rows(tx, InvoiceRow, _ROW, [row["id"] for row in ids])


async def get(actor: Actor, cloud: CloudFacts, number: str, *, now: datetime) -> Invoice:
    """A document with its lines. `NotFound` when it is not there or not this actor's to see."""
    async with snapshot(actor) as tx:
        found = await tx.fetchval(
            "select id from invoice where cloud = $1 and number = $2 order by issuer desc limit 1",
            cloud.id,
            number,
        )
        if found is None:
            raise no_such(_("document"), number)
        (one,) = await whole_in(tx, cloud.id, [found], now)
    return one


async def by_id(actor: Actor, cloud: int, invoice: int, *, now: datetime) -> Invoice:
    """A document of a cloud by its row id, one that is known to be there."""
    async with snapshot(actor) as tx:
        (one,) = await whole_in(tx, cloud, [invoice], now)
    return one


async def cloud_of(actor: Actor, number: str) -> CloudFacts:
    """The cloud whose document has this number, where the portals know no more of it.

    Its own numbers come before the platform's to it (issuer 0), should the two be the same.
    `NotFound` when it is not there or not this actor's to see.
    """
    async with snapshot(actor) as tx:
        cloud: int | None = await tx.fetchval(
            "select i.cloud from invoice i where i.number = $1"
            " and i.issuer in (0, coalesce($2::bigint, 0)) order by i.issuer desc limit 1",
            number,
            actor.cloud,
        )
        if cloud is None:
            raise no_such(_("document"), number)
        return await tenancy.cloud_facts_by_id(tx, cloud)


async def months(actor: Actor) -> list[date]:
    """The first days of the closed months that the actor sees, the latest first."""
    async with snapshot(actor) as tx:
        rows = await tx.fetch(
            "select distinct starts_on from period where state = 'closed' order by 1 desc limit 36"
        )
    return [row["starts_on"] for row in rows]


def which_of(filters: Filters) -> str:
    """From which documents; the balance is asked for only where a state is, names where a text."""
    balance = BALANCE if filters.state else ""
    return f"from invoice i{balance}{_narrowed(filters)}{OF_STATE.get(filters.state or '', '')}"


def _narrowed(filters: Filters) -> str:
    return f"{_WHICH}{_own()}{_NAMED if filters.text else ''}{CONDITIONS[filters.sent]}"


def _own() -> str:
    """Whose documents the actor of the running transaction sees, where that is not a cloud's."""
    actor = acting()
    return "" if actor is None else _OWN.get(actor.role, "")


def facts_of(cloud: int | None, filters: Filters) -> tuple[object, ...]:
    """The six parameters of what `which_of` makes; `cloud` is a row id."""
    month = None if filters.period is None else filters.period.start
    of = filters.side, filters.subscriber, filters.text, filters.account_manager
    return cloud, month, *of


async def cloud_id_of(tx: Transaction, slug: str | None) -> int | None:
    """A cloud's id; 0, which no cloud has, where there is none of that name to see."""
    if slug is None:
        return None
    return await tx.fetchval("select id from cloud where slug = $1", slug) or 0


async def _rows(tx: Transaction, kind: type[Row], columns: str, ids: Sequence[int]) -> list[Row]:
    """What is said of documents, in the order of `ids`; the days of today have been told."""
    rows = await tx.fetch(f"select {columns} {_FROM}", ids)
    found = {row["id"]: kind(**row) for row in rows}
    return [found[one] for one in ids]


async def whole_in(tx: Transaction, cloud: int, ids: Sequence[int], now: datetime) -> list[Invoice]:
    """Documents of a cloud with their lines, in the order of `ids`."""
    await zones.tell_todays(tx, now)
    lines: dict[int, list[InvoiceLine]] = {one: [] for one in ids}
    for row in await tx.fetch(_LINES, cloud, ids):
        invoice, *values = row.values()
        lines[invoice].append(InvoiceLine(LineFacts(*values[:6]), *values[6:]))
    found = await _rows(tx, Invoice, _WHOLE, ids)
    return [replace(one, lines=lines[one.id]) for one in found]
