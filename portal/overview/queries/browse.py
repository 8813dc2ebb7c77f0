"""The tables themselves, for administrators to look at: piccolo-admin on connections of its own.

It writes nothing and knows no rules of the trade, so it gets a database role that can only read,
and not every column: PostgreSQL refuses what this file might forget. Its own sign-in is not used;
who may come in is decided before it is asked.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, MutableMapping
from functools import cache
from http import HTTPStatus
from typing import Any, Final

import asyncpg

from portal.db import ENGINE, POOL_CLOSE_SECONDS, Engine

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Pages = Callable[[Scope, Receive, Send], Awaitable[None]]

CONNECTIONS_MAX: Final = 3
STATEMENT_TIMEOUT_MS: Final = 10_000
ANSWER_BYTES_MAX: Final = 16_000_000


class TableBrowser:
    """An ASGI application. `url` connects as a member of camledger_admin."""

    def __init__(self, url: str) -> None:
        self.engine = Engine(config={"dsn": url})

    async def open(self) -> None:
        """Open its pool. No connection is made before somebody looks."""
        await self.engine.start_connection_pool(
            min_size=0,
            max_size=CONNECTIONS_MAX,
            max_inactive_connection_lifetime=60,
            server_settings={
                "application_name": "camledger tables",
                "default_transaction_read_only": "on",
                "statement_timeout": str(STATEMENT_TIMEOUT_MS),
                "timezone": "UTC",
            },
        )

    async def close(self) -> None:
        """Close it; a connection that does not come back in time is cut."""
        pool, self.engine.pool = self.engine.pool, None
        if pool is None:
            return
        try:
            await asyncio.wait_for(pool.close(), POOL_CLOSE_SECONDS)
        except TimeoutError:
            pool.terminate()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer within a transaction that can only read, where rows are asked for."""
        app = await asyncio.to_thread(_pages)
        if not scope["path"].startswith("/api/tables/"):
            await app(scope, receive, send)
            return
        kept = _Kept()
        transaction = self.engine.transaction()
        transaction.readonly = True
        async with transaction as running:
            # Piccolo's tables look for a running transaction here: they find this one.
            token = ENGINE.current_transaction.set(running)
            try:
                await app(scope, _nothing, kept.add)
            except asyncpg.InsufficientPrivilegeError:
                kept.refuse(HTTPStatus.FORBIDDEN, "That is not shown here.")
            except (ValueError, asyncpg.DataError):  # a filter or an order by what is not there
                kept.refuse(HTTPStatus.BAD_REQUEST, "That cannot be looked for.")
            finally:
                ENGINE.current_transaction.reset(token)
        for message in kept.messages:
            await send(message)


async def _nothing() -> MutableMapping[str, Any]:
    """The body of a request that only looks: none is waited for."""
    return {"type": "http.request", "body": b"", "more_body": False}


class _Kept:
    """An answer as it is made, sent once its transaction has ended: browsers may be slow."""

    def __init__(self) -> None:
        self.messages: list[MutableMapping[str, Any]] = []
        self._size = 0

    async def add(self, message: MutableMapping[str, Any]) -> None:
        """One message of the answer. Raises ValueError for more than ANSWER_BYTES_MAX."""
        self._size += len(message.get("body", b""))
        if self._size > ANSWER_BYTES_MAX:
            self.messages.clear()
            raise ValueError("more rows than one answer carries")
        self.messages.append(message)

    def refuse(self, status: HTTPStatus, message: str) -> None:
        """Answer this instead."""
        headers = [(b"content-type", b"application/json")]
        self.messages = [
            {"type": "http.response.start", "status": status, "headers": headers},
            {"type": "http.response.body", "body": json.dumps({"error": message}).encode()},
        ]


@cache
def _pages() -> Pages:
    """Made when somebody first looks: until then, a process is without a second web framework."""
    from portal.overview.queries.browse_pages import make_pages

    return make_pages()
