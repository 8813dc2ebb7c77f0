"""Whose rows: conditions in SQL, by audience and by permission, of which policies are made."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from portal.access import CLOUD_ROLES, MATRIX, Permission, Role


def is_role(*roles: str) -> str:
    """Whether the actor has one of the roles."""
    return "(select app_role()) in (" + ", ".join(f"'{role}'" for role in roles) + ")"


def here(column: str = "cloud") -> str:
    """Whether a row is of the actor's own cloud."""
    return f"{column} = (select app_cloud())"


def of_seen_camera(table: str) -> str:
    """Whether the actor sees the camera that a row of the table is of; each is looked up."""
    return f"exists (select from camera c where c.cloud = {table}.cloud and c.id = {table}.camera)"


# Each audience is a condition on a row. `cloud` and `subscriber` are the row's own columns; the
# sub-selects see only what the same actor may see: their tables have policies, too, and views their
# condition. They say once more whose rows they are of, in a way that an index answers.
MANAGED: Final = "subscriber in (select m.id from managed_subscriber m)"
"""Of a subscriber of whom the account manager who acts takes care."""
REFERRED: Final = "subscriber in (select r.id from referred_subscriber r)"
"""Of a subscriber of the referral who acts."""


def on_own_tariff(tariff: str) -> str:
    """Whether a camera of the subscriber who acts is or was on a tariff: a value, so one lookup."""
    return (
        f"{is_role('subscriber')} and {here()} and (select true from subscription s"
        " where s.cloud = (select app_cloud()) and s.subscriber = (select app_subscriber())"
        f" and s.tariff = {tariff} limit 1)"
    )


AUDIENCES: Final[dict[str, str]] = {
    "platform": is_role("administrator", "accountant"),
    "administrator": is_role("administrator"),
    "manager": is_role("manager") + " and cloud in (select c.id from cloud c)",
    "operator": is_role("cloud-administrator", "cloud-accountant") + " and " + here(),
    "cloud administrator": is_role("cloud-administrator") + " and " + here(),
    "cloud": is_role("cloud-administrator", "cloud-accountant", "account-manager")
    + " and "
    + here(),
    "account manager": f"{is_role('account-manager')} and {here()} and {MANAGED}",
    "subscriber": f"{is_role('subscriber')} and {here()}"
    " and subscriber = (select app_subscriber())",
    "referral's subscribers": f"{is_role('referral')} and {here()} and {REFERRED}",
    "referral": f"{is_role('referral')} and {here()} and referral = (select app_referral())",
    "anyone": "(select app_role()) is not null",
    "doorkeeper": is_role("doorkeeper"),
    "own key": "api_key = (select app_key())",
    "own session": "user_id = (select app_user())",
    "people's sessions": f"{is_role('administrator')} or {is_role('cloud-administrator')}"
    " and user_id in (select u.id from portal_user u where u.cloud = (select app_cloud()))",
    "oneself": "id = (select app_user())",
    "own task": "asked_by = (select app_user())"
    " and (cloud is null or cloud in (select c.id from cloud c))",
    "subscriber's tariffs": on_own_tariff("tariff.id"),
    # By a value, subscriber after subscriber: the first camera that is on it is enough.
    "referral's tariffs": f"{is_role('referral')} and {here()} and (select true"
    " from referred_subscriber r cross join lateral (select from subscription s"
    " where s.cloud = r.cloud and s.subscriber = r.id and s.tariff = tariff.id limit 1) one"
    " limit 1)",
}

STAFF: Final = ("platform", "manager", "cloud")
BOOKS: Final = ("platform", "manager", "operator")
RETAIL_READERS: Final = ("platform", "manager", "operator", "account manager", "subscriber")
# What is kept of the cameras of one's subscribers, while they are theirs.
OF_OWN_CAMERAS: Final = (
    f"{is_role('account-manager')} and {here()} and camera in"
    " (select c.id from camera c where c.subscriber is not null)"
)

