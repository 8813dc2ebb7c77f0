"""The database itself, asked as the web login with every role: which columns are read and written."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import TypeAlias

import asyncpg
import pytest

from portal.access import CLOUD_ROLES, PLATFORM_ROLES, Actor, Role
from portal.tables.audiences import NOBODYS
from portal.tables.policies import EXECUTABLE, POLICIES
from portal.tables.policy import TABLES, WEB, Policy
from portal.tables.views import VIEWS, WHOSE
from tests.cast import ADA, ANN, BOB, CARL, MAX, NORA, NORTH, PAUL, REX, SOUTH, SUE
from tests.conftest import Database
from tests.routes.story import told
from tests.services import TestServices

Tx: TypeAlias = "asyncpg.Connection[asyncpg.Record]"
OTHER = {
    "Timestamptz": "now()",
    "Varchar": "'x'",
    "Secret": "'x'",
    "Bytea": "'x'",
    "Integer": "987654",
    "ForeignKey": "987654",
}
"""Values that no row of the story has, by kind of column; elsewhere null is one."""
CAST = {actor.role: actor for actor in (ADA, PAUL, MAX, NORA, CARL, ANN, SUE, REX)}
UPDATES = {(policy.table, name): policy for policy in POLICIES for name in policy.updatable}
COLUMNS = [
    (policy, column._meta.db_column_name, type(column).__name__)
    for policy in POLICIES
    for column in TABLES[policy.table]._meta.columns
]


@pytest.fixture(scope="module")
async def story(services: TestServices, template: str, worker_id: str) -> AsyncIterator[Database]:
    """Two clouds with closed months, in which nothing that is tried here is kept."""
    async with told(services, template, f"{template}_{worker_id}_columns") as database:
        yield database


@pytest.fixture
async def web(story: Database) -> AsyncIterator[Tx]:
    connection = await asyncpg.connect(story.web_url)
    transaction = connection.transaction()
    await transaction.start()
    yield connection
    await transaction.rollback()
    await connection.close()


async def act(tx: Tx, who: Actor | Role) -> None:
    """From here on the web login acts for somebody."""
    actor = Actor(who, "") if isinstance(who, Role) else who
    for name in ("cloud", "user", "subscriber", "referral", "key"):
        value = getattr(actor, name)
        await tx.execute(
            "select set_config($1, $2, true)", f"app.{name}", "" if value is None else str(value)
        )
    await tx.execute("select set_config('app.role', $1, true)", str(actor.role))


async def refused(tx: Tx, statement: str) -> bool:
    """Whether the database refuses a statement for want of a right; what it did is undone."""
    inner = tx.transaction()
    await inner.start()
    try:
        await tx.execute(statement)
    except asyncpg.InsufficientPrivilegeError:
        return True
    except asyncpg.PostgresError:
        return False
    finally:
        await inner.rollback()
    return False


async def changed(tx: Tx, table: str, column: str, kind: str) -> int:
    """How many rows one changes by writing something else into a column; -1 where it is refused."""
    inner = tx.transaction()
    await inner.start()
    try:
        status = await tx.execute(f"update {table} set {column} = {OTHER.get(kind, 'null')}")
        return int(status.rpartition(" ")[2])
    except (asyncpg.InsufficientPrivilegeError, asyncpg.GeneratedAlwaysError):
        return -1
    except asyncpg.PostgresError:
        return 1  # it was let through to a check of the value
    finally:
        await inner.rollback()


@pytest.mark.parametrize("role", CAST, ids=str)
async def test_a_column_is_written_by_whom_the_list_names_and_nobody_else(
    web: Tx, role: Role
) -> None:
    await act(web, CAST[role])
    for policy, column, kind in COLUMNS:
        done = await changed(web, policy.table, column, kind)
        if column not in policy.updatable:
            assert done == -1, (policy.table, column)
        elif role not in policy.who_updates(column):
            assert done <= 0, (policy.table, column)


@pytest.mark.parametrize("role", CAST, ids=str)
async def test_a_hidden_column_is_read_by_nobody(web: Tx, role: Role) -> None:
    await act(web, CAST[role])
    for policy, column, _ in COLUMNS:
        hidden = await refused(web, f"select {column} from {policy.table} limit 1")
        assert hidden == (column in policy.hidden), (policy.table, column)


@pytest.mark.parametrize("role", CAST, ids=str)
async def test_rows_are_added_and_deleted_by_whom_the_list_names(web: Tx, role: Role) -> None:
    """Without a policy or a right for the verb it is refused, whatever the row."""
    await act(web, CAST[role])
    for policy in POLICIES:
        if not policy.insert:
            assert await refused(web, f"insert into {policy.table} default values"), policy.table
        if not policy.delete:
            assert await refused(web, f"delete from {policy.table}"), policy.table
        assert await refused(web, f"truncate {policy.table}"), policy.table


READERS = {
    "cloud_terms": {ADA: 2, PAUL: 2, MAX: 1, NORA: 1, CARL: 1},
    "estimate_cost": {ADA: 6, PAUL: 6, MAX: 4, NORA: 4, CARL: 4},
    "draft_invoice_cost": {ADA: 4, PAUL: 4, MAX: 3, NORA: 3, CARL: 3},
    "draft_tariff_books": {ADA: 6, PAUL: 6, MAX: 4, NORA: 4, CARL: 4},
    "estimate_sum_books": {ADA: 3, PAUL: 3, MAX: 2, NORA: 2, CARL: 2},
    "subscriber_terms": {ADA: 4, PAUL: 4, MAX: 3, NORA: 3, CARL: 3, ANN: 1, SUE: 1},
    "period_progress": {ADA: 4, PAUL: 4, MAX: 2, NORA: 2, CARL: 2, ANN: 2},
    "service_prices": dict.fromkeys((ADA, PAUL, MAX, NORA, CARL), 3),
    "tariff_version_cost": {ADA: 2, PAUL: 2, MAX: 1, NORA: 1, CARL: 1},
    "period_books": {ADA: 4, PAUL: 4, MAX: 2, NORA: 2, CARL: 2},
    **{f"{one}_secret": {} for one in ("connection", "card_account", "webhook_endpoint")},
    **{f"{one}_secret": {} for one in ("session", "link", "setup")},
    **{one: {} for one in ("card_account_trouble", "key_credential")},
    "credential": dict.fromkeys(CAST.values(), 1),
    "colleague": {ADA: 7, PAUL: 7, MAX: 4, NORA: 4, CARL: 4, ANN: 4},
    "tariff_month_books": {ADA: 12, PAUL: 12, MAX: 8, NORA: 8, CARL: 8},
    "own_account_manager": {SUE: 1},
    "expired_invitation": {},
    "agent_below": {REX: 1},
    "subscriber_below": {REX: 1},
    "held_subscriber": {},
    "managed_subscriber": {ANN: 1},
    "referred_subscriber": {REX: 1},
    "referral_name": {ADA: 3, PAUL: 3, MAX: 2, NORA: 2, CARL: 2, ANN: 2, REX: 2},
}
"""How many rows of each view somebody sees; whoever is not named sees none."""


def test_every_view_has_its_readers() -> None:
    assert set(READERS) == {view.name for view in (*WHOSE, *VIEWS)}


@pytest.mark.parametrize("who", CAST.values(), ids=lambda who: who.name)
async def test_what_a_table_hides_a_view_shows_to_some(web: Tx, who: Actor) -> None:
    await act(web, who)
    seen = {name: await web.fetchval(f"select count(*) from {name}") for name in READERS}
    assert seen == {name: readers.get(who, 0) for name, readers in READERS.items()}


async def test_nothing_set_nothing_seen_in_any_view(web: Tx) -> None:
    for name in READERS:
        assert await web.fetchval(f"select count(*) from {name}") == 0, name


OUTSIDE = [
    (NORA, ("insert into subscription (cloud, camera, subscriber, tariff, starts_on, ends_on)"
            " values (1, {camera}, 1, {mine}, '2020-01-01', '2020-02-01')")),
    (NORA, ("insert into subscription (cloud, camera, subscriber, tariff, starts_on)"
            " values (1, {spare}, 1, {tariff}, '2050-01-01')")),
    (NORA, ("insert into subscription (cloud, camera, subscriber, tariff, starts_on)"
            " values (1, {spare}, {subscriber}, {mine}, '2050-01-01')")),
    (NORA, "update camera set subscriber = {subscriber}"),
    (NORA, "update subscriber set referral = {referral}"),
    (NORA, "update subscriber set account_manager = {person}"),
    (NORA, "update referral set sponsor = {referral}"),
    (NORA, ("insert into watcher_organization (cloud, watcher, organization, subscriber)"
            " values (1, {own_link}, 99, {subscriber})")),
    (NORA, "insert into watcher_organization (cloud, watcher, organization) values (1, {link}, 99)"),
    (NORA, "insert into camera (cloud, external_id, watcher) values (1, 'x', {link})"),
    (CARL, ("insert into period_batch (cloud, period, first_camera, last_camera, cameras)"
            " values (1, {period}, 1, 2, 1)")),
    (NORA, ("insert into portal_user (email, name, role, cloud, subscriber)"
            " values ('x@x', 'x', 'subscriber', 1, {subscriber})")),
    (NORA, ("insert into portal_user (email, name, role, cloud, referral)"
            " values ('x@x', 'x', 'referral', 1, {referral})")),
    (NORA, ("insert into api_key (public_id, secret_hash, name, role, cloud, user_id)"
            " values ('x', 'x', 'x', 'cloud-administrator', 1, {person})")),
    (NORA, ("insert into usage (cloud, month, camera, meter, d01)"
            " values (1, '2026-11-01', {camera}, 1, 1)")),
    (NORA, "insert into usage_change (cloud, camera, month) values (1, {camera}, '2026-10-01')"),
]  # fmt: skip
"""What North writes with the ids of South's rows; its own rows are `mine` and `spare`."""


