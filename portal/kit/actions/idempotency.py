"""Doing a thing once, however often it is asked for with the same key."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from asyncpg import Record

from portal import tables
from portal.access import SYSTEM, Actor
from portal.db import atomic, snapshot
from portal.errors import Conflict
from portal.kit.actions.rows import update, upsert

KEY_MAX: Final = 255
DAYS_KEPT: Final = 30
LEASE_SECONDS: Final = 120
"""How long a request that waits for something outside may run; then it counts as lost."""
PAUSES: Final = (0.02, 0.05, 0.1, 0.2, 0.4, 0.8, 1)
"""Seconds that the second of two requests at once waits between its looks, with no connection."""

# Of two at once, one goes on; it keeps the others out until it has committed or failed.
_LOCK: Final = "select pg_try_advisory_xact_lock(hashtextextended($1, 0))"
_KEPT: Final = """
select body_hash, status, body,
       ceil(extract(epoch from running_until - now()))::int as seconds_left
from idempotent_answer where api_key = $1 and path = $2 and key = $3
"""
_CLAIM: Final = f"""
insert into idempotent_answer (api_key, path, key, body_hash, running_until)
values ($1, $2, $3, $4, now() + interval '{LEASE_SECONDS} seconds')
on conflict (api_key, path, key) do update
  set body_hash = excluded.body_hash, running_until = excluded.running_until
returning running_until
"""  # noqa: S608 - a number of ours
_NAMES: Final = ("api_key", "path", "key")
# A claim that was lost and taken by another request is that one's to end.
_RELEASE: Final = """
update idempotent_answer set running_until = now()
where api_key = $1 and path = $2 and key = $3 and running_until = $4
"""


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer: its status and its JSON; `replayed` when it was given before.

    `kept` is what is stored of it for later, where that is less: without a secret.
    """

    status: int
    body: bytes
    replayed: bool = False
    kept: bytes | None = None

    @property
    def stored(self) -> str:
        """The JSON that is kept."""
        return (self.body if self.kept is None else self.kept).decode()


@dataclass(frozen=True, slots=True)
class Request:
    """What makes two requests the same: the path and the key; `body_hash` must then agree."""

    path: str
    key: str
    body_hash: str


class StillRunning(Conflict):
    """The first request with a key is not done; `retry_after` is in seconds."""

    def __init__(self, retry_after: int) -> None:
        super().__init__(
            "The first request with this Idempotency-Key is still running. Send it again in"
            f" {retry_after} s.",
            {"Idempotency-Key": "its first request is still running"},
        )
        self.retry_after = retry_after


Act = Callable[[], Awaitable[Answer]]


async def find(actor: Actor, request: Request) -> Answer | None:
    """The answer kept from before. Raises `Conflict` when the key came with another body."""
    async with snapshot(actor) as tx:
        kept = await tx.fetchrow(_KEPT, *_named(actor, request))
    return None if kept is None else _replay(request, kept)


async def run_once(actor: Actor, request: Request, act: Act) -> Answer:
    """Do `act` and keep its answer, in one transaction; or give the answer kept from before.

    Killed at any moment, either both are there or neither is. What fails is not kept. Of two at
    once, the second waits for the first, a few seconds and without a connection. Raises `Conflict`
    when the key came before with another body, `StillRunning` when the wait was too short.
    """
    named = _named(actor, request)
    for pause in PAUSES:
        async with atomic(actor) as tx:
            if await tx.fetchval(_LOCK, _lock_name(named)):
                kept = await tx.fetchrow(_KEPT, *named)
                if kept is not None and (answer := _replay(request, kept)) is not None:
                    return answer
                answer = await act()
                api_key, path, key = named
                columns = {
                    "api_key": api_key,
                    "path": path,
                    "key": key,
                    "body_hash": request.body_hash,
                    "status": answer.status,
                    "body": answer.stored,
                    "running_until": None,
                }
                await upsert(tx, tables.IdempotentAnswer, columns, key=_NAMES)
                return answer
        await asyncio.sleep(pause)
    raise StillRunning(1)


async def run_once_outside(actor: Actor, request: Request, act: Act) -> Answer:
    """Like `run_once`, for what waits for something outside and changes nothing in the database.

    The key is claimed in a transaction of its own and `act` runs in none. A claim whose process was
    killed is free again after LEASE_SECONDS; since `act` changes nothing, doing it twice is
    harmless. It must end within that time.
    """
    left = 1
    for pause in PAUSES:
        claimed = await _claim(actor, request)
        if isinstance(claimed, Answer):
            return claimed
        if isinstance(claimed, datetime):
            return await _do_claimed(actor, request, claimed, act)
        left = claimed
        await asyncio.sleep(pause)
    raise StillRunning(left)


async def _claim(actor: Actor, request: Request) -> Answer | datetime | int:
    """The answer from before, until when the claim lasts, or the seconds of another's claim."""
    named = _named(actor, request)
    async with atomic(actor) as tx:
        if not await tx.fetchval(_LOCK, _lock_name(named)):
            return 1
        kept = await tx.fetchrow(_KEPT, *named)
        if kept is not None:
            if (answer := _replay(request, kept)) is not None:
                return answer
            if kept["seconds_left"] > 0:
                return int(kept["seconds_left"])
        until: datetime = await tx.fetchval(_CLAIM, *named, request.body_hash)
        return until


async def _do_claimed(actor: Actor, request: Request, until: datetime, act: Act) -> Answer:
    named = _named(actor, request)
    try:
        answer = await act()
    except BaseException:
        async with atomic(actor) as tx:
            await tx.execute(_RELEASE, *named, until)
        raise
    async with atomic(actor) as tx:
        row = tables.IdempotentAnswer
        api_key, path, key = named
        await update(
            tx,
            tables.IdempotentAnswer,
            (row.api_key == api_key)
            & (row.path == path)
            & (row.key == key)
            & (row.running_until == until),
            {"status": answer.status, "body": answer.stored, "running_until": None},
        )
    return answer


def _named(actor: Actor, request: Request) -> tuple[int, str, str]:
    assert actor.key is not None, "only API keys send idempotency keys"
    return actor.key, request.path, request.key


def _lock_name(named: tuple[int, str, str]) -> str:
    return f"idempotent {json.dumps(named)}"


def _replay(request: Request, kept: Record) -> Answer | None:
    """The answer in a row; None where there is none yet. Raises `Conflict` for another body."""
    is_free = kept["status"] is None and kept["seconds_left"] <= 0
    if not is_free and kept["body_hash"] != request.body_hash:
        raise Conflict(
            "This Idempotency-Key was used on this path with another body.",
            {"Idempotency-Key": "was used with another body"},
        )
    if kept["status"] is None:
        return None
    return Answer(status=kept["status"], body=kept["body"].encode(), replayed=True)


async def purge(now: datetime) -> None:
    """Forget answers that nobody will ask for again. For the worker's sweep."""
    async with atomic(SYSTEM) as tx:
        await tx.execute(
            "delete from idempotent_answer where created_at < $1", now - timedelta(days=DAYS_KEPT)
        )
