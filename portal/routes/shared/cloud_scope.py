"""The cloud that an operator's page is about, and where such pages lie, in either of two portals.

The same handlers stand below /cloud, where the cloud is the person's own, and below
/system/clouds/{cloud}, where the address names it.
"""

from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode

from litestar import Response
from litestar.plugins.htmx import HTMXRequest

from portal.access import Actor, Permission, Role, can, may_view
from portal.kit.queries import tenancy
from portal.kit.queries.tenancy import CloudFacts
from portal.routes.guards import actor_of
from portal.routes.page import page
from portal.words import _

Crumbs = tuple[tuple[str, str], ...]

OWN: Final = "/cloud"
CLOUDS: Final = "/system/clouds"
WATCHERS: Final = "/system/watchers"


@dataclass(frozen=True, slots=True)
class PortalTab:
    """A page of a cloud as a tab of it in the platform's portal, for who holds `permission`.

    `name` is its address below the cloud's, "" of the overview.
    """

    name: str
    label: str
    permission: Permission


PORTAL_TABS: Final = (
    PortalTab("", _("Overview"), Permission.CLOUDS_READ),
    PortalTab("subscribers", _("Subscribers"), Permission.SUBSCRIBERS_READ),
    PortalTab("cameras", _("Cameras"), Permission.CAMERAS_READ),
    PortalTab("tariffs", _("Tariffs"), Permission.TARIFFS_READ),
    PortalTab("prices", _("Prices"), Permission.RATES_READ),
    PortalTab("periods", _("Months"), Permission.PERIODS_READ),
    PortalTab("invoices", _("Invoices"), Permission.INVOICES_READ),
    PortalTab("payments", _("Payments"), Permission.PAYMENTS_READ),
    PortalTab("reports", _("Reports"), Permission.CHARGES_READ),
    PortalTab("referrals", _("Referrals"), Permission.REFERRALS_READ),
    PortalTab("watcher", _("Watcher"), Permission.CONNECTIONS_READ),
    PortalTab("settings", _("Settings"), Permission.SETTINGS_READ),
)
"""The pages of a cloud in the platform's portal, side by side in this order."""


@dataclass(frozen=True, slots=True)
class CloudScope:
    """A cloud, and the addresses of its pages for whoever looks at them.

    `inside` says whether it is the person's own cloud. Points in time are told in `zone`, the
    cloud's.
    """

    actor: Actor
    cloud: CloudFacts
    inside: bool

    @classmethod
    async def of(cls, request: HTMXRequest) -> "CloudScope":
        """The cloud that the address names, or the person's own. Raises `NotFound`."""
        actor, slug = actor_of(request), request.path_params.get("cloud")
        found = await (tenancy.own_cloud(actor) if slug is None else tenancy.get(actor, slug))
        return cls(actor, found, slug is None)

    @property
    def zone(self) -> str:
        return self.cloud.timezone

    @property
    def base(self) -> str:
        """The address of the cloud's overview; every other page of it lies below."""
        return OWN if self.inside else f"{CLOUDS}/{self.cloud.slug}"

    def at(self, *parts: object, **query: object) -> str:
        """A page below: `at("subscribers", 4)`, `at("camera", id="gate/1", month="2026-10")`."""
        path = "/".join((self.base, *(str(part) for part in parts)))
        asked = {name: value for name, value in query.items() if value is not None}
        return f"{path}?{urlencode(asked)}" if asked else path

    def view_as(self, role: Role, kind: str = "operator", key: object = "") -> str:
        """Where one begins to look at the portal as somebody; "" for who may not."""
        if not may_view(self.actor, role):
            return ""
        return self.at("view-as", kind=kind, key=str(key) or None)

    def history(self, *of: object) -> str:
        """What the log has of an object: `history("subscriber", 4)`; "" for who may not read it."""
        may_read = can(self.actor, Permission.AUDIT_READ)
        return self.at("audit", object=" ".join(map(str, of))) if may_read else ""

    @property
    def path(self) -> str:
        """The list of its connections."""
        return self.at("watcher")

    @property
    def mappings(self) -> str:
        return self.at("watcher", "mappings")

    @property
    def reconciliation(self) -> str:
        return self.at("watcher", "reconciliation")

    @property
    def camera(self) -> str:
        return self.at("camera")

    def invoices(self, **query: object) -> str:
        """The list of its invoices, narrowed: `invoices(side="retail", month="2026-10")`."""
        named = query if self.inside else {"cloud": self.cloud.slug, **query}
        path = "/cloud/invoices" if self.inside else "/system/invoices"
        return f"{path}?{urlencode(named)}" if named else path

    def invoice(self, number: str) -> str:
        """The page of a document; the platform has those of all clouds in one place."""
        return f"{OWN if self.inside else '/system'}/invoices/{number}"

    @property
    def above(self) -> Crumbs:
        """The way back from a page of the cloud: Clouds / its name; nothing within its own."""
        return () if self.inside else ((_("Clouds"), CLOUDS), (self.cloud.name, self.base))

    @property
    def crumbs(self) -> Crumbs:
        """The way back from a page below that of its connections."""
        return (*self.above, (_("Watcher"), self.path))

    def portal_tabs(self, here: str) -> list[tuple[str, str, bool, int]]:
        """The tabs of the cloud in the platform's portal, none within its own; `here` is a name."""
        if self.inside:
            return []
        return [
            (tab.label, self.at(tab.name) if tab.name else self.base, tab.name == here, 0)
            for tab in PORTAL_TABS
            if can(self.actor, tab.permission)
        ]

    def tabs(self, here: str, waiting: int) -> list[tuple[str, str, bool, int]]:
        """The pages side by side: label, path, whether it is `here`, and how much waits there."""
        pages = (
            ("connections", _("Connections"), self.path, 0),
            ("mappings", _("Mappings"), self.mappings, waiting),
            ("reconciliation", _("Reconciliation"), self.reconciliation, 0),
        )
        return [(label, path, name == here, count) for name, label, path, count in pages]

    @property
    def may_write(self) -> bool:
        """Whether this person changes connections and mappings."""
        return can(self.actor, Permission.CONNECTIONS_WRITE)

    def page(
        self, request: HTMXRequest, template: str, *, block: str | None = None, **context: Any
    ) -> Response[str]:
        """A page of `shared/watcher` about this place, in its zone."""
        return page(
            request,
            f"shared/watcher/{template}",
            block=block,
            scope=self,
            zone=self.zone,
            **context,
        )
