"""Views: columns that a table hides, for those who may know them; names without the rest; facts.

A `View` runs with the rights of the database's owner, which policies do not bind, so that its own
condition is all that decides. What it asks of other tables it asks past their policies, too; so
does a `Masked`, whose rows are a table's in part. A `Derived` runs with the rights of whoever reads
it, and shows no row that its tables do not show.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from portal.access import Permission, Role
from portal.tables.audiences import EVERYWHERE, here, holders, is_role
from portal.tables.policy import WEB, WORKER
from portal.tables.usage_views import SERVED_USAGE

# Workers are told apart by the login: `app.role` may be set to anything.
IS_WORKER: Final = f"(select pg_has_role(current_user, '{WORKER}', 'usage'))"
_BELOW: Final = (
    f"{is_role('referral')} and {here()} and {{column}} in (select a.agent from agents_below() a)"
)
# A referral itself, those above it, and its agents.
_RELATED: Final = (
    "(id in (select a.agent from agents_below() a) or id in ("
    "with recursive above(id, sponsor) as ("
    "select r.id, r.sponsor from referral r"
    " where r.cloud = (select app_cloud()) and r.id = (select app_referral())"
    " union select r.id, r.sponsor from referral r join above a on r.id = a.sponsor)"
    " select u.id from above u))"
)
_MANAGED: Final = "(select m.id from cloud m where m.manager = (select app_user()))"


def _of(permission: Permission, cloud: str, *, but: Collection[Role] = ()) -> str:
    """Rows of clouds for which the actor holds a permission; `cloud` is the column with it.

    Roles in `but` are left out: they see some of a cloud's rows only.
    """
    held = [role for role in holders(permission) if role not in but]
    parts = [IS_WORKER, is_role(*(role for role in held if role in EVERYWHERE))]
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


# Whose subscribers somebody's are: policies of other tables ask it for every row. An own condition
# for each role, so that an index has them: of a hundred thousand subscribers those few are read.
WHOSE: Final = (
    View(
        "managed_subscriber",
        "subscriber",
        ("id", "cloud"),
        f"{is_role('account-manager')} and {here()} and account_manager = (select app_user())",
    ),
    View(
        "referred_subscriber",
        "subscriber",
        ("id", "cloud"),
        f"{is_role('referral')} and {here()} and referral = (select app_referral())",
    ),
)
"""Views that policies are made of."""
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
    # What a service costs before a cloud has a price of its own, and why one sells below cost.
    View(
        "service_prices",
        "service",
        ("id",),
        f"{IS_WORKER} or {is_role(*holders(Permission.RATES_READ))}",
        with_hidden=True,
    ),
    View(
        "tariff_version_cost",
        "tariff_version",
        ("id", "cloud"),
        _of(Permission.MARGINS_READ, "cloud"),
        with_hidden=True,
    ),
    View(
        "tariff_month_books",
        "tariff_month",
        ("id", "cloud", "period", "tariff", "subscriber", "cameras", "revenue"),
        _of(Permission.MARGINS_READ, "cloud"),
        with_hidden=True,
    ),
    View(
        "period_books",
        "period",
        (
            *("id", "cloud", "state", "retail", "wholesale", "commission", "trouble", "tried_at"),
            *("losing", "lost"),
        ),
        _of(Permission.MARGINS_READ, "cloud"),
    ),
    # How far a close is: a cloud's own people's to know.
    View(
        "period_progress",
        "period",
        (
            "id",
            "cloud",
            "accepted_gaps",
            "accepted_reason",
            "cameras_total",
            "closing_at",
            "closed_at",
        ),
        _of(Permission.PERIODS_READ, "cloud"),
    ),
    View(
        "estimate_cost",
        "estimate",
        ("cloud", "subscriber", "month"),
        _of(Permission.MARGINS_READ, "cloud"),
        with_hidden=True,
    ),
    View(
        "estimate_sum_books",
        "estimate_sum",
        ("cloud", "month", "account_manager", "revenue", "as_of", "cameras", "cameras_before"),
        _of(Permission.MARGINS_READ, "cloud"),
        with_hidden=True,
    ),
    View(
        "draft_invoice_cost",
        "draft_invoice",
        ("id", "cloud", "month", "subscriber"),
        _of(Permission.MARGINS_READ, "cloud"),
        with_hidden=True,
    ),
    View(
        "draft_tariff_books",
        "draft_tariff",
        ("id", "cloud", "month", "tariff", "subscriber", "cameras", "charges", "revenue"),
        _of(Permission.MARGINS_READ, "cloud"),
        with_hidden=True,
    ),
    View(
        "connection_secret",
        "connection",
        ("id", "cloud", "secret"),  # encrypted; readers are told which there are
        _of(Permission.CONNECTIONS_READ, "cloud"),
    ),
    View(
        "webhook_endpoint_secret",
        "webhook_endpoint",
        ("id", "cloud", "secret"),  # encrypted; a rotation keeps the one before
        _of(Permission.WEBHOOKS_WRITE, "cloud"),
    ),
    # The doorkeeper hands it to what speaks to the gateway, and to nobody.
    View(
        "card_account_secret",
        "card_account",
        ("id", "cloud", "gateway", "secret"),
        f"{IS_WORKER} or {is_role('doorkeeper')}",
    ),
    View(
        "card_account_trouble",
        "card_account",
        ("id", "cloud", "trouble"),
        _of(Permission.GATEWAYS_READ, "cloud"),
    ),
    # Who referred a subscriber: an account manager names them, and knows no more. Of the cloud's
    # other agents a referral knows those above it and those below.
    View(
        "referral_name",
        "referral",
        ("id", "cloud", "code"),
        _of(Permission.SUBSCRIBERS_READ, "cloud", but=(Role.REFERRAL,))
        + f"\n    or ({is_role('referral')} and {here()} and {_RELATED})",
    ),
    # Whose commissions wait for the operator's look; a referral is told of those that it earned.
    View(
        "held_subscriber",
        "subscriber",
        ("id", "cloud"),
        "brought_at is not null and checked_at is null and ("
        + _of(Permission.COMMISSIONS_READ, "cloud", but=(Role.REFERRAL,))
        + f"\n    or ({is_role('referral')} and {here()} and exists (select from commission m"
        " where m.cloud = (select app_cloud()) and m.referral = (select app_referral())"
        " and m.subscriber = subscriber.id)))",
    ),
    # Agents below one's own agents, by name, and how much there is of theirs: no customer.
    View(
        "agent_below",
        "referral",
        ("id", "cloud", "name", "sponsor", "created_at"),
        _BELOW.format(column="id"),
    ),
    View(
        "subscriber_below",
        "subscriber",
        ("id", "cloud", "referral"),
        _BELOW.format(column="referral"),
    ),
    # Whom a subscriber asks.
    View(
        "own_account_manager",
        "portal_user",
        ("id", "cloud", "name", "email"),
        f"{is_role('subscriber')} and {here()} and active and id in (select s.account_manager"
        " from subscriber s where s.cloud = (select app_cloud())"
        " and s.id = (select app_subscriber()))",
    ),
    # Whose invitation has run out, of those whom the operator has looked at: before that an agent
    # is not told whether there was one.
    View(
        "expired_invitation",
        "portal_user",
        ("id", "cloud", "subscriber"),
        f"{is_role('referral')} and {here()} and active and not has_password"
        " and subscriber in (select s.id from subscriber s where s.cloud = (select app_cloud())"
        " and s.referral = (select app_referral())"
        " and (s.brought_at is null or s.checked_at is not null))"
        " and exists (select from sign_in_link l where l.user_id = portal_user.id"
        " and l.kind = 'invitation')"
        " and not exists (select from sign_in_link l where l.user_id = portal_user.id"
        " and l.kind = 'invitation' and l.state = 'open' and l.expires_at > now())",
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
            *("password_before", "totp", "totp_step"),
        ),
        f"{IS_WORKER} or {is_role('doorkeeper')} or id = (select app_user())",
        updates=("password", "signed_in_at", "totp", "totp_step"),
    ),
    View(
        "link_secret",
        "sign_in_link",
        ("id", "token_hash"),
        f"{IS_WORKER} or {is_role('doorkeeper')}",
    ),
    View(
        "setup_secret",
        "platform",
        ("id", "setup_hash"),
        f"{IS_WORKER} or {is_role('doorkeeper')}",
    ),
    View(
        "session_secret",
        "user_session",
        ("id", "key_hash", "data"),
        f"{IS_WORKER} or {is_role('doorkeeper')}",
    ),
    View(
        "key_credential",
        "api_key",
        ("id", "secret_hash"),
        f"{IS_WORKER} or {is_role('doorkeeper')}",
    ),
)


@dataclass(frozen=True, slots=True)
class Masked:
    """Rows of a table of which somebody sees a part: its query says which, and of whom."""

    name: str
    query: str


MASKED: Final = (Masked("served_usage", SERVED_USAGE.strip()),)


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


def masked(one: Masked) -> str:
    """The SQL of rows shown in part."""
    return (
        f"create view {one.name} with (security_barrier) as\n{one.query};\n"
        f"revoke all on {one.name} from public;\n"
        f"grant select on {one.name} to {WEB}, {WORKER};"
    )
