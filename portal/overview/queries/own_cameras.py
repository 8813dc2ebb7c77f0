"""A subscriber's cameras in a month: on which tariff, what was used of it, and what that costs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from portal.access import Actor
from portal.billing.period import MonthAt, Period
from portal.billing.rating import CameraUsage, Measure, Subscription, rate_cameras
from portal.billing.why.excess import DEPTH, Sold, sold_of
from portal.billing.why.explanation import Prorated
from portal.books.queries import rating
from portal.db import Transaction, snapshot
from portal.kit.queries import words
from portal.kit.queries.pages import Sorts, numbered
from portal.kit.queries.rows import row_of
from portal.kit.queries.tenancy import CloudFacts


@dataclass(frozen=True, slots=True)
class Used:
    """How much there was of a service in a tariff, in units: an average, a sum or the highest.

    `is_archive` says whether it is days of archive.
    """

    service: str
    unit: str
    used: Decimal
    included: Decimal
    is_archive: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnCamera:
    """One camera. `days` are billed; `beyond` and `amount` are minor units, before discount.

    `state` is active, suspended, or ended where it is on no tariff any more.
    """

    external_id: str
    name: str
    state: str
    tariff: str
    days: int
    used: Sequence[Used]
    beyond: int
    amount: int
    currency: str

    @property
    def archive(self) -> Used | None:
        """The longest archive that it keeps; None where its tariff sells none."""
        kept = [one for one in self.used if one.is_archive]
        return max(kept, key=lambda one: one.used) if kept else None


@dataclass(frozen=True, slots=True)
class OwnCameras:
    """A page of them; `amount` is what all that match come to, None where that is not known yet.

    `closed` says whether amounts are billed, or an estimate.
    """

    rows: Sequence[OwnCamera]
    total: int
    amount: int | None
    closed: bool


SORTS: Final = Sorts({"camera": "lower(c.name)"}, tie="c.id")
# By the subscriptions of a month: of a cloud's cameras no other is looked at.
_OWN: Final = """
from camera c
where c.cloud = $1 and c.id = any(array(
  select p.camera from subscription p
  where p.cloud = $1 and p.subscriber = $2 and p.starts_on < $4
    and (p.ends_on is null or p.ends_on > $3)
)) and ($5::text is null or true) and ($6::bigint[] is null or true)
"""
_TOTAL: Final = """
select count(distinct p.camera) from subscription p
where p.cloud = $1 and p.subscriber = $2 and p.starts_on < $4
  and (p.ends_on is null or p.ends_on > $3)
"""
# What is charged about a month is charged in it, or corrected in one of the three that follow.
_CHARGED: Final = """
select {what} from charge h
where h.cloud = $1 and h.subscriber = $2 and h.side = 'retail' and h.original_period = $3
  and h.period = any(array(select p.id from period p where p.cloud = $1
                           and p.starts_on >= $3 and p.starts_on < $4::date + interval '3 months'))
"""
_SUM: Final = _CHARGED.format(what="coalesce(sum(h.amount), 0)::bigint")
_BY_CAMERA: Final = _CHARGED.format(what="h.camera, sum(h.amount)::bigint as amount")


async def list_page(
    actor: Actor,
    cloud: CloudFacts,
    month: MonthAt,
    *,
    text: str | None = None,
    sort: str = "camera",
    offset: int = 0,
    limit: int = 50,
) -> OwnCameras:
    """A page of the cameras that were the actor's own in a month."""
    period = month.period
    async with snapshot(actor) as tx:
        closed = await _is_closed(tx, cloud, period)
        of = cloud.id, actor.subscriber, period.start, period.end
        own, facts = await _own(tx, of, text)
        if text is None:
            total = await tx.fetchval(_TOTAL, *of)
        else:
            total = await tx.fetchval(f"select count(*) {own}", *facts)
        ordered = f"select c.id, c.external_id, c.name, c.suspended {own}{SORTS.order_by(sort)}"
        found = await numbered(tx, ordered, facts, total, offset=offset, limit=limit)
        rows = await _rated(tx, cloud, month, {row["id"]: dict(row) for row in found})
        amount: int | None = None
        if closed:
            charged = await _charged(tx, of, list(rows))
            for camera, row in rows.items():
                row["amount"] = charged.get(camera, 0)
            if text is None:
                amount = await tx.fetchval(_SUM, *of)
            else:
                theirs = f" and h.camera = any(array(select c.id {own}))"
                amount = await tx.fetchval(_SUM + theirs, *facts)
        elif total == len(rows):
            amount = sum(row["amount"] for row in rows.values())
    return OwnCameras([row_of(OwnCamera, row) for row in rows.values()], total, amount, closed)


