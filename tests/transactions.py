"""Which transactions a process opens, as its connections say them to PostgreSQL."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from asyncpg.connection import LoggedQuery

from portal import db

READS = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;"


@dataclass
class Transactions:
    """Those begun since the last `taken`: whose each is, and whether it only reads."""

    _begun: list[str] = field(default_factory=list)
    _found: list[tuple[str, bool]] = field(default_factory=list)

    def note(self, query: LoggedQuery) -> None:
        if query.query.startswith("BEGIN"):
            self._begun.append(query.query)
        elif "set_config('app.role'" in query.query:
            self._found.append((str(query.args[0]), self._begun.pop() == READS))

    def taken(self) -> list[tuple[str, bool]]:
        """(role, whether it only reads) of each, and forget them."""
        found, self._found = self._found, []
        return found


@asynccontextmanager
async def watched() -> AsyncIterator[Transactions]:
    """Inside, the transactions of this process's pool are told."""
    pool: Any = db.ENGINE.pool
    transactions = Transactions()
    async with AsyncExitStack() as stack:
        connections = [
            await stack.enter_async_context(pool.acquire()) for _ in range(pool.get_max_size())
        ]
        for connection in connections:
            connection.add_query_logger(transactions.note)
    yield transactions
