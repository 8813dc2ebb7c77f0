"""Who manages whom: what every action on a person asks first, and writes down last."""

from __future__ import annotations

from typing import Any, Final

from portal.access import OWNED, Actor, Permission, Role, may_give
from portal.accounts.queries import people
from portal.accounts.queries.people import PersonRow
from portal.db import Transaction
from portal.errors import Conflict, Forbidden
from portal.kit.actions import audit
from portal.kit.actions.locks import lock_count
from portal.kit.actions.permit import require
from portal.kit.queries.tenancy import CloudFacts
from portal.values.roles import role_label
from portal.words import _

PEOPLE_MAX: Final = 1_000
"""Of a cloud or of the platform, those of one role; of one subscriber or referral, all."""
OWN_MAX: Final = 50
"""Of one subscriber or referral, where it invites by itself. An address that is somebody's is
refused, so this is also how many addresses can be tried."""


def permission_for(actor: Actor, cloud: CloudFacts | str | None) -> Permission:
    """What it takes of the actor to change people of a cloud, or of the platform."""
    if actor.role in OWNED:
        return Permission.ACCOUNT_WRITE
    return Permission.STAFF_WRITE if cloud is None else Permission.USERS_WRITE


def refuse_more(actor: Actor, role: Role) -> None:
    """Nobody gives, or takes away, what they do not hold themselves."""
    if not may_give(actor, role):
        raise Forbidden(
            _("%(role)s %(name)r does not manage people of the role %(managed)s.")
            % {"role": role_label(actor.role), "name": actor.name, "managed": role_label(role)}
        )


async def managed(tx: Transaction, actor: Actor, user: int) -> PersonRow:
    """The person, locked, if the actor may manage them. Raises `NotFound`, `Forbidden`."""
    seen = await people.get_in(tx, user)
    require(actor, permission_for(actor, seen.cloud))
    refuse_more(actor, seen.role)
    return await people.get_in(tx, user, lock=True)


async def refuse_many(tx: Transaction, actor: Actor, role: Role, whose: dict[str, Any]) -> None:
    """Raise `Conflict` where as many people as there may be have this role."""
    most = OWN_MAX if actor.role in OWNED else PEOPLE_MAX
    await lock_count(tx, "people", role, *whose.values())
    count = await tx.fetchval(
        "select count(*) from portal_user where role = $1 and cloud is not distinct from $2"
        " and subscriber is not distinct from $3 and referral is not distinct from $4",
        str(role),
        *whose.values(),
    )
    if count >= most:
        raise Conflict(
            _("There are %(people_max)s people with this role already.") % {"people_max": most}
        )


async def record(  # noqa: PLR0917 - the two last are what came before and after
    tx: Transaction,
    actor: Actor,
    action: str,
    person: PersonRow,
    before: object = None,
    after: object = None,
) -> None:
    """Write down what was done to a person."""
    await audit.record(
        tx,
        actor,
        action,
        f"user {person.id}",
        cloud=person.cloud_id,
        before=before,
        after=after,
    )
