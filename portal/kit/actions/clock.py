"""Moving the test clock. An installation that was not started with one has none."""

from __future__ import annotations

from datetime import datetime

from portal import jobs, tables
from portal.access import SYSTEM, Actor, Permission
from portal.db import atomic
from portal.errors import Conflict
from portal.kit.actions.permit import require
from portal.kit.actions.queueing import enqueue_after_commit
from portal.kit.actions.rows import ONLY_ROW, update
from portal.ports import Queue
from portal.words import _


async def start(at: datetime) -> None:
    """Set the clock at the first start; later it stays where it is, or moves on to `at`.

    Raises `Conflict` where there are clouds already that go by the machine's clock.
    """
    async with atomic(SYSTEM) as tx:
        if await tx.fetchval(
            "select exists (select from cloud) and not exists (select from test_clock)"
        ):
            raise Conflict(
                _(
                    "These books go by the machine's clock. A test clock needs a "
                    "database of its own."
                )
            )
        await tx.execute(
            "insert into test_clock (id, now) values (1, $1)"
            " on conflict (id) do update set now = greatest(test_clock.now, excluded.now)",
            at,
        )


async def move(actor: Actor, to: datetime, *, queue: Queue) -> None:
    """Move the clock forward and wake the workers. Raises `Conflict` for a time that has been."""
    require(actor, Permission.CLOCK_MOVE)
    async with atomic(actor) as tx:
        now = await tx.fetchval("select now from test_clock for update")
        if now is None:
            raise Conflict(_("This installation runs by the machine's clock."))
        if to < now:
            message = _("The clock stands at %(now)s and only moves forward.") % {
                "now": f"{now:%Y-%m-%dT%H:%M:%SZ}"
            }
            raise Conflict(message)
        await update(tx, tables.TestClock, ONLY_ROW, {"now": to})

        enqueue_after_commit(queue, jobs.SWEEP)
