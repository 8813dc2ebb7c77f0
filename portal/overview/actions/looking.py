"""Telling an operator's people that a month is due and waits for a look: once a month."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from portal.access import SYSTEM
from portal.books.queries import worklist
from portal.db import atomic
from portal.kit.actions import mail
from portal.kit.actions.mail import Post
from portal.values.mail import LOOK

PEOPLE_MAX: Final = 100
_PEOPLE: Final = """
select id, email from portal_user
where cloud = $1 and active and has_password
  and role in ('cloud-administrator', 'cloud-accountant')
order by id limit $2
"""


async def tell_due(*, now: datetime, wall: datetime, post: Post) -> int:
    """Write to administrators and accountants of months that wait for a look; how many mails.

    `now` is the books' time, `wall` the machine's, by which mail goes.
    """
    if not post.is_set_up:
        return 0
    written = 0
    for one in await worklist.looks(now):
        async with atomic(SYSTEM) as tx:
            for row in await tx.fetch(_PEOPLE, one.cloud, PEOPLE_MAX):
                made = await mail.write(
                    tx,
                    post,
                    LOOK,
                    f"{LOOK} {one.month.isoformat()} {row['id']}",
                    row["email"],
                    now=wall,
                    cloud=one.cloud,
                    user=row["id"],
                    facts={"month": one.month.isoformat(), "count": one.surprises},
                )
                written += made is not None
    return written
