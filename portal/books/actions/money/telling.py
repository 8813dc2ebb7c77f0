"""Telling by mail what was asked and answered: by workers, each message once."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from portal import tables
from portal.access import SYSTEM
from portal.books.queries.money import questions
from portal.books.queries.money.questions import Untold
from portal.db import atomic
from portal.kit.actions import mail
from portal.kit.actions.mail import Post
from portal.kit.actions.rows import update
from portal.values.mail import ANSWER, QUESTION

PEOPLE_MAX: Final = 50
"""Who is told of one message."""
AT_ONCE: Final = 200
# The account manager of a subscriber, else those who keep the cloud's books.
_OPERATORS: Final = """
select u.id, u.email from portal_user u
join subscriber s on s.cloud = $1 and s.id = $2
where u.cloud = $1 and u.active and u.has_password and (
  u.id = s.account_manager or (u.role in ('cloud-administrator', 'cloud-accountant')
    and not exists (select from portal_user m
                    where m.id = s.account_manager and m.active and m.has_password)))
order by u.id limit $3
"""
_OWNERS: Final = """
select u.id, u.email from portal_user u
where u.cloud = $1 and u.subscriber = $2 and u.active and u.has_password
order by u.id limit $3
"""


async def tell_due(*, wall: datetime, post: Post) -> int:
    """Write mails of what was asked and answered; how many. For the sweep.

    Without a mail server nobody is told, and nothing is kept for later.
    """
    written = 0
    for one in await questions.untold(AT_ONCE):
        written += await _tell(one, wall, post)
    return written


async def _tell(one: Untold, wall: datetime, post: Post) -> int:
    kind = ANSWER if one.of_operator else QUESTION
    written = 0
    async with atomic(SYSTEM) as tx:
        people = await tx.fetch(
            _OWNERS if one.of_operator else _OPERATORS, one.cloud, one.subscriber, PEOPLE_MAX
        )
        for row in people:
            made = await mail.write(
                tx,
                post,
                kind,
                f"{kind} {one.id} {row['id']}",
                row["email"],
                now=wall,
                cloud=one.cloud,
                user=row["id"],
                facts={"who": one.name, "question": str(one.question)},
            )
            written += made is not None
        await update(tx, tables.QuestionMessage, one.id, {"told_at": wall})
    return written
