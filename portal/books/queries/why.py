"""Why an amount is what it is: rated anew from stored usage and prices, beside the books."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from typing import Any, Final

from asyncpg import Record

from portal.access import Actor
from portal.billing.correction import MONTHS_CORRECTED
from portal.billing.period import MonthAt, Period, local_date
from portal.billing.rating import Charge, PoolShare, Rated, price_pools, rate_cameras
from portal.billing.why.explanation import Corrected, Explanation, days_of
from portal.billing.why.formula import formula_text
from portal.billing.why.month import Reason, Stored, explain_month
from portal.books.queries import closing, rating
from portal.books.queries.charges import with_quantity
from portal.books.queries.rating import PriceBook
from portal.db import Transaction, snapshot
from portal.errors import no_such
from portal.kit.queries.tenancy import CloudFacts
from portal.words import _


class Agreement(StrEnum):
    """How what was charged stands to what its usage and prices come to now.

    `CHANGED`: usage came after the close, which the next one charges or a person looks at.
    `DIFFERS`: nothing explains the difference; `camledger verify` lists every such charge.
    """

    SAME = "same"
    CHANGED = "changed"
    DIFFERS = "differs"


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargeReason:
    """One charge of a camera with its reason. `amount` is in minor units, `quantity` exact.

    `explained` is the amount that the explanation makes, equal unless the books differ. `billed_in`
    is the first day of the month whose close made it, later than `original_period` for a
    correction, and None where the month is not closed. `id` is a row id.
    """

    id: int | None
    camera: str
    name: str
    side: str
    kind: str
    service: str | None
    service_name: str
    unit: str
    unit_plural: str
    tariff: str | None
    subscriber: int | None
    original_period: date
    billed_in: date | None
    quantity: Fraction
    unit_price: Decimal | None
    amount: int
    explained: int
    currency: str
    explanation: Explanation | None
    agreement: Agreement

    @property
    def days(self) -> int | None:
        """Days that it is for; None where none count, as for a set-up fee."""
        return days_of(self.explanation)

    @property
    def formula(self) -> str | None:
        """For programs: exact operands, ending in what they make."""
        if self.explanation is None:
            return None
        return formula_text(self.explanation, self.explained, self.currency)


@dataclass(frozen=True, slots=True)
class CameraReasons:
    """All charges about a camera's month, retail before wholesale, as far as the actor sees them.

    `unpriced` are services whose price is the whole cloud's, known at the close alone: of a month
    that is not `closed` they are left out.
    """

    closed: bool
    rows: Sequence[ChargeReason]
    unpriced: Sequence[str]

    @property
    def differs(self) -> bool:
        """Whether a charge is not what its usage and prices come to."""
        return any(row.agreement is Agreement.DIFFERS for row in self.rows)


_FIELDS: Final = """
h.id, p.starts_on as billed_in, h.side, h.kind, h.camera, h.subscriber, h.subscription, h.tariff,
h.version, h.service, h.rate, h.original_period, h.quantity_numerator, h.quantity_denominator,
h.unit_price, h.amount
"""
# All that was charged about a month for some cameras: by its own close, and by later ones.
_ABOUT: Final = f"""
select {_FIELDS}
from period p join charge h on h.cloud = p.cloud and h.period = p.id
where p.cloud = $1 and p.starts_on >= $2 and p.starts_on <= $3 and h.camera = any($4)
  and h.original_period = $2
order by h.id
"""  # noqa: S608 - columns of ours
_LINE: Final = """
select l.kind, l.version, l.service, l.original_period, l.credited_line, i.id, i.credits, i.period,
       i.side, i.subscriber
from invoice i join invoice_line l on l.cloud = i.cloud and l.invoice = i.id
where i.cloud = $1 and (i.number = $2 or i.id = $4) and l.position = $3
order by i.issuer desc limit 1
"""
# By camera, as the index has them: a line of 100 000 cameras is read page by page.
_KEY: Final = "period", "side", "subscriber", "kind", "version", "service", "original_period"
_OF_LINE: Final = """
from charge h join period p on p.cloud = h.cloud and p.id = h.period
where h.cloud = $1 and h.period = $2 and h.side = $3 and ($4::bigint is null or h.subscriber = $4)
  and h.kind = $5 and h.version is not distinct from $6 and h.service is not distinct from $7
  and h.original_period = $8