@pytest.fixture(scope="module")
async def of_south(story: Database) -> dict[str, int]:
    """Ids of South's rows, and of a tariff and a connection of North's."""
    owner = await asyncpg.connect(story.owner_url)
    links = {
        cloud: await owner.fetchval(
            "insert into connection (cloud, kind, api, url, secret)"
            " values ($1, 'watcher', 'v2', 'https://watcher.example', 'x') returning id",
            cloud,
        )
        for cloud in (NORTH, SOUTH)
    }
    found = {
        name: await owner.fetchval(f"select max(id) from {table} where cloud = {SOUTH}")
        for name, table in (
            *((name, name) for name in ("camera", "tariff", "subscriber", "referral", "period")),
            ("person", "portal_user"),
        )
    }
    found |= {"link": links[SOUTH], "own_link": links[NORTH]}
    found["mine"] = await owner.fetchval(f"select max(id) from tariff where cloud = {NORTH}")
    await owner.close()
    assert None not in found.values()
    return found


@pytest.mark.parametrize(("who", "statement"), OUTSIDE)
async def test_a_row_refers_to_rows_of_its_own_cloud_alone(
    web: Tx, of_south: dict[str, int], who: Actor, statement: str
) -> None:
    """Whatever an action has forgotten to look up: the database takes no id of a neighbour's."""
    await act(web, NORA)
    spare = await web.fetchval(
        "insert into camera (cloud, external_id) values (1, 'spare') returning id"
    )
    await act(web, who)
    with pytest.raises((asyncpg.ForeignKeyViolationError, asyncpg.InsufficientPrivilegeError)):
        await web.execute(statement.format(**of_south, spare=spare))


