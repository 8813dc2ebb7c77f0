"""Who may do what and see which fields: pure. PostgreSQL decides whose rows; this, which verbs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final


class Role(StrEnum):
    """Every person and key has exactly one."""

    ADMINISTRATOR = "administrator"
    ACCOUNTANT = "accountant"
    MANAGER = "manager"
    CLOUD_ADMINISTRATOR = "cloud-administrator"
    ACCOUNT_MANAGER = "account-manager"
    CLOUD_ACCOUNTANT = "cloud-accountant"
    SUBSCRIBER = "subscriber"
    REFERRAL = "referral"
    SYSTEM = "system"  # workers and the command line
    DOORKEEPER = "doorkeeper"  # sign-in and key checks, before anyone is known


PLATFORM_ROLES: Final = frozenset({Role.ADMINISTRATOR, Role.ACCOUNTANT, Role.MANAGER})
CLOUD_ROLES: Final = frozenset(
    {Role.CLOUD_ADMINISTRATOR, Role.ACCOUNT_MANAGER, Role.CLOUD_ACCOUNTANT}
)
# A role as it is spoken within a cloud: `--cloud north --role accountant`.
ROLE_IN_CLOUD: Final = {
    "administrator": Role.CLOUD_ADMINISTRATOR,
    "account-manager": Role.ACCOUNT_MANAGER,
    "accountant": Role.CLOUD_ACCOUNTANT,
    "subscriber": Role.SUBSCRIBER,
    "referral": Role.REFERRAL,
}
ROLE_OF_PLATFORM: Final = {str(role): role for role in PLATFORM_ROLES}
KEY_ROLES: Final = PLATFORM_ROLES | CLOUD_ROLES
"""Roles that a key of the API may have."""
RESPONSIBLE: Final = frozenset({Role.ADMINISTRATOR, Role.MANAGER})
"""Roles that may be responsible for clouds."""
OWNED: Final = frozenset({Role.SUBSCRIBER, Role.REFERRAL})
"""Roles of people who belong to one subscriber or referral: they manage those beside them."""
ADMINISTRATORS: Final = frozenset({Role.ADMINISTRATOR, Role.CLOUD_ADMINISTRATOR})
"""Of the platform and of each cloud, at least one stays who can sign in."""


class Permission(StrEnum):
    """A verb on a noun. A key's scopes are names of these."""

    METERS_READ = "meters.read"
    METERS_WRITE = "meters.write"
    SERVICES_READ = "services.read"
    SERVICES_WRITE = "services.write"
    CLOUDS_READ = "clouds.read"
    CLOUDS_CREATE = "clouds.create"
    CLOUDS_WRITE = "clouds.write"
    LEVELS_WRITE = "levels.write"
    RATES_READ = "rates.read"
    RATES_WRITE = "rates.write"
    TARIFFS_READ = "tariffs.read"
    TARIFFS_WRITE = "tariffs.write"
    SUBSCRIBERS_READ = "subscribers.read"
    SUBSCRIBERS_WRITE = "subscribers.write"
    SUBSCRIBERS_BRING = "subscribers.bring"  # a referral's own, without terms
    ACCOUNT_WRITE = "account.write"  # of one subscriber or referral: its people, its documents
    CAMERAS_READ = "cameras.read"
    CAMERAS_WRITE = "cameras.write"
    SUBSCRIPTIONS_READ = "subscriptions.read"
    SUBSCRIPTIONS_WRITE = "subscriptions.write"
    USAGE_READ = "usage.read"
    USAGE_WRITE = "usage.write"
    PERIODS_READ = "periods.read"
    PERIODS_CLOSE = "periods.close"
    CHARGES_READ = "charges.read"
    INVOICES_READ = "invoices.read"
    INVOICES_SEND = "invoices.send"  # by e-mail, and handed over as files
    CREDITS_WRITE = "credits.write"
    PAYMENTS_READ = "payments.read"
    PAYMENTS_WRITE = "payments.write"
    LEDGER_READ = "ledger.read"
    QUESTIONS_ANSWER = "questions.answer"  # of subscribers about their invoices
    REFERRALS_READ = "referrals.read"
    REFERRALS_WRITE = "referrals.write"
    COMMISSIONS_READ = "commissions.read"
    MARGINS_READ = "margins.read"
    GATEWAYS_READ = "gateways.read"
    GATEWAYS_WRITE = "gateways.write"  # a cloud's account at a card gateway
    WEBHOOKS_READ = "webhooks.read"
    WEBHOOKS_WRITE = "webhooks.write"  # where a cloud's own systems are told what happens
    CONNECTIONS_READ = "connections.read"
    CONNECTIONS_WRITE = "connections.write"
    AUDIT_READ = "audit.read"
    USERS_READ = "users.read"
    USERS_WRITE = "users.write"  # a cloud's people and keys
    STAFF_READ = "staff.read"
    STAFF_WRITE = "staff.write"  # the platform's own people and keys
    SETTINGS_READ = "settings.read"  # company and documents
    SETTINGS_WRITE = "settings.write"  # the same of a cloud
    DUNNING_WRITE = "dunning.write"  # which reminders and suspensions follow when
    TABLES_BROWSE = "tables.browse"
    VIEW_AS = "view.as"  # looking at the portal as somebody else sees it
    CLOCK_MOVE = "clock.move"  # of an installation under test


