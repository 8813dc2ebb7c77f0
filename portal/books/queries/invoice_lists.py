"""Lists of documents, across all clouds that the actor sees.

A list is of one side: what subscribers owe and what is owed to the platform are never one sum.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from portal.access import Actor
from portal.billing.invoice import status_of
from portal.billing.rating import Side
from portal.db import Transaction, snapshot
from portal.gateways.documents.fonts import reason_of
from portal.kit.queries import zones
from portal.kit.queries.pages import Sorts, last_page

OVERDUE: Final = "overdue"
STATES: Final = ("open", OVERDUE, "settled", "credit_note")


@dataclass(frozen=True, slots=True)
class Filters:
    """Which documents to list; None is all. `cloud` is a slug, `state` one of STATES.

    `text` is a part of a number or of the buyer's name.
    """

    cloud: str | None = None
    month: date | None = None
    subscriber: int | None = None
    text: str | None = None
    state: str | None = None


@dataclass(frozen=True, slots=True)
class InvoiceRow:
    """A document in a list. Amounts: minor units, negative on a credit note; `cloud` is a slug.

    `late` says that its due day has passed, by the calendar of whoever issued it.
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
    issued_on: date
    due_on: date | None
    currency: str
    total: int
    credited: int
    paid: int
    late: bool
    has_file: bool
    has_usage: bool
    lacks: str | None

    @property
    def waits_for(self) -> str:
        """Why its PDF waits for a font, "" when it does not."""
        return reason_of(self.lacks) if self.lacks else ""

    @property
    def left(self) -> int:
        """What is still to be paid of it; nothing of a credit note."""
        return max(0, self.total - self.credited - self.paid) if self.total > 0 else 0

    @property
    def status(self) -> str:
        """That of the document, or overdue."""
        if self.late and self.left:
            return OVERDUE
        return str(status_of(self.total, self.paid, self.credited))


@dataclass(frozen=True, slots=True)
class Sums:
    """All documents of a list in one currency: how many, and their totals added up."""

    currency: str
    count: int
    total: int


@dataclass(frozen=True, slots=True)
class Listed:
    """One page of a list, and sums of the whole of it by currency."""

    rows: Sequence[InvoiceRow]
    sums: Sequence[Sums]

    @property
    def total(self) -> int:
        """How many documents there are on all pages."""
        return sum(of.count for of in self.sums)


_CREDITED: Final = """
(select coalesce(-sum(n.total), 0)::bigint from invoice n
 where n.cloud = i.cloud and n.credits = i.id)
"""
_LATE: Final = """
(i.due_on < ($1::jsonb->>case i.side
   when 'wholesale' then (select p.timezone from platform p)
   else (select c.timezone from cloud c where c.id = i.cloud) end)::date)
"""
_OF_STATE: Final = {
    "": "",
    "open": " and i.total > " + _CREDITED,
    OVERDUE: " and i.total > " + _CREDITED + " and " + _LATE,
    "settled": " and i.total > 0 and i.total <= " + _CREDITED,
    "credit_note": " and i.type = 'credit_note'",
}
_LISTED: Final = """
from invoice i
where $1::jsonb is not null
  and ($2::text is null or i.cloud in (select c.id from cloud c where c.slug = $2))
  and ($3::date is null or i.month = $3) and i.side = $4
  and ($5::bigint is null or i.subscriber in (select s.id from subscriber s where s.number = $5))
  and ($6::text is null or strpos(lower(i.number), lower($6)) > 0
    or strpos(lower(i.buyer->>'name'), lower($6)) > 0)
"""
_SUMS: Final = "select i.currency, count(*)::int as count, sum(i.total)::bigint as total "
# First which they are, then what the list says of each: only of those on the page.
_IDS: Final = "select i.id "
_ROWS: Final = (
    """
select i.id, i.number, i.type, i.side, c.slug as cloud, c.name as cloud_name,
       s.number as subscriber, i.buyer->>'name' as name, i.month, i.issued_on, i.due_on, i.currency,
       i.total, """
    + _CREDITED
    + """ as credited, 0::bigint as paid, coalesce("""
    + _LATE
    + """, false) as late,
       f.invoice is not null as has_file, f.usage_sha256 is not null as has_usage,
       w.characters as lacks
from invoice i join cloud c on c.id = i.cloud left join subscriber s on s.id = i.subscriber
left join invoice_file f on f.cloud = i.cloud and f.invoice = i.id
left join invoice_wait w on w.cloud = i.cloud and w.invoice = i.id
where i.id = any($2::bigint[])
"""
)
_SORTS: Final = Sorts(
    {
        "number": "i.id",
        "name": "lower(i.buyer->>'name')",
        "cloud": "(select lower(c.name) from cloud c where c.id = i.cloud)",
        "month": "i.month",
        "issued": "i.issued_on",
        "due": "coalesce(i.due_on, 'infinity')",
        "total": "i.total",
    },
    tie="i.id desc",
)


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

    `sort` is one of number (the order of issue), name, cloud, month, issued, due and total, with
    "-" in front for downwards.
    """
    where = _LISTED + _OF_STATE[filters.state or ""]
    async with snapshot(actor) as tx:
        todays = await zones.todays(tx, now)
        facts = (
            *(todays, filters.cloud, filters.month),
            *(side, filters.subscriber, filters.text),
        )
        sums = await tx.fetch(
            _SUMS + where + " group by i.currency order by count(*) desc, i.currency", *facts
        )
        total = sum(of["count"] for of in sums)
        ids = await tx.fetch(
            _IDS + where + _SORTS.order_by(sort) + " offset $7 limit $8",
            *facts,
            last_page(offset, limit, total),
            limit,
        )
        rows = await _rows(tx, todays, [row["id"] for row in ids])
    return Listed(rows, [Sums(**row) for row in sums])


async def latest(actor: Actor, side: Side, *, now: datetime, limit: int = 5) -> list[InvoiceRow]:
    """The documents of a side issued last of all that the actor sees, the newest first."""
    async with snapshot(actor) as tx:
        ids = await tx.fetch(
            "select id from invoice where side = $1 order by id desc limit $2", side, limit
        )
        return await _rows(tx, await zones.todays(tx, now), [row["id"] for row in ids])


async def _rows(tx: Transaction, todays: dict[str, str], ids: Sequence[int]) -> list[InvoiceRow]:
    """What the list says of documents, in the order of `ids`."""
    found = {row["id"]: InvoiceRow(**row) for row in await tx.fetch(_ROWS, todays, ids)}
    return [found[one] for one in ids]


async def months(actor: Actor) -> list[date]:
    """The first days of the closed months that the actor sees, the latest first."""
    async with snapshot(actor) as tx:
        rows = await tx.fetch(
            "select distinct starts_on from period where state = 'closed' order by 1 desc limit 36"
        )
    return [row["starts_on"] for row in rows]
