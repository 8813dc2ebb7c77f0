"""Periods of days, half-open `[start, end)`, and what a day is in a time zone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo, available_timezones

from portal.errors import Conflict, Invalid
from portal.words import _

YEAR_MIN: Final = 2000
YEAR_MAX: Final = 2199
_DAY: Final = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})", re.ASCII)
_MONTH: Final = re.compile(r"([0-9]{4})-([0-9]{2})", re.ASCII)
_ONE_DAY: Final = timedelta(days=1)
_ONE_SECOND: Final = timedelta(seconds=1)
# Names in the zone database that are not places with a clock of their own.
_NO_PLACES: Final = frozenset({"Factory", "localtime", "posixrules"})


@dataclass(frozen=True, slots=True, order=True)
class Period:
    """The days from `start` up to, not including, `end`; a billing period is a calendar month."""

    start: date
    end: date

    def __post_init__(self) -> None:
        if not self.start < self.end:
            raise ValueError("a period holds at least one day")

    @classmethod
    def month(cls, key: str) -> Period:
        """The calendar month "2026-10". Raises `Invalid({"period": …})`."""
        return parse_month(key)

    @classmethod
    def of(cls, day: date) -> Period:
        """The calendar month that holds a day."""
        start = date(day.year, day.month, 1)
        return cls(start, _first_of_next_month(start))

    @property
    def key(self) -> str:
        """The month it starts in: "2026-10"."""
        return f"{self.start.year:04d}-{self.start.month:02d}"

    @property
    def days(self) -> int:
        """Its number of days: the D of every proration."""
        return (self.end - self.start).days

    @property
    def last(self) -> date:
        """Its last day, the one whose rate decides how a period is priced."""
        return self.end - _ONE_DAY

    def next(self) -> Period:
        """The calendar month after the one it starts in."""
        return Period.of(_first_of_next_month(self.start))

    def previous(self) -> Period:
        """The calendar month before the one it starts in."""
        return Period.of(self.start.replace(day=1) - _ONE_DAY)

    def back(self, months: int) -> Period:
        """The calendar month so many months before; 0 is the month it starts in."""
        if months < 0:
            raise ValueError("back goes back")
        index = self.start.year * 12 + self.start.month - 1 - months
        return Period.of(date(index // 12, index % 12 + 1, 1))

    def overlap(self, start: date, end: date | None) -> Period | None:
        """The days it shares with `[start, end)`, None when none; `end` None is for ever."""
        first = max(self.start, start)
        after = self.end if end is None else min(self.end, end)
        return Period(first, after) if first < after else None

    def index(self, day: date) -> int:
        """Offset of a day from the first one: 0 for it, negative before, ≥ `days` after."""
        return (day - self.start).days

    def day(self, index: int) -> date:
        """The day at an offset, the inverse of `index`."""
        return self.start + timedelta(days=index)

    def __contains__(self, day: date) -> bool:
        return self.start <= day < self.end

    def __iter__(self) -> Iterator[date]:
        return (self.day(index) for index in range(self.days))


def _first_of_next_month(start: date) -> date:
    return date(start.year + start.month // 12, start.month % 12 + 1, 1)


def parse_day(text: object, field: str = "day") -> date:
    """A day "2026-10-16" of the years 2000 to 2199. Raises `Invalid({field: …})`."""
    match = _DAY.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        raise Invalid({field: _('must be a day like "2026-10-16"')})
    year, month, day = int(match[1]), int(match[2]), int(match[3])
    _check_year(year, field)
    try:
        return date(year, month, day)
    except ValueError:
        raise Invalid({field: _("is not a day of the calendar")}) from None


def parse_month(text: object, field: str = "period") -> Period:
    """A month "2026-10" of the years 2000 to 2199. Raises `Invalid({field: …})`."""
    match = _MONTH.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        raise Invalid({field: _('must be a month like "2026-10"')})
    year, month = int(match[1]), int(match[2])
    _check_year(year, field)
    try:
        return Period.of(date(year, month, 1))
    except ValueError:
        raise Invalid({field: _("is not a month of the calendar")}) from None


def _check_year(year: int, field: str) -> None:
    if not YEAR_MIN <= year <= YEAR_MAX:
        raise Invalid(
            {
                field: _("must be in the years %(year_min)s to %(year_max)s")
                % {"year_min": YEAR_MIN, "year_max": YEAR_MAX}
            }
        )


@lru_cache(maxsize=1)
def zones() -> frozenset[str]:
    """Every IANA time zone a cloud may have, as the zone database spells it."""
    return frozenset(available_timezones() - _NO_PLACES)


def is_zone(name: str) -> bool:
    """Whether a name is that of an IANA time zone."""
    return name in zones()


def parse_zone(text: object, field: str = "timezone") -> str:
    """The name of an IANA time zone, "Europe/Rome". Raises `Invalid({field: …})`."""
    if not isinstance(text, str) or not is_zone(text):
        raise Invalid({field: _('is not an IANA time zone like "Europe/Rome"')})
    return text


def zone_of(name: str) -> ZoneInfo:
    """The zone of a name that is stored. Raises `Conflict` where the zone database has it not."""
    if not is_zone(name):
        message = _(
            "The time zone %(name)r is not in this installation's zone database, "
            "so nobody can say where its days end: give the cloud, or the "
            "platform, an IANA time zone that is."
        ) % {"name": name}
        raise Conflict(message)
    return ZoneInfo(name)


@lru_cache(maxsize=4096)
def day_start(day: date, zone: str) -> datetime:
    """The first instant of a local day, in UTC.

    Where midnight comes twice (America/Havana, 3 November 2024), it is the first. Where the clock
    jumps over it (Africa/Cairo, 26 April 2024, has no 00:00), it is the jump.
    """
    place = zone_of(zone)
    midnight = datetime.combine(day, time(0), place)
    start = midnight.astimezone(UTC)
    if start.astimezone(place).replace(tzinfo=None) == midnight.replace(tzinfo=None):
        return start
    return _jump(midnight.replace(fold=1).astimezone(UTC), start, place)


def _jump(before: datetime, after: datetime, place: ZoneInfo) -> datetime:
    """The instant in `(before, after]` from which on a zone has the offset that it has `after`."""
    offset = after.astimezone(place).utcoffset()
    while (width := after - before) > _ONE_SECOND:
        middle = before + timedelta(seconds=int(width.total_seconds()) // 2)
        if middle.astimezone(place).utcoffset() == offset:
            after = middle
        else:
            before = middle
    return after


def day_starts(start: date, end: date, zone: str) -> list[datetime]:
    """The first instants of the local days from `start` to `end`, `end` included.

    Two neighbours are the bounds of a day: for whoever asks which day an instant is in and has no
    zones of its own, such as SQL.
    """
    return [day_start(start + timedelta(days=n), zone) for n in range((end - start).days + 1)]


@lru_cache(maxsize=4096)
def day_seconds(day: date, zone: str) -> int:
    """Length of a local day: 86 400, across a DST change 82 800 or 90 000.

    0 is a day the zone skipped: Pacific/Apia has no 30 December 2011.
    """
    length = day_start(day + _ONE_DAY, zone) - day_start(day, zone)
    return int(length.total_seconds())


def month_before(day: date) -> date:
    """The same day of the month before, or that month's last: 31 March → 28 February."""
    before = Period.of(day).previous()
    return before.day(min(day.day, before.days) - 1)