Who = Permission | str
"""Whoever holds a permission, or an audience, or a condition in SQL where a table needs its own."""

# What a permission reaches of a table that has a `cloud`: by role, as AUDIENCES do.
_REACH: Final = {
    Role.MANAGER: "cloud in (select c.id from cloud c)",
    Role.CLOUD_ADMINISTRATOR: here(),
    Role.CLOUD_ACCOUNTANT: here(),
    Role.ACCOUNT_MANAGER: f"{here()} and {MANAGED}",
}
# Tables whose rows say otherwise whose they are; "false" where there is no cloud at all.
_OTHERWISE: Final[Mapping[str, Mapping[Role, str]]] = {
    "cloud": {
        Role.MANAGER: "manager = (select app_user())",
        Role.CLOUD_ADMINISTRATOR: here("id"),
        Role.CLOUD_ACCOUNTANT: here("id"),
        Role.ACCOUNT_MANAGER: here("id"),
    },
    "subscriber": {
        Role.ACCOUNT_MANAGER: f"{here()} and account_manager = (select app_user())",
        Role.REFERRAL: f"{here()} and referral = (select app_referral())",
    },
    "task": {Role.ACCOUNT_MANAGER: here()},
    "series": {
        Role.MANAGER: "false",
        Role.CLOUD_ADMINISTRATOR: here("issuer"),
        Role.CLOUD_ACCOUNTANT: here("issuer"),
        Role.ACCOUNT_MANAGER: "false",
    },
    "hand_over": {
        Role.ACCOUNT_MANAGER: f"{here()} and (user_id, api_key) is not distinct from"
        " ((select app_user()), (select app_key()))",
    },
    "hand_over_document": {
        Role.ACCOUNT_MANAGER: f"{here()} and hand_over in (select h.id from hand_over h)",
    },
    # Of the cameras that the same person may see.
    "accepted_excess": {
        Role.ACCOUNT_MANAGER: f"{here()} and {of_seen_camera('accepted_excess')}",
    },
    **{
        table: dict.fromkeys((Role.MANAGER, *CLOUD_ROLES), "false")
        for table in ("meter", "platform", "service", "test_clock")
    },
}
EVERYWHERE: Final = frozenset({Role.ADMINISTRATOR, Role.ACCOUNTANT})
NOBODYS: Final = frozenset({Role.SYSTEM, Role.DOORKEEPER})
"""Roles that are not people's: what they do has audiences of its own."""


def holders(permission: Permission) -> tuple[Role, ...]:
    """The people's roles that hold a permission, in the order of the list of roles."""
    return tuple(
        role for role in Role if role not in NOBODYS and permission in MATRIX.get(role, ())
    )


def condition(table: str, who: Iterable[Who]) -> str:
    """Of a table's rows, those of any of `who`."""
    conditions = []
    for one in who:
        if isinstance(one, Permission):
            conditions += _of_permission(table, one)
        else:
            conditions.append(AUDIENCES.get(one, one))
    return "\n    or ".join(f"({text})" for text in dict.fromkeys(conditions))


def _of_permission(table: str, permission: Permission) -> list[str]:
    reach = {**_REACH, **_OTHERWISE.get(table, {})}
    by_reach: dict[str, list[str]] = {}
    for role in holders(permission):
        rows = "" if role in EVERYWHERE else reach.get(role, "false")
        if rows != "false":
            by_reach.setdefault(rows, []).append(role)
    return [is_role(*roles) + (f" and {rows}" if rows else "") for rows, roles in by_reach.items()]


def roles_of(who: Iterable[Who]) -> frozenset[str]:
    """The roles among which `who` are, whichever their rows: for what is asked column by column."""
    found: set[str] = set()
    for one in who:
        if isinstance(one, Permission):
            found |= set(holders(one))
        else:
            found |= {one} & {Role.DOORKEEPER} or set(MATRIX) - NOBODYS
    return frozenset(found)
