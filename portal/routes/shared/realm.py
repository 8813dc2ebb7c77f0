"""Whose people, keys, settings and log a page is about: the platform's or a cloud's.

The same handlers stand below /system, of the platform, below /system/clouds/{cloud}, and below
/cloud, where the cloud is the person's own.
"""

from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode

from litestar import Response
from litestar.plugins.htmx import HTMXRequest

from portal.access import (
    CLOUD_ROLES,
    PLATFORM_ROLES,
    ROLE_IN_CLOUD,
    ROLE_OF_PLATFORM,
    Actor,
    Permission,
    Role,
    can,
    may_give,
)
from portal.errors import NotFound
from portal.kit.queries.tenancy import CloudFacts
from portal.routes.guards import actor_of
from portal.routes.page import form_page
from portal.routes.shared.cloud_scope import CloudScope, Crumbs
from portal.routes.shared.matrix import may_of
from portal.values.roles import role_in_cloud
from portal.words import _

PLATFORM: Final = "/system"
Tab = tuple[str, str, bool, int]
"""Label, address, whether it is this page, how much waits there."""
P: Final = Permission
OF_PLATFORM: Final = (
    ("settings", _("Company"), (P.STAFF_READ,)),
    ("settings/look", _("Look"), (P.STAFF_READ,)),
    ("settings/mail", _("Mail"), (P.STAFF_READ,)),
    ("settings/security", _("Security"), (P.STAFF_READ,)),
    ("keys", _("API keys"), (P.STAFF_READ,)),
    ("settings/system", _("System"), (P.STAFF_READ,)),
)
OF_CLOUD: Final = (
    ("settings", _("Company and documents"), (P.SETTINGS_READ,)),
    ("settings/look", _("Look"), (P.USERS_READ,)),
    ("settings/closing", _("Closing"), (P.CLOUDS_WRITE, P.LEVELS_WRITE)),
    ("settings/cards", _("Cards"), (P.GATEWAYS_WRITE,)),
    ("settings/email", _("E-mail"), (P.SETTINGS_READ,)),
    ("settings/reminders", _("Reminders"), (P.SETTINGS_READ,)),
    ("referrals/levels", _("Referrals"), (P.LEVELS_WRITE,)),
    ("people", _("People"), (P.USERS_READ,)),
    ("keys", _("API keys"), (P.USERS_READ,)),
    ("settings/mail", _("Mail"), (P.USERS_READ,)),
    ("settings/security", _("Sign-in"), (P.USERS_READ,)),
    ("audit", _("History"), (P.AUDIT_READ,)),
)
"""Pages of settings side by side: the address below, its label, and who sees it."""