def local_date(instant: datetime, zone: str) -> date:
    """The day of a zone that holds an instant. Raises `ValueError` for a naive one.

    It is the calendar's date then, but for the hour that comes twice around midnight: America/
    St_Johns went back from 00:01 to 23:01 of the day before, which by then was over.
    """
    if instant.utcoffset() is None:
        raise ValueError("an instant has an offset")
    found = instant.astimezone(zone_of(zone)).date()
    return found + _ONE_DAY if day_start(found + _ONE_DAY, zone) <= instant else found


@dataclass(frozen=True, slots=True)
class MonthAt:
    """A month as it stands on a day: which of its days are over.

    The one rule for every figure "so far": a day counts when it is over in the cloud's zone. On the
    30th at 02:33 that is the 1st to the 29th, whatever has been read of the 30th already.
    """

    period: Period
    today: date

    @property
    def running(self) -> bool:
        """Whether the month has not ended, so that its figures still change."""
        return self.today < self.period.end

    @property
    def has_begun(self) -> bool:
        """Whether its first day has come."""
        return self.period.start <= self.today

    @property
    def until(self) -> date:
        """The day after the last that is over; the first day of the month when none is."""
        return max(self.period.start, min(self.period.end, self.today))

    @property
    def days_over(self) -> int:
        """How many of its days are over."""
        return self.period.index(self.until)


def month_at(period: Period, instant: datetime, zone: str) -> MonthAt:
    """A month as it stands at an instant in a zone."""
    return MonthAt(period, local_date(instant, zone))


def has_ended(period: Period, instant: datetime, zone: str) -> bool:
    """Whether a period's last day is over in a zone; only then it can be closed."""
    return instant >= day_start(period.end, zone)