"""
_ROWS: Final = f"""
select {_FIELDS} {_OF_LINE} and (h.camera, h.id) > ($9, $10) order by h.camera, h.id limit $11
"""
_NAMES: Final = """
select c.id, c.external_id, c.name from camera c where c.cloud = $1 and c.id = any($2)
"""
_CHANGED: Final = """
select camera from usage_change where cloud = $1 and month = $2
"""


async def of_camera(
    actor: Actor, cloud: CloudFacts, external_id: str, period: Period, *, now: datetime
) -> CameraReasons:
    """Why a camera's month is charged what it is; of a month that runs, of its days so far.

    Raises `NotFound` for a camera that is not there.
    """
    async with snapshot(actor) as tx:
        camera = await tx.fetchval(
            "select id from camera where cloud = $1 and external_id = $2", cloud.id, external_id
        )
        if camera is None:
            raise no_such(_("camera"), external_id)
        closed = await tx.fetchval(
            "select id from period where cloud = $1 and starts_on = $2 and state = 'closed'",
            cloud.id,
            period.start,
        )
        book = await rating.price_book(tx, cloud, period)
        labels = await Labels.read(tx, cloud, [camera])
        if closed is None:
            month = MonthAt(period, local_date(now, cloud.timezone))
            fleet = (await rating.of_cameras(tx, book, [camera])).so_far(month)
            rated = rate_cameras(book.prices, fleet, explain=True)
            rows = [so_far(labels, rated, one, period) for one in rated.charges]
            unpriced = [labels.services[one.service]["code"] for one in rated.shares]
            return CameraReasons(closed=False, rows=_sorted(rows), unpriced=unpriced)
        rows = await _of_month(tx, book, labels, [camera])
    return CameraReasons(closed=True, rows=_sorted(rows), unpriced=())


async def of_line(
    actor: Actor,
    cloud: CloudFacts,
    number: str,
    line: int,
    *,
    after: tuple[int, int] = (0, 0),
    limit: int = 100,
) -> tuple[list[ChargeReason], tuple[int, int] | None]:
    """The charges that make a line of a document (from 0), by camera; and where the next begin.

    They sum to the line. On a credit note, those of the line that it credits, taken back; a note
    by amount has none. Raises `NotFound` for a document or a line that is not there.
    """
    async with snapshot(actor) as tx:
        found, is_note = await _line(tx, cloud, number, line)
        if found is None:
            return [], None
        made = await tx.fetch(_ROWS, cloud.id, *_key(found), *after, limit + 1)
        page = made[:limit]
        cameras = sorted({row["camera"] for row in page})
        labels = await Labels.read(tx, cloud, cameras)
        period = Period.of(found["original_period"])
        book = await rating.price_book(tx, cloud, period)
        rows = await _of_month(tx, book, labels, cameras)
    order = {row["id"]: place for place, row in enumerate(page)}
    rows = sorted((row for row in rows if row.id in order), key=lambda row: order[row.id or 0])
    last = (page[-1]["camera"], page[-1]["id"]) if len(made) > limit else None
    return [_taken_back(row) for row in rows] if is_note else rows, last


async def count_of_line(actor: Actor, cloud: CloudFacts, number: str, line: int) -> int:
    """How many charges make a line of a document: all are counted. Raises as `of_line`."""
    async with snapshot(actor) as tx:
        found, _is_note = await _line(tx, cloud, number, line)
        if found is None:
            return 0
        return int(await tx.fetchval(f"select count(*) {_OF_LINE}", cloud.id, *_key(found)))


async def _line(
    tx: Transaction, cloud: CloudFacts, number: str, line: int
) -> tuple[Record | None, bool]:
    """The line whose charges are asked for, and whether it is that which a credit note credits."""
    found = await tx.fetchrow(_LINE, cloud.id, number, line, None)
    if found is None:
        raise no_such(_("line"), f"{number} {line}")
    if found["credits"] is None:
        return found, False
    position, credited = found["credited_line"], found["credits"]
    if position is None:
        return None, True
    return await tx.fetchrow(_LINE, cloud.id, None, position, credited), True


def _key(line: Record) -> tuple[object, ...]:
    return tuple(line[name] for name in _KEY)


@dataclass(frozen=True, slots=True)
class Labels:
    """What cameras, services, tariffs and subscribers are called, by row id."""

    currency: str
    cameras: Mapping[int, tuple[str, str]]
    services: Mapping[int, Mapping[str, Any]]
    tariffs: Mapping[int, str]

    @classmethod
    async def read(cls, tx: Transaction, cloud: CloudFacts, cameras: Sequence[int]) -> Labels:
        """Those of some cameras (row ids), and of all else."""
        named = await tx.fetch(_NAMES, cloud.id, cameras)
        services = await tx.fetch("select id, code, name, unit, unit_plural from service")
        tariffs = await tx.fetch("select id, code from tariff where cloud = $1", cloud.id)
        return cls(
            cloud.currency,
            {row["id"]: (row["external_id"], row["name"]) for row in named},
            {row["id"]: dict(row) for row in services},
            {row["id"]: row["code"] for row in tariffs},
        )

    def of(self, charge: Charge, subscriber: int | None) -> dict[str, Any]:
        """The fields that say what a charge is of."""
        camera, name = self.cameras[charge.camera]
        service: Mapping[str, Any] = self.services.get(charge.service or 0, {})
        unit = service.get("unit") or ""
        return {
            "camera": camera,
            "name": name,
            "side": charge.side,
            "kind": charge.kind,
            "service": service.get("code"),
            "service_name": service.get("name") or "",
            "unit": unit,
            "unit_plural": service.get("unit_plural") or unit,
            "tariff": self.tariffs.get(charge.tariff or 0),
            "subscriber": subscriber,
            "quantity": charge.quantity,
            "unit_price": charge.unit_price,
            "amount": charge.amount,
            "currency": self.currency,
        }


async def _of_month(
    tx: Transaction, book: PriceBook, labels: Labels, cameras: Sequence[int]
) -> list[ChargeReason]:
    """All charges about the book's month of some cameras, with their reasons."""
    month = book.period
    last = month
    for _later in range(MONTHS_CORRECTED):
        last = last.next()
    span = book.cloud.id, month.start, last.start
    stored = [_stored(row) for row in await tx.fetch(_ABOUT, *span, cameras)]
    fleet = await rating.of_cameras(tx, book, cameras)
    rated = rate_cameras(book.prices, fleet, explain=True)
    pooled = [one.charge.service for one in stored if _is_pooled(book, one.charge)]
    due = [*rated.charges, *await _pools(tx, book, rated, cameras, pooled)]
    subscriptions = {one.id: one for of in fleet.subscriptions.values() for one in of}
    reasons = explain_month(book.prices, subscriptions, stored, due, rated.explained)
    rows = await tx.fetch(_CHANGED, book.cloud.id, month.start)
    changed = {row["camera"] for row in rows}
    numbers = await _numbers(tx, {one.charge.subscriber for one in stored})
    return [_reason(book, labels, one, changed, numbers) for one in reasons]


