"""Asking whether an actor may do what it is about to do."""

from __future__ import annotations

from portal.access import Actor, Permission, can
from portal.errors import Forbidden
from portal.values.roles import permissions_label, role_label
from portal.words import _


def require(actor: Actor, *permissions: Permission) -> None:
    """Raise `Forbidden` unless the actor has one of the permissions."""
    if not any(can(actor, permission) for permission in permissions):
        raise Forbidden(
            _("%(role)s %(name)r may not: it needs %(wanted)s.")
            % {
                "role": role_label(actor.role),
                "name": actor.name,
                "wanted": permissions_label(permissions),
            },
            " or ".join(permissions),
        )
