"""One-time links with which somebody chooses a password: after an invitation or a reset."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from asyncpg import Record

from portal import tables
from portal.access import DOORKEEPER, Actor, Role
from portal.accounts.queries.users import hash_of
from portal.crypto import passwords
from portal.db import Transaction, atomic, snapshot
from portal.errors import Invalid, NotFound
from portal.kit.actions import audit
from portal.kit.actions.rows import update
from portal.words import _

INVITED_FOR: Final = timedelta(days=7)
RESET_FOR: Final = timedelta(days=1)
PATH: Final = "/password"
_TOKEN: Final = re.compile(r"[A-Za-z0-9_-]{43}", re.ASCII)
_GONE: Final = _("This link was used, has expired, or was replaced by another. Ask for a new one.")


@dataclass(frozen=True, slots=True)
class Link:
    """A link that was just made. Its token cannot be had again: only the sha256 is kept."""

    token: str
    expires_at: datetime

    def address(self, public_url: str) -> str:
        """The whole of it, below the installation's address."""
        return f"{public_url}{PATH}/{self.token}"


async def make(tx: Transaction, user: int, valid_for: timedelta, now: datetime) -> Link:
    """A new link for a person (by row id), instead of any other."""
    link = Link(secrets.token_urlsafe(32), now + valid_for)
    columns = {"link_hash": hash_of(link.token), "link_expires_at": link.expires_at}
    await update(tx, tables.PortalUser, user, columns)
    return link


_FIND: Final = """
select id, email, role, cloud, password_before from credential
where link_hash = $1 and link_expires_at > $2 and active
"""


async def owner(token: str, *, now: datetime) -> str:
    """The address of the person whose link it is. Raises `NotFound`."""
    async with snapshot(DOORKEEPER) as tx:
        return str((await _find(tx, token, now))["email"])


async def choose_password(token: str, password: str, *, now: datetime, address: str = "") -> str:
    """Give the person their password, once; their address. Raises `NotFound`, `Invalid`.

    The one that a reset took away is not chosen again: it was forgotten, or others know it.
    """
    async with snapshot(DOORKEEPER) as tx:
        row = await _find(tx, token, now)
        about = await tx.fetchrow(
            "select u.name, c.name as cloud from portal_user u left join cloud c on c.id = u.cloud"
            " where u.id = $1",
            row["id"],
        )
    names = [row["email"], *(text for text in about or () if text)]
    if refused := await passwords.refusal(password, about=names, present=row["password_before"]):
        raise Invalid({"password": refused})
    stored = await passwords.hash(password)
    person = Actor(
        role=Role(row["role"]),
        name=row["email"],
        user=row["id"],
        cloud=row["cloud"],
        address=address,
    )
    async with atomic(person) as tx:
        used = await update(
            tx,
            tables.PortalUser,
            (tables.PortalUser.id == row["id"])
            & (tables.PortalUser.link_hash == hash_of(token))
            & (tables.PortalUser.link_expires_at > now)
            & tables.PortalUser.active.eq(True),  # noqa: FBT003 - a value
            {"password": stored, "link_hash": None, "link_expires_at": None},
            through="credential",
        )
        if not used:
            raise NotFound(_GONE)
        await tx.execute("delete from user_session where user_id = $1", row["id"])
        await audit.record(
            tx,
            person,
            "password.choose",
            f"user {row['id']}",
            cloud=row["cloud"],
            after={"password": audit.CHANGED},
        )
    return str(row["email"])


async def _find(tx: Transaction, token: str, now: datetime) -> Record:
    row = None
    if _TOKEN.fullmatch(token):
        row = await tx.fetchrow(_FIND, hash_of(token), now)
    if row is None:
        raise NotFound(_GONE)
    return row
