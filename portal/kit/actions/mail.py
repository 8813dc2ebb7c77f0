"""Writing a mail down: a row that workers send once the transaction has committed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from portal import jobs, tables
from portal.db import Transaction
from portal.kit.actions.queueing import enqueue_after_commit
from portal.kit.actions.rows import insert
from portal.ports import Queue


@dataclass(frozen=True, slots=True)
class Post:
    """How mail leaves this installation: whether there is a server, and the workers' queue.

    Without a queue the workers find it by themselves, in seconds.
    """

    is_set_up: bool
    queue: Queue | None = None


NO_POST: Final = Post(is_set_up=False)
"""An installation that sends no mail."""


async def write(
    tx: Transaction,
    post: Post,
    kind: str,
    key: str,
    recipient: str,
    *,
    now: datetime,
    cloud: int | None,
    user: int | None = None,
    link: int | None = None,
    facts: Mapping[str, Any] | None = None,
) -> int | None:
    """Write a mail of a kind (`portal.values.mail`) to somebody; its row id.

    None where the installation sends no mail, and where one with this `key` was written before: a
    key says what it is about, such as "new-place of session 7". `cloud` is whose mail it is.
    """
    if not post.is_set_up:
        return None
    made = await insert(
        tx,
        tables.Delivery,
        {
            "cloud": cloud,
            "key": key,
            "kind": kind,
            "user_id": user,
            "link": link,
            "recipient": recipient,
            "subject": "",
            "facts": dict(facts or {}),
            "created_at": now,
            "due_at": now,
        },
        unless_there=True,
    )
    if made is None:
        return None
    ring(post)
    return int(made)


def ring(post: Post) -> None:
    """Tell a worker, once the transaction has committed, that mail is due."""
    if post.queue is not None:
        enqueue_after_commit(post.queue, jobs.SEND_MAIL)
