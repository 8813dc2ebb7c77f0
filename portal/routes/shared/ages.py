"""How long ago something was, and how soon something will be, in words."""

from datetime import datetime
from typing import Final

from portal.words import _, ngettext

# From how many seconds on a length is told in which unit of how many seconds.
_DAYS: Final = 172_800, 86_400
_HOURS: Final = 7_200, 3_600
_MINUTES: Final = 60, 60


def ago(then: datetime, now: datetime) -> str:
    """How long ago: "12 minutes ago"; "just now" within a minute."""
    length = _spoken((now - then).total_seconds())
    return (_("%(length)s ago") % {"length": length}) if length else _("just now")


def until(then: datetime, now: datetime) -> str:
    """How soon: "in 12 minutes"; "now" within a minute, and when it is past."""
    length = _spoken((then - now).total_seconds())
    return (_("in %(length)s") % {"length": length}) if length else _("now")


def took(began: datetime, ended: datetime | None) -> str:
    """How long something took: "40 s", "3 min 20 s"; "" while it runs."""
    if ended is None:
        return ""
    minutes, seconds = divmod(max(0, round((ended - began).total_seconds())), 60)
    return (
        (_("%(minutes)s min %(seconds)s s") % {"minutes": minutes, "seconds": seconds})
        if minutes
        else _("%(seconds)s s") % {"seconds": seconds}
    )


def _spoken(seconds: float) -> str:
    for least, size in (_DAYS, _HOURS, _MINUTES):
        if seconds >= least:
            return _counted(int(seconds // size), size)
    return ""


def _counted(count: int, size: int) -> str:
    if size == _DAYS[1]:
        length = ngettext("%(count)s day", "%(count)s days", count)
    elif size == _HOURS[1]:
        length = ngettext("%(count)s hour", "%(count)s hours", count)
    else:
        length = ngettext("%(count)s minute", "%(count)s minutes", count)
    return length % {"count": count}
