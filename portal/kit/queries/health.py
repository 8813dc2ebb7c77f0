"""Whether the database is there, and whether it is asked as the right role."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from typing import Final

from portal.access import DOORKEEPER, Actor
from portal.db import is_answering, snapshot
from portal.kit.queries import backups
from portal.kit.queries.backups import LastBackup

WAIT_SECONDS: Final = 3
FRESH_SECONDS: Final = 1.0


class Heartbeat:
    """Whether PostgreSQL answers, looked at once a second however many ask.

    Each look is a connection of its own, so that a pool in full use is no outage; and a flood of
    questions makes no flood of connections.
    """

    def __init__(self) -> None:
        self._looking = asyncio.Lock()
        self._looked_at = -FRESH_SECONDS
        self._answers = False

    async def answers(self) -> bool:
        """Whether it answers within WAIT_SECONDS, as of the last FRESH_SECONDS."""
        async with self._looking:
            if time.monotonic() - self._looked_at >= FRESH_SECONDS:
                self._answers = await is_answering(WAIT_SECONDS)
                self._looked_at = time.monotonic()
            return self._answers


_BYPASSES: Final = """
select rolsuper or rolbypassrls or pg_has_role(current_user, 'camledger_worker', 'usage')
from pg_roles where rolname = current_user
"""


async def bypasses_policies() -> bool:
    """Whether the role we connect as would see every tenant's rows."""
    async with snapshot(DOORKEEPER) as tx:
        return bool(await tx.fetchval(_BYPASSES))


@dataclass(frozen=True, slots=True)
class Facts:
    """The version of the database, how many documents and mails wait, and the last backup."""

    database: str
    documents: int
    mails: int
    backup: LastBackup


_FACTS: Final = """
select current_setting('server_version') as database,
       (select count(*)::int from invoice_wait) as documents,
       (select count(*)::int from delivery where state in ('waiting', 'sending')) as mails
"""


async def facts(actor: Actor) -> Facts:
    """Of the whole installation, as far as the actor sees it."""
    async with snapshot(actor) as tx:
        row = await tx.fetchrow(_FACTS)
        assert row is not None, "counts have a row"
        return Facts(**row, backup=await backups.last(actor))
