"""Views: columns that a table hides, for those who may know them; and names without the rest.

Each runs with the rights of the database's owner, which policies do not bind, so that its own
condition is all that decides. What it asks of other tables it asks past their policies, too.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from portal.access import Permission, Role
from portal.tables.audiences import EVERYWHERE, here, holders, is_role
from portal.tables.policy import WEB, WORKER

# Workers are told apart by the login: `app.role` may be set to anything.
_WORKER: Final = f"(select pg_has_role(current_user, '{WORKER}', 'usage'))"
_MANAGED: Final = "(select m.id from cloud m where m.manager = (select app_user()))"


def _of(permission: Permission, cloud: str, *, but: Collection[Role] = ()) -> str:
    """Rows of clouds for which the actor holds a permission; `cloud` is the column with it.

    Roles in `but` are left out: they see some of a cloud's rows only.
    """
    held = [role for role in holders(permission) if role not in but]
    parts = [_WORKER, is_role(*(role for role in held if role in EVERYWHERE))]
    if Role.MANAGER in held:
        parts.append(f"{is_role('manager')} and {cloud} in {_MANAGED}")
    inside = [role for role in held if role not in EVERYWHERE and role is not Role.MANAGER]
    if inside:
        parts.append(f"{is_role(*inside)} and {here(cloud)}")
    return "\n    or ".join(f"({part})" for part in parts)


@dataclass(frozen=True, slots=True)
class View:
    """Columns of a table, for the rows that meet a condition; some may be changed through it.

    `with_hidden` adds all that the table's policy hides. A change is compared before and after by
    the table's guard, as any other.
    """

    name: str
    table: str
    columns: tuple[str, ...]
    condition: str
    updates: tuple[str, ...] = ()
    with_hidden: bool = False


VIEWS: Final = (
    # What a cloud pays, and gives its referrals.
    View(
        "cloud_terms",
        "cloud",
        ("id",),
        _of(Permission.RATES_READ, "id"),
        with_hidden=True,
    ),
    # How a subscriber is reached and charged: not its referral's to know.
    View(
        "subscriber_terms",
        "subscriber",
        ("id", "cloud"),
        f"{_of(Permission.CHARGES_READ, 'cloud', but=(Role.ACCOUNT_MANAGER, Role.SUBSCRIBER))}"
        f"\n    or ({is_role('account-manager')} and {here()}"
        " and account_manager = (select app_user()))"
        f"\n    or ({is_role('subscriber')} and {here()} and id = (select app_subscriber()))",
        with_hidden=True,
    ),
    View(
        "period_books",
        "period",
        ("id", "cloud", "state", "retail", "wholesale", "commission", "trouble", "tried_at"),
        _of(Permission.MARGINS_READ, "cloud"),
    ),
    # How far a close is: a cloud's own people's to know.
    View(
        "period_progress",
        "period",
        ("id", "cloud", "accepted_gaps", "cameras_total", "closing_at", "closed_at"),
        _of(Permission.PERIODS_READ, "cloud"),
    ),
    View(
        "estimate_cost",
        "estimate",
        ("cloud", "subscriber", "month", "wholesale"),
        _of(Permission.MARGINS_READ, "cloud"),
    ),
    View(
        "connection_secret",
        "connection",
        ("id", "cloud", "secret"),  # encrypted; readers are told which there are
        _of(Permission.CONNECTIONS_READ, "cloud"),
    ),
    # Who brought a subscriber: an account manager names them, and knows no more.
    View(
        "referral_name",
        "referral",
        ("id", "cloud", "code"),
        _of(Permission.SUBSCRIBERS_READ, "cloud"),
    ),
    # Whom one works with: a cloud's own people, and the platform's manager of the cloud.
    View(
        "colleague",
        "portal_user",
        ("id", "cloud", "email", "name", "role", "active"),
        f"role not in ('subscriber', 'referral') and (\n    {_of(Permission.CLOUDS_READ, 'cloud')}"
        f"\n    or ({is_role('manager')} and id = (select app_user()))"
        f"\n    or ({is_role('cloud-administrator', 'cloud-accountant', 'account-manager')}"
        f" and id in (select m.manager from cloud m where m.id = (select app_cloud()))))",
    ),
    # What somebody proves who they are with: for the doorkeeper, and for changing one's own.
    View(
        "credential",
        "portal_user",
        (
            *("id", "email", "password", "active", "role", "cloud", "signed_in_at"),
            *("password_before", "link_hash", "link_expires_at", "totp", "totp_step"),
        ),
        f"{_WORKER} or {is_role('doorkeeper')} or id = (select app_user())",
        updates=("password", "signed_in_at", "link_hash", "link_expires_at", "totp", "totp_step"),
    ),
    View(
        "session_secret",
        "user_session",
        ("id", "key_hash", "data"),
        f"{_WORKER} or {is_role('doorkeeper')}",
    ),
    View(
        "key_credential",
        "api_key",
        ("id", "secret_hash"),
        f"{_WORKER} or {is_role('doorkeeper')}",
    ),
)


def view(one: View, hidden: Collection[str]) -> str:
    """The SQL of a view; `hidden` are the columns that nobody reads from its table."""
    columns = ", ".join((*one.columns, *(hidden if one.with_hidden else ())))
    updates = ", ".join(one.updates)
    return (
        f"create view {one.name} with (security_barrier) as\n"
        f"  select {columns} from {one.table}\n  where {one.condition};\n"
        f"revoke all on {one.name} from public;\n"
        f"grant select on {one.name} to {WEB};"
        + (f"\ngrant update ({updates}) on {one.name} to {WEB};" if updates else "")
    )
