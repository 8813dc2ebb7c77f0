"""Asking whether an actor may do what it is about to do."""

from __future__ import annotations

from portal.access import Actor, Permission, can
from portal.errors import Forbidden


def require(actor: Actor, *permissions: Permission) -> None:
    """Raise `Forbidden` unless the actor has one of the permissions."""
    if not any(can(actor, permission) for permission in permissions):
        wanted = " or ".join(permissions)
        raise Forbidden(
            f"{str(actor.role).capitalize()} {actor.name!r} may not: it needs {wanted}.",
            wanted,
        )
