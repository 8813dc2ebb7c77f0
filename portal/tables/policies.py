"""Row-level security and grants: whose rows an actor sees, and who writes which columns.

`portal.migrations` drops all policies and grants and makes them anew from here whenever `script()`
changes; `python -m portal.tables.policies` prints it. `atomic(actor)` sets `app.role`, `app.cloud`,
`app.user`, `app.subscriber`, `app.referral` and `app.key`; nothing set, nothing seen.
"""

from __future__ import annotations

from typing import Final

from portal.access import Permission
from portal.tables.audiences import here, is_role
from portal.tables.policy import BROWSER, WEB, WORKER, Columns, Policy, Refusal, statements
from portal.tables.views import DERIVED, VIEWS, derived, view

CLEARING: Final = f"""
do $$
declare found record;
begin
  for found in select tablename, policyname from pg_policies where schemaname = 'public' loop
    execute format('drop policy %I on %I', found.policyname, found.tablename);
  end loop;
  for found in
    select tgname, tgrelid::regclass as guarded from pg_trigger where starts_with(tgname, 'guard_')
  loop
    execute format('drop trigger %I on %s', found.tgname, found.guarded);
    execute format('drop function if exists %I()', found.tgname);
  end loop;
  for found in select viewname from pg_views where schemaname = 'public' loop
    execute format('drop view %I', found.viewname);
  end loop;
end $$;
revoke all on all tables in schema public from {WEB}, {WORKER}, {BROWSER};
revoke all on all sequences in schema public from {WEB}, {WORKER}, {BROWSER};
revoke all on all functions in schema public from {WEB}, {WORKER}, {BROWSER};
do $$
begin
  if pg_has_role((select datdba from pg_database where datname = current_database()), 'usage') then
    execute format('revoke temporary on database %I from public', current_database());
  end if;
end $$;
"""
"""Takes away whatever an earlier script gave, and what PostgreSQL gives to everybody: to make
tables of one's own for a while. Where the database is somebody else's, that stays as it is."""

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

EXECUTABLE: Final = {
    **{
        f"app_{fact}()": f"{WEB}, {WORKER}, {BROWSER}"
        for fact in ("role", "cloud", "user", "subscriber", "referral", "key")
    },
    "book_now()": f"{WEB}, {WORKER}",
    "next_subscriber_number(bigint)": f"{WEB}, {WORKER}",
    "ensure_usage_partition(date)": f"{WEB}, {WORKER}",
    "record_audit(bigint,text,text,jsonb,jsonb)": f"{WEB}, {WORKER}",
}
"""Functions that are called by name, and by whom. Triggers need no right of their own."""

P = Permission
_OF_A_CLOUD: Final = is_role(
    "cloud-administrator", "cloud-accountant", "account-manager", "subscriber", "referral"
)
_CLOUD_ITSELF: Final = (
    f"{is_role('manager')} and manager = (select app_user())",
    f"{_OF_A_CLOUD} and {here('id')}",
)
_RETAIL_READERS: Final = ("platform", "manager", "operator", "account manager", "subscriber")
_OF_THE_CLOSE: Final = ("pool_share", "unrated_usage", "measurement", "margin")
_STAFF: Final = ("platform", "manager", "cloud")
_BOOKS: Final = ("platform", "manager", "operator")
_OWN_CAMERA: Final = (
    f"{is_role('account-manager')} and {here()} and (subscriber in (select s.id from subscriber s)"
    " or id in (select s.camera from subscription s))"
)
_SUBSCRIBERS_CAMERA: Final = (
    f"{is_role('subscriber')} and {here()} and (subscriber = (select app_subscriber())"
    " or id in (select s.camera from subscription s))"
)
_SERVED: Final = (
    "exists (select from subscription s"
    " where s.cloud = {table}.cloud and s.camera = {table}.{camera}"
    " and s.starts_on <= {table}.day and (s.ends_on is null or {table}.day < s.ends_on))"
)
_SERVED_USAGE: Final = (
    f"{is_role('account-manager', 'subscriber', 'referral')} and {here()} and "
    + _SERVED.format(table="usage", camera="camera")
)
_OWN_CAMERAS_USAGE: Final = (
    f"{is_role('account-manager')} and {here()} and camera in"
    " (select c.id from camera c where c.subscriber is not null)"
)
_OWN_TERMS: Final = (
    f"{is_role('subscriber')} and {here()} and tariff in (select s.tariff from subscription s)"
)
_OWN_ITEMS: Final = (
    f"{is_role('subscriber')} and {here()} and version in (select v.id from tariff_version v)"
)
_OWN_SERIES: Final = (
    f"{is_role('cloud-administrator', 'cloud-accountant')} and issuer = (select app_cloud())"
)
_PEOPLE: Final = (P.STAFF_WRITE, P.USERS_WRITE)
# Usage has no foreign key: where millions of rows are written, workers look at the cameras before.
_CAMERA_THERE: Final = (
    "exists (select from camera c where c.cloud = {table}.cloud and c.id = {table}.camera)"
)
# What is mapped before there is a Watcher is of Watcher 0.
_WATCHER_THERE: Final = (
    "(watcher = 0 or watcher in (select c.id from connection c where c.cloud = {table}.cloud))"
)
# A credential of somebody else's is taken away, never given: it would be known to two.
_GIVEN: Final = " or ".join(
    f"new.{name} is not null and new.{name} is distinct from old.{name}"
    for name in ("password", "totp", "totp_step")
)
_OWN_MASTER_DATA: Final = (
    *("address", "tax_number", "email", "bank", "locale"),
    *("payment_days", "close_after_days", "close_automatically"),
)

