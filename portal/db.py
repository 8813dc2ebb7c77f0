"""The only way to open a transaction: `atomic(actor)`. PostgreSQL shows what the actor may see.

Every statement of a transaction runs on one connection, so nothing inside it may be gathered or run
in another task.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import AbstractContextManager, AsyncExitStack, asynccontextmanager, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import asyncpg
from piccolo.engine.postgres import PostgresEngine, PostgresTransaction

from portal.access import Actor, Role
from portal.errors import Unavailable
from portal.locks import HeldLocks
from portal.waiting import transaction_open
from portal.words import _

Transaction: TypeAlias = "asyncpg.Connection[asyncpg.Record]"

POOL_CLOSE_SECONDS = 10
CONNECTION_SECONDS_MAX = 5
"""How long a request waits for one of the pool's connections before it is 503."""
STATEMENT_TIMEOUT_MS = 300_000
STATEMENTS = {"statement_cache_size": 100, "max_cached_statement_lifetime": 300}
"""How many statements a connection keeps with their plans, and for how many seconds."""

Callback = Callable[[], Awaitable[None]]


class _Transaction(PostgresTransaction):
    """Outermost: always gives the connection back. Nested: a real savepoint.

    The stock one leaks its connection when COMMIT fails, and lets a caught inner error commit.
    """

    isolation: str | None = None
    readonly: bool = False
    marked: AbstractContextManager[None]

    engine: Engine

    async def get_connection(self) -> Any:
        return await self.engine.acquire()

    async def __aenter__(self) -> PostgresTransaction:
        if self._parent is not None:
            self._savepoint = await self._parent.savepoint()
            return self._parent
        self.connection = await self.get_connection()
        try:
            self.transaction = self.connection.transaction(
                isolation=self.isolation, readonly=self.readonly
            )
            await self.begin()
        except BaseException:
            await self.engine.give_back(self.connection)
            raise
        self.context = self.engine.current_transaction.set(self)
        self.marked = transaction_open()
        self.marked.__enter__()
        return self

    async def __aexit__(self, exc_type: object, exc: object, traceback: object) -> bool:
        if self._parent is not None:
            if exc is not None:
                await self._savepoint.rollback_to()
            await self._savepoint.release()
            return False
        try:
            if not (self._committed or self._rolled_back):
                await (self.rollback() if exc is not None else self.commit())
        finally:
            self.marked.__exit__(None, None, None)
            self.engine.current_transaction.reset(self.context)
            await self.engine.give_back(self.connection)
        return False


class Engine(PostgresEngine):
    """Piccolo's engine with transactions that are safe to nest and to fail.

    A connection of the pool is waited for `acquire_timeout` seconds.
    """

    acquire_timeout: float = CONNECTION_SECONDS_MAX

    async def acquire(self) -> Any:
        """A connection of the pool, to be released. Raises `Unavailable` when none comes free."""
        if self.pool is None:
            return await self.get_new_connection()
        try:
            return await self.pool.acquire(timeout=self.acquire_timeout)
        except TimeoutError as error:
            raise Unavailable(
                _("The database is busy with other requests. Try again in a few seconds.")
            ) from error

    async def _run_in_pool(self, query: str, args: Sequence[Any] | None = None) -> Any:
        """Piccolo's query outside every transaction."""
        connection = await self.acquire()
        try:
            return await connection.fetch(query, *(args or ()))
        finally:
            await self.give_back(connection)

    async def give_back(self, connection: Any) -> None:
        """Release a connection that was acquired, also when the task is being cancelled."""
        if self.pool is not None:
            await asyncio.shield(self.pool.release(connection))
        else:
            await connection.close()

    def transaction(self, allow_nested: bool = True) -> _Transaction:  # noqa: FBT001, FBT002 - Piccolo's signature
        return _Transaction(engine=self, allow_nested=allow_nested)

    async def check_version(self) -> None:
        """Nothing: it would connect while this module is imported, before there is an address."""

    async def get_new_connection(self) -> Any:
        connection = await super().get_new_connection()
        await _prepare(connection)
        return connection


