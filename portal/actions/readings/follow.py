"""Subscriptions that follow presets: what Watcher shows and people have mapped, made so."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from portal.billing.readings import Interval, Span, spans

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    from asyncpg import Record

    from portal.db import Connection as Transaction
    from portal.queries.tenancy import CloudFacts


@dataclass(frozen=True, slots=True)
class Wanted:
    """A subscription that there should be, for `[starts_on, ends_on)`."""

    subscriber: int
    tariff: int
    starts_on: date
    ends_on: date | None

    def holds(self, day: date) -> bool:
        """Whether the day is one of its days."""
        return self.starts_on <= day and (self.ends_on is None or day < self.ends_on)


@dataclass(frozen=True, slots=True)
class Standing:
    """A subscription that there is; `follows` is the connection that made it, if one did."""

    id: int
    subscriber: int
    tariff: int
    starts_on: date
    ends_on: date | None
    follows: int | None


@dataclass(frozen=True, slots=True)
class Change:
    """What is to be done about a camera's subscriptions. A `None` end in `ends` means still on."""

    ends: Sequence[tuple[int, date]]
    emptied: Sequence[int]
    made: Sequence[Wanted]


def decide(
    wanted: Sequence[Wanted], standing: Sequence[Standing], connection: int, today: date
) -> Change:
    """Compare what should be with what is, oldest first, and keep only the difference.

    Only the connection's own running subscriptions are ended; nobody's days are taken away or given
    twice: what others occupy stays theirs.
    """
    ends: list[tuple[int, date]] = []
    emptied: list[int] = []
    kept: list[Standing] = []
    for one in standing:
        if one.follows != connection or one.ends_on is not None:
            kept.append(one)
            continue
        same = next((w for w in wanted if _same(w, one) and w.holds(one.starts_on)), None)
        if same is not None and same.ends_on is None:
            kept.append(one)
            continue
        ends_on = today if same is None or same.ends_on is None else same.ends_on
        if ends_on <= one.starts_on:
            emptied.append(one.id)
        else:
            ends.append((one.id, ends_on))
            kept.append(replace(one, ends_on=ends_on))
    made = [part for one in wanted if (part := _free_part(one, kept)) is not None]
    return Change(ends, emptied, made)


def _same(wanted: Wanted, one: Standing) -> bool:
    return (wanted.subscriber, wanted.tariff) == (one.subscriber, one.tariff)


def _free_part(wanted: Wanted, standing: Sequence[Standing]) -> Wanted | None:
    """The days of `wanted` after all that stands in it; None when there are none."""
    starts_on = wanted.starts_on
    for one in sorted(standing, key=lambda one: one.starts_on):
        before_end = one.ends_on is None or one.ends_on > starts_on
        if not before_end or (wanted.ends_on is not None and one.starts_on >= wanted.ends_on):
            continue
        if one.ends_on is None or (wanted.ends_on is not None and one.ends_on >= wanted.ends_on):
            return None
        starts_on = one.ends_on
    return replace(wanted, starts_on=starts_on)


_INTERVALS: Final = """
select camera, since, until, organization, preset, enabled, made_at from camera_interval
where cloud = $1 and connection = $2 and camera = any($3::bigint[]) order by camera, since
"""
_STANDING: Final = """
select camera, id, subscriber, tariff, starts_on, ends_on, follows from subscription
where cloud = $1 and camera = any($2::bigint[]) order by camera, starts_on
"""
_OPEN_FROM: Final = """
select coalesce(max(starts_on + interval '1 month')::date, '-infinity'::date) from period
where cloud = $1 and state <> 'open'
"""


async def follow(
    tx: Transaction,
    cloud: CloudFacts,
    connection: int,
    cameras: Sequence[int],
    today: date,
) -> None:
    """Bring the subscriptions of cameras (by row id) in line with their lives and the mappings.

    Days of closed months stay as they were billed.
    """
    if not cameras:
        return
    terms = await _terms(tx, cloud)
    intervals: dict[int, list[Interval]] = defaultdict(list)
    for row in await tx.fetch(_INTERVALS, cloud.id, connection, cameras):
        intervals[row["camera"]].append(_interval(row))
    standing: dict[int, list[Standing]] = defaultdict(list)
    for row in await tx.fetch(_STANDING, cloud.id, cameras):
        camera, *rest = row.values()
        standing[camera].append(Standing(*rest))
    for camera in cameras:
        wanted = [
            one
            for span in spans(intervals[camera], cloud.timezone)
            if (one := terms.wanted(span)) is not None
        ]
        change = decide(wanted, standing[camera], connection, today)
        await _apply(tx, cloud.id, connection, camera, change)


@dataclass(frozen=True, slots=True)
class _Terms:
    """The mappings, when each tariff begins, and the first day that is not closed."""

    subscribers: Mapping[int, int]
    tariffs: Mapping[int, int]
    begins: Mapping[int, date]
    open_from: date

    def wanted(self, span: Span) -> Wanted | None:
        """The subscription that a span stands for; None when it is not mapped, or has no day."""
        subscriber = self.subscribers.get(span.organization or 0)
        tariff = self.tariffs.get(span.preset)
        if subscriber is None or tariff is None or tariff not in self.begins:
            return None
        starts_on = max(span.starts_on, self.begins[tariff], self.open_from)
        if span.ends_on is not None and starts_on >= span.ends_on:
            return None
        return Wanted(subscriber, tariff, starts_on, span.ends_on)


async def _terms(tx: Transaction, cloud: CloudFacts) -> _Terms:
    organizations = await tx.fetch(
        "select organization, subscriber from watcher_organization"
        " where cloud = $1 and subscriber is not null",
        cloud.id,
    )
    presets = await tx.fetch(
        "select preset, tariff from watcher_preset where cloud = $1 and tariff is not null",
        cloud.id,
    )
    begins = await tx.fetch(
        "select tariff, min(valid_from) as begins from tariff_version where cloud = $1"
        " group by tariff",
        cloud.id,
    )
    return _Terms(
        {row["organization"]: row["subscriber"] for row in organizations},
        {row["preset"]: row["tariff"] for row in presets},
        {row["tariff"]: row["begins"] for row in begins},
        await tx.fetchval(_OPEN_FROM, cloud.id),
    )


def _interval(row: Record) -> Interval:
    return Interval(
        camera=str(row["camera"]),
        since=row["since"],
        until=row["until"],
        organization=row["organization"],
        preset=row["preset"],
        enabled=row["enabled"],
        created_at=row["made_at"],
    )


async def _apply(tx: Transaction, cloud: int, connection: int, camera: int, change: Change) -> None:
    if change.emptied:
        await tx.execute("delete from subscription where id = any($1::bigint[])", change.emptied)
    for subscription, ends_on in change.ends:
        await tx.execute(
            "update subscription set ends_on = $2 where id = $1", subscription, ends_on
        )
    for one in change.made:
        await tx.execute(
            "insert into subscription (cloud, camera, subscriber, tariff, starts_on, ends_on,"
            " follows) values ($1, $2, $3, $4, $5, $6, $7)",
            cloud,
            camera,
            one.subscriber,
            one.tariff,
            one.starts_on,
            one.ends_on,
            connection,
        )
