"""Who may do what, as a table for people: nouns by roles, made from the matrix of permissions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from portal.access import CLOUD_ROLES, MATRIX, PLATFORM_ROLES, Permission, Role
from portal.values.roles import role_label
from portal.words import _

NOUNS: Final[Mapping[str, str]] = {
    "clouds": _("Clouds"),
    "services": _("Services"),
    "meters": _("Meters"),
    "rates": _("Prices of clouds"),
    "tariffs": _("Tariffs"),
    "subscribers": _("Subscribers"),
    "account": _("Own account and its people"),
    "cameras": _("Cameras"),
    "subscriptions": _("Cameras' tariffs"),
    "usage": _("Usage"),
    "periods": _("Months"),
    "charges": _("Charges"),
    "invoices": _("Invoices"),
    "credits": _("Credit notes"),
    "payments": _("Payments"),
    "ledger": _("Ledger"),
    "questions": _("Questions of subscribers"),
    "margins": _("Cost and margin"),
    "referrals": _("Referrals"),
    "levels": _("Levels of referrals"),
    "commissions": _("Commissions"),
    "gateways": _("Card gateway"),
    "webhooks": _("Webhooks"),
    "dunning": _("Steps of reminders"),
    "connections": _("Watcher"),
    "users": _("People and keys of clouds"),
    "staff": _("People and keys of the platform"),
    "settings": _("Settings"),
    "audit": _("Audit log"),
    "tables": _("Tables"),
    "view": _("The portal as others see it"),
    "clock": _("Clock of a test"),
}
VERBS: Final[Mapping[str, str]] = {
    "read": _("sees"),
    "write": _("changes"),
    "create": _("creates"),
    "close": _("closes"),
    "browse": _("sees"),
    "as": _("sees"),
    "move": _("moves"),
    "send": _("sends"),
    "bring": _("brings"),
    "answer": _("answers"),
}
ROLES: Final = (
    Role.ADMINISTRATOR,
    Role.ACCOUNTANT,
    Role.MANAGER,
    Role.CLOUD_ADMINISTRATOR,
    Role.CLOUD_ACCOUNTANT,
    Role.ACCOUNT_MANAGER,
    Role.SUBSCRIBER,
    Role.REFERRAL,
)


WHOSE: Final[Mapping[Role, str]] = {
    Role.ADMINISTRATOR: _("Everything: all clouds, people and settings."),
    Role.ACCOUNTANT: _("The books of all clouds; no people, no prices to change."),
    Role.MANAGER: _("The clouds it is responsible for: prices, company, closing."),
    Role.CLOUD_ADMINISTRATOR: _("Everything of the cloud."),
    Role.CLOUD_ACCOUNTANT: _("The cloud's books, company and documents; no people, no tariffs."),
    Role.ACCOUNT_MANAGER: _("Its own subscribers and their cameras, without cost and margin."),
    Role.SUBSCRIBER: _("Its own cameras, usage and invoices."),
    Role.REFERRAL: _("The subscribers it brought and its commissions; no cameras, no cost."),
}
"""What of the portal is a role's at all: whose rows, in a sentence."""


@dataclass(frozen=True, slots=True)
class Matrix:
    """The roles as headings, and a row a noun with what each role does with it."""

    roles: tuple[str, ...]
    rows: tuple[tuple[str, tuple[str, ...]], ...]


def matrix_for(roles: Sequence[Role]) -> Matrix:
    """The table of these roles; nouns that none of them may do anything with are left out."""
    rows = (
        (label, tuple(_cell(role, noun) for role in roles))
        for noun, label in NOUNS.items()
        if noun != "clock"
    )
    return Matrix(
        tuple(role_label(role).capitalize() for role in roles),
        tuple(row for row in rows if any(row[1])),
    )


def whose_of(roles: Sequence[Role]) -> list[tuple[str, str]]:
    """What each of these roles is there for, (role, sentence)."""
    return [(role_label(role).capitalize(), WHOSE[role]) for role in roles]


def roles_beside(role: Role) -> Sequence[Role]:
    """The roles that somebody works with: a subscriber's and a referral's own are enough."""
    if role in PLATFORM_ROLES:
        return ROLES
    if role in CLOUD_ROLES:
        return [one for one in ROLES if one not in PLATFORM_ROLES]
    return [role]


def _cell(role: Role, noun: str) -> str:
    """What a role does with a noun: "sees, changes"."""
    held = [one for one in Permission if one in MATRIX[role] and one.value.startswith(f"{noun}.")]
    return ", ".join(str(VERBS[one.value.partition(".")[2]]) for one in held)


def may_of(role: Role) -> tuple[str, str]:
    """What a role may do and what it may not, in a line each."""
    cells = [(str(label), _cell(role, noun)) for noun, label in NOUNS.items() if noun != "clock"]
    may = "; ".join(f"{label}: {cell}" for label, cell in cells if cell)
    return may, ", ".join(label for label, cell in cells if not cell)
