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
from piccolo.table import Table, create_table_class
from piccolo_admin.endpoints import AdminRouter, TableConfig, create_admin
from piccolo_admin.translations.data import ENGLISH
from piccolo_admin.translations.models import Translation
from starlette.authentication import AuthCredentials, AuthenticationBackend, BaseUser
from starlette.middleware.authentication import AuthenticationMiddleware
from starlette.requests import HTTPConnection
from starlette.routing import Mount

from portal import tables
from portal.db import ENGINE, POOL_CLOSE_SECONDS, Engine

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

SITE_NAME: Final = "Camledger tables"
# Its page, with our styles: the policy of every page forbids those that its script would write.
HEAD: Final = (
    f"<title>{SITE_NAME}</title>"
    '<link rel="icon" href="/static/favicon.svg" type="image/svg+xml">'
    '<link rel="stylesheet" href="/static/admin.css">'
)
READING: Final = Translation(
    language_name="English",
    language_code="en",
    translations={**ENGLISH.translations, "Edit": "Row of", "Log Out": "Sign out"},
)
CONNECTIONS_MAX: Final = 3
STATEMENT_TIMEOUT_MS: Final = 10_000
PAGE_SIZE: Final = 30
ANSWER_BYTES_MAX: Final = 16_000_000

# Usage has a key of four columns and millions of rows: its pages show it better. A stored PDF is
# bytes only.
LEFT_OUT: Final = frozenset({tables.Usage, tables.InvoiceFile})
GROUPS: Final = {
    "People": (tables.PortalUser, tables.UserSession, tables.SignInAttempt, tables.ApiKey),
    "Books": (
        tables.Period,
        tables.PeriodBatch,
        tables.Charge,
        tables.Margin,
        tables.Invoice,
        tables.InvoiceLine,
        tables.Commission,
        tables.Series,
    ),
}


class _Visitor(BaseUser):
    """Whoever was let in, as piccolo-admin wants to know them."""

    def __init__(self, name: str, user_id: int) -> None:
        self.name = name
        self.user_id = user_id

    @property
    def is_authenticated(self) -> bool:
        return True

    @property
    def display_name(self) -> str:
        return self.name

    @property
    def identity(self) -> str:
        return str(self.user_id)


class _LetIn(AuthenticationBackend):
    """The person whom the portal's own session named; nobody comes here without one."""

    async def authenticate(self, conn: HTTPConnection) -> tuple[AuthCredentials, BaseUser]:
        person = conn.scope["user"]
        visitor = _Visitor(person.email, person.actor.user)
        return AuthCredentials(["authenticated"]), visitor


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
        app = await asyncio.to_thread(_admin)
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
def _admin() -> AdminRouter:
    """Made when somebody first looks: it takes the better part of a second."""
    admin: AdminRouter = create_admin(
        [_config(table) for table in _browsable()],
        read_only=True,
        production=True,
        page_size=PAGE_SIZE,
        site_name=SITE_NAME,
        auto_include_related=False,
        default_language_code="en",
        translations=[READING],
        sidebar_links={"Back to the portal": "/"},
    )
    admin.template = admin.template.replace("<title>Piccolo Admin</title>", HEAD)
    private = next(
        route.app for route in admin.routes if isinstance(route, Mount) and route.path == "/api"
    )
    if not isinstance(private, AuthenticationMiddleware):
        raise TypeError("piccolo-admin keeps its private part elsewhere than expected")
    private.backend = _LetIn()
    return admin


def _browsable() -> list[type[Table]]:
    every = (value for value in vars(tables).values() if isinstance(value, type))
    return [table for table in every if issubclass(table, Table) and table not in LEFT_OUT]


def _config(table: type[Table]) -> TableConfig:
    group = next((name for name, members in GROUPS.items() if table in members), "Trade")
    return TableConfig(_without_secrets(table), menu_group=group)


@cache
def _without_secrets(table: type[Table]) -> type[Table]:
    """The same table as if its secret columns were not there: they are in no query and no list."""
    meta = table._meta  # noqa: SLF001 - where Piccolo keeps what it knows of a table
    if not meta.secret_columns:
        return table
    shown = [column for column in meta.columns if not column._meta.secret]  # noqa: SLF001 - as above
    return create_table_class(
        table.__name__,
        class_kwargs={"tablename": meta.tablename, "db": ENGINE},
        class_members={column._meta.name: column for column in shown},  # noqa: SLF001 - as above
    )