async def test_every_reference_within_a_cloud_leads_with_the_cloud(story: Database) -> None:
    owner = await asyncpg.connect(story.owner_url)
    loose = await owner.fetch(
        """
        select k.conrelid::regclass::text as of, pg_get_constraintdef(k.oid) as reference
        from pg_constraint k
        where k.contype = 'f' and k.confrelid not in ('cloud'::regclass)
          and 2 = (select count(*) from pg_attribute a
                   where a.attrelid in (k.conrelid, k.confrelid) and a.attname = 'cloud')
          and not exists (select from pg_attribute a
                          where a.attrelid = k.conrelid and a.attname = 'cloud'
                            and a.attnum = any (k.conkey))
        """
    )
    await owner.close()
    assert [tuple(row) for row in loose] == []


ATTACKS = [
    (NORA, "update portal_user set password = 'x' where id = 5"),
    (NORA, "update portal_user set totp = 'x', totp_step = null where id = 5"),
    (ADA, "update portal_user set totp = 'x' where id = 2"),
    (ADA, "insert into portal_user (email, name, role, password) values ('x@x', 'x', 'manager', 'x')"),
    (NORA, ("insert into sign_in_link (cloud, user_id, kind, token_hash, expires_at)"
           " values (1, 7, 'reset', 'x', now())")),
    (NORA, ("insert into sign_in_link (cloud, user_id, kind, token_hash, expires_at)"
           " values (2, 7, 'reset', 'x', now())")),
    (NORA, ("insert into sign_in_link (user_id, kind, token_hash, expires_at)"
           " values (1, 'reset', 'x', now())")),
    (SUE, ("insert into sign_in_link (cloud, user_id, kind, token_hash, expires_at)"
          " values (1, 4, 'reset', 'x', now())")),
    (NORA, ("insert into delivery (cloud, key, kind, recipient, subject, facts, due_at)"
           " values (2, 'x', 'test', 'x@x', '', '{}', now())")),
    (SUE, "update delivery set state = 'waiting'"),
    (NORA, "update platform set logo = 'x', name = 'mine'"),
    (MAX, "update cloud set logo = 'x'"),
    (SUE, "insert into kept_form (token_hash, browser_hash, data, expires_at) values ('x', 'x', '', now())"),
    (SUE, "update portal_user set email = 'sue@evil.test' where id = 4"),
    (CARL, "insert into period (cloud, starts_on, state) values (1, '2027-05-01', 'closed')"),
    (CARL, "insert into period (cloud, starts_on, retail) values (1, '2027-05-01', 1)"),
    (CARL, "update period set state = 'closed' where state <> 'closed'"),
    (SUE, "update cloud set tax_percent = 0"),
    (SUE, "update cloud set name = 'mine'"),
    (REX, "update referral set percent = 100"),
    (ANN, "update cloud set tax_percent = 0"),
    (ANN, "update subscriber set account_manager = null"),
    (CARL, "update connection set url = 'http://evil', secret = ''"),
    (PAUL, "update connection set secret = ''"),
    (PAUL, "update portal_user set role = 'administrator'"),
    (CARL, "update subscriber set discount_percent = 100"),
    (NORA, "update cloud set tax_percent = 0"),
    (NORA, "update cloud set wholesale_discount_percent = 100"),
    (NORA, "update cloud set manager = 4"),
    (MAX, "update cloud set manager = 1"),
    (MAX, "update cloud set level_percents = '{100}'"),
    (NORA, "update portal_user set cloud = null, role = 'administrator' where id = 4"),
    (NORA, "update portal_user set cloud = 2 where id = 5"),
    (NORA, "update portal_user set role = 'cloud-accountant' where id = 4"),
    (SUE, "update portal_user set subscriber = 2 where id = 8"),
    (SUE, "update portal_user set role = 'administrator', cloud = null, subscriber = null where id = 8"),
    (SUE, "update portal_user set active = false"),
    (NORA, "insert into rate (cloud, service, valid_from, pricing) values (1, 1, '2027-01-01', '{}')"),
    (NORA, ("insert into service (code, name, meter, unit, unit_size, measure)"
           " values ('x', 'x', 1, 'x', 1, 'total')")),
    (CARL, "insert into tariff (cloud, code, name) values (1, 'x', 'x')"),
    (NORA, "insert into portal_user (email, name, role, cloud) values ('x@x', 'x', 'accountant', null)"),
    (NORA, ("insert into portal_user (email, name, role, cloud)"
           " values ('x@x', 'x', 'cloud-administrator', 2)")),
    (NORA, ("insert into api_key (public_id, secret_hash, name, role, cloud)"
           " values ('x', 'x', 'x', 'administrator', null)")),
    (CARL, ("insert into api_key (public_id, secret_hash, name, role, cloud)"
           " values ('x', 'x', 'x', 'cloud-administrator', 1)")),
    (PAUL, "insert into api_key (public_id, secret_hash, name, role) values ('x', 'x', 'x', 'administrator')"),
    (NORA, "insert into invoice_line (cloud) values (1)"),
    (ANN, "insert into usage (cloud, month, camera, meter, d01) values (1, '2026-11-01', 1, 1, 1)"),
    (SUE, ("insert into subscription (cloud, camera, subscriber, tariff, starts_on)"
          " values (1, 1, 1, 1, '2027-01-01')")),
    (SUE, "select ensure_usage_partition('2030-01-01')"),
]  # fmt: skip


