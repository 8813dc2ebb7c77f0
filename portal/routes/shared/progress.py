"""How long work that runs will take."""

from datetime import datetime
from typing import Final

MINUTE: Final = 60


def time_left(started: datetime | None, done: int, total: int, now: datetime) -> str:
    """In words, from how much is done since it began: "about 2 minutes left". "" when unknown."""
    if started is None or done <= 0 or done >= total:
        return ""
    seconds = (now - started).total_seconds() / done * (total - done)
    if seconds < MINUTE:
        return "less than a minute left"
    minutes = round(seconds / MINUTE)
    return f"about {minutes} {'minute' if minutes == 1 else 'minutes'} left"
