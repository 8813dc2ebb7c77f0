"""Subscriptions that follow presets: what Watcher shows and people have mapped, day by day."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from portal.billing.readings import Interval, Span, spans


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


@dataclass(frozen=True, slots=True)
class Mappings:
    """What Watcher's organizations and presets stand for, by their ids there.

    `begins` is, by tariff, the first day it has a price on; `closed` are the months whose days are
    billed, each `[first, after)`.
    """

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


def wanted_of(mappings: Mappings, intervals: Sequence[Interval], zone: str) -> list[Wanted]:
    """The subscriptions that a camera's intervals, in order, stand for; they never overlap."""
    found = (mappings.wanted(span) for span in spans(intervals, zone))
    return [one for one in found if one is not None]


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
