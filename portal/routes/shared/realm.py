"""Whose people and keys a page is about: the platform's or a cloud's, in either of two portals.

The same handlers stand below /cloud, where the cloud is the person's own, and below /system, where
the address names one ("?cloud=north"), or else the platform is meant.
"""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from litestar import Response
from litestar.plugins.htmx import HTMXRequest

from portal.access import CLOUD_ROLES, PLATFORM_ROLES, Actor, Permission, Role, can, may_give
from portal.customers.queries import clouds
from portal.kit.queries import tenancy
from portal.kit.queries.tenancy import CloudFacts
from portal.routes.guards import actor_of
from portal.routes.listing import FILTER_LENGTH
from portal.routes.page import form_page
from portal.values.roles import role_in_cloud
from portal.words import _

CLOUDS_SHOWN = 1_000


@dataclass(frozen=True, slots=True)
class Realm:
    """A cloud, or with None the platform; `prefix` is the portal's."""

    actor: Actor
    prefix: str
    cloud: CloudFacts | None

    @classmethod
    async def of(cls, request: HTMXRequest) -> "Realm":
        """The one that the address names. Raises `NotFound`."""
        actor = actor_of(request)
        if actor.cloud is not None:
            return cls(actor, "/cloud", await tenancy.own_cloud(actor))
        slug = request.query_params.get("cloud", "").replace("\0", "")[:FILTER_LENGTH]
        return cls(actor, "/system", await tenancy.get_if_named(actor, slug or None))

    @property
    def slug(self) -> str | None:
        """The cloud's, None for the platform."""
        return None if self.cloud is None else self.cloud.slug

    @property
    def name(self) -> str:
        """Whose people and keys they are, in a sentence."""
        return _("the platform") if self.cloud is None else self.cloud.name

    @property
    def people(self) -> str:
        """The address of the list of people."""
        return f"{self.prefix}/people"

    @property
    def deliveries(self) -> str:
        """The address of the list of mail."""
        return f"{self.prefix}/deliveries"

    @property
    def keys(self) -> str:
        """The address of the list of keys."""
        return f"{self.prefix}/keys"

    @property
    def settings(self) -> str:
        """The address of the settings."""
        return f"{self.prefix}/settings"

    @property
    def audit(self) -> str:
        """The address of the audit log."""
        return f"{self.prefix}/audit"

    def at(self, path: str) -> str:
        """A path below the portal that goes on speaking of the same cloud."""
        if self.prefix == "/cloud" or self.cloud is None:
            return path
        return f"{path}?{urlencode({'cloud': self.cloud.slug})}"

    @property
    def may_write(self) -> bool:
        """Whether the actor changes people and keys here."""
        written = Permission.STAFF_WRITE if self.cloud is None else Permission.USERS_WRITE
        return can(self.actor, written)

    def roles(self, *, owned: bool = False) -> list[tuple[str, str]]:
        """The roles that the actor gives here, (as spoken, label); `owned` adds customers'."""
        from_cloud = [*CLOUD_ROLES, *((Role.SUBSCRIBER, Role.REFERRAL) if owned else ())]
        there = PLATFORM_ROLES if self.cloud is None else from_cloud
        given = [role for role in Role if role in there and may_give(self.actor, role)]
        return [(spoken(role), label(role)) for role in given]

    async def choices(self) -> list[tuple[str, str]]:
        """The clouds among which the lists may be narrowed, (slug, name); none within a cloud."""
        if self.prefix == "/cloud":
            return []
        rows = await clouds.list_page(self.actor, limit=CLOUDS_SHOWN)
        return [(row.slug, row.name) for row in rows]


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
    return form_page(request, template, realm=realm, roles=roles, values=values, errors=errors)


def spoken(role: Role) -> str:
    """A role as forms send it: "administrator"."""
    return str(role).removeprefix("cloud-")


def label(role: Role) -> str:
    """A role as people read it where they belong: "Administrator"."""
    return role_in_cloud(role)


def filled(sent: dict[str, str], *names: str) -> dict[str, Any]:
    """Those fields of a form that were filled in."""
    return {name: sent[name].strip() for name in names if sent.get(name, "").strip()}
