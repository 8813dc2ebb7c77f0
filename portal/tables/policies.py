"""Row-level security and grants: whose rows an actor sees, and who writes which columns.

`portal.migrations` drops all policies and grants and makes them anew from here whenever `script()`
changes; `python -m portal.tables.policies` prints it. `atomic(actor)` sets `app.role`, `app.cloud`,
`app.user`, `app.subscriber`, `app.referral` and `app.key`; nothing set, nothing seen.
"""

from __future__ import annotations

from typing import Final

from portal.access import Permission
from portal.tables.accounts import policies as accounts
from portal.tables.audiences import BOOKS, here, is_role, of_seen_camera
from portal.tables.books import policies as books
from portal.tables.catalog import policies as catalog
from portal.tables.customers import policies as customers
from portal.tables.derived import DERIVED, derived
from portal.tables.policy import BROWSER, WEB, WORKER, Columns, Policy, statements
from portal.tables.usage_days import DAYS
from portal.tables.views import MASKED, VIEWS, WHOSE, masked, view
from portal.tables.watcher import policies as watcher

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
    execute format('drop view if exists %I cascade', found.viewname); -- some stand on others
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
    "agents_below()": f"{WEB}, {WORKER}",
    "agent_invitations()": f"{WEB}, {WORKER}",
    "invited_agents()": f"{WEB}, {WORKER}",
    "invite_agent(text,text,text,timestamp with time zone,integer)": f"{WEB}, {WORKER}",
    "told_apart(text)": f"{WORKER}",
    "word_begun(text)": f"{WEB}, {WORKER}",
    "words_of(text)": f"{WORKER}",
    "ensure_usage_partition(date)": f"{WEB}, {WORKER}",
    "record_audit(bigint,text,text,jsonb,jsonb)": f"{WEB}, {WORKER}",
    "wants_events(bigint,text)": f"{WEB}, {WORKER}",
    "note_events(bigint,text,timestamp with time zone,bigint[],jsonb[],bigint)": f"{WEB}, {WORKER}",
    "note_documents(bigint,text,timestamp with time zone,date,bigint[])": f"{WEB}, {WORKER}",
}
"""Functions that are called by name, and by whom. Triggers need no right of their own."""

P = Permission
# That a month changed after it was closed explains why a camera's charges do not fit its usage.
_OF_SEEN_CAMERAS: Final = (
    f"{is_role('account-manager', 'subscriber')} and {here()} and {of_seen_camera('usage_change')}"
)
# Usage has no foreign key: where millions of rows are written, workers look at the cameras before.
_CAMERA_THERE: Final = (
    "exists (select from camera c where c.cloud = {table}.cloud and c.id = {table}.camera)"
)

POLICIES: Final = (
    Policy(
        "platform",
        ("anyone",),
        update=(
            Columns(
                (P.STAFF_WRITE,),
                (
                    *("name", "address", "tax_number", "email", "bank", "invoice_prefix"),
                    *("timezone", "second_factor", "session_hours"),
                    *(*customers.OF_PARTY, "tax_regime"),
                    *("logo", "colour", "setup_hash"),
                ),
            ),
        ),
        hidden=("setup_hash",),
    ),
    # A row is a whole month: who sees some of its days reads `served_usage`.
    Policy(
        "usage",
        BOOKS,
        insert=(P.USAGE_WRITE,),
        update=(Columns((P.USAGE_WRITE,), (*DAYS, "risen")),),
        added_if=_CAMERA_THERE.format(table="usage"),
    ),
    Policy("test_clock", ("anyone",), update=(Columns((P.CLOCK_MOVE,), ("now",)),)),
    Policy(
        "usage_change",
        (*BOOKS, _OF_SEEN_CAMERAS),
        insert=(P.USAGE_WRITE,),
        update=(
            Columns((P.USAGE_WRITE,), ("changed_at", "settled", "days")),
            Columns((P.CREDITS_WRITE,), ("settled", "settled_reason", "settled_by", "settled_at")),
        ),
        added_if=_CAMERA_THERE.format(table="usage_change"),
    ),
    Policy(
        "usage_correction",
        BOOKS,
        insert=(P.USAGE_WRITE,),
        added_if=_CAMERA_THERE.format(table="usage_correction"),
    ),
    Policy("usage_corrected", BOOKS),
    Policy("usage_sum", BOOKS),
    Policy("missing_days", BOOKS),
    Policy("audit", ("administrator", "cloud administrator")),
    # What somebody asked for is theirs to look at, while the cloud is.
    Policy(
        "task",
        ("own task",),
        insert=(P.SUBSCRIBERS_WRITE, P.TARIFFS_WRITE, P.PAYMENTS_WRITE),
        added_if="asked_by = (select app_user()) and state = 'waiting'",
    ),
    Policy(
        "webhook_endpoint",
        BOOKS,
        insert=(P.WEBHOOKS_WRITE,),
        update=(
            Columns(
                (P.WEBHOOKS_WRITE,),
                (
                    *("url", "types", "description", "enabled", "secret", "old_secret"),
                    *("old_until", "failing_since", "off_reason", "removed_at"),
                ),
            ),
        ),
        hidden=("secret", "old_secret"),
    ),
    # Events are written by a function, whoever acts, and sent by workers.
    Policy("webhook_event", BOOKS),
    Policy(
        "webhook_delivery",
        BOOKS,
        update=(Columns((P.WEBHOOKS_WRITE,), ("state", "tries", "due_at")),),
    ),
    Policy("webhook_try", BOOKS),
    Policy("webhook_overdue", BOOKS),
    *catalog.POLICIES,
    *customers.POLICIES,
    *watcher.POLICIES,
    *books.POLICIES,
    *accounts.POLICIES,
)
"""Those of the tables that stand by themselves, then those of each folder of tables."""

HIDDEN: Final = {policy.table: policy.hidden for policy in POLICIES}
"""By table: the columns that nobody reads from it, and some from a view."""

# Not the tenants': which migrations and scripts have run.
WITHOUT_POLICY: Final = frozenset({"audit_key", "migration", "schema_script"})


def script(policies: tuple[Policy, ...] = POLICIES) -> str:
    """All of it, in the order in which it can run."""
    parts = [FUNCTIONS, *(view(one, ()) for one in WHOSE)]
    parts += [statements(policy) for policy in policies]
    parts += [view(one, HIDDEN[one.table]) for one in VIEWS]
    parts += map(masked, MASKED)
    parts += map(derived, DERIVED)
    parts.append(f"grant usage on all sequences in schema public to {WEB};")
    parts.append("revoke execute on all functions in schema public from public;")
    parts += [f"grant execute on function {called} to {by};" for called, by in EXECUTABLE.items()]
    return "\n\n".join(part.strip() for part in parts) + "\n"


if __name__ == "__main__":
    print(script())  # noqa: T201 - a command that prints
