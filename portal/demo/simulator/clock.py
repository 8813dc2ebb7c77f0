"""The simulator's time: it stands until it is moved, or runs with the real one; never backwards."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Final

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND: Final = timedelta(milliseconds=1)


def to_ms(instant: datetime) -> int:
    """Milliseconds since 1970. Raises `ValueError` for an instant without an offset."""
    if instant.utcoffset() is None:
        raise ValueError("an instant has an offset")
    return (instant - EPOCH) // _MILLISECOND


def from_ms(at: int) -> datetime:
    """The instant in UTC, the inverse of `to_ms`."""
    return EPOCH + timedelta(milliseconds=at)


def text(at: int) -> str:
    """An instant as RFC 3339 in UTC: "2026-10-25T00:30:00Z", with milliseconds only if any."""
    instant = from_ms(at)
    shown = instant.isoformat(timespec="milliseconds" if instant.microsecond else "seconds")
    return shown.replace("+00:00", "Z")


def parse(value: object) -> int:
    """Milliseconds since 1970 from RFC 3339 text or from seconds. Raises `ValueError`."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise ValueError(  # noqa: TRY004 -- a client sent it
            "must be a time like 2026-10-25T00:30:00Z, or seconds since 1970"
        )
    if isinstance(value, int | float):
        return round(value * 1000)
    try:
        return round(float(value) * 1000)
    except ValueError:
        return to_ms(datetime.fromisoformat(value))


class Clock:
    """Virtual time in milliseconds. A running one adds the real time since it was last moved."""

    def __init__(self, now_ms: int, *, running: bool) -> None:
        self._virtual_ms = now_ms
        self._real = time.monotonic()
        self.running = running

    def now_ms(self) -> int:
        """The virtual time."""
        if not self.running:
            return self._virtual_ms
        return self._virtual_ms + int((time.monotonic() - self._real) * 1000)

    def move(self, now_ms: int) -> None:
        """Set the time. Raises `ValueError` for an earlier one."""
        if now_ms < self.now_ms():
            raise ValueError("the clock moves forwards only")
        self._virtual_ms, self._real = now_ms, time.monotonic()

    def run(self, *, running: bool) -> None:
        """Let it run with the real time, or stop it where it is."""
        self._virtual_ms, self._real = self.now_ms(), time.monotonic()
        self.running = running
