"""The doors: what a browser or another system asks, turned into an action or a query.

INTERFACES are the four portals as data: whose they are, where they are, and what is in their menus.
"""

from dataclasses import dataclass, field
from typing import Final

from portal.access import CLOUD_ROLES, PLATFORM_ROLES, Actor, Permission, Role, can
from portal.words import _

SIGN_IN_PATH: Final = "/login"
CODE_PATH: Final = "/login/code"
RESET_PATH: Final = "/reset"
SETUP_PATH: Final = "/setup"
ACCOUNT_PATH: Final = "/account"
AGAIN_PATH: Final = "/account/form"
HELP_PATH: Final = "/help"
STOP_VIEWING_PATH: Final = "/stop-viewing"
SECOND_FACTOR_PATH: Final = "/account/second-factor"
ADMIN_PATH: Final = "/admin/"


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a menu, for those who hold `permission`; `group` is the heading above it.

    Where it `counts`, it says how much waits on its page. One of `levels` is for referrals whose
    operator pays more than the first level. `also` are pages that belong to it and lie elsewhere,
    as that of one camera, whose id is no part of a path.
    """

    label: str
    path: str
    icon: str
    permission: Permission | None = None
    group: str = ""
    counts: bool = False
    levels: bool = False
    also: tuple[str, ...] = ()

    def is_for(self, actor: Actor) -> bool:
        """Whether the actor's menu has it."""
        return self.permission is None or can(actor, self.permission)


@dataclass(frozen=True, slots=True)
class Interface:
    """One portal: everything below `prefix` is for `roles` only.

    One of a few pages has them as `tabs` below the top on a phone.
    """

    key: str
    title: str
    prefix: str
    roles: frozenset[Role]
    search: str = ""
    tabs: bool = False
    menu: tuple[Entry, ...] = field(default=())

    def menu_of(self, actor: Actor) -> tuple[Entry, ...]:
        """The menu as `actor` has it."""
        return tuple(entry for entry in self.menu if entry.is_for(actor))


