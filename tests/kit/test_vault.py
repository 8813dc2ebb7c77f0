"""Changing the key of stored credentials: whatever happens meanwhile, all of them still open."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path
from typing import Any, cast

import asyncpg
import pytest

from portal.access import SYSTEM
from portal.db import snapshot
from portal.errors import Conflict, Invalid
from portal.gateways.queue import NullQueue
from portal.gateways.vault import Vault
from portal.gateways.watcher.address import AddressRules
from portal.kit.actions.vault import Keys, keys_in_use, rekey
from portal.kit.queries import tenancy
from portal.watcher.actions import connections
from portal.watcher.actions.connections import Integrations
from portal.watcher.forms.connection import ConnectionChange, NewConnection
from tests.cast import NORA, NORTH, SOUTH
from tests.commands import Done, command
from tests.conftest import NOW, Database
from tests.factories import two_clouds
from tests.patience import PATIENCE_SECONDS, somebody_waits

ROOT = Path(__file__).parent.parent.parent
SECRET = "the installation's secret of these tests"
OLD, NEW, LOST = "old key", "new key", "a key that nobody knows"
AFTER = Vault([NEW, OLD, SECRET])


def integrations(*keys: str) -> Integrations:
    def connect(_: object) -> Any:
        raise AssertionError("nobody is called")

    return Integrations(Vault(keys), cast("Any", connect), AddressRules(allow_private=True))


async def connect(cloud: str, key: str, password: str) -> int:
    """A connection whose credentials are stored under a key; its number."""
    new = NewConnection(api="v3", url="https://watcher.example.net", login="us", password=password)
    return (
        await connections.create(
            SYSTEM, await tenancy.get(SYSTEM, cloud), new, integrations=integrations(key)
        )
    ).id


async def story() -> tuple[int, int, int]:
    """North has two connections, one of them ended, South has one: all under the old key."""
    await two_clouds()
    north, south, ended = [
        await connect(cloud, OLD, f"password {number}")
        for number, cloud in enumerate(("north", "south", "north"))
    ]
    await connections.end(SYSTEM, await tenancy.get(SYSTEM, "north"), ended, now=NOW)
    return north, south, ended


async def stored() -> dict[int, bytes]:
    async with snapshot(SYSTEM) as tx:
        return {row["id"]: row["secret"] for row in await tx.fetch("select * from connection")}


async def audited() -> list[tuple[int, str]]:
    async with snapshot(SYSTEM) as tx:
        rows = await tx.fetch(
            "select cloud, object, actor, before, after from audit"
            " where action = 'connection.rekey' order by id"
        )
    assert {row["actor"] for row in rows} <= {"Camledger"}
    assert all(row["before"] is None and row["after"] is None for row in rows)
    return [(row["cloud"], row["object"]) for row in rows]


def counts(keys: Keys) -> tuple[int, int, int]:
    return len(keys.current), len(keys.older), len(keys.none)


async def passwords(*keys: str) -> list[str]:
    return [Vault(keys).open(secret)["password"] for _, secret in sorted((await stored()).items())]


async def test_an_old_key_can_be_dropped(worker: Database) -> None:
    north, south, ended = await story()
    assert counts(await keys_in_use(vault=AFTER)) == (0, 3, 0)
    assert counts(await rekey(vault=AFTER)) == (0, 3, 0)
    assert await passwords(NEW) == ["password 0", "password 1", "password 2"]
    assert counts(await keys_in_use(vault=Vault([NEW]))) == (3, 0, 0)
    assert await audited() == [
        (NORTH, f"connection {north}"),
        (SOUTH, f"connection {south}"),
        (NORTH, f"connection {ended}"),
    ]

    before = await stored()
    assert counts(await rekey(vault=AFTER)) == (3, 0, 0)
    assert await stored() == before
    assert len(await audited()) == 3


async def test_credentials_stored_before_there_were_keys_are_under_the_secret(
    worker: Database,
) -> None:
    await two_clouds()
    await connect("north", SECRET, "password")
    assert counts(await rekey(vault=Vault([SECRET]))) == (1, 0, 0)
    assert counts(await rekey(vault=AFTER)) == (0, 1, 0)
    assert await passwords(NEW) == ["password"]


async def test_what_no_key_opens_is_named_and_left_and_all_others_are_done(
    worker: Database,
) -> None:
    await two_clouds()
    first = await connect("north", LOST, "password 0")
    await connect("south", OLD, "password 1")
    gone = await connect("south", LOST, "password 2")
    await connections.end(SYSTEM, await tenancy.get(SYSTEM, "south"), gone, now=NOW)
    await connect("north", OLD, "password 3")
    before = await stored()

    keys = await rekey(vault=AFTER)
    assert counts(keys) == (0, 2, 2)
    assert [(one.cloud, one.connection, one.has_ended) for one in keys.none] == [
        ("north", first, False),
        ("south", gone, True),
    ]
    assert {number for number, secret in (await stored()).items() if secret == before[number]} == {
        first,
        gone,
    }
    with pytest.raises(Conflict):
        Vault([NEW, OLD]).relock(before[first])
    # The key is found again.
    assert counts(await rekey(vault=Vault([NEW, LOST]))) == (2, 2, 0)
    assert await passwords(NEW) == [f"password {number}" for number in range(4)]


async def test_two_at_once_do_each_connection_once(worker: Database) -> None:
    await story()
    both = await asyncio.gather(*(rekey(vault=AFTER) for _ in range(2)))
    assert sum(len(keys.older) for keys in both) == 3
    assert len(await audited()) == 3
    assert await passwords(NEW) == ["password 0", "password 1", "password 2"]


async def test_a_change_made_meanwhile_is_not_undone(worker: Database) -> None:
    """The web process of another machine, restarted later, still stores under the old key."""
    north, _, _ = await story()
    owner = await asyncpg.connect(worker.owner_url)
    try:
        change = owner.transaction()
        await change.start()
        changed = Vault([OLD]).lock({"login": "us", "password": "changed"})
        await owner.execute("update connection set secret = $2 where id = $1", north, changed)
        running = asyncio.create_task(rekey(vault=AFTER))
        await somebody_waits(worker.owner_url)
        assert not running.done()
        await change.commit()
        assert counts(await running) == (0, 3, 0)
    finally:
        await owner.close()
    assert await passwords(NEW) == ["changed", "password 1", "password 2"]

    # It changes one more, behind the command's back: said, and mended by running it again.
    again = ConnectionChange(password="changed again")
    async with worker.as_web():
        await connections.change(
            NORA,
            await tenancy.get(NORA, "north"),
            north,
            again,
            integrations=integrations(OLD, NEW),
            queue=NullQueue(),
        )
    assert counts(await keys_in_use(vault=AFTER)) == (2, 1, 0)
    assert counts(await rekey(vault=AFTER)) == (2, 1, 0)
    assert (await passwords(NEW))[0] == "changed again"


async def test_readings_begin_beside_it(worker: Database) -> None:
    """A row that is held for its key does not keep those out that only refer to it."""
    north, _, _ = await story()
    owner = await asyncpg.connect(worker.owner_url)
    other = await asyncpg.connect(worker.owner_url, command_timeout=PATIENCE_SECONDS)
    try:
        async with owner.transaction():
            # Keeps the command at the end of its first transaction: the audit log waits.
            await owner.execute("lock table audit in exclusive mode")
            running = asyncio.create_task(rekey(vault=AFTER))
            await somebody_waits(worker.owner_url)
            await other.execute(
                "insert into reading (cloud, connection, started_at) values ($1, $2, $3)",
                NORTH,
                north,
                NOW,
            )
        assert counts(await running) == (0, 3, 0)
    finally:
        await owner.close()
        await other.close()


def settings_of(database: Database, keys: str) -> dict[str, str]:
    return {
        "CAMLEDGER_DATABASE_URL": database.owner_url,
        "CAMLEDGER_WEB_DATABASE_URL": database.web_url,
        "CAMLEDGER_ADMIN_DATABASE_URL": database.admin_url,
        "CAMLEDGER_SECRET": SECRET,
        "CAMLEDGER_ENCRYPTION_KEYS": keys,
    }


def run(database: Database, data_dir: Path, name: str, keys: str) -> Done:
    return command(name, "--data-dir", str(data_dir), environment=settings_of(database, keys))


def said_of_credentials(database: Database, data_dir: Path, keys: str) -> str:
    said = run(database, data_dir, "doctor", keys).stdout
    (line,) = [line for line in said.splitlines() if "Credentials" in line]
    return line


async def test_step_by_step_as_operations_tell_it(worker: Database, tmp_path: Path) -> None:
    north, _, ended = await story()
    assert said_of_credentials(worker, tmp_path, f"{NEW},{OLD}") == (
        "-- Credentials: 3 of 3 need an older key. Run: camledger rekey"
    )
    done = run(worker, tmp_path, "rekey", f"{NEW},{OLD}")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "3 re-encrypted, 0 already under the first key.\n"
    assert said_of_credentials(worker, tmp_path, NEW) == (
        "ok Credentials: 3 stored, the first key opens all of them"
    )
    again = run(worker, tmp_path, "rekey", NEW)
    assert again.stdout == "0 re-encrypted, 3 already under the first key.\n"

    # Dropped too early, or mistyped.
    wrong = run(worker, tmp_path, "rekey", OLD)
    assert wrong.returncode == 1
    assert wrong.stdout == "0 re-encrypted, 0 already under the first key.\n"
    lines = wrong.stderr.splitlines()
    assert lines[0] == f"No key opens those of north: connection {north}"
    assert lines[2] == f"No key opens those of north: connection {ended}, ended"
    assert lines[3].startswith("camledger: Put back the key that these credentials were stored")
    assert len(lines) == 4
    said = run(worker, tmp_path, "doctor", OLD)
    assert said.returncode == 1
    assert f"!! Credentials: no key opens those of north: connection {north}; " in said.stdout
    for output in (done.stdout, wrong.stderr, said.stdout):
        assert "password" not in output


async def test_credentials_of_what_has_ended_are_not_missed(
    worker: Database, tmp_path: Path
) -> None:
    await two_clouds()
    gone = await connect("south", LOST, "password")
    await connections.end(SYSTEM, await tenancy.get(SYSTEM, "south"), gone, now=NOW)
    assert said_of_credentials(worker, tmp_path, NEW).startswith(
        f"-- Credentials: no key opens those of south: connection {gone}, ended"
    )
    done = run(worker, tmp_path, "rekey", NEW)
    assert done.returncode == 0
    assert done.stderr == f"No key opens those of south: connection {gone}, ended\n"


async def test_killed_in_the_middle_the_next_run_does_the_rest(
    worker: Database, tmp_path: Path
) -> None:
    _, south, _ = await story()
    owner = await asyncpg.connect(worker.owner_url)
    try:
        async with owner.transaction():
            await owner.execute("select from connection where id = $1 for update", south)
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "portal.cli", "rekey", "--data-dir", str(tmp_path)),
                env={
                    **{name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ},
                    "PYTHONPATH": str(ROOT),
                    **settings_of(worker, f"{NEW},{OLD}"),
                },
            )
            try:
                await somebody_waits(worker.owner_url)
            finally:
                process.kill()
                await process.wait()
    finally:
        await owner.close()
    assert counts(await keys_in_use(vault=AFTER)) == (1, 2, 0)
    done = run(worker, tmp_path, "rekey", f"{NEW},{OLD}")
    assert done.stdout == "2 re-encrypted, 1 already under the first key.\n"
    assert await passwords(NEW) == ["password 0", "password 1", "password 2"]
    assert len(await audited()) == 3


def test_wrong_usage_is_2() -> None:
    assert command("rekey", "--key", NEW).returncode == 2


async def test_credentials_under_a_lost_key_can_be_entered_again(worker: Database) -> None:
    """Nothing else about the connection can be changed without them."""
    await two_clouds()
    north = await connect("north", LOST, "unknown")

    async def change(wanted: ConnectionChange) -> None:
        await connections.change(
            SYSTEM,
            await tenancy.get(SYSTEM, "north"),
            north,
            wanted,
            integrations=integrations(NEW),
            queue=NullQueue(),
        )

    with pytest.raises(Conflict, match="enter them again"):
        await change(ConnectionChange(read_every_minutes=15))
    with pytest.raises(Invalid, match="login"):
        await change(ConnectionChange(password="half of it"))
    await change(ConnectionChange(login="us", password="entered again"))
    assert Vault([NEW]).open((await stored())[north]) == {
        "login": "us",
        "password": "entered again",
    }
