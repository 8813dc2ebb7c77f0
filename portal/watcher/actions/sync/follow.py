"""Subscriptions that follow presets: what Watcher shows and people have mapped, made so."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

from asyncpg import Record

from portal.billing.readings import Interval, Span, spans
from portal.db import Transaction
from portal.kit.queries.tenancy import CloudFacts

CAMERAS_AT_ONCE: Final = 2_000


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
    """What is to be done about a camera's subscriptions."""

    ends: Sequence[tuple[int, date]]
    emptied: Sequence[int]
    made: Sequence[Wanted]


def decide(
    wanted: Sequence[Wanted],
    standing: Sequence[Standing],
    connection: int,
    today: date,
    closed: Sequence[tuple[date, date]] = (),
) -> Change:
    """Compare what should be with what is and keep only the difference.

    Only the connection's own running subscriptions are ended; nobody's days are taken away or given
    twice: what others occupy stays theirs, and days of `closed` months, each `[first, after)`, stay
    as they were billed.
    """
    ends: list[tuple[int, date]] = []
    emptied: list[int] = []
    kept: list[tuple[date, date | None]] = list(closed)
    open_from = max((after for _, after in closed), default=date.min)
    for one in standing:
        if one.follows != connection or one.ends_on is not None:
            kept.append((one.starts_on, one.ends_on))
            continue
        same = next((w for w in wanted if _same(w, one) and w.holds(one.starts_on)), None)
        if same is not None and same.ends_on is None:
            kept.append((one.starts_on, None))
            continue
        ends_on = today if same is None or same.ends_on is None else same.ends_on
        if one.starts_on < open_from:
            ends_on = max(ends_on, open_from)
        if ends_on <= one.starts_on:
            emptied.append(one.id)
        else:
            ends.append((one.id, ends_on))
            kept.append((one.starts_on, ends_on))
    kept.sort(key=lambda one: one[0])
    made = [part for one in wanted for part in _free_parts(one, kept)]
    return Change(ends, emptied, made)


def _same(wanted: Wanted, one: Standing) -> bool:
    return (wanted.subscriber, wanted.tariff) == (one.subscriber, one.tariff)


def _free_parts(wanted: Wanted, kept: Sequence[tuple[date, date | None]]) -> Iterator[Wanted]:
    """The days of `wanted` that nothing of `kept` (in order) occupies, run by run."""
    starts_on = wanted.starts_on
    for begins, ends in kept:
        if ends is not None and ends <= starts_on:
            continue
        if wanted.ends_on is not None and begins >= wanted.ends_on:
            break
        if begins > starts_on:
            yield replace(wanted, starts_on=starts_on, ends_on=begins)
        if ends is None:
            return
        starts_on = ends
    if wanted.ends_on is None or starts_on < wanted.ends_on:
        yield replace(wanted, starts_on=starts_on)


_INTERVALS: Final = """
select camera, since, until, organization, preset, enabled, made_at from camera_interval
where cloud = $1 and connection = $2 and camera = any($3::bigint[]) order by camera, since
"""
_STANDING: Final = """
select camera, id, subscriber, tariff, starts_on, ends_on, follows from subscription
where cloud = $1 and camera = any($2::bigint[]) order by camera, starts_on
"""
_CLOSED: Final = """
select starts_on, (starts_on + interval '1 month')::date as after from period
where cloud = $1 and state <> 'open' order by starts_on
"""


async def follow(
    tx: Transaction,
    cloud: CloudFacts,
    connection: int,
    cameras: Sequence[int],
    today: date,
) -> None:
    """Bring the subscriptions of cameras (by row id) in line with their histories and the mappings.

    Days of closed months stay as they were billed.
    """
    if not cameras:
        return
    terms = await _terms(tx, cloud, connection)
    for start in range(0, len(cameras), CAMERAS_AT_ONCE):
        run = cameras[start : start + CAMERAS_AT_ONCE]
        intervals: dict[int, list[Interval]] = defaultdict(list)
        for row in await tx.fetch(_INTERVALS, cloud.id, connection, run):
            intervals[row["camera"]].append(_interval(row))
        standing: dict[int, list[Standing]] = defaultdict(list)
        for row in await tx.fetch(_STANDING, cloud.id, run):
            camera, *rest = row.values()
            standing[camera].append(Standing(*rest))
        changes: dict[int, Change] = {}
        for camera in run:
            wanted = [
                one
                for span in spans(intervals[camera], cloud.timezone)
                if (one := terms.wanted(span)) is not None
            ]
            changes[camera] = decide(wanted, standing[camera], connection, today, terms.closed)
        await _apply(tx, cloud.id, connection, changes)


@dataclass(frozen=True, slots=True)
class _Terms:
    """The mappings, when each tariff begins, and the months that are closed."""

    subscribers: Mapping[int, int]
    tariffs: Mapping[int, int]
    begins: Mapping[int, date]
    closed: Sequence[tuple[date, date]]

    def wanted(self, span: Span) -> Wanted | None:
        """The subscription that a span stands for; None when it is not mapped, or has no day."""
        if span.organization is None:
            return None
        subscriber = self.subscribers.get(span.organization)
        tariff = self.tariffs.get(span.preset)
        if subscriber is None or tariff is None or tariff not in self.begins:
            return None
        starts_on = max(span.starts_on, self.begins[tariff])
        if span.ends_on is not None and starts_on >= span.ends_on:
            return None
        return Wanted(subscriber, tariff, starts_on, span.ends_on)


async def _terms(tx: Transaction, cloud: CloudFacts, connection: int) -> _Terms:
    watcher = await tx.fetchval(
        "select coalesce(same_as, id) from connection where id = $1", connection
    )
    organizations = await tx.fetch(
        "select organization, subscriber from watcher_organization"
        " where cloud = $1 and watcher = $2 and subscriber is not null",
        cloud.id,
        watcher,
    )
    presets = await tx.fetch(
        "select preset, tariff from watcher_preset"
        " where cloud = $1 and watcher = $2 and tariff is not null",
        cloud.id,
        watcher,
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
        [(row["starts_on"], row["after"]) for row in await tx.fetch(_CLOSED, cloud.id)],
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


async def _apply(
    tx: Transaction, cloud: int, connection: int, changes: Mapping[int, Change]
) -> None:
    emptied = [one for change in changes.values() for one in change.emptied]
    ends = [one for change in changes.values() for one in change.ends]
    made = [(camera, one) for camera, change in changes.items() for one in change.made]
    if emptied:
        await tx.execute("delete from subscription where id = any($1::bigint[])", emptied)
    if ends:
        await tx.execute(
            "update subscription s set ends_on = e.ends_on"
            " from unnest($1::bigint[], $2::date[]) as e(id, ends_on) where s.id = e.id",
            [subscription for subscription, _ in ends],
            [ends_on for _, ends_on in ends],
        )
    if made:
        await tx.execute(
            "insert into subscription (cloud, camera, subscriber, tariff, starts_on, ends_on,"
            " follows) select $1, m.camera, m.subscriber, m.tariff, m.starts_on, m.ends_on, $2"
            " from unnest($3::bigint[], $4::bigint[], $5::bigint[], $6::date[], $7::date[])"
            " as m(camera, subscriber, tariff, starts_on, ends_on)",
            cloud,
            connection,
            [camera for camera, _ in made],
            [one.subscriber for _, one in made],
            [one.tariff for _, one in made],
            [one.starts_on for _, one in made],
            [one.ends_on for _, one in made],
        )