@dataclass(frozen=True, slots=True)
class Realm:
    """A cloud with its place in the portal, or with None the platform."""

    actor: Actor
    scope: CloudScope | None

    @classmethod
    async def of(cls, request: HTMXRequest) -> "Realm":
        """The one that the address names. Raises `NotFound`."""
        actor = actor_of(request)
        if actor.cloud is None and "cloud" not in request.path_params:
            return cls(actor, None)
        return cls(actor, await CloudScope.of(request))

    @property
    def cloud(self) -> CloudFacts | None:
        return None if self.scope is None else self.scope.cloud

    @property
    def slug(self) -> str | None:
        """The cloud's, None for the platform."""
        return None if self.cloud is None else self.cloud.slug

    @property
    def name(self) -> str:
        """Whose people and keys they are, in a sentence."""
        return _("the platform") if self.cloud is None else self.cloud.name

    def at(self, *parts: object, **query: object) -> str:
        """A page below: `at("people", 4)`, `at("audit", object="user 4")`."""
        if self.scope is not None:
            return self.scope.at(*parts, **query)
        path = "/".join((PLATFORM, *(str(part) for part in parts)))
        asked = {name: value for name, value in query.items() if value is not None}
        return f"{path}?{urlencode(asked)}" if asked else path

    @property
    def above(self) -> Crumbs:
        """The way back from its pages: Clouds / its name; nothing within one's own."""
        return () if self.scope is None else self.scope.above

    @property
    def people(self) -> str:
        """The address of the list of people."""
        return self.at("people")

    @property
    def deliveries(self) -> str:
        """The address of the list of mail."""
        return self.at("settings", "mail")

    @property
    def keys(self) -> str:
        """The address of the list of keys."""
        return self.at("keys")

    @property
    def settings(self) -> str:
        """The address of the settings."""
        return self.at("settings")

    @property
    def audit(self) -> str:
        """The address of the audit log."""
        return self.at("audit")

    def of_cloud(self) -> CloudFacts:
        """The cloud. Raises `NotFound` where the platform is meant."""
        if self.cloud is None:
            raise NotFound(_("There is nothing at this address."))
        return self.cloud

    @property
    def may_change_cloud(self) -> bool:
        """Whether the actor changes the cloud itself: how its months close."""
        return any(
            can(self.actor, one) for one in (Permission.CLOUDS_WRITE, Permission.LEVELS_WRITE)
        )

    @property
    def may_change_company(self) -> bool:
        """Whether the actor changes what stands on documents."""
        if self.cloud is None:
            return self.may_write
        return can(self.actor, Permission.SETTINGS_WRITE)

    def tab_rows(self, here: str) -> list[tuple[str, list[Tab]]]:
        """Rows of tabs with what each is called: a cloud's in the platform's portal, the settings.

        `here` is the address of a page below: "settings/closing".
        """
        tabs = OF_PLATFORM if self.scope is None else OF_CLOUD
        shown: list[Tab] = [
            (str(label), self.at(*name.split("/")), name == here, 0)
            for name, label, permissions in tabs
            if any(can(self.actor, one) for one in permissions)
        ]
        rows = [(_("Settings of %(name)s") % {"name": self.name}, shown)]
        if self.scope is not None and (pages := self.scope.portal_tabs("settings")):
            rows.insert(0, (self.scope.cloud.name, pages))
        return rows

    def history(self, *of: object) -> str:
        """What the log has of an object: `history("user", 4)`; "" for who may not read it."""
        may_read = can(self.actor, Permission.AUDIT_READ)
        return self.at("audit", object=" ".join(map(str, of))) if may_read else ""

    @property
    def may_write(self) -> bool:
        """Whether the actor changes people and keys here."""
        written = Permission.STAFF_WRITE if self.cloud is None else Permission.USERS_WRITE
        return can(self.actor, written)

    def roles_by_word(self) -> dict[str, Role]:
        """Roles by the words that forms send, of the platform or of a cloud."""
        return ROLE_OF_PLATFORM if self.cloud is None else ROLE_IN_CLOUD

    def roles(self, *, owned: bool = False) -> list[tuple[str, str]]:
        """The roles that the actor gives here, (as spoken, label); `owned` adds customers'."""
        from_cloud = [*CLOUD_ROLES, *((Role.SUBSCRIBER, Role.REFERRAL) if owned else ())]
        there = PLATFORM_ROLES if self.cloud is None else from_cloud
        given = [role for role in Role if role in there and may_give(self.actor, role)]
        return [(spoken(role), label(role)) for role in given]


def new_page(
    request: HTMXRequest,
    template: str,
    realm: Realm,
    values: dict[str, str],
    errors: dict[str, str] | None = None,
    *,
    owned: bool = False,
) -> Response[str]:
    """The form for a new person or key: the roles to give, what was sent, complaints by field."""
    roles = realm.roles(owned=owned)
    return form_page(
        request,
        template,
        realm=realm,
        roles=roles,
        may={word: may_of(role) for word, role in realm.roles_by_word().items()},
        values=values,
        errors=errors,
    )


def spoken(role: Role) -> str:
    """A role as forms send it: "administrator"."""
    return str(role).removeprefix("cloud-")


def label(role: Role) -> str:
    """A role as people read it where they belong: "Administrator"."""
    return role_in_cloud(role)


def filled(sent: dict[str, str], *names: str) -> dict[str, Any]:
    """Those fields of a form that were filled in."""
    return {name: sent[name].strip() for name in names if sent.get(name, "").strip()}
