"""What `camledger up --demo` prints."""

from __future__ import annotations

import socket
from urllib.parse import urlsplit

import pytest

from portal.access import SYSTEM
from portal.cli.demo import VARIABLE, fill, made_password
from portal.db import snapshot
from portal.demo.people import USERS
from portal.settings import load
from tests.conftest import Database

PASSWORD = "given in the environment"


def test_a_made_password_is_the_installations_own_and_stays() -> None:
    one, other = made_password(b"a" * 32), made_password(b"b" * 32)
    assert one == made_password(b"a" * 32) != other
    assert len(one) == 16


async def test_the_password_given_is_printed_while_it_opens_the_door(
    database: Database, data_dir, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, PASSWORD)
    found = load(
        {"CAMLEDGER_DATA_DIR": str(data_dir), "CAMLEDGER_DATABASE_URL": database.owner_url}
    )
    first = (await fill(found)).lines
    assert first[0] == "The demo is ready:"
    assert [line.split()[0] for line in first[1:-2]] == [user.email for user in USERS]
    assert "south@demo.test" in first[-2], "what to begin with"
    assert first[-1].endswith(PASSWORD)
    assert (await fill(found)).lines[-1].endswith(PASSWORD)
    monkeypatch.delenv(VARIABLE)
    later = (await fill(found)).lines
    assert "nothing was added" in later[0]
    assert len(later) == len(first) - 1, "the month may be closed by now"
    assert "given at the first start" in later[-1]


async def test_where_the_watchers_port_is_taken_both_connections_lead_elsewhere(
    database: Database, data_dir
) -> None:
    found = load(
        {"CAMLEDGER_DATA_DIR": str(data_dir), "CAMLEDGER_DATABASE_URL": database.owner_url}
    )
    first = await fill(found)
    assert (await fill(found)).watcher == first.watcher, "nobody has taken it"
    assert first.watcher is not None
    with socket.socket() as other:
        other.bind(("127.0.0.1", urlsplit(first.watcher).port or 0))
        moved = await fill(found)
    assert moved.watcher not in {None, first.watcher}
    async with database.as_worker(), snapshot(SYSTEM) as tx:
        urls = await tx.fetch("select distinct url from connection")
        audited = await tx.fetchval("select count(*) from audit where action = 'connection.change'")
    assert [row["url"] for row in urls] == [moved.watcher]
    assert audited == 2