P = Permission
_READS: Final = frozenset(p for p in Permission if p.value.endswith(".read"))
_BOOKS: Final = frozenset(
    {P.PERIODS_CLOSE, P.INVOICES_SEND, P.CREDITS_WRITE, P.PAYMENTS_WRITE, P.QUESTIONS_ANSWER}
)
_OF_A_CLOUD: Final = frozenset({P.SETTINGS_WRITE})
"""What whoever keeps a cloud's books does, and the platform's accountant does not."""
_OPERATES: Final = frozenset(
    {
        P.LEVELS_WRITE,
        P.TARIFFS_WRITE,
        P.SUBSCRIBERS_WRITE,
        P.SUBSCRIBERS_BRING,  # whoever gives a role holds what it holds
        P.ACCOUNT_WRITE,
        P.CAMERAS_WRITE,
        P.SUBSCRIPTIONS_WRITE,
        P.USAGE_WRITE,
        P.REFERRALS_WRITE,
        P.CONNECTIONS_WRITE,
        P.GATEWAYS_WRITE,
        P.DUNNING_WRITE,
        P.WEBHOOKS_WRITE,
        *_BOOKS,
        *_OF_A_CLOUD,
    }
)
_PEOPLE: Final = frozenset({P.USERS_READ, P.STAFF_READ, P.AUDIT_READ})