ENGINE = Engine(config={})


@dataclass
class _Scope:
    """What the running transaction belongs to."""

    actor: Actor
    after_commit: list[Callback] = field(default_factory=list)
    before_commit: list[tuple[int, Callback]] = field(default_factory=list)
    asked: set[object] = field(default_factory=set)


_scope: ContextVar[_Scope | None] = ContextVar("camledger_scope", default=None)
_bound: ContextVar[bool] = ContextVar("camledger_bound", default=False)


@contextmanager
def bound_by_policies() -> Iterator[None]:
    """Bind transactions that begin inside by the policies and grants of the web process.

    A worker logs in as the owner, whom no policy binds: what it does because a person asked for it,
    it does so, and sees and writes what that person might.
    """
    token = _bound.set(True)
    try:
        yield
    finally:
        _bound.reset(token)


JSONB_VERSION = b"\x01"
"""What PostgreSQL's binary form of a jsonb begins with."""


async def _prepare(connection: Transaction) -> None:
    # Binary, because COPY knows no other.
    await connection.set_type_codec(
        "jsonb", encoder=_encode, decoder=_decode, schema="pg_catalog", format="binary"
    )


def _encode(value: object) -> bytes:
    """Piccolo hands JSON over as text already; our own statements hand over objects."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return JSONB_VERSION + text.encode()


def _decode(data: bytes) -> Any:
    return json.loads(data[len(JSONB_VERSION) :])


def configure(url: str) -> None:
    """Point the engine at a database without connecting (migrations, shells)."""
    ENGINE.config = {"dsn": url}


async def open_pool(
    url: str, *, size: int = 10, minimum: int = 1, acquire_timeout: float = CONNECTION_SECONDS_MAX
) -> None:
    """Open the process's pool of connections to `url`; `acquire_timeout` as in `Engine`."""
    configure(url)
    ENGINE.acquire_timeout = acquire_timeout
    await ENGINE.start_connection_pool(
        min_size=minimum,
        max_size=size,
        init=_prepare,
        **STATEMENTS,
        server_settings={
            "application_name": "camledger",
            "timezone": "UTC",
            "statement_timeout": str(STATEMENT_TIMEOUT_MS),
            "jit": "off",
        },
    )


async def close_pool() -> None:
    """Close the pool; a connection that does not come back in time is cut."""
    pool, ENGINE.pool = ENGINE.pool, None
    if pool is None:
        return
    _held.pop(pool, None)
    try:
        await asyncio.wait_for(pool.close(), POOL_CLOSE_SECONDS)
    except TimeoutError:
        pool.terminate()


_SET_ACTOR = """
select set_config('app.role', $1, true), set_config('app.cloud', $2, true),
       set_config('app.user', $3, true), set_config('app.subscriber', $4, true),
       set_config('app.referral', $5, true), set_config('app.key', $6, true),
       set_config('app.session', $7, true), set_config('app.address', $8, true)
"""


async def _set_actor(connection: Transaction, actor: Actor) -> None:
    facts = (actor.cloud, actor.user, actor.subscriber, actor.referral, actor.key, actor.session)
    await connection.execute(
        _SET_ACTOR,
        str(actor.role),
        *("" if fact is None else str(fact) for fact in facts),
        actor.address,
    )


_AS_WEB = "set local role camledger_web"


