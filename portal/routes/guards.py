"""Who may come in: asked once, at the door of each router. The action asks again.

Guards are coroutines although they wait for nothing: what is none is called in a thread, at each
request.
"""

from typing import Any, Final

from litestar.connection import ASGIConnection
from litestar.handlers.base import BaseRouteHandler
from litestar.types import Guard

from portal.access import Actor, Permission, Role, can
from portal.accounts.queries.users import Person, SignedIn
from portal.errors import Forbidden, Unauthorized
from portal.routes import ACCOUNT_PATH, INTERFACES, STOP_VIEWING_PATH
from portal.values.roles import role_label
from portal.words import _

SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
ALWAYS: Final = frozenset({STOP_VIEWING_PATH, "/logout"})

WebConnection = ASGIConnection[Any, Any, Any, Any]


def signed_in_of(connection: WebConnection) -> SignedIn:
    """The request's session. Raises Unauthorized when nobody is signed in."""
    found = connection.scope.get("auth")
    if not isinstance(found, SignedIn):
        raise Unauthorized(_("Sign in to go on."))
    return found


def person_of(connection: WebConnection) -> Person:
    """Who is signed in. Raises Unauthorized."""
    return signed_in_of(connection).person


def actor_of(connection: WebConnection) -> Actor:
    """Who acts in this request. Raises Unauthorized."""
    return signed_in_of(connection).person.actor


async def signed_in(connection: WebConnection, handler: BaseRouteHandler) -> None:
    """Guard: somebody is signed in, whoever it is."""
    del handler
    signed_in_of(connection)


async def looks_only(connection: WebConnection, handler: BaseRouteHandler) -> None:
    """Guard of everything: who looks at the portal as somebody else changes nothing there.

    Nor do they see that one's own account.
    """
    del handler
    found, path = connection.scope.get("auth"), connection.url.path
    if not isinstance(found, SignedIn) or found.viewing is None or path in ALWAYS:
        return
    if connection.scope.get("method") not in SAFE:
        raise Forbidden(_("Stop viewing to change something."))
    if path == ACCOUNT_PATH or path.startswith(f"{ACCOUNT_PATH}/"):
        raise Forbidden(_("Stop viewing to see your own account."))


def only(roles: frozenset[Role]) -> Guard:
    """Guard: one of these roles. Another side's portal is 403, whatever its address."""

    async def guard(connection: WebConnection, handler: BaseRouteHandler) -> None:
        del handler
        refuse_others(connection, roles)

    return guard


def refuse_others(connection: WebConnection, roles: frozenset[Role]) -> None:
    """Raise Forbidden for somebody of another side, Unauthorized where nobody is signed in."""
    person = person_of(connection)
    if person.actor.role in roles:
        return
    told = {
        "name": person.name,
        "role": role_label(person.actor.role),
        "portal": next((one.title for one in INTERFACES if one.roles == roles), ""),
    }
    said = _("You are signed in as %(name)s (%(role)s). This page is in the portal “%(portal)s”.")
    raise Forbidden(said % told)


def requires(*permissions: Permission) -> Guard:
    """Guard: somebody who holds every one of `permissions`."""

    async def guard(connection: WebConnection, handler: BaseRouteHandler) -> None:
        del handler
        actor = actor_of(connection)
        for permission in permissions:
            if not can(actor, permission):
                message = _("Your role, %(role)s, does not allow this.") % {
                    "role": role_label(actor.role)
                }
                raise Forbidden(message, permission)

    return guard
