"""One-time links: to the first password, to another one, to another e-mail address."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar, Final

from portal import tables
from portal.access import DOORKEEPER, Role
from portal.accounts.queries.users import hash_of
from portal.db import Transaction, snapshot
from portal.errors import NotFound
from portal.kit.actions.rows import insert, update
from portal.words import _

INVITATION: Final = "invitation"
RESET: Final = "reset"
EMAIL: Final = "email"
VALID_FOR: Final = {
    INVITATION: timedelta(days=7),
    RESET: timedelta(hours=1),
    EMAIL: timedelta(hours=1),
}
PATHS: Final = {INVITATION: "/invite", RESET: "/reset", EMAIL: "/confirm"}
KEPT: Final = timedelta(days=30)
"""How long links that have expired can still say so, and ask for another."""
_TOKEN: Final = re.compile(r"[A-Za-z0-9_-]{43}", re.ASCII)
_UNKNOWN: Final = _(
    "There is no such link. Open it as it stands in the mail, or ask for a new one."
)


class LinkOver(NotFound):
    """A link that was worth something once."""

    status: ClassVar[int] = 410
    title: ClassVar[str] = _("This link is over")


@dataclass(frozen=True, slots=True)
class Link:
    """A link that was just made: `id` is its row. Only the sha256 of the token is kept.

    One that is `mailed` is told to nobody else, and its token to no mail either: each attempt to
    send it makes a sibling.
    """

    id: int
    kind: str
    token: str
    expires_at: datetime
    mailed: bool = False

    def address(self, public_url: str) -> str:
        """The whole of it, below the installation's address."""
        return f"{public_url}{PATHS[self.kind]}/{self.token}"


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose link it is and how it stands: "open", "used", "replaced" or "expired".

    `place` is the operator's name, or the platform's; `slug` the cloud's; `inviter` is who made it.
    `new_email` is the address that a link of that kind confirms.
    """

    link: int
    kind: str
    state: str
    user: int
    email: str
    name: str
    role: Role
    cloud: int | None
    place: str
    slug: str | None
    inviter: str
    made_by: int | None
    is_active: bool
    has_password: bool
    password_before: str | None
    new_email: str | None


async def make(
    tx: Transaction,
    user: int,
    kind: str,
    *,
    now: datetime,
    cloud: int | None,
    made_by: int | None = None,
    email: str | None = None,
) -> Link:
    """A new link for a person (by row id), instead of every other one of its kind."""
    await replace_all(tx, user, (kind,) if kind == EMAIL else (INVITATION, RESET))
    token = secrets.token_urlsafe(32)
    expires_at = now + VALID_FOR[kind]
    columns = {
        "cloud": cloud,
        "user_id": user,
        "kind": kind,
        "token_hash": hash_of(token),
        "email": email,
        "made_by": made_by,
        "made_at": now,
        "expires_at": expires_at,
    }
    made = await insert(tx, tables.SignInLink, columns)
    return Link(int(made), kind, token, expires_at)


_OPEN: Final = """
select cloud, user_id, kind, email, made_by, expires_at from sign_in_link
where id = $1 and state = 'open' and expires_at > $2
"""


async def sibling(tx: Transaction, link: int, now: datetime) -> Link | None:
    """Another token for what a link leads to; None when that one is used, replaced or expired."""
    row = await tx.fetchrow(_OPEN, link, now)
    if row is None:
        return None
    token = secrets.token_urlsafe(32)
    columns = {
        "cloud": row["cloud"],
        "user_id": row["user_id"],
        "kind": row["kind"],
        "token_hash": hash_of(token),
        "email": row["email"],
        "made_by": row["made_by"],
        "made_at": now,
        "expires_at": row["expires_at"],
    }
    made = await insert(tx, tables.SignInLink, columns)
    return Link(id=int(made), kind=row["kind"], token=token, expires_at=row["expires_at"])


async def replace_all(tx: Transaction, user: int, kinds: tuple[str, ...]) -> None:
    """Whatever links of these kinds a person has are worth nothing from here on."""
    link = tables.SignInLink
    open_ones = (link.user_id == user) & link.kind.is_in(list(kinds)) & (link.state == "open")
    await update(tx, tables.SignInLink, open_ones, {"state": "replaced"})


# Two tokens of one invitation, used at once: the second waits here, and then is one too many.
_ONE_AT_A_TIME: Final = """
select pg_advisory_xact_lock(hashtextextended('links of ' || $1::bigint, 0))
"""


async def use(tx: Transaction, owner: Owner, now: datetime) -> None:
    """Use a link up, once whoever asks at once, and end its siblings. Raises `LinkOver`."""
    await tx.execute(_ONE_AT_A_TIME, owner.user)
    link = tables.SignInLink
    is_open = (link.id == owner.link) & (link.state == "open") & (link.expires_at > now)
    if not await update(tx, tables.SignInLink, is_open, {"state": "used"}):
        raise over(owner)
    await replace_all(tx, owner.user, (EMAIL,) if owner.kind == EMAIL else (INVITATION, RESET))


_FIND: Final = """
select l.id as link, l.kind, l.user_id as user, l.email as new_email, l.made_by,
       case when l.state = 'open' and l.expires_at <= $2 then 'expired' else l.state end as state,
       u.email, u.name, u.role, u.cloud, u.active as is_active, u.has_password,
       k.password_before, coalesce(c.name, p.name) as place, c.slug,
       coalesce(m.name, '') as inviter
from link_secret s join sign_in_link l on l.id = s.id
join portal_user u on u.id = l.user_id join credential k on k.id = u.id
left join cloud c on c.id = u.cloud left join portal_user m on m.id = l.made_by
cross join platform p
where s.token_hash = $1
"""


async def find(token: str, kind: str, now: datetime) -> Owner:
    """Whose link it is. Raises `NotFound` for one that nobody made, or of somebody blocked."""
    row = None
    if _TOKEN.fullmatch(token):
        async with snapshot(DOORKEEPER) as tx:
            row = await tx.fetchrow(_FIND, hash_of(token), now)
    if row is None or row["kind"] != kind or not row["is_active"]:
        raise NotFound(_UNKNOWN)
    return Owner(**{**row, "role": Role(row["role"])})


async def find_open(token: str, kind: str, now: datetime) -> Owner:
    """As `find`, for a link that can still be used. Raises `LinkOver`, too."""
    owner = await find(token, kind, now)
    if owner.state != "open":
        raise over(owner)
    return owner


def over(owner: Owner) -> LinkOver:
    """What to say of a link that is over."""
    if owner.state == "expired":
        return LinkOver(_("This link has expired. Ask for a new one."))
    if owner.state == "replaced":
        return LinkOver(_("There is a newer link: open the latest mail."))
    return LinkOver(_("This link was used before. Sign in, or ask for a new password."))