async def _pools(
    tx: Transaction,
    book: PriceBook,
    rated: Rated,
    cameras: Sequence[int],
    services: Sequence[int | None],
) -> list[Charge]:
    """These cameras' parts of pools as they are now: the other cameras' shares as they are kept."""
    if not services:
        return []
    period = await tx.fetchval(
        "select id from period where cloud = $1 and starts_on = $2",
        book.cloud.id,
        book.period.start,
    )
    these, wanted = set(cameras), set(services)
    shares: dict[int, list[PoolShare]] = defaultdict(list)
    for service, kept in (await closing.pool_shares(tx, book.cloud.id, period)).items():
        if service in wanted:
            shares[service] = [share for share in kept if share.camera not in these]
    for share in rated.shares:
        if share.service in wanted:
            shares[share.service].append(share)
    made = price_pools(book.prices, shares, rated.explained)
    return [charge for charges in made for charge in charges if charge.camera in these]


def _is_pooled(book: PriceBook, charge: Charge) -> bool:
    return charge.side == "wholesale" and charge.service in book.prices.wholesale.pools


async def _numbers(tx: Transaction, subscribers: set[int | None]) -> dict[int | None, int]:
    rows = await tx.fetch(
        "select id, number from subscriber where id = any($1)",
        [one for one in subscribers if one is not None],
    )
    return {row["id"]: row["number"] for row in rows}


def _stored(row: Record) -> Stored:
    facts = with_quantity(row)
    of, billed_in = facts.pop("id"), facts.pop("billed_in")
    del facts["original_period"]
    return Stored(of, billed_in, Charge(**facts))


def _reason(
    book: PriceBook,
    labels: Labels,
    reason: Reason,
    changed: set[int],
    numbers: Mapping[int | None, int],
) -> ChargeReason:
    charge = reason.stored.charge
    agreement = Agreement.SAME
    if reason.differs:
        # A camera's usage moves the others' parts of a pool, too.
        is_known = bool(changed) if _is_pooled(book, charge) else charge.camera in changed
        agreement = Agreement.CHANGED if is_known else Agreement.DIFFERS
    return ChargeReason(
        id=reason.stored.id,
        **labels.of(charge, numbers.get(charge.subscriber)),
        original_period=book.period.start,
        billed_in=reason.stored.billed_in,
        explained=reason.amount,
        explanation=reason.explanation,
        agreement=agreement,
    )


def so_far(labels: Labels, rated: Rated, charge: Charge, period: Period) -> ChargeReason:
    """A charge of a month that is not closed, with its reason."""
    return ChargeReason(
        id=None,
        **labels.of(charge, None),
        original_period=period.start,
        billed_in=None,
        explained=charge.amount,
        explanation=rated.explained[charge.key],
        agreement=Agreement.SAME,
    )


def _taken_back(row: ChargeReason) -> ChargeReason:
    """A charge as a credit note has it: nothing is due, what was billed is given back."""
    return replace(
        row,
        amount=-row.amount,
        explained=-row.amount,
        quantity=-row.quantity,
        explanation=Corrected(row.original_period, 0, row.amount),
    )


def _sorted(rows: Sequence[ChargeReason]) -> list[ChargeReason]:
    return sorted(rows, key=lambda row: (row.side != "retail", row.id or 0))
