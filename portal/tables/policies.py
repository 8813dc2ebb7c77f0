"""Row-level security and grants: whose rows an actor sees. One policy a table.

`portal.migrations` drops all policies and grants and makes them anew from here whenever `script()`
changes; `python -m portal.tables.policies` prints it. `atomic(actor)` sets `app.role`, `app.cloud`,
`app.user`, `app.subscriber`, `app.referral` and `app.key`; nothing set, nothing seen.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from piccolo.table import Table

from portal import tables

WEB: Final = "camledger_web"
WORKER: Final = "camledger_worker"
BROWSER: Final = "camledger_admin"

CLEARING: Final = f"""
do $$
declare found record;
begin
  for found in select tablename, policyname from pg_policies where schemaname = 'public' loop
    execute format('drop policy %I on %I', found.policyname, found.tablename);
  end loop;
end $$;
revoke all on all tables in schema public from {WEB}, {WORKER}, {BROWSER};
revoke all on all sequences in schema public from {WEB}, {WORKER}, {BROWSER};
revoke all on all functions in schema public from {WEB}, {WORKER}, {BROWSER};
"""
"""Takes away whatever an earlier script gave."""

FUNCTIONS: Final = """
create or replace function app_role() returns text language sql stable parallel safe
  as $$ select nullif(current_setting('app.role', true), '') $$;
create or replace function app_cloud() returns bigint language sql stable parallel safe
  as $$ select nullif(current_setting('app.cloud', true), '')::bigint $$;
create or replace function app_user() returns bigint language sql stable parallel safe
  as $$ select nullif(current_setting('app.user', true), '')::bigint $$;
create or replace function app_subscriber() returns bigint language sql stable parallel safe
  as $$ select nullif(current_setting('app.subscriber', true), '')::bigint $$;
create or replace function app_referral() returns bigint language sql stable parallel safe
  as $$ select nullif(current_setting('app.referral', true), '')::bigint $$;
create or replace function app_key() returns bigint language sql stable parallel safe
  as $$ select nullif(current_setting('app.key', true), '')::bigint $$;
