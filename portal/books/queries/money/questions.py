"""Questions of subscribers, and what was written in them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from portal.access import SYSTEM, Actor
from portal.db import Transaction, snapshot
from portal.errors import no_such
from portal.kit.queries.pages import count, numbered
from portal.kit.queries.rows import row_of
from portal.kit.queries.tenancy import CloudFacts
from portal.words import _


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A question; `subscriber` is a number, `invoice` a number or None, `line` counts from 0."""

    id: int
    subscriber: int
    name: str
    invoice: str | None
    line: int | None
    camera: str
    subject: str
    state: str
    asked_by: str
    asked_at: datetime
    changed_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """What somebody wrote: of the operator, or of the subscriber."""

    id: int
    of_operator: bool
    by_name: str
    text: str
    at: datetime


_SELECT: Final = """
select q.id, s.number as subscriber, s.name, i.number as invoice, q.line, q.camera, q.subject,
       q.state, q.asked_by, q.asked_at, q.changed_at
from question q join subscriber s on s.cloud = q.cloud and s.id = q.subscriber
left join invoice i on i.cloud = q.cloud and i.id = q.invoice
where q.cloud = $1
"""
_WHICH: Final = """
 and ($2::text is null or q.state = $2) and ($3::int is null or s.number = $3)
"""


@dataclass(frozen=True, slots=True)
class QuestionPage:
    """Questions of a page, and how many match: more than `total` with `is_more`."""

    rows: Sequence[Question]
    total: int
    is_more: bool


async def list_for_page(
    actor: Actor,
    cloud: CloudFacts,
    *,
    state: str | None = None,
    subscriber: int | None = None,
    offset: int = 0,
    limit: int = 50,
    counted: int | None = None,
) -> QuestionPage:
    """Questions that the actor sees, those that changed last first."""
    arguments = (cloud.id, state, subscriber)
    async with snapshot(actor) as tx:
        of = f"{_SELECT}{_WHICH}"
        total, is_more = await count(tx, of, arguments, counted)
        ordered = f"{of} order by q.changed_at desc, q.id desc"
        rows = await numbered(tx, ordered, arguments, total, offset=offset, limit=limit)
    return QuestionPage([row_of(Question, row) for row in rows], total, is_more)


async def list_page(
    actor: Actor,
    cloud: CloudFacts,
    *,
    state: str | None = None,
    subscriber: int | None = None,
    after: int = 0,
    limit: int = 100,
) -> list[Question]:
    """Questions by id, those after `after`."""
    async with snapshot(actor) as tx:
        rows = await tx.fetch(
            f"{_SELECT}{_WHICH} and q.id > $4 order by q.id limit $5",
            *(cloud.id, state, subscriber, after, limit),
        )
    return [row_of(Question, row) for row in rows]


async def get(actor: Actor, cloud: CloudFacts, question: int) -> tuple[Question, Sequence[Message]]:
    """One with all that was written in it, the oldest first. Raises `NotFound`."""
    async with snapshot(actor) as tx:
        found = await get_in(tx, cloud.id, question)
        rows = await tx.fetch(
            "select id, of_operator, by_name, text, at from question_message"
            " where cloud = $1 and question = $2 order by id",
            *(cloud.id, question),
        )
    return found, [row_of(Message, row) for row in rows]


async def get_in(tx: Transaction, cloud: int, question: int, *, lock: bool = False) -> Question:
    """One by its id; with `lock` nobody else writes in it until the transaction ends."""
    held = " for no key update of q" if lock else ""
    row = await tx.fetchrow(f"{_SELECT} and q.id = $2{held}", cloud, min(question, 2**62))
    if row is None:
        raise no_such(_("question"), question)
    return row_of(Question, row)


@dataclass(frozen=True, slots=True, kw_only=True)
class Untold:
    """A message of which nobody was told by mail yet."""

    id: int
    cloud: int
    subscriber: int
    question: int
    of_operator: bool
    name: str


async def untold(limit: int) -> list[Untold]:
    """The oldest of them; for workers. `name` is the subscriber's."""
    async with snapshot(SYSTEM) as tx:
        rows = await tx.fetch(
            "select m.id, m.cloud, m.subscriber, m.question, m.of_operator, s.name"
            " from question_message m"
            " join subscriber s on s.cloud = m.cloud and s.id = m.subscriber"
            " where m.told_at is null order by m.id limit $1",
            limit,
        )
    return [row_of(Untold, row) for row in rows]
