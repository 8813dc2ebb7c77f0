"""How long work that runs will take."""

from datetime import datetime
from typing import Final

from portal.words import _, ngettext

MINUTE: Final = 60


def time_left(started: datetime | None, done: int, total: int, now: datetime) -> str:
    """In words, from how much is done since it began: "about 2 minutes left". "" when unknown."""
    if started is None or done <= 0 or done >= total:
        return ""
    seconds = (now - started).total_seconds() / done * (total - done)
    if seconds < MINUTE:
        return _("less than a minute left")
    minutes = round(seconds / MINUTE)
    left = ngettext("about %(minutes)s minute left", "about %(minutes)s minutes left", minutes)
    return left % {"minutes": minutes}
