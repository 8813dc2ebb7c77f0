"""Doing what a form says once, however often the same form is sent: a second click does nothing."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Final, TypeVar

from portal import tables
from portal.access import SYSTEM, Actor
from portal.db import atomic, snapshot
from portal.kit.actions.rows import insert

KEY_MAX: Final = 64
KEPT: Final = timedelta(days=30)
Made = TypeVar("Made")


async def once(actor: Actor, key: str, make: Callable[[], Awaitable[Made]]) -> Made | None:
    """What `make` makes; None where the actor has sent a form with this `key` before.

    The key is kept in the same transaction: what fails may be sent again. Of two at once the second
    waits for the first. A form without a key, "", is done each time.
    """
    async with atomic(actor) as tx:
        if key:
            sent = {"user_id": actor.user, "key": key[:KEY_MAX]}
            if await insert(tx, tables.SentForm, sent, unless_there=True) is None:
                return None
        return await make()


async def was_sent(actor: Actor, key: str) -> bool:
    """Whether the actor has sent a form with this key, and its deed is done."""
    async with snapshot(actor) as tx:
        found: bool = await tx.fetchval(
            "select exists (select from sent_form where user_id = $1 and key = $2)",
            actor.user,
            key[:KEY_MAX],
        )
        return found


async def purge(now: datetime) -> None:
    """Forget forms that nobody sends any more. For the worker's sweep."""
    async with atomic(SYSTEM) as tx:
        await tx.execute("delete from sent_form where sent_at < $1", now - KEPT)