POLICIES: Final = (
    Policy("platform", ("anyone",), update=(Columns((P.STAFF_WRITE,), ("second_factor",)),)),
    Policy("meter", ("anyone",), insert=(P.METERS_WRITE,)),
    Policy("service", ("anyone",), insert=(P.SERVICES_WRITE,)),
    # The doorkeeper reads a cloud's name, zone and language for whoever has just come in.
    Policy(
        "cloud",
        ("platform", *_CLOUD_ITSELF, "doorkeeper"),
        insert=(P.CLOUDS_CREATE,),
        update=(
            Columns(
                (P.CLOUDS_WRITE,),
                (
                    *("name", "currency", "timezone", "tax_percent", "invoice_prefix"),
                    *("wholesale_discount_percent", "wholesale_tax_percent"),
                ),
            ),
            Columns((P.LEVELS_WRITE,), ("level_percents",)),
            Columns((P.CLOUDS_WRITE, P.LEVELS_WRITE), _OWN_MASTER_DATA),
            Columns((P.CLOUDS_CREATE,), ("manager",)),
            Columns((P.USERS_WRITE,), ("second_factor",)),
        ),
        hidden=("wholesale_discount_percent", "wholesale_tax_percent", "level_percents"),
    ),
    Policy("rate", _BOOKS, insert=(P.RATES_WRITE,)),
    Policy("tariff", (*_STAFF, "by subscription"), insert=(P.TARIFFS_WRITE,)),
    # What a subscriber's own tariffs cost and include is no secret to it.
    Policy("tariff_version", (*_STAFF, _OWN_TERMS), insert=(P.TARIFFS_WRITE,)),
    Policy("tariff_item", (*_STAFF, _OWN_ITEMS), insert=(P.TARIFFS_WRITE,)),
    Policy(
        "referral",
        (*_BOOKS, f"{is_role('referral')} and {here()} and id = (select app_referral())"),
        insert=(P.REFERRALS_WRITE,),
        update=(Columns((P.REFERRALS_WRITE,), ("name", "email", "percent", "sponsor", "basis")),),
    ),
    Policy(
        "subscriber",
        (
            *_BOOKS,
            f"{is_role('account-manager')} and {here()} and account_manager = (select app_user())",
            f"{is_role('subscriber')} and {here()} and id = (select app_subscriber())",
            "referral",
        ),
        insert=(P.SUBSCRIBERS_WRITE,),
        update=(
            Columns(
                (P.SUBSCRIBERS_WRITE,),
                (
                    *("name", "email", "discount_percent", "tax_exempt", "referral"),
                    *("address", "tax_number", "language", "suspended"),
                ),
            ),
            # An account manager hands nobody over.
            Columns((P.USERS_WRITE,), ("account_manager",)),
        ),
        # A referral knows its customers by name and number.
        hidden=(
            *("email", "discount_percent", "tax_exempt", "address", "tax_number"),
            *("language", "account_manager"),
        ),
    ),
    Policy(
        "camera",
        (*_BOOKS, _OWN_CAMERA, _SUBSCRIBERS_CAMERA),
        insert=(P.CAMERAS_WRITE,),
        update=(Columns((P.CAMERAS_WRITE,), ("name", "subscriber", "suspended")),),
    ),
    Policy(
        "subscription",
        (*_RETAIL_READERS, "referral's subscribers"),
        insert=(P.SUBSCRIPTIONS_WRITE,),
        update=(Columns((P.SUBSCRIPTIONS_WRITE,), ("ends_on",)),),
    ),
    Policy(
        "usage",
        (*_BOOKS, _SERVED_USAGE, _OWN_CAMERAS_USAGE),
        insert=(P.USAGE_WRITE,),
        update=(Columns((P.USAGE_WRITE,), ("quantity",)),),
        added_if=_CAMERA_THERE.format(table="usage"),
    ),
    Policy(
        "connection",
        _BOOKS,
        insert=(P.CONNECTIONS_WRITE,),
        update=(
            Columns(
                (P.CONNECTIONS_WRITE,),
                (
                    *("url", "secret", "organizations", "read_every_minutes", "ended_at"),
                    *("follow_presets", "provision", "provision_failures", "provision_failed_at"),
                    *("provision_retry_at", "provision_message"),
                ),
            ),
        ),
        hidden=("secret",),
    ),
    Policy("reading", _BOOKS, insert=(P.CONNECTIONS_WRITE,)),
    Policy("reading_camera", _BOOKS),
    Policy("camera_interval", (*_BOOKS, _OWN_CAMERAS_USAGE)),
    Policy(
        "watcher_organization",
        _BOOKS,
        insert=(P.CONNECTIONS_WRITE,),
        update=(Columns((P.CONNECTIONS_WRITE,), ("subscriber", "is_followed", "watcher")),),
        added_if=_WATCHER_THERE.format(table="watcher_organization"),
    ),
    Policy(
        "watcher_preset",
        _BOOKS,
        insert=(P.CONNECTIONS_WRITE,),
        update=(Columns((P.CONNECTIONS_WRITE,), ("tariff", "is_followed", "watcher")),),
        added_if=_WATCHER_THERE.format(table="watcher_preset"),
    ),
    Policy(
        "provisioned_preset",
        _BOOKS,
        update=(Columns((P.CONNECTIONS_WRITE,), ("preset", "before", "failures", "retry_at")),),
    ),
    Policy(
        "provisioned_camera",
        _BOOKS,
        update=(Columns((P.CONNECTIONS_WRITE,), ("failures", "retry_at")),),
    ),
    Policy("recorded_day", _BOOKS),
    Policy("test_clock", ("anyone",), update=(Columns((P.CLOCK_MOVE,), ("now",)),)),
    Policy(
        "usage_change",
        _BOOKS,
        insert=(P.USAGE_WRITE,),
        update=(Columns((P.USAGE_WRITE,), ("changed_at",)),),
        added_if=_CAMERA_THERE.format(table="usage_change"),
    ),
    Policy(
        "usage_correction",
        _BOOKS,
        insert=(P.USAGE_WRITE,),
        added_if=_CAMERA_THERE.format(table="usage_correction"),
    ),
    Policy(
        "period",
        (*_STAFF, f"{is_role('subscriber', 'referral')} and {here()}"),
        insert=(P.PERIODS_CLOSE,),
        update=(
            Columns(
                (P.PERIODS_CLOSE,),
                ("state", "closing_at", "accepted_gaps", "accepted_by", "cameras_total"),
            ),
        ),
        hidden=(
            *("retail", "wholesale", "commission", "trouble", "accepted_by", "tried_at"),
            *("accepted_gaps", "cameras_total", "closing_at", "closed_at"),
        ),
        refused=(
            Refusal(
                "new.state = 'closed' and old.state <> 'closed'", "a worker is who ends a close"
            ),
        ),
        refused_new=(
            Refusal(
                "new.state = 'closed' or (new.retail, new.wholesale, new.commission) <> (0, 0, 0)",
                "a period begins empty, and not closed",
            ),
        ),
    ),
    Policy("period_batch", _BOOKS, insert=(P.PERIODS_CLOSE,)),
    *(Policy(name, _BOOKS) for name in _OF_THE_CLOSE),
    Policy("charge", _RETAIL_READERS),
    Policy("estimate", (*_RETAIL_READERS, "referral's subscribers"), hidden=("wholesale",)),
    Policy("series", ("platform", _OWN_SERIES)),
    Policy("invoice", _RETAIL_READERS),
    Policy("invoice_line", _RETAIL_READERS),
    Policy("invoice_file", _RETAIL_READERS),
    Policy("invoice_wait", _RETAIL_READERS, hidden=("value",)),
    Policy("commission", (*_BOOKS, "referral")),
    Policy("audit", ("administrator", "cloud administrator")),
    Policy(
        "portal_user",
        ("administrator", "cloud administrator", "oneself", "doorkeeper"),
        insert=_PEOPLE,
        update=(
            Columns(_PEOPLE, ("role", "active")),
            Columns(
                ("oneself", "doorkeeper", *_PEOPLE),
                ("password", "link_hash", "link_expires_at", "totp", "totp_step"),
            ),
            Columns(("oneself",), ("theme", "language", "signed_in_at")),
        ),
        hidden=(
            *("password", "password_before", "link_hash", "link_expires_at"),
            *("totp", "totp_step"),
        ),
        refused=(
            Refusal(
                "(new.role, new.active) is distinct from (old.role, old.active)"
                " and old.id = app_user()",
                "nobody changes their own role, or blocks themselves",
            ),
            Refusal(
                f"({_GIVEN}) and app_role() <> 'doorkeeper' and old.id is distinct from app_user()",
                "nobody gives somebody else a password or a second factor",
            ),
        ),
        refused_new=(
            Refusal(
                "num_nonnulls(new.password, new.password_before, new.totp, new.link_hash) > 0",
                "a person begins without a password",
            ),
        ),
    ),
    Policy(
        "user_session",
        ("own session", "people's sessions", "doorkeeper"),
        insert=("own session", "doorkeeper"),
        update=(
            Columns(
                ("own session", "doorkeeper"),
                ("key_hash", "data", "address", "agent", "seen_at", "expires_at"),
            ),
        ),
        delete=("own session", "people's sessions", "doorkeeper"),
        hidden=("key_hash", "data"),
    ),
    Policy(
        "recovery_code",
        ("own session", "people's sessions"),
        insert=("own session",),
        update=(Columns(("own session",), ("used_at",)),),
        delete=("own session", "people's sessions"),
    ),
    Policy("sign_in_attempt", ("doorkeeper",), insert=("doorkeeper",), delete=("doorkeeper",)),
    Policy(
        "api_key",
        ("administrator", "cloud administrator", "doorkeeper"),
        insert=_PEOPLE,
        update=(Columns(_PEOPLE, ("revoked_at",)), Columns(("doorkeeper",), ("used_at",))),
        hidden=("secret_hash",),
    ),
    Policy(
        "idempotent_answer",
        ("own key",),
        insert=("own key",),
        update=(Columns(("own key",), ("body_hash", "status", "body", "running_until")),),
    ),
)

HIDDEN: Final = {policy.table: policy.hidden for policy in POLICIES}
"""By table: the columns that nobody reads from it, and some from a view."""

# Not the tenants': which migrations and scripts have run.
WITHOUT_POLICY: Final = frozenset({"audit_key", "migration", "schema_script"})


def script(policies: tuple[Policy, ...] = POLICIES) -> str:
    """All of it, in the order in which it can run."""
    parts = [FUNCTIONS, *(statements(policy) for policy in policies)]
    parts += [view(one, HIDDEN[one.table]) for one in VIEWS]
    parts += map(derived, DERIVED)
    parts.append(f"grant usage on all sequences in schema public to {WEB};")
    parts.append("revoke execute on all functions in schema public from public;")
    parts += [f"grant execute on function {called} to {by};" for called, by in EXECUTABLE.items()]
    return "\n\n".join(part.strip() for part in parts) + "\n"


if __name__ == "__main__":
    print(script())  # noqa: T201 - a command that prints
