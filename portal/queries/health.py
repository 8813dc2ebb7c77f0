"""Whether the database is there, and whether it is asked as the right role."""

from __future__ import annotations

import asyncio
from typing import Final

import asyncpg

from portal.access import DOORKEEPER
from portal.db import reading

WAIT_SECONDS: Final = 3


async def answers() -> bool:
    """Whether PostgreSQL answers within WAIT_SECONDS."""
    try:
        async with asyncio.timeout(WAIT_SECONDS), reading(DOORKEEPER) as tx:
            return bool(await tx.fetchval("select true"))
    except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError):
        return False


_BYPASSES: Final = """
select rolsuper or rolbypassrls or pg_has_role(current_user, 'camledger_worker', 'usage')
from pg_roles where rolname = current_user
"""


async def bypasses_policies() -> bool:
    """Whether the role we connect as would see every tenant's rows."""
    async with reading(DOORKEEPER) as tx:
        return bool(await tx.fetchval(_BYPASSES))