MATRIX: Final[dict[Role, frozenset[Permission]]] = {
    Role.SYSTEM: frozenset(Permission),
    Role.ADMINISTRATOR: frozenset(Permission),
    Role.ACCOUNTANT: (_READS - _PEOPLE) | _BOOKS,
    Role.MANAGER: (_READS - _PEOPLE) | {P.CLOUDS_WRITE, P.RATES_WRITE, P.SETTINGS_WRITE, P.VIEW_AS},
    Role.CLOUD_ADMINISTRATOR: (_READS | _OPERATES | {P.USERS_WRITE, P.VIEW_AS}) - {P.STAFF_READ},
    Role.CLOUD_ACCOUNTANT: (_READS - _PEOPLE) | _BOOKS | _OF_A_CLOUD,
    Role.ACCOUNT_MANAGER: frozenset(
        {
            P.METERS_READ,
            P.SERVICES_READ,
            P.CLOUDS_READ,
            P.TARIFFS_READ,
            P.SUBSCRIBERS_READ,
            P.SUBSCRIBERS_WRITE,
            P.CAMERAS_READ,
            P.CAMERAS_WRITE,
            P.SUBSCRIPTIONS_READ,
            P.SUBSCRIPTIONS_WRITE,
            P.USAGE_READ,
            P.PERIODS_READ,
            P.CHARGES_READ,
            P.INVOICES_READ,
            P.INVOICES_SEND,
            P.PAYMENTS_READ,
            P.QUESTIONS_ANSWER,
        }
    ),
    Role.SUBSCRIBER: frozenset(
        {
            P.ACCOUNT_WRITE,
            P.USAGE_READ,
            P.CAMERAS_READ,
            P.CHARGES_READ,
            P.INVOICES_READ,
            P.PAYMENTS_READ,
        }
    ),
    Role.REFERRAL: frozenset(
        {
            P.ACCOUNT_WRITE,
            P.SUBSCRIBERS_READ,
            P.SUBSCRIBERS_BRING,
            P.USAGE_READ,
            P.COMMISSIONS_READ,
        }
    ),
    Role.DOORKEEPER: frozenset(),
}


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts, for the length of one request or job.

    `cloud`, `subscriber`, `referral`, `user` and `key` are row ids. `scopes` narrows a key to the
    permissions named; None is all that its role may do. `session` (a row id) and `address` say
    from where, for the audit log; they make nobody another actor.
    """

    role: Role
    name: str
    user: int | None = None
    cloud: int | None = None
    subscriber: int | None = None
    referral: int | None = None
    key: int | None = None
    scopes: frozenset[str] | None = None
    session: int | None = field(default=None, compare=False)
    address: str = field(default="", compare=False)


# Whom a role manages: adds, blocks, gives another role, and for whom it makes keys. Which people of
# these it sees, PostgreSQL says; that nobody gives what it does not hold itself, `may_give`.
MANAGES: Final[Mapping[Role, frozenset[Role]]] = {
    Role.SYSTEM: frozenset(MATRIX) - {Role.SYSTEM, Role.DOORKEEPER},
    Role.ADMINISTRATOR: frozenset(MATRIX) - {Role.SYSTEM, Role.DOORKEEPER},
    Role.CLOUD_ADMINISTRATOR: CLOUD_ROLES | {Role.SUBSCRIBER, Role.REFERRAL},
    Role.SUBSCRIBER: frozenset({Role.SUBSCRIBER}),
    Role.REFERRAL: frozenset({Role.REFERRAL}),
}

# Whom a role may look at the portal as; that it is one of its own clouds, PostgreSQL says.
VIEWS: Final[Mapping[Role, frozenset[Role]]] = {
    Role.ADMINISTRATOR: CLOUD_ROLES | {Role.SUBSCRIBER, Role.REFERRAL},
    Role.MANAGER: CLOUD_ROLES | {Role.SUBSCRIBER, Role.REFERRAL},
    Role.CLOUD_ADMINISTRATOR: frozenset({Role.ACCOUNT_MANAGER, Role.SUBSCRIBER, Role.REFERRAL}),
}

# The fields of a noun that take more than seeing its row: what each needs beside that. Pages and
# the API show a field by this list alone; a noun or field that is not here is shown with its row.
FIELDS: Final[Mapping[str, Mapping[str, Permission]]] = {
    "cloud": {
        "wholesale_discount_percent": P.RATES_READ,
        "wholesale_tax_percent": P.RATES_READ,
        "level_percents": P.REFERRALS_READ,
        "agents_invite": P.REFERRALS_READ,
        "agent_percent": P.REFERRALS_READ,
        "margin_target": P.MARGINS_READ,
    },
    "service": {"list_pricing": P.RATES_READ},
    "version": {
        "below_cost": P.MARGINS_READ,
        "below_cost_reason": P.MARGINS_READ,
    },
    "period": {
        "totals": P.MARGINS_READ,  # of the whole cloud: revenue, cost, commissions
        "unrated": P.RATES_READ,
        "late_usage": P.MARGINS_READ,
        "trouble": P.MARGINS_READ,  # may name anybody's camera
    },
    # Revenue, cost and margin of a cloud, a subscriber or a camera in a month.
    "sales": {
        "cost": P.MARGINS_READ,
        "commission": P.MARGINS_READ,
        "margin": P.MARGINS_READ,
    },
    # What was read of a camera, meter by meter, and its history; a subscriber has its services.
    "camera month": {"readings": P.SUBSCRIPTIONS_READ},
    "invoices": {"wholesale": P.MARGINS_READ},  # the side on which the cloud is the buyer
}

SYSTEM: Final = Actor(Role.SYSTEM, "Camledger")
DOORKEEPER: Final = Actor(Role.DOORKEEPER, "Doorkeeper")


def can(actor: Actor, permission: Permission) -> bool:
    """Whether the actor's role, and its key's scopes if any, hold the permission."""
    if actor.scopes is not None and permission not in actor.scopes:
        return False
    return permission in MATRIX[actor.role]


def is_of_platform(actor: Actor) -> bool:
    """Whether the actor is of the platform: one of its people, a key of it, or a worker."""
    return actor.role in PLATFORM_ROLES | {Role.SYSTEM}


def shows(actor: Actor, noun: str, field: str) -> bool:
    """Whether the actor is shown a field of a noun whose row it sees."""
    needed = FIELDS.get(noun, {}).get(field)
    return needed is None or can(actor, needed)


def hidden(actor: Actor, noun: str) -> frozenset[str]:
    """The fields of a noun that the actor is not shown."""
    return frozenset(field for field in FIELDS.get(noun, ()) if not shows(actor, noun, field))


def may_give(actor: Actor, role: Role, scopes: frozenset[str] | None = None) -> bool:
    """Whether the actor manages people or keys of a role, and holds all that these may do.

    `scopes` are those of a key to be made. So a key that is narrowed by its own scopes makes no
    wider one, and no people either.
    """
    given = MATRIX[role] if scopes is None else {p for p in MATRIX[role] if p in scopes}
    return role in MANAGES.get(actor.role, ()) and all(can(actor, one) for one in given)


def may_view(actor: Actor, role: Role) -> bool:
    """Whether the actor may look at the portal as somebody of a role."""
    return can(actor, Permission.VIEW_AS) and role in VIEWS.get(actor.role, ())


def role_in_words(role: Role) -> str:
    """A role as it is spoken on the platform, or within a cloud: "administrator"."""
    return next((word for word, known in ROLE_IN_CLOUD.items() if known is role), str(role))


def role_named(name: str, *, in_cloud: bool) -> Role | None:
    """The role that `name` means on the platform, or within a cloud; None when there is none."""
    return (ROLE_IN_CLOUD if in_cloud else ROLE_OF_PLATFORM).get(name)
