"""Usage as the actor of the running transaction sees it: which table a statement reads."""

from __future__ import annotations

from typing import Final

from portal.db import acting
from portal.tables.usage_views import IN_PART

SEEN: Final = "seen_usage"
"""What statements call it, under an alias; no table has this name."""
_OWN: Final = "(select * from served_usage where camera = any(array(select id from camera)))"


def seen(statement: str, *, of_all: bool = False) -> str:
    """A statement about `seen_usage`, of the table in which the actor sees its usage.

    Whoever sees all usage of a cloud reads the table itself: each row as it is. The others read
    `served_usage`, where each row is looked at closely; so a statement names the cameras it wants,
    or is `of_all` that the actor sees.
    """
    actor = acting()
    if actor is None or actor.role not in IN_PART:
        return statement.replace(SEEN, "usage")
    return statement.replace(SEEN, _OWN if of_all else "served_usage")
