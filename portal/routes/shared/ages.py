"""How long ago something was, and how soon something will be, in words."""

from datetime import datetime
from typing import Final

# From how many seconds on a length is told in which unit of how many seconds.
_UNITS: Final = ((172_800, 86_400, "day"), (7_200, 3_600, "hour"), (60, 60, "minute"))


def ago(then: datetime, now: datetime) -> str:
    """How long ago: "12 minutes ago"; "just now" within a minute."""
    length = _spoken((now - then).total_seconds())
    return f"{length} ago" if length else "just now"


def until(then: datetime, now: datetime) -> str:
    """How soon: "in 12 minutes"; "now" within a minute, and when it is past."""
    length = _spoken((then - now).total_seconds())
    return f"in {length}" if length else "now"


def took(began: datetime, ended: datetime | None) -> str:
    """How long something took: "40 s", "3 min 20 s"; "" while it runs."""
    if ended is None:
        return ""
    minutes, seconds = divmod(max(0, round((ended - began).total_seconds())), 60)
    return f"{minutes} min {seconds} s" if minutes else f"{seconds} s"


def _spoken(seconds: float) -> str:
    for least, size, unit in _UNITS:
        if seconds >= least:
            count = int(seconds // size)
            return f"{count} {unit}{'' if count == 1 else 's'}"
    return ""
