"""Why a line of a draft is what it is: the subscriber's cameras are rated again, with reasons.

A line of the month is what its cameras come to; one that corrects an older month, what is due for
that month now less what was billed for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from portal.access import Actor
from portal.billing.charge import Charge
from portal.billing.correction import NOTHING, differences, sum_by_key
from portal.billing.period import Period, month_at
from portal.billing.rating import Rated, rate_cameras
from portal.billing.why.explanation import Corrected
from portal.books.queries import rating
from portal.books.queries.charges import charged_for
from portal.books.queries.why import Agreement, ChargeReason, Labels, so_far
from portal.db import snapshot
from portal.kit.queries.tenancy import CloudFacts

CAMERAS_AT_ONCE: Final = 100
_CAMERAS: Final = """
select distinct s.camera from subscription s join subscriber t on t.id = s.subscriber
where s.cloud = $1 and t.cloud = $1 and t.number = $2 and s.starts_on < $4
  and (s.ends_on is null or s.ends_on > $3) and s.camera > $5
order by s.camera limit $6
"""


# Those whose usage of a closed month has changed since, and that were the subscriber's in it.
_CHANGED: Final = """
select u.camera from usage_change u join subscriber t on t.cloud = u.cloud
where u.cloud = $1 and t.number = $2 and u.month = $3 and u.camera > $5
  and (exists (select from subscription s where s.cloud = u.cloud and s.camera = u.camera
               and s.subscriber = t.id and s.starts_on < $4
               and (s.ends_on is null or s.ends_on > $3))
       or exists (select from charge h where h.cloud = u.cloud and h.camera = u.camera
                  and h.original_period = $3 and h.subscriber = t.id))
order by u.camera limit $6
"""


@dataclass(frozen=True, slots=True)
class Sold:
    """What a line is of: the month it is about, kind, tariff's version and service (row ids)."""

    about: Period
    kind: str
    version: int | None
    service: int | None

    def is_of(self, charge: Charge, subscriber: int) -> bool:
        """Whether a charge is one of the line's."""
        return (
            charge.side == "retail"
            and charge.subscriber == subscriber
            and (charge.kind, charge.version, charge.service)
            == (self.kind, self.version, self.service)
        )


_LINE: Final = """
select d.lines->$4::int as line
from draft_invoice d join subscriber s on s.cloud = d.cloud and s.id = d.subscriber
where d.cloud = $1 and d.month = $2 and s.number = $3
"""


async def sold_on(
    actor: Actor, cloud: CloudFacts, period: Period, subscriber: int, position: int
) -> Sold | None:
    """What the line at a position is of; None where there is none."""
    async with snapshot(actor) as tx:
        line = await tx.fetchval(_LINE, cloud.id, period.start, subscriber, position)
    if line is None:
        return None
    return Sold(
        about=Period.of(date.fromisoformat(line["original_period"])),
        kind=line["kind"],
        version=line["version"],
        service=line["service"],
    )


async def of_line(
    actor: Actor,
    cloud: CloudFacts,
    period: Period,
    subscriber: int,
    sold: Sold,
    *,
    now: datetime,
    after: int = 0,
    limit: int = CAMERAS_AT_ONCE,
) -> tuple[Sequence[ChargeReason], int | None]:
    """The charges of `limit` of the subscriber's cameras, and the camera the next begin after.

    They are rated as the draft is: all days of a month that has ended, or those that are over. Of a
    line that corrects an older month, the differences that changed usage makes.
    """
    month = month_at(period, now, cloud.timezone)
    is_correction = sold.about != period
    until = sold.about.end if is_correction else month.until
    async with snapshot(actor) as tx:
        rows = await tx.fetch(
            _CHANGED if is_correction else _CAMERAS,
            *(cloud.id, subscriber, sold.about.start, until, after, limit + 1),
        )
        cameras = [row["camera"] for row in rows[:limit]]
        whose = await tx.fetchval(
            "select id from subscriber where cloud = $1 and number = $2", cloud.id, subscriber
        )
        book = await rating.price_book(tx, cloud, sold.about)
        fleet = await rating.of_cameras(tx, book, cameras)
        labels = await Labels.read(tx, cloud, cameras)
        rated = rate_cameras(
            book.prices, fleet if is_correction else fleet.so_far(month), explain=True
        )
        if is_correction:
            charged = await charged_for(tx, cloud.id, sold.about.start, cameras, ())
            found = _corrections(labels, rated, charged, sold, whose)
        else:
            found = [
                so_far(labels, rated, one, period)
                for one in rated.charges
                if sold.is_of(one, whose)
            ]
    return found, cameras[-1] if len(rows) > limit else None


def _corrections(
    labels: Labels, rated: Rated, charged: Sequence[Charge], sold: Sold, whose: int
) -> list[ChargeReason]:
    """What is due now less what was billed, of each thing that changed."""
    due, billed = sum_by_key(rated.charges), sum_by_key(charged)
    return [
        ChargeReason(
            id=None,
            **labels.of(one, None),
            original_period=sold.about.start,
            billed_in=None,
            explained=one.amount,
            explanation=Corrected(
                sold.about.start,
                due.get(one.key, NOTHING).amount,
                billed.get(one.key, NOTHING).amount,
                rated.explained.get(one.key),
            ),
            agreement=Agreement.SAME,
        )
        for one in differences(billed, rated.charges, labels.currency)
        if sold.is_of(one, whose)
    ]