async def _own(
    tx: Transaction, month: tuple[Any, ...], text: str | None
) -> tuple[str, tuple[Any, ...]]:
    """Which cameras they are, those that a text finds, with the arguments of that."""
    hits = await words.find(tx, words.CAMERAS, month[0], text)
    if hits is None:
        return _OWN, (*month, None, None)
    place = {"cloud": "$1", "row": "c.id", "text": "$5", "ids": "$6"}
    return f"{_OWN} and {hits.condition(words.CAMERAS, **place)}", (*month, text, hits.ids)


async def _charged(tx: Transaction, month: tuple[Any, ...], ids: Sequence[int]) -> dict[int, int]:
    """What was charged about a month for some cameras, by row id, before discount and tax."""
    rows = await tx.fetch(f"{_BY_CAMERA} and h.camera = any($5) group by h.camera", *month, ids)
    return {row["camera"]: row["amount"] for row in rows}


async def _is_closed(tx: Transaction, cloud: CloudFacts, period: Period) -> bool:
    found: bool = await tx.fetchval(
        "select exists (select from period where cloud = $1 and starts_on = $2"
        " and state = 'closed')",
        cloud.id,
        period.start,
    )
    return found


async def _rated(
    tx: Transaction, cloud: CloudFacts, month: MonthAt, facts: dict[int, dict[str, Any]]
) -> dict[int, dict[str, Any]]:
    """The cameras with what rating makes of the month's days that are over."""
    book = await rating.price_book(tx, cloud, month.period)
    whole = await rating.of_cameras(tx, book, list(facts))
    fleet = whole.so_far(month)
    names = {
        row["code"]: row
        for row in await tx.fetch("select code, name, short, unit, unit_plural from service")
    }
    tariffs = {
        row["id"]: row["name"]
        for row in await tx.fetch("select id, name from tariff where cloud = $1", cloud.id)
    }
    usage = {one.camera: one for one in fleet.cameras}
    for camera, one in facts.items():
        subscriptions = whole.subscriptions.get(camera, ())
        sold = sold_of(book.prices, fleet.subscriptions.get(camera, ()))
        one |= {
            "state": _state(one["suspended"], subscriptions, month),
            "tariff": tariffs.get(subscriptions[-1].tariff, "") if subscriptions else "",
            "used": [_used(terms, usage.get(camera), names) for terms in sold],
            "currency": cloud.currency,
            **dict.fromkeys(("days", "beyond", "amount"), 0),
        }
    rated = rate_cameras(book.prices, fleet, explain=True)
    for charge in rated.charges:
        if charge.side != "retail":
            continue
        one = facts[charge.camera]
        one["amount"] += charge.amount
        one["beyond"] += charge.amount if charge.kind == "overage" else 0
        reason = rated.explained[charge.key]
        one["days"] += reason.days if isinstance(reason, Prorated) else 0
    return facts


def _state(
    suspended: bool,  # noqa: FBT001 - a column of the row
    subscriptions: Sequence[Subscription],
    month: MonthAt,
) -> str:
    """How a camera stands on the last day that is known of the month."""
    ends_on = subscriptions[-1].ends_on if subscriptions else month.period.start
    if ends_on is not None and ends_on <= min(month.today, month.period.last):
        return "ended"
    return "suspended" if suspended else "active"


def _used(terms: Sold, usage: CameraUsage | None, names: Any) -> Used:
    """Of the days on which it was sold: their average, their sum, or the highest of them."""
    service = terms.service
    daily = usage.daily.get(service.meter, ()) if usage else ()
    included = [one for one in terms.included if one is not None]
    values = [
        value
        for value, of in zip(daily, terms.included, strict=False)
        if of is not None and value is not None
    ]
    base = Decimal(max(values, default=0) if service.measure is Measure.PEAK else sum(values))
    if service.measure is Measure.UNIT_MONTH:
        base /= len(values) or 1
    used = base / service.unit_size
    named = names[service.code]
    unit = named["unit"] if used == 1 else named["unit_plural"] or named["unit"]
    return Used(
        named["short"] or named["name"],
        unit,
        used,
        max(included, default=Decimal(0)),
        service.meter.endswith(DEPTH),
    )
