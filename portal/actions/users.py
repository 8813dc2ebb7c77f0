"""People of the portals: added by name, role and whose they are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Final

from portal import passwords
from portal.access import PLATFORM_ROLES, Permission, Role, role_named
from portal.actions import audit
from portal.actions.permit import demand
from portal.db import atomic
from portal.errors import Conflict, Invalid
from portal.forms.form import parse
from portal.forms.kinds import Email, Text
from portal.queries import tenancy

if TYPE_CHECKING:
    from portal.access import Actor
    from portal.db import Connection

_INSERT: Final = """
insert into portal_user (email, name, password, role, cloud, subscriber, referral)
values ($1, $2, $3, $4, $5, $6, $7) on conflict do nothing returning id
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewUser:
    """A person's address and name."""

    email: Annotated[str, Email()]
    name: Annotated[str, Text()]


async def create(
    actor: Actor,
    *,
    email: str,
    role: str,
    name: str | None = None,
    cloud: str | None = None,
    subscriber: int | None = None,
    referral: str | None = None,
    password: str | None = None,
) -> int:
    """Add a person; its row id.

    `role` is as it is spoken on the platform, or within the cloud with that slug ("administrator",
    "account-manager", "accountant", "subscriber", "referral"); a subscriber's person names its
    number, a referral's its code. Without a password nobody signs in as this person yet. Raises
    `Invalid` by field, `Conflict` for an address that is taken.
    """
    demand(actor, Permission.USERS_WRITE)
    new = parse(
        NewUser, {"email": email, "name": email.partition("@")[0] if name is None else name}
    )
    meant = _role(role, cloud, subscriber, referral)
    if password is not None and (refused := passwords.refusal(password, email)):
        raise Invalid({"password": refused})
    stored = None if password is None else await passwords.hash(password)
    async with atomic(actor) as tx:
        whose = await _whose(tx, cloud, subscriber, referral)
        made = await tx.fetchval(_INSERT, new.email, new.name, stored, str(meant), *whose.values())
        if made is None:
            raise Conflict(f"There is a person {email!r} already.", {"email": "is taken"})
        after = {"email": new.email, "name": new.name, "role": str(meant), **whose}
        await audit.record(
            tx, actor, "user.create", f"user {new.email}", cloud=whose["cloud"], after=after
        )
        return int(made)


def _role(role: str, cloud: str | None, subscriber: int | None, referral: str | None) -> Role:
    """The role meant, with what it needs and nothing else. Raises `Invalid`."""
    meant = role_named(role, in_cloud=cloud is not None)
    problems = {}
    if meant is None:
        of_cloud = role_named(role, in_cloud=True) if cloud is None else None
        problems["cloud" if of_cloud else "role"] = (
            "is required for this role" if of_cloud else f"there is no role {role!r}"
        )
    for field, value, owner in (
        ("subscriber", subscriber, Role.SUBSCRIBER),
        ("referral", referral, Role.REFERRAL),
    ):
        if (value is not None) != (meant is owner):
            problems[field] = "is required" if value is None else "is not for this role"
    if problems or meant is None:
        raise Invalid(problems)
    assert (cloud is None) == (meant in PLATFORM_ROLES), "roles divide into two"
    return meant


async def _whose(
    tx: Connection, cloud: str | None, subscriber: int | None, referral: str | None
) -> dict[str, Any]:
    """Ids of the cloud, the subscriber and the referral that a person belongs to."""
    whose: dict[str, Any] = {"cloud": None, "subscriber": None, "referral": None}
    if cloud is None:
        return whose
    whose["cloud"] = (await tenancy.cloud_facts(tx, cloud)).id
    for field, key, column in (
        ("subscriber", subscriber, "number"),
        ("referral", referral, "code"),
    ):
        if key is None:
            continue
        whose[field] = await tx.fetchval(
            f"select id from {field} where cloud = $1 and {column} = $2",  # noqa: S608 - of the pairs above
            whose["cloud"],
            key,
        )
        if whose[field] is None:
            raise Invalid({field: f"there is no {field} {key!r}"})
    return whose
