"""Telling an operator's systems what happened: written down in the transaction of its cause.

    events.note(tx, cloud.id, EventType.REFUND_SUCCEEDED, facts=read)

Workers send what was written. Where no endpoint of the cloud wants a type, nothing is read or kept.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection
from datetime import date, datetime
from typing import Final

from portal.db import Transaction, before_commit, is_first
from portal.kit.actions.audit import as_json
from portal.values.webhooks import EventType

_FIRST: Final = -1
"""Before the audit log is locked, which comes last in a transaction."""
_WANTS: Final = "select wants_events($1, $2)"
_NOTE: Final = "select note_events($1, $2, $3, $4, $5, $6)"
_DOCUMENTS: Final = "select note_documents($1, $2, $3, $4, $5)"

Read = Callable[[], Awaitable[object]]


def note(
    tx: Transaction, cloud: int, kind: EventType, *, facts: Read, now: datetime | None = None
) -> None:
    """Write that something happened in a cloud (a row id), as the last thing of the transaction.

    `facts` reads the row of a query as it is then: what the API answers is made of it. Without
    `now` it is the books' time.
    """

    async def write() -> None:
        if await tx.fetchval(_WANTS, cloud, kind):
            await write_down(tx, cloud, kind, as_json(await facts()), now=now)

    before_commit(_FIRST, write)


async def write_down(
    tx: Transaction,
    cloud: int,
    kind: EventType,
    facts: object,
    *,
    now: datetime | None = None,
    endpoint: int | None = None,
) -> int | None:
    """Write an event at once, for one endpoint alone where it is named; a row id of a delivery."""
    made: int | None = await tx.fetchval(_NOTE, cloud, kind, now, [None], [facts], endpoint)
    return made


def note_documents(
    tx: Transaction,
    cloud: int,
    kind: EventType,
    documents: Collection[int],
    *,
    today: date,
    now: datetime | None = None,
) -> None:
    """The same of documents (row ids) that the cloud issued; in one statement, however many.

    Each is told once in a transaction. Of `invoice.paid` those are told that are paid then.
    """

    async def write() -> None:
        ids = [one for one in documents if is_first((kind, cloud, one))]
        if ids:
            await tx.execute(_DOCUMENTS, cloud, kind, now, today, sorted(ids))

    before_commit(_FIRST, write)
