"""The database's roles: three groups that policies name, and the two logins of each database.

| role | may |
|---|---|
| `camledger_worker` | see and write every row; the owner of the database is a member |
| `camledger_web` | see what the actor that is set may see: policies bind it; a worker may be it |
| `camledger_admin` | read, for the table browser |
| `<database>_web_login`, `<database>_admin_login` | log in, as members of the two above |

Groups belong to the whole server, logins to one database. What exists is left alone, so a server
whose roles somebody else has made needs no right to make any.
"""

from __future__ import annotations

import asyncio
from typing import ClassVar, Final

import asyncpg

from portal.crypto.keys import login_password
from portal.errors import PortalError
from portal.settings import database_name, login_name, login_url

WORKER: Final = "camledger_worker"
GROUPS: Final = {"web": "camledger_web", "admin": "camledger_admin"}
"""Kind of login → its group."""

CONNECT_SECONDS: Final = 15
ATTEMPTS_MAX: Final = 10
LOCK: Final = 0x63616D6C  # "caml": any number of ours, the same in every process

# Another database's installation makes the same groups at this moment: look again.
_RACES: Final = (
    asyncpg.DuplicateObjectError,
    asyncpg.UniqueViolationError,
    asyncpg.InternalServerError,  # "tuple concurrently updated"
    asyncpg.SerializationError,
)


class RoleError(PortalError):
    """The roles are not there and cannot be made; the message has the SQL that makes them."""

    status: ClassVar[int] = 503
    title: ClassVar[str] = "Database roles missing"


async def connect(url: str) -> asyncpg.Connection[asyncpg.Record]:
    """A connection, or a PortalError that says in one sentence why there is none."""
    try:
        return await asyncpg.connect(url, timeout=CONNECT_SECONDS)
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        # asyncpg's own words never hold the password
        message = f"Cannot connect to the database {database_name(url)!r}: {error}."
        raise RoleError(message) from error


async def ensure_roles(
    database_url: str, secret: str, *, web_url: str = "", admin_url: str = ""
) -> tuple[str, str]:
    """Make what is missing of the groups and logins; the addresses for web and table browser.

    `database_url` is the owner's. A `web_url` or `admin_url` that is given is used as it is, and
    somebody else has made its login. Any number of processes may do this at once.
    Raises RoleError when something is missing and the owner may not make it.
    """
    given = {"web": web_url, "admin": admin_url}
    connection = await connect(database_url)
    try:
        await connection.execute("select pg_advisory_lock($1)", LOCK)
        for attempt in range(1, ATTEMPTS_MAX + 1):
            try:
                await _make_missing(connection, database_url, secret, given)
                break
            except _RACES:
                if attempt == ATTEMPTS_MAX:
                    raise
                await asyncio.sleep(0.02 * attempt)
    finally:
        await connection.close()
    urls = {kind: url or login_url(database_url, kind, secret) for kind, url in given.items()}
    return urls["web"], urls["admin"]


async def _make_missing(
    connection: asyncpg.Connection[asyncpg.Record],
    database_url: str,
    secret: str,
    given: dict[str, str],
) -> None:
    statements = await _missing_groups(connection)
    passwords = {}
    for kind, group in GROUPS.items():
        if given[kind]:
            continue
        name = login_name(database_name(database_url), kind)
        statements += await _missing_login(connection, name, group)
        if statements or not await _can_log_in(login_url(database_url, kind, secret)):
            passwords[name] = login_password(name, secret)
    quoted = {
        f"alter role {_quoted(name)} password '{password}'": (
            f"alter role {_quoted(name)} password '…'"
        )
        for name, password in passwords.items()
    }
    try:
        async with connection.transaction():
            for statement in [*statements, *quoted]:
                await connection.execute(statement)
    except (asyncpg.InsufficientPrivilegeError, asyncpg.InvalidGrantOperationError) as error:
        shown = ";\n  ".join([*statements, *quoted.values()])
        message = (
            f"The database's owner may not make the roles it needs ({error}). As a superuser run:\n"
            f"  {shown};\nwith passwords of your choice, and set CAMLEDGER_WEB_DATABASE_URL and "
            "CAMLEDGER_ADMIN_DATABASE_URL to addresses with these logins."
        )
        raise RoleError(message) from error


async def _missing_groups(connection: asyncpg.Connection[asyncpg.Record]) -> list[str]:
    groups = [WORKER, *GROUPS.values()]
    there = {
        row["rolname"]
        for row in await connection.fetch(
            "select rolname from pg_roles where rolname = any($1)", groups
        )
    }
    statements = [f"create role {group} nologin" for group in groups if group not in there]
    owner = await connection.fetchval("select current_user")
    if not await connection.fetchval(
        "select rolsuper or rolbypassrls from pg_roles where rolname = current_user"
    ):  # policies forbid COPY, by which workers store
        statements.append(f"alter role {_quoted(owner)} bypassrls")
    if WORKER not in there or not await connection.fetchval(
        "select pg_has_role(current_user, $1, 'usage')", WORKER
    ):
        statements.append(f"grant {WORKER} to {_quoted(owner)}")
    # A worker does what a person asked for under the policies of the web process.
    web = GROUPS["web"]
    if web not in there or not await _may_become(connection, web):
        statements.append(f"grant {web} to {_quoted(owner)}")
    return statements


async def _may_become(connection: asyncpg.Connection[asyncpg.Record], role: str) -> bool:
    """Tried, since whoever has made a role may be its member and yet not turn into it."""
    try:
        async with connection.transaction():
            await connection.execute(f"set local role {role}")
    except asyncpg.InsufficientPrivilegeError:
        return False
    return True


async def _missing_login(
    connection: asyncpg.Connection[asyncpg.Record], name: str, group: str
) -> list[str]:
    row = await connection.fetchrow(
        """
        select rolcanlogin, has_database_privilege(oid, current_database(), 'connect') as connects,
               exists (select from pg_auth_members m join pg_roles g on g.oid = m.roleid
                       where m.member = r.oid and g.rolname = $2) as belongs
        from pg_roles r where rolname = $1
        """,
        name,
        group,
    )
    login = _quoted(name)
    database = _quoted(await connection.fetchval("select current_database()"))
    if row is None:
        # `noinherit` would hide the group's rights; nothing else is granted to the login itself
        return [
            f"create role {login} login inherit nosuperuser nobypassrls",
            f"grant {group} to {login}",
            f"grant connect on database {database} to {login}",
        ]
    statements = []
    if not row["rolcanlogin"]:
        statements.append(f"alter role {login} login")
    if not row["belongs"]:
        statements.append(f"grant {group} to {login}")
    if not row["connects"]:
        statements.append(f"grant connect on database {database} to {login}")
    return statements


async def _can_log_in(url: str) -> bool:
    try:
        connection = await asyncpg.connect(url, timeout=CONNECT_SECONDS)
    except asyncpg.InvalidAuthorizationSpecificationError:
        return False
    await connection.close()
    return True


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