@asynccontextmanager
async def atomic(actor: Actor, *, readonly: bool = False) -> AsyncIterator[Transaction]:
    """Open a transaction in which PostgreSQL shows what `actor` may see; yields its connection.

    Inside a running transaction of the same actor it is a savepoint: an error that is caught there
    undoes only the inner part. Piccolo's queries inside run on the same connection.
    """
    scope = _scope.get()
    if scope is not None and scope.actor != actor:
        message = f"a transaction of {scope.actor.name} cannot turn into one of {actor.name}"
        raise RuntimeError(message)
    transaction = ENGINE.transaction()
    if scope is not None:
        marks = len(scope.after_commit), len(scope.before_commit)
        try:
            async with transaction as running:
                yield running.connection
        except BaseException:
            del scope.after_commit[marks[0] :]
            del scope.before_commit[marks[1] :]
            raise
        return
    transaction.readonly = readonly
    if readonly:
        transaction.isolation = "repeatable_read"
    scope = _Scope(actor)
    async with transaction as running:
        await _set_actor(running.connection, actor)
        if _bound.get() and actor.role not in {Role.SYSTEM, Role.DOORKEEPER}:
            await running.connection.execute(_AS_WEB)
        token = _scope.set(scope)
        try:
            yield running.connection
            for _, callback in sorted(scope.before_commit, key=lambda one: one[0]):
                await callback()
        finally:
            _scope.reset(token)
    for callback in scope.after_commit:
        await callback()


@asynccontextmanager
async def snapshot(actor: Actor) -> AsyncIterator[Transaction]:
    """Like `atomic`, for reads: one consistent picture, nothing can be written.

    Inside a running transaction of the same actor it simply uses that one.
    """
    scope = _scope.get()
    if scope is not None and scope.actor == actor:
        running = ENGINE.current_transaction.get()
        assert running is not None
        yield running.connection
        return
    async with atomic(actor, readonly=True) as connection:
        yield connection


_held: dict[Any, HeldLocks] = {}
"""By pool: tests have several."""


@asynccontextmanager
async def advisory_lock(name: str) -> AsyncIterator[bool]:
    """Hold a lock by name across transactions; False when someone else, anywhere, holds it.

    It goes with the process's connection: one that is killed holds nothing.
    """
    pool = ENGINE.pool
    if pool is None:
        message = "held() needs an open pool"
        raise RuntimeError(message)
    locks = _held.setdefault(pool, HeldLocks(ENGINE.acquire, pool.release))
    if not await locks.take(name):
        yield False
        return
    try:
        yield True
    finally:
        await asyncio.shield(locks.give(name))


@asynccontextmanager
async def held_of(names: Sequence[str]) -> AsyncIterator[frozenset[str]]:
    """Like `advisory_lock`, for those of `names` that nobody else holds."""
    async with AsyncExitStack() as stack:
        yield frozenset(
            [name for name in names if await stack.enter_async_context(advisory_lock(name))]
        )


async def is_answering(seconds: float) -> bool:
    """Whether PostgreSQL answers, on a connection of its own: a pool in full use is no outage."""
    try:
        async with asyncio.timeout(seconds):
            connection = await asyncpg.connect(**ENGINE.config)
            try:
                return bool(await connection.fetchval("select true"))
            finally:
                await connection.close()
    except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError):
        return False


def acting() -> Actor | None:
    """Who the running transaction was opened for."""
    scope = _scope.get()
    return scope.actor if scope else None


def before_commit(order: int, callback: Callback) -> None:
    """Run `callback` last within the outermost transaction; by `order`, so that locks agree."""
    scope = _scope.get()
    assert scope is not None, "before_commit() belongs inside atomic()"
    scope.before_commit.append((order, callback))


def is_first(key: object) -> bool:
    """Whether nobody has asked with this key before in the outermost transaction."""
    scope = _scope.get()
    assert scope is not None, "is_first() belongs inside atomic()"
    if key in scope.asked:
        return False
    scope.asked.add(key)
    return True


def after_commit(callback: Callback) -> None:
    """Run `callback` once the outermost transaction has committed; never if it does not."""
    scope = _scope.get()
    if scope is None:
        message = "after_commit() belongs inside atomic()"
        raise RuntimeError(message)
    scope.after_commit.append(callback)
