"""The completeness gate: whether every day of a period is known well enough to bill it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from portal.billing.period import day_seconds
from portal.words import _


@dataclass(frozen=True, slots=True)
class Gap:
    """A day that stops the close: of `subscribed` cameras, `missing` have no usage on it."""

    day: date
    subscribed: int
    missing: int

    @property
    def message(self) -> str:
        """The gap in one sentence."""
        return _("%(missing)s of %(subscribed)s subscribed cameras have no usage on this day.") % {
            "missing": self.missing,
            "subscribed": self.subscribed,
        }


@dataclass(frozen=True, slots=True)
class Connected:
    """A connection to Watcher, made at `since` and ended at `until`, None while it goes on.

    `read` are the local days in which one of its complete readings began.
    """

    since: datetime
    until: datetime | None
    read: Collection[date]

    def stands_at(self, instant: datetime) -> bool:
        """Whether it answers for the day that ends at an instant."""
        return self.since < instant and (self.until is None or self.until >= instant)


def known_days(start: date, end: date, zone: str) -> list[date]:
    """The days of `[start, end)` that the zone has: Samoa had no 30 December 2011."""
    days = (start + timedelta(days=n) for n in range((end - start).days))
    return [day for day in days if day_seconds(day, zone) > 0]


def days_read(ends: Mapping[date, datetime], connections: Collection[Connected]) -> frozenset[date]:
    """The days that complete readings cover: each connection that stood at a day's end read it.

    `ends` are the days, each with the instant it ends at. A day at whose end there was no
    connection is covered by none.
    """
    return frozenset(
        day
        for day, end in ends.items()
        if (standing := [one for one in connections if one.stands_at(end)])
        and all(day in one.read for one in standing)
    )


def gaps(
    days: Iterable[date],
    complete: Collection[date],
    subscribed: Mapping[date, int],
    reported: Mapping[date, int],
) -> list[Gap]:
    """The days that are not covered, in order.

    A day is covered by a complete reading of the cloud's cameras (`complete`), or by at least one
    usage row for every camera subscribed on it: `reported` counts those of the `subscribed` ones
    that have any. A day without subscribed cameras has nothing to miss.
    """
    read = frozenset(complete)
    return [
        Gap(day, count, missing)
        for day in days
        if day not in read
        if (missing := (count := subscribed.get(day, 0)) - reported.get(day, 0)) > 0
    ]
