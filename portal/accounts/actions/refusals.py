"""What is refused is told: all of it in the log, and the audit log as much as its ration allows.

Nobody from outside may fill the audit log. What exceeds the ration is counted, and the next
entry of its kind says how many were left out.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

import structlog

from portal.access import Actor
from portal.accounts.actions.throttle import network_of
from portal.db import atomic
from portal.kit.actions import audit
from portal.words import english, stored

log = structlog.get_logger()

WINDOW: Final = timedelta(minutes=15)
ENTRIES_A_SOURCE: Final = 20
"""Of one kind and one person, key or network, in each process and WINDOW."""
ENTRIES_A_KIND: Final = 200
"""Of one kind from everywhere."""
SOURCES_MAX: Final = 10_000
OBJECT_MAX: Final = 200


@dataclass(slots=True)
class _Count:
    since: datetime
    recorded: int = 0
    left_out: int = 0


@dataclass(slots=True)
class Ration:
    """Counts entries by source; the sources counted first are forgotten first."""

    counts: OrderedDict[tuple[str, str], _Count] = field(default_factory=OrderedDict)

    def take(self, kind: str, source: str, now: datetime) -> int | None:
        """How many were left out before this one; None when this one is left out, too."""
        mine, everyone = (self._count((kind, one), now) for one in (source, ""))
        if mine.recorded >= ENTRIES_A_SOURCE or everyone.recorded >= ENTRIES_A_KIND:
            mine.left_out += 1
            return None
        left_out, mine.left_out = mine.left_out, 0
        mine.recorded += 1
        everyone.recorded += 1
        return left_out

    def _count(self, key: tuple[str, str], now: datetime) -> _Count:
        count = self.counts.get(key)
        if count is None:
            while len(self.counts) >= SOURCES_MAX:
                self.counts.popitem(last=False)
            count = self.counts[key] = _Count(now)
        elif now - count.since >= WINDOW:
            count.since, count.recorded = now, 0
        return count


ration: Final = Ration()


async def note(
    actor: Actor,
    action: str,
    object: str,  # noqa: A002 - the audit log's own word
    *,
    now: datetime,
    cloud: int | None = None,
    **facts: Any,
) -> None:
    """Write down that `action` was refused or failed: "sign-in.failed" of "user 8".

    Without a person it is the doorkeeper's, with the address. `facts` say why, with no secret.
    """
    shown = object[:OBJECT_MAX]
    who = {"user": actor.user, "key": actor.key, "address": actor.address}
    log.warning(action, object=shown, **who, **{name: english(one) for name, one in facts.items()})
    known = actor.user or actor.key
    source = f"{actor.user}/{actor.key}" if known else network_of(actor.address)
    left_out = ration.take(action, source, now)
    if left_out is None:
        return
    after = {name: stored(one) if isinstance(one, str) else one for name, one in facts.items()}
    if left_out:
        after["left_out"] = left_out
    async with atomic(actor) as tx:
        await audit.record(tx, actor, action, shown, cloud=cloud, after=after or None)
