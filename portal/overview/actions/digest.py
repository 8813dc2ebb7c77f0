"""The daily digest: what "Needs you" says, by mail, once a day to whoever wants it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from portal import tables
from portal.access import SYSTEM
from portal.db import atomic
from portal.kit.actions import mail
from portal.kit.actions.mail import Post
from portal.kit.actions.rows import update
from portal.overview.queries import digest
from portal.overview.queries.attention import Need
from portal.overview.queries.digest import Due
from portal.values.mail import DIGEST
from portal.words import stored


@dataclass(frozen=True, slots=True)
class Line:
    """One of its lines: what is said, and the page that it leads to."""

    text: str
    href: str


@dataclass(frozen=True, slots=True)
class Said:
    """What waits, as the overview says it: its first lines, and how many more there are."""

    lines: Sequence[Line]
    more: int


Say = Callable[[Sequence[Need], str, str, datetime], Said]
"""How needs are said: them, the portal ("/cloud"), the reader's locale, the time."""


async def write_due(*, now: datetime, wall: datetime, post: Post, say: Say) -> int:
    """Write the digests that are due at `now`, where this installation sends mail; how many.

    A day of somebody is looked at once: also where nothing needs them, and whichever of several
    workers looks. `wall` is the machine's time, by which mail goes.
    """
    if not post.is_set_up:
        return 0
    written = 0
    for one in await digest.due(now):
        found = await digest.needs_of(one.person, now=now)
        portal = "/system" if one.person.actor.cloud is None else "/cloud"
        said = say(found, portal, one.person.locale, now) if found else None
        written += await _write(one, said, wall, post)
    return written


async def _write(one: Due, said: Said | None, wall: datetime, post: Post) -> bool:
    """Keep that the day was looked at, and the mail of it where there is something to say."""
    person = one.person
    mine = tables.PortalUser
    async with atomic(SYSTEM) as tx:
        claimed = await update(
            tx,
            tables.PortalUser,
            (mine.id == person.actor.user) & (mine.digested_on != one.day),
            {"digested_on": one.day},
        )
        if not claimed or said is None:
            return False
        made = await mail.write(
            tx,
            post,
            DIGEST,
            f"{DIGEST} {person.actor.user} {one.day.isoformat()}",
            person.email,
            now=wall,
            cloud=person.actor.cloud,
            user=person.actor.user,
            facts=_facts(said),
        )
    return made is not None


def _facts(said: Said) -> dict[str, Any]:
    return {
        "count": len(said.lines) + said.more,
        "more": said.more,
        "items": [[stored(line.text), line.href] for line in said.lines],
    }