@pytest.mark.parametrize(("who", "statement"), ATTACKS)
async def test_what_is_not_ones_own_is_not_changed(web: Tx, who: Actor, statement: str) -> None:
    await act(web, who)
    inner = web.transaction()
    await inner.start()
    try:
        status = await web.execute(statement)
    except asyncpg.InsufficientPrivilegeError:
        return
    finally:
        await inner.rollback()
    assert status == "UPDATE 0"


async def test_a_cloud_has_no_key_with_a_role_of_the_platform(web: Tx) -> None:
    await act(web, NORA)
    for role in PLATFORM_ROLES:
        with pytest.raises(asyncpg.CheckViolationError):
            async with web.transaction():
                await web.execute(
                    "insert into api_key (public_id, secret_hash, name, role, cloud)"
                    " values ('x', 'x', 'x', $1, $2)",
                    str(role),
                    NORTH,
                )


async def test_a_number_is_told_to_who_takes_subscribers_on(web: Tx) -> None:
    for who, of_cloud, told_one in (
        (ADA, SOUTH, True), (NORA, NORTH, True), (ANN, NORTH, True), (NORA, SOUTH, False),
        (CARL, NORTH, False), (SUE, NORTH, False), (BOB, NORTH, False), (Role.SYSTEM, NORTH, False),
    ):  # fmt: skip
        await act(web, who)
        found = await web.fetchval("select next_subscriber_number($1)", of_cloud)
        assert (found is not None) == told_one, who