INTERFACES: Final = (
    Interface(
        key="system",
        title=_("Platform"),
        prefix="/system",
        search="/system/search",
        roles=PLATFORM_ROLES,
        menu=(
            Entry(_("Overview"), "/system", "home"),
            Entry(
                _("Clouds"),
                "/system/clouds",
                "building",
                Permission.CLOUDS_READ,
            ),
            Entry(_("Services"), "/system/services", "list", Permission.RATES_READ),
            Entry(_("Months"), "/system/periods", "calendar", Permission.MARGINS_READ, _("Money")),
            Entry(
                _("Invoices"),
                "/system/invoices",
                "file-invoice",
                Permission.INVOICES_READ,
                _("Money"),
            ),
            Entry(_("Payments"), "/system/payments", "cash", Permission.PAYMENTS_READ, _("Money")),
            Entry(
                _("Reports"),
                "/system/reports",
                "chart-bar",
                Permission.MARGINS_READ,
                _("Money"),
                also=("/system/usage",),
            ),
            Entry(
                _("Watchers"),
                "/system/watchers",
                "plug-connected",
                Permission.CONNECTIONS_READ,
                _("Operation"),
            ),
            Entry(
                _("Audit log"), "/system/audit", "history", Permission.AUDIT_READ, _("Operation")
            ),
            Entry(_("People"), "/system/people", "users", Permission.STAFF_READ, _("Setup")),
            Entry(_("API keys"), "/system/keys", "key", Permission.STAFF_READ, _("Setup")),
            Entry(_("Settings"), "/system/settings", "settings", Permission.STAFF_READ, _("Setup")),
            Entry(_("Tables"), ADMIN_PATH, "list", Permission.TABLES_BROWSE, _("Setup")),
        ),
    ),
    Interface(
        key="cloud",
        title=_("Operator"),
        prefix="/cloud",
        search="/cloud/search",
        roles=CLOUD_ROLES,
        menu=(
            Entry(_("Overview"), "/cloud", "home"),
            Entry(
                _("Subscribers"),
                "/cloud/subscribers",
                "users",
                Permission.SUBSCRIBERS_READ,
                _("Customers"),
                also=("/cloud/questions",),
            ),
            Entry(
                _("Cameras"),
                "/cloud/cameras",
                "video",
                Permission.SUBSCRIPTIONS_READ,
                _("Customers"),
                also=("/cloud/camera",),
            ),
            Entry(
                _("Referrals"),
                "/cloud/referrals",
                "coins",
                Permission.REFERRALS_READ,
                _("Customers"),
                also=("/cloud/commissions", "/cloud/statements"),
            ),
            Entry(_("Tariffs"), "/cloud/tariffs", "tags", Permission.TARIFFS_READ),
            Entry(_("Prices"), "/cloud/prices", "tag", Permission.RATES_READ),
            # An account manager sees the months of its own subscribers on their pages.
            Entry(_("Months"), "/cloud/periods", "calendar", Permission.MARGINS_READ, _("Money")),
            Entry(
                _("Invoices"),
                "/cloud/invoices",
                "file-invoice",
                Permission.INVOICES_READ,
                _("Money"),
                also=("/cloud/hand-overs",),
            ),
            Entry(_("Payments"), "/cloud/payments", "cash", Permission.PAYMENTS_READ, _("Money")),
            Entry(
                _("Reports"),
                "/cloud/reports",
                "chart-bar",
                Permission.CHARGES_READ,
                _("Money"),
                also=("/cloud/usage",),
            ),
            Entry(
                _("Watcher"),
                "/cloud/watcher",
                "plug-connected",
                Permission.CONNECTIONS_WRITE,
                _("Operation"),
                counts=True,
            ),
            Entry(_("Audit log"), "/cloud/audit", "history", Permission.AUDIT_READ, _("Operation")),
            Entry(_("People"), "/cloud/people", "users", Permission.USERS_READ, _("Setup")),
            Entry(_("API keys"), "/cloud/keys", "key", Permission.USERS_READ, _("Setup")),
            Entry(
                _("Settings"), "/cloud/settings", "settings", Permission.SETTINGS_READ, _("Setup")
            ),
        ),
    ),
    Interface(
        key="my",
        title=_("Subscriber"),
        prefix="/my",
        search="/my/search",
        tabs=True,
        roles=frozenset({Role.SUBSCRIBER}),
        menu=(
            Entry(_("Overview"), "/my", "home"),
            Entry(
                _("Invoices"),
                "/my/invoices",
                "file-invoice",
                Permission.INVOICES_READ,
                also=("/my/payments", "/my/cards", "/my/questions"),
            ),
            Entry(
                _("Cameras"), "/my/cameras", "video", Permission.USAGE_READ, also=("/my/camera",)
            ),
            Entry(_("Profile"), "/my/profile", "user"),
        ),
    ),
    Interface(
        key="referral",
        title=_("Referral"),
        prefix="/referral",
        search="/referral/search",
        tabs=True,
        roles=frozenset({Role.REFERRAL}),
        menu=(
            Entry(_("Overview"), "/referral", "home"),
            Entry(_("Subscribers"), "/referral/subscribers", "users", Permission.SUBSCRIBERS_READ),
            Entry(_("Commissions"), "/referral/commissions", "coins", Permission.COMMISSIONS_READ),
            Entry(
                _("Statements"),
                "/referral/statements",
                "file-invoice",
                Permission.COMMISSIONS_READ,
            ),
            Entry(
                _("Agents"), "/referral/agents", "user", Permission.COMMISSIONS_READ, levels=True
            ),
            Entry(_("Profile"), "/referral/profile", "user"),
        ),
    ),
)


def interface_of(role: Role) -> Interface:
    """The portal of a role: each person has exactly one."""
    return next(interface for interface in INTERFACES if role in interface.roles)
