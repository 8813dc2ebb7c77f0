"""Why a line of a draft is what it is: the subscriber's cameras are rated again, with reasons."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from portal.access import Actor
from portal.billing.period import Period, month_at
from portal.billing.rating import rate_cameras
from portal.books.queries import rating
from portal.books.queries.why import ChargeReason, Labels, so_far
from portal.db import snapshot
from portal.kit.queries.tenancy import CloudFacts

CAMERAS_AT_ONCE: Final = 100
_CAMERAS: Final = """
select distinct s.camera from subscription s join subscriber t on t.id = s.subscriber
where s.cloud = $1 and t.cloud = $1 and t.number = $2 and s.starts_on < $4
  and (s.ends_on is null or s.ends_on > $3) and s.camera > $5
order by s.camera limit $6
"""


@dataclass(frozen=True, slots=True)
class Sold:
    """What a line of the month is of: kind, tariff's version and service (row ids)."""

    kind: str
    version: int | None
    service: int | None


_LINE: Final = """
select d.lines->$4::int as line
from draft_invoice d join subscriber s on s.cloud = d.cloud and s.id = d.subscriber
where d.cloud = $1 and d.month = $2 and s.number = $3
"""


async def sold_on(
    actor: Actor, cloud: CloudFacts, period: Period, subscriber: int, position: int
) -> Sold | None:
    """What the line at a position is of; None for one that corrects an older month."""
    async with snapshot(actor) as tx:
        line = await tx.fetchval(_LINE, cloud.id, period.start, subscriber, position)
    if line is None or line["original_period"] != period.start.isoformat():
        return None
    return Sold(kind=line["kind"], version=line["version"], service=line["service"])


async def of_line(
    actor: Actor,
    cloud: CloudFacts,
    period: Period,
    subscriber: int,
    sold: Sold,
    *,
    now: datetime,
    after: int = 0,
) -> tuple[Sequence[ChargeReason], int | None]:
    """The charges of a run of the subscriber's cameras, and the camera after which the next begins.

    They are rated as the draft is: all days of a month that has ended, or those that are over.
    """
    month = month_at(period, now, cloud.timezone)
    async with snapshot(actor) as tx:
        span = (period.start, month.until)
        rows = await tx.fetch(_CAMERAS, cloud.id, subscriber, *span, after, CAMERAS_AT_ONCE + 1)
        cameras = [row["camera"] for row in rows[:CAMERAS_AT_ONCE]]
        whose = await tx.fetchval(
            "select id from subscriber where cloud = $1 and number = $2", cloud.id, subscriber
        )
        book = await rating.price_book(tx, cloud, period)
        fleet = (await rating.of_cameras(tx, book, cameras)).so_far(month)
        labels = await Labels.read(tx, cloud, cameras)
    rated = rate_cameras(book.prices, fleet, explain=True)
    found = [
        so_far(labels, rated, charge, period)
        for charge in rated.charges
        if charge.side == "retail"
        and charge.subscriber == whose
        and (charge.kind, charge.version, charge.service) == (sold.kind, sold.version, sold.service)
    ]
    return found, cameras[-1] if len(rows) > CAMERAS_AT_ONCE else None