"""


def _is(*roles: str) -> str:
    return "(select app_role()) in (" + ", ".join(f"'{role}'" for role in roles) + ")"


def _here(column: str = "cloud") -> str:
    return f"{column} = (select app_cloud())"


# Each audience is a condition on a row. `cloud` and `subscriber` are the row's own columns; the
# sub-selects see only what the same actor may see, since their tables have policies too.
_OWN_SUBSCRIBERS: Final = "subscriber in (select s.id from subscriber s)"
_SERVED: Final = (
    "exists (select from subscription s"
    " where s.cloud = {table}.cloud and s.camera = {table}.{camera}"
    " and s.starts_on <= {table}.day and (s.ends_on is null or {table}.day < s.ends_on))"
)
AUDIENCES: Final[dict[str, str]] = {
    "platform": _is("administrator", "accountant"),
    "administrator": _is("administrator"),
    "manager": _is("manager") + " and cloud in (select c.id from cloud c)",
    "operator": _is("cloud-administrator", "cloud-accountant") + " and " + _here(),
    "cloud administrator": _is("cloud-administrator") + " and " + _here(),
    "cloud": _is("cloud-administrator", "cloud-accountant", "account-manager") + " and " + _here(),
    "account manager": f"{_is('account-manager')} and {_here()} and {_OWN_SUBSCRIBERS}",
    "subscriber": f"{_is('subscriber')} and {_here()} and subscriber = (select app_subscriber())",
    "referral's subscribers": f"{_is('referral')} and {_here()} and {_OWN_SUBSCRIBERS}",
    "referral": f"{_is('referral')} and {_here()} and referral = (select app_referral())",
    "anyone": "(select app_role()) is not null",
    "doorkeeper": _is("doorkeeper"),
    "own key": "api_key = (select app_key())",
    "own session": "user_id = (select app_user())",
    "people's sessions": f"{_is('administrator')} or {_is('cloud-administrator')}"
    " and user_id in (select u.id from portal_user u where u.cloud = (select app_cloud()))",
    "by subscription": _is("subscriber", "referral")
    + f" and {_here()} and id in (select s.tariff from subscription s)",
    # An operator names its account managers, and may know the platform's manager of its cloud.
    "colleagues": _is("cloud-accountant", "account-manager")
    + f" and {_here()} or "
    + _is("manager", "cloud-administrator", "cloud-accountant", "account-manager")
    + " and (id in (select c.manager from cloud c) or cloud in (select c.id from cloud c))",
}


@dataclass(frozen=True, slots=True)
class Policy:
    """Who sees a table's rows, who may write them, and which verbs the web role has at all.

    `read` and `write` name audiences, or are conditions in SQL where a table needs its own.
    """

    table: str
    read: tuple[str, ...]
    write: tuple[str, ...] = ()
    verbs: str = "select, insert, update"

    @property
    def can_read(self) -> str:
        return self._any(self.read)

    @property
    def can_write(self) -> str:
        return self._any(self.write)

    def _any(self, audiences: tuple[str, ...]) -> str:
        return "\n    or ".join(f"({AUDIENCES.get(name, name)})" for name in audiences)


_OF_A_CLOUD: Final = _is(
    "cloud-administrator", "cloud-accountant", "account-manager", "subscriber", "referral"
)
_CLOUD_ITSELF: Final = (
    f"{_is('manager')} and manager = (select app_user())",
    f"{_OF_A_CLOUD} and {_here('id')}",
)
_RETAIL_READERS: Final = ("platform", "manager", "operator", "account manager", "subscriber")
_STAFF: Final = ("platform", "manager", "cloud")
_BOOKS: Final = ("platform", "manager", "operator")
_OWN_CAMERA: Final = (
    f"{_is('account-manager')} and {_here()} and (subscriber in (select s.id from subscriber s)"
    " or id in (select s.camera from subscription s))"
)
_SUBSCRIBERS_CAMERA: Final = (
    f"{_is('subscriber')} and {_here()} and (subscriber = (select app_subscriber())"
    " or id in (select s.camera from subscription s))"
)
_SERVED_USAGE: Final = (
    f"{_is('account-manager', 'subscriber', 'referral')} and {_here()} and "
    + _SERVED.format(table="usage", camera="camera")
)
_OWN_CAMERAS_USAGE: Final = (
    f"{_is('account-manager')} and {_here()} and camera in"
    " (select c.id from camera c where c.subscriber is not null)"
)
_OWN_TERMS: Final = (
    f"{_is('subscriber')} and {_here()} and tariff in (select s.tariff from subscription s)"
)
_OWN_ITEMS: Final = (
    f"{_is('subscriber')} and {_here()} and version in (select v.id from tariff_version v)"
)
_ONESELF: Final = "id = (select app_user())"

POLICIES: Final = (
    Policy("platform", ("anyone",), ("administrator",)),
    Policy("meter", ("anyone",), ("administrator",)),
    Policy("service", ("anyone",), ("administrator",)),
    # The doorkeeper reads a cloud's name, zone and language for whoever has just come in.
    Policy("cloud", ("platform", *_CLOUD_ITSELF, "doorkeeper"), ("platform", *_CLOUD_ITSELF)),
    Policy("rate", _BOOKS, ("platform", "manager")),
    Policy("tariff", (*_STAFF, "by subscription"), ("platform", "operator")),
    # What a subscriber's own tariffs cost and include is no secret to it.
    Policy("tariff_version", (*_STAFF, _OWN_TERMS), ("platform", "operator")),
    Policy("tariff_item", (*_STAFF, _OWN_ITEMS), ("platform", "operator")),
    Policy(
        "referral",
        (*_STAFF, f"{_is('referral')} and {_here()} and id = (select app_referral())"),
        ("platform", "operator"),
    ),
    Policy(
        "subscriber",
        (
            "platform",
            "manager",
            "operator",
            f"{_is('account-manager')} and {_here()} and account_manager = (select app_user())",
            f"{_is('subscriber')} and {_here()} and id = (select app_subscriber())",
            "referral",
        ),
        (
            "platform",
            "operator",
            f"{_is('account-manager')} and {_here()} and account_manager = (select app_user())",
        ),
    ),
    Policy(
        "camera",
        (*_BOOKS, _OWN_CAMERA, _SUBSCRIBERS_CAMERA),
        ("platform", "operator", "account manager"),
    ),
    Policy(
        "subscription",
        (*_RETAIL_READERS, "referral's subscribers"),
        ("platform", "operator", "account manager"),
    ),
    Policy(
        "usage",
        (*_BOOKS, _SERVED_USAGE, _OWN_CAMERAS_USAGE),
        ("platform", "operator"),
    ),
    Policy("connection", _BOOKS, ("platform", "operator")),
    Policy("reading", _BOOKS, ("platform", "operator")),
    Policy("reading_camera", _BOOKS, (), "select"),
    Policy("camera_interval", (*_BOOKS, _OWN_CAMERAS_USAGE), (), "select"),
    Policy("watcher_organization", _BOOKS, ("platform", "operator")),
    Policy("watcher_preset", _BOOKS, ("platform", "operator")),
    Policy("provisioned_preset", _BOOKS, ("platform", "operator"), "select, update"),
    Policy("provisioned_camera", _BOOKS, ("platform", "operator"), "select, update"),
    Policy("recorded_day", _BOOKS, (), "select"),
    Policy("test_clock", ("anyone",), ("administrator",)),
    Policy("usage_change", _BOOKS, ("platform", "operator")),
    Policy("usage_correction", _BOOKS, ("platform", "operator"), "select, insert"),
    Policy(
        "period",
        (*_STAFF, f"{_is('subscriber', 'referral')} and {_here()}"),
        ("platform", "operator"),
    ),
    Policy("period_batch", _BOOKS, ("platform", "operator")),
    Policy("pool_share", _BOOKS, (), "select"),
    Policy("unrated_usage", _BOOKS, (), "select"),
    Policy("charge", _RETAIL_READERS, (), "select"),
    Policy("margin", _BOOKS, (), "select"),
    Policy("estimate", (*_RETAIL_READERS, "referral's subscribers"), (), "select"),
    Policy(
        "series",
        (
            "platform",
            f"{_is('cloud-administrator', 'cloud-accountant')} and issuer = (select app_cloud())",
        ),
        (
            "platform",
            f"{_is('cloud-administrator', 'cloud-accountant')} and issuer = (select app_cloud())",
        ),
    ),
    Policy("invoice", _RETAIL_READERS, ("platform", "operator"), "select, insert"),
    Policy("invoice_line", _RETAIL_READERS, ("platform", "operator"), "select, insert"),
    Policy("invoice_file", _RETAIL_READERS, (), "select"),
    Policy("commission", (*_BOOKS, "referral"), ("platform", "operator"), "select, insert"),
    Policy(
        "audit",
        ("administrator", "cloud administrator"),
        (),
        "select",
    ),
    Policy(
        "portal_user",
        ("platform", "cloud administrator", _ONESELF, "doorkeeper", "colleagues"),
        ("administrator", "cloud administrator", _ONESELF, "doorkeeper"),
    ),
    Policy(
        "user_session",
        ("own session", "people's sessions", "doorkeeper"),
        ("own session", "people's sessions", "doorkeeper"),
        "select, insert, update, delete",
    ),
    Policy(
        "recovery_code",
        ("own session", "people's sessions"),
        ("own session", "people's sessions"),
        "select, insert, update, delete",
    ),
    Policy("sign_in_attempt", ("doorkeeper",), ("doorkeeper",), "select, insert, delete"),
    Policy(
        "api_key",
        ("administrator", "cloud administrator", "doorkeeper"),
        ("administrator", "cloud administrator", "doorkeeper"),
    ),
    Policy("idempotent_answer", ("own key",), ("own key",)),
)

_TABLES: Final[dict[str, type[Table]]] = {
    table._meta.tablename: table
    for table in vars(tables).values()
    if isinstance(table, type) and issubclass(table, Table) and table is not Table
}

# Not the tenants': which migrations and scripts have run, and what the owner alone reads.
WITHOUT_POLICY: Final = frozenset({"audit_key", "migration", "schema_script"})

_APPEND: Final = "record_audit(bigint, text, text, jsonb, jsonb)"


def statements(policy: Policy) -> str:
    """The SQL that puts one table under its policy."""
    table = policy.table
    lines = [
        f"alter table {table} enable row level security, force row level security;",
        f"create policy {table}_worker on {table} to {WORKER} using (true) with check (true);",
        f"create policy {table}_browse on {table} for select to {BROWSER} using (true);",
        (
            f"create policy {table}_read on {table} for select to {WEB}"
            f" using (\n    {policy.can_read});"
        ),
    ]
    if policy.write:
        lines.append(
            f"create policy {table}_insert on {table} for insert to {WEB}"
            f" with check (\n    {policy.can_write});"
        )
        if "update" in policy.verbs:
            lines.append(
                f"create policy {table}_update on {table} for update to {WEB}"
                f" using (\n    {policy.can_write})\n  with check (\n    {policy.can_write});"
            )
        if "delete" in policy.verbs:
            lines.append(
                f"create policy {table}_delete on {table} for delete to {WEB}"
                f" using (\n    {policy.can_write});"
            )
    lines.append(f"grant {policy.verbs} on {table} to {WEB};")
    lines.append(f"grant select {_browsable(table)}on {table} to {BROWSER};")
    return "\n".join(lines)


def _browsable(table: str) -> str:
    """The columns that may be browsed, where a table has secret ones: "(id, email, …) "."""
    if table not in _TABLES or not (meta := _TABLES[table]._meta).secret_columns:
        return ""
    secret = {column._meta.name for column in meta.secret_columns}
    names = (column._meta.db_column_name for column in meta.columns)
    return "(" + ", ".join(name for name in names if name not in secret) + ") "


def script(policies: tuple[Policy, ...] = POLICIES) -> str:
    """All of it, in the order in which it can run."""
    parts = [FUNCTIONS, *(statements(policy) for policy in policies)]
    parts.append(
        f"revoke all on function {_APPEND} from public;\n"
        f"grant execute on function {_APPEND} to {WEB}, {WORKER};"
    )
    parts.append(f"grant usage on all sequences in schema public to {WEB};")
    return "\n\n".join(part.strip() for part in parts) + "\n"


if __name__ == "__main__":
    print(script())  # noqa: T201 - a command that prints
