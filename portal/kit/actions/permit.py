"""Asking whether an actor may do what it is about to do."""

from __future__ import annotations

from portal.access import Actor, Permission, can
from portal.errors import Forbidden
from portal.words import _


def require(actor: Actor, *permissions: Permission) -> None:
    """Raise `Forbidden` unless the actor has one of the permissions."""
    if not any(can(actor, permission) for permission in permissions):
        wanted = " or ".join(permissions)
        raise Forbidden(
            _("%(role)s %(name)r may not: it needs %(wanted)s.")
            % {"role": str(actor.role).capitalize(), "name": actor.name, "wanted": wanted},
            wanted,
        )
