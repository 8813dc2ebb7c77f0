"""Roles and permissions as people read them, by the names that `portal.access` has for them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from portal.words import _

ROLES: Final[Mapping[str, str]] = {
    "administrator": _("Administrator"),
    "accountant": _("Accountant"),
    "manager": _("Manager"),
    "cloud-administrator": _("Cloud administrator"),
    "account-manager": _("Account manager"),
    "cloud-accountant": _("Cloud accountant"),
    "subscriber": _("Subscriber"),
    "referral": _("Referral"),
    "system": _("Camledger"),
    "doorkeeper": _("Sign-in"),
}
IN_CLOUD: Final[Mapping[str, str]] = {
    "cloud-administrator": ROLES["administrator"],
    "cloud-accountant": ROLES["accountant"],
}
"""Roles that have a shorter name among people of one cloud."""
PERMISSIONS: Final[Mapping[str, str]] = {
    "meters.read": _("see meters"),
    "meters.write": _("add meters"),
    "services.read": _("see services"),
    "services.write": _("add services"),
    "clouds.read": _("see clouds"),
    "clouds.create": _("add clouds"),
    "clouds.write": _("change clouds"),
    "levels.write": _("set the percents of referral levels"),
    "rates.read": _("see the platform's prices"),
    "rates.write": _("set the platform's prices"),
    "tariffs.read": _("see tariffs"),
    "tariffs.write": _("change tariffs"),
    "subscribers.read": _("see subscribers"),
    "subscribers.write": _("change subscribers"),
    "subscribers.bring": _("bring subscribers"),
    "questions.answer": _("answer questions of subscribers"),
    "account.write": _("change their own account"),
    "cameras.read": _("see cameras"),
    "cameras.write": _("change cameras"),
    "subscriptions.read": _("see subscriptions"),
    "subscriptions.write": _("start and end subscriptions"),
    "usage.read": _("see usage"),
    "usage.write": _("send and correct usage"),
    "periods.read": _("see months"),
    "periods.close": _("close months"),
    "charges.read": _("see charges"),
    "invoices.read": _("see invoices"),
    "credits.write": _("issue credit notes"),
    "payments.read": _("see payments"),
    "payments.write": _("record payments"),
    "referrals.read": _("see referrals"),
    "referrals.write": _("change referrals"),
    "commissions.read": _("see commissions"),
    "margins.read": _("see margins"),
    "connections.read": _("see connections to Watcher"),
    "connections.write": _("change connections to Watcher"),
    "audit.read": _("see the audit log"),
    "users.read": _("see a cloud's people and keys"),
    "users.write": _("change a cloud's people and keys"),
    "staff.read": _("see the platform's people and keys"),
    "staff.write": _("change the platform's people and keys"),
    "settings.read": _("see settings"),
    "settings.write": _("change the company and its documents"),
    "tables.browse": _("browse tables"),
    "clock.move": _("move the test clock"),
}


def role_label(role: str) -> str:
    """A role at the beginning of a sentence, or alone: "Cloud administrator"."""
    return ROLES.get(role, role)


def role_in_cloud(role: str) -> str:
    """A role where everybody belongs to one cloud, or to the platform: "Administrator"."""
    return IN_CLOUD.get(role) or role_label(role)


def permission_label(permission: str) -> str:
    """A permission with the name by which keys and the API know it."""
    facts = {"deed": PERMISSIONS.get(permission, permission), "permission": permission}
    return _("%(permission)s (%(deed)s)") % facts


def permissions_label(permissions: Iterable[str]) -> str:
    """Several of which one is enough: "users.write (…) or staff.write (…)"."""
    first, *others = map(permission_label, permissions)
    told = first
    for other in others:
        told = _("%(one)s or %(other)s") % {"one": told, "other": other}
    return told
