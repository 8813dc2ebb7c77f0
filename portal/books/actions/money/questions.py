"""Subscribers ask about their invoices; their operator answers, and either of them ends it.

A question is bounded in messages and each subscriber in what it may write a day, so that nobody is
flooded. Workers write the mail of it: see `telling`.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from portal import tables
from portal.access import Actor, Permission, Role
from portal.books.forms.question import Message, NewQuestion
from portal.books.queries.money import questions
from portal.books.queries.money.questions import Question
from portal.db import Transaction, atomic
from portal.errors import Conflict, Forbidden, Invalid
from portal.kit.actions import audit
from portal.kit.actions.locks import lock_count
from portal.kit.actions.permit import require
from portal.kit.actions.rows import insert, update
from portal.kit.queries.tenancy import CloudFacts
from portal.words import _

OPEN_MAX: Final = 20
"""Questions of a subscriber that are not closed."""
MESSAGES_MAX: Final = 100
"""Messages in one question."""
A_DAY_MAX: Final = 30
"""Messages of a subscriber within a day."""
SUBJECT_MAX: Final = 200


async def ask(actor: Actor, cloud: CloudFacts, new: NewQuestion, *, now: datetime) -> Question:
    """Ask as the actor's own subscriber.

    Raises `Invalid` for an invoice that it has not, `Conflict` beyond what may be asked.
    """
    async with atomic(actor) as tx:
        subscriber = await _own(tx, actor, cloud, now)
        open_ones = await tx.fetchval(
            "select count(*) from question where cloud = $1 and subscriber = $2"
            " and state <> 'closed'",
            *(cloud.id, subscriber),
        )
        if open_ones >= OPEN_MAX:
            told = _("You have %(count)s open questions: go on in one of them.")
            raise Conflict(told % {"count": OPEN_MAX})
        columns = {
            "cloud": cloud.id,
            "subscriber": subscriber,
            "invoice": await _invoice(tx, cloud, subscriber, new),
            "line": new.line,
            "camera": new.camera,
            "subject": " ".join(new.text.split())[:SUBJECT_MAX],
            "asked_by": actor.name,
            "asked_at": now,
            "changed_at": now,
        }
        made = await insert(tx, tables.Question, columns)
        await _write(tx, actor, cloud, (made, subscriber), new.text, now=now)
        about = {"invoice": new.invoice, "line": new.line, "camera": new.camera}
        await audit.record(
            tx, actor, "question.ask", f"question {made}", cloud=cloud.id, after=about
        )
        return await questions.get_in(tx, cloud.id, made)


async def _own(tx: Transaction, actor: Actor, cloud: CloudFacts, now: datetime) -> int:
    """The row of the subscriber whom the actor signs in for, while it may write."""
    require(actor, Permission.ACCOUNT_WRITE)
    if actor.role is not Role.SUBSCRIBER or actor.subscriber is None:
        raise Forbidden(_("Only a subscriber asks."))
    await lock_count(tx, "messages of a subscriber", actor.subscriber)
    written = await tx.fetchval(
        "select count(*) from question_message where cloud = $1 and subscriber = $2"
        " and not of_operator and at > $3",
        *(cloud.id, actor.subscriber, now - timedelta(days=1)),
    )
    if written >= A_DAY_MAX:
        told = _("You have written %(count)s messages within a day: write again tomorrow.")
        raise Conflict(told % {"count": A_DAY_MAX})
    return actor.subscriber


async def _invoice(
    tx: Transaction, cloud: CloudFacts, subscriber: int, new: NewQuestion
) -> int | None:
    if new.invoice is None:
        if new.line is not None:
            raise Invalid({"line": _("is a line of no invoice")})
        return None
    row: int | None = await tx.fetchval(
        "select i.id from invoice i where i.cloud = $1 and i.subscriber = $2 and i.number = $3"
        " and ($4::int is null or $4 < (select count(*) from invoice_line l"
        "   where l.cloud = i.cloud and l.invoice = i.id))",
        *(cloud.id, subscriber, new.invoice, new.line),
    )
    if row is None:
        raise Invalid({"invoice": _("is not there")})
    return row


async def answer(
    actor: Actor, cloud: CloudFacts, question: int, form: Message, *, now: datetime
) -> Question:
    """Write in a question: as the operator, or as the subscriber whose it is.

    What is closed is open again. Raises `NotFound`, `Conflict` beyond what may be written.
    """
    async with atomic(actor) as tx:
        is_own = actor.role is Role.SUBSCRIBER
        if is_own:
            await _own(tx, actor, cloud, now)
        else:
            require(actor, Permission.QUESTIONS_ANSWER)
        await questions.get_in(tx, cloud.id, question, lock=True)
        row = await tx.fetchrow(
            "select q.subscriber, (select count(*) from question_message m"
            " where m.cloud = q.cloud and m.question = q.id) as count"
            " from question q where q.cloud = $1 and q.id = $2",
            *(cloud.id, question),
        )
        assert row is not None, "it is locked"
        if row["count"] >= MESSAGES_MAX:
            told = _("This question has %(count)s messages: ask another one.")
            raise Conflict(told % {"count": MESSAGES_MAX})
        await _write(tx, actor, cloud, (question, row["subscriber"]), form.text, now=now)
        state = {"state": "open" if is_own else "answered", "changed_at": now}
        await update(tx, tables.Question, question, state)
        deed = "question.write" if is_own else "question.answer"
        await audit.record(tx, actor, deed, f"question {question}", cloud=cloud.id)
        return await questions.get_in(tx, cloud.id, question)


async def _write(
    tx: Transaction,
    actor: Actor,
    cloud: CloudFacts,
    of: tuple[int, int],
    text: str,
    *,
    now: datetime,
) -> None:
    question, subscriber = of
    columns = {
        "cloud": cloud.id,
        "subscriber": subscriber,
        "question": question,
        "of_operator": actor.role is not Role.SUBSCRIBER,
        "by_name": actor.name,
        "text": text,
        "at": now,
    }
    await insert(tx, tables.QuestionMessage, columns)


async def close(actor: Actor, cloud: CloudFacts, question: int, *, now: datetime) -> Question:
    """End a question, by either side; again changes nothing. Raises `NotFound`."""
    async with atomic(actor) as tx:
        if actor.role is Role.SUBSCRIBER:
            require(actor, Permission.ACCOUNT_WRITE)
        else:
            require(actor, Permission.QUESTIONS_ANSWER)
        found = await questions.get_in(tx, cloud.id, question, lock=True)
        if found.state == "closed":
            return found
        await update(tx, tables.Question, question, {"state": "closed", "changed_at": now})
        await audit.record(tx, actor, "question.close", f"question {question}", cloud=cloud.id)
        return await questions.get_in(tx, cloud.id, question)
