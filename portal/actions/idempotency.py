"""Doing a thing once, however often it is asked for with the same key."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from portal.access import SYSTEM
from portal.db import atomic
from portal.errors import Conflict

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from portal.access import Actor

KEY_MAX: Final = 255
ANSWERS_KEPT: Final = timedelta(days=30)

# The second of two requests at once waits here for the first to commit or to fail.
_CLAIM: Final = """
insert into idempotent_answer (api_key, path, key, body_hash) values ($1, $2, $3, $4)
on conflict do nothing returning id
"""
_KEPT: Final = """
select body_hash, status, body from idempotent_answer
where api_key = $1 and path = $2 and key = $3
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


@dataclass(frozen=True, slots=True)
class Request:
    """What makes two requests the same: the path and the key; `body_hash` must then agree."""

    path: str
    key: str
    body_hash: str


async def once(actor: Actor, request: Request, act: Callable[[], Awaitable[Answer]]) -> Answer:
    """Do `act` and keep its answer, in one transaction; or give the answer kept from before.

    What fails is not kept. Raises `Conflict` when the key came before with another body.
    """
    assert actor.key is not None, "only API keys send idempotency keys"
    named = (actor.key, request.path, request.key)
    async with atomic(actor) as tx:
        claim = await tx.fetchval(_CLAIM, *named, request.body_hash)
        if claim is None:
            kept = await tx.fetchrow(_KEPT, *named)
            if kept is None or kept["body_hash"] != request.body_hash:
                raise Conflict(
                    "This Idempotency-Key was used on this path with another body.",
                    {"Idempotency-Key": "was used with another body"},
                )
            return Answer(kept["status"], kept["body"].encode(), replayed=True)
        answer = await act()
        await tx.execute(
            "update idempotent_answer set status = $2, body = $3 where id = $1",
            claim,
            answer.status,
            (answer.body if answer.kept is None else answer.kept).decode(),
        )
        return answer


async def purge(now: datetime) -> None:
    """Forget answers that nobody will ask for again. For the worker's sweep."""
    async with atomic(SYSTEM) as tx:
        await tx.execute("delete from idempotent_answer where created_at < $1", now - ANSWERS_KEPT)
