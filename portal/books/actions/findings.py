"""What is amiss in months that are not closed: kept with each estimate, for pages to tell."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, Final

from portal.billing.money import percent_of
from portal.books.queries.rating import PriceBook
from portal.db import Transaction
from portal.kit.actions.bulk import copy_rows
from portal.usage.queries import coverage

_LOOSE: Final = """
select k.id from camera k
where k.cloud = $1 and not k.suspended and k.subscriber is not null and k.id in (
  select x.id from camera x where x.cloud = $1 and x.served_until <= $2
  union all
  select f.camera from subscription f where f.cloud = $1 and f.starts_on > $2
) and not exists (
  select from subscriber o where o.id = k.subscriber and o.suspended) and not exists (
  select from subscription s where s.cloud = k.cloud and s.camera = k.id
    and s.starts_on <= $2 and (s.ends_on is null or s.ends_on > $2))
"""
_FORGET: Final = "delete from month_finding where cloud = $1"
_SETTLED: Final = """
select exists (select from period where cloud = $1 and starts_on = $2 and state <> 'open')
  or not exists (select from subscription where cloud = $1 and starts_on < $3)
"""


@dataclass(slots=True)
class Found:
    """What rating a month finds beside its amounts.

    `loose` are cameras of subscribers without a tariff (row ids), each with its cost so far in
    minor units; `unrated` counts cameras that used a service without a price, by (service id,
    day's offset).
    """

    loose: dict[int, int]
    unrated: Counter[tuple[int, int]] = field(default_factory=Counter)


async def begin(tx: Transaction, cloud: int, today: date) -> Found:
    """What is looked for while a month is rated."""
    return Found(dict.fromkeys([row["id"] for row in await tx.fetch(_LOOSE, cloud, today)], 0))


async def keep(tx: Transaction, book: PriceBook, found: Found, today: date, now: datetime) -> None:
    """Store what was found in place of what was found before, with the days that are missing."""
    month = book.period.start
    rows: list[Mapping[str, Any]] = list(_unpriced(found.unrated, month))
    if found.loose:
        facts = {"kind": "without_tariff", "total": len(found.loose)}
        whole = sum(found.loose.values())
        cost = whole - percent_of(whole, book.cloud.wholesale_discount_percent)
        rows.append({"month": month, **facts, "amount": cost})
    for period in (book.period.previous(), book.period):
        if not await tx.fetchval(_SETTLED, book.cloud.id, period.start, period.end):
            gaps = await coverage.gaps(tx, book.cloud, period, until=today)
            if gaps:
                facts = {"kind": "days_missing", "total": len(gaps)}
                rows.append({"month": period.start, **facts, "since": gaps[0].day})
    await tx.execute(_FORGET, book.cloud.id)
    await copy_rows(tx, "month_finding", [_whole(row, book.cloud.id, now) for row in rows])


def _unpriced(unrated: Counter[tuple[int, int]], month: date) -> Sequence[Mapping[str, Any]]:
    days: dict[int, dict[int, int]] = defaultdict(dict)
    for (service, offset), cameras in unrated.items():
        days[service][offset] = cameras
    return [
        {
            "month": month,
            "kind": "unpriced",
            "service": service,
            "total": max(of.values()),
            "since": month + timedelta(days=min(of)),
        }
        for service, of in sorted(days.items())
    ]


def _whole(row: Mapping[str, Any], cloud: int, now: datetime) -> Mapping[str, Any]:
    names = ("month", "kind", "service", "total", "amount", "since")
    return {"cloud": cloud, **{name: row.get(name) for name in names}, "as_of": now}