async def test_functions_are_executed_by_those_who_need_them(web: Tx) -> None:
    """Definers run as the owner: each has its search path, and nobody has one that is not listed."""
    rows = await web.fetch(
        "select p.oid::regprocedure::text as name, p.prosecdef as definer, p.proconfig::text as config,"
        " p.prorettype = 'trigger'::regtype as trigger,"
        " has_function_privilege(current_user, p.oid, 'execute') as web,"
        " coalesce(bool_or(a.grantee = 0), p.proacl is null) as anybody"
        " from pg_proc p left join aclexplode(p.proacl) a on true"
        " where p.pronamespace = 'public'::regnamespace group by p.oid"
    )
    assert not [row["name"] for row in rows if row["anybody"]]
    theirs = {name for name, by in EXECUTABLE.items() if WEB in by}
    assert {row["name"] for row in rows if row["web"]} == theirs
    definers = {row["name"] for row in rows if row["definer"] and not row["trigger"]}
    assert definers == {
        "record_audit(bigint,text,text,jsonb,jsonb)",
        "book_now()",
        "next_subscriber_number(bigint)",
        "agents_below()",
        "agent_invitations()",
        "invited_agents()",
        "invite_agent(text,text,text,timestamp with time zone,integer)",
        "ensure_usage_partition(date)",
        "wants_events(bigint,text)",
        "note_events(bigint,text,timestamp with time zone,bigint[],jsonb[],bigint)",
        "note_documents(bigint,text,timestamp with time zone,date,bigint[])",
    }
    for row in rows:
        if row["definer"]:
            assert row["config"] == '{"search_path=public, pg_temp"}', row["name"]


def test_the_list_gives_nobody_more_than_people_there_are() -> None:
    people = PLATFORM_ROLES | CLOUD_ROLES | {Role.SUBSCRIBER, Role.REFERRAL}
    for (table, column), policy in UPDATES.items():
        assert isinstance(policy, Policy)
        assert policy.who_updates(column) <= people | NOBODYS, (table, column)
