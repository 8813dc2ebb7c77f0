"""The completeness gate: whether every day of a period is known well enough to bill it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class Gap:
    """A day that stops the close: of `subscribed` cameras, `missing` have no usage on it."""

    day: date
    subscribed: int
    missing: int


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
