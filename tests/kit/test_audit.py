"""The audit log: who, from where, in which session; sealed, and checked against what was kept."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from dataclasses import replace

import asyncpg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal import audit_key
from portal.access import SYSTEM
from portal.accounts.actions import refusals
from portal.accounts.actions.refusals import ENTRIES_A_KIND, ENTRIES_A_SOURCE, Ration
from portal.accounts.queries.audit import Checked, Head, check, heads
from portal.cli.audit import read_heads
from portal.crypto.keys import key_for
from portal.db import atomic, snapshot
from portal.errors import Invalid
from portal.kit.actions import audit
from tests.cast import NORA, NORTH, SAM, SOUTH
from tests.conftest import NOW, SECRET, Database
from tests.factories import two_clouds

KEY = key_for(SECRET, "audit")


@pytest.fixture(autouse=True)
def _fresh_ration() -> Iterator[None]:
    refusals.ration.counts.clear()
    yield
    refusals.ration.counts.clear()


async def _write(deeds: int = 3) -> None:
    for who, cloud in ((NORA, NORTH), (SAM, SOUTH)):
        for number in range(deeds):
            async with atomic(who) as tx:
                await audit.record(
                    tx, who, "camera.change", f"camera {number}", cloud=cloud, after={"n": number}
                )
    async with atomic(SYSTEM) as tx:
        await audit.record(tx, SYSTEM, "meter.create", "meter a", cloud=None)


async def _tamper(database: Database, *statements: str) -> None:
    """What somebody with the owner's password might do to the table."""
    async with database.as_owner() as owner:
        await owner.execute("alter table audit disable trigger user")
        for statement in statements:
            await owner.execute(statement)


async def _checked(kept: tuple[Head, ...] = ()) -> Checked:
    return await check(SYSTEM, KEY, kept)


async def test_an_untouched_log_is_as_it_was_written(worker: Database) -> None:
    await two_clouds()
    await _write()
    kept = await heads(SYSTEM)
    assert [(one.cloud, one.number) for one in kept] == [(None, 1), ("north", 3), ("south", 3)]
    await _write()
    assert await _checked(kept) == Checked(14, ())


MOVED = """
update audit set action = 'camera', object = '.change camera 1' where cloud = 1 and seq = 2
"""
SWAPPED = """
update audit set seq = 100 + seq where cloud = 1 and seq < 3;
update audit set seq = 103 - seq where cloud = 1 and seq > 100
"""
UNKEYED = """
update audit set hash = sha256(convert_to(audit_text(audit), 'UTF8')) where cloud = 1 and seq = 3
"""
TAMPERED = [
    ("update audit set after = '{\"n\": 9}' where cloud = 1 and seq = 2", "entry 2 was changed"),
    ("update audit set user_id = 7 where cloud = 1 and seq = 2", "entry 2 was changed"),
    ("update audit set address = '::1' where cloud = 1 and seq = 1", "entry 1 was changed"),
    ("update audit set at = at + interval '1 us' where cloud = 1 and seq = 3", "entry 3 was"),
    (MOVED, "entry 2 was changed"),
    ("delete from audit where cloud = 1 and seq = 2", "entries 2 to 2 are gone"),
    ("delete from audit where cloud = 1 and seq = 1", "entries 1 to 1 are gone"),
    (SWAPPED, "entry 1 was changed"),
    ("update audit set cloud = null, seq = 2 where cloud = 1 and seq = 3", "platform: entry 2"),
    (UNKEYED, "entry 3 was changed"),
]


@pytest.mark.parametrize(("statement", "problem"), TAMPERED)
async def test_what_was_done_to_an_entry_is_found(
    worker: Database, statement: str, problem: str
) -> None:
    await two_clouds()
    await _write()
    await _tamper(worker, statement)
    found = await _checked()
    assert any(problem in one for one in found.problems), found.problems
    assert not any("south" in one for one in found.problems)


async def test_a_tail_that_was_cut_is_found_by_the_head_that_was_kept(worker: Database) -> None:
    await two_clouds()
    await _write()
    kept = await heads(SYSTEM)
    await _tamper(worker, "delete from audit where cloud = 1 and seq > 1")
    assert (await _checked()).problems == (), "the rest of the chain is whole"
    assert (await _checked(kept)).problems == (
        "cloud north: entries 2 to 3 are gone: the end was cut off.",
    )
    await _write(2)
    assert (
        "cloud north: entry 3 is not the one whose seal was kept."
        in (await _checked(kept)).problems
    )
    await _tamper(worker, "delete from audit where cloud = 2")
    assert "cloud south: entries 1 to 3 are gone." in (await _checked(kept)).problems


async def test_another_secret_seals_nothing_here(worker: Database) -> None:
    await two_clouds()
    await _write()
    assert (
        "not sealed with this installation's secret"
        in (await check(SYSTEM, key_for("x" * 64, "audit"))).problems[0]
    )
    assert await audit_key.provide(worker.owner_url, key_for("n" * 64, "audit"))
    assert not await audit_key.provide(worker.owner_url, key_for("n" * 64, "audit"))
    await _write()
    found = await check(SYSTEM, key_for("n" * 64, "audit"))
    assert found.problems == ()
    assert found.notes


async def test_the_web_login_appends_and_does_nothing_else(worker: Database) -> None:
    await two_clouds()
    await _write(1)
    web = await asyncpg.connect(worker.web_url)
    try:
        for statement in (
            "insert into audit select * from audit",
            "update audit set actor = 'x'",
            "delete from audit",
            "truncate audit",
            "select * from audit_key",
            "select record_audit(1, 'a', 'b', null, null)",
        ):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await web.execute(statement)
        for role, cloud, of in (
            ("system", "", 1), ("cloud-administrator", "1", 2), ("cloud-administrator", "1", None)
        ):  # fmt: skip
            async with web.transaction():
                await web.execute(
                    "select set_config('app.role', $1, true), set_config('app.cloud', $2, true)",
                    role,
                    cloud,
                )
                save = web.transaction()
                await save.start()
                with pytest.raises(asyncpg.InsufficientPrivilegeError):
                    await web.execute("select record_audit($1, 'a', 'b', null, null)", of)
                await save.rollback()
    finally:
        await web.close()


async def test_an_entry_names_who_did_it_by_id(worker: Database) -> None:
    await two_clouds()
    nora = replace(NORA, session=17, address="203.0.113.7")
    async with atomic(nora) as tx:
        await audit.record(tx, nora, "camera.change", "camera gate", cloud=NORTH)
    async with snapshot(SYSTEM) as tx:
        row = await tx.fetchrow("select actor, role, user_id, session, address from audit")
    assert tuple(row or ()) == (
        "nora@north.test", "cloud-administrator", NORA.user, 17, "203.0.113.7",
    )  # fmt: skip


async def test_entries_at_once_make_one_chain_and_no_deadlock(worker: Database) -> None:
    await two_clouds()

    async def both(first: int, second: int) -> None:
        async with atomic(SYSTEM) as tx:
            for cloud in (first, second):
                await audit.record(tx, SYSTEM, "test.do", "thing", cloud=cloud)

    await asyncio.gather(*(both(*pair) for pair in [(NORTH, SOUTH), (SOUTH, NORTH)] * 10))
    assert await _checked() == Checked(40, ())


async def test_nothing_is_recorded_of_what_did_not_happen(worker: Database) -> None:
    await two_clouds()

    async def fail() -> None:
        async with atomic(NORA) as inner:
            await audit.record(inner, NORA, "camera.change", "camera a", cloud=NORTH)
            raise ZeroDivisionError

    async with atomic(NORA) as tx:
        with pytest.raises(ZeroDivisionError):
            await fail()
        await audit.record(tx, NORA, "camera.change", "camera b", cloud=NORTH)
    async with snapshot(SYSTEM) as tx:
        assert [row[0] for row in await tx.fetch("select object from audit")] == ["camera b"]


async def test_a_flood_of_refusals_is_told_in_a_bounded_number_of_entries(worker: Database) -> None:
    await two_clouds()
    for _ in range(ENTRIES_A_SOURCE * 3):
        await refusals.note(NORA, "refused", "GET /system", cloud=NORTH, now=NOW, permission="x")
    later = NOW + refusals.WINDOW
    await refusals.note(NORA, "refused", "GET /system", cloud=NORTH, now=later, permission="x")
    async with snapshot(SYSTEM) as tx:
        rows = [row[0] for row in await tx.fetch("select after from audit order by id")]
    assert len(rows) == ENTRIES_A_SOURCE + 1
    assert rows[-1] == {"permission": "x", "left_out": ENTRIES_A_SOURCE * 2}


def test_many_networks_together_have_a_ration_too() -> None:
    ration = Ration()
    taken = [ration.take("sign-in.failed", f"10.0.{n}.0/24", NOW) for n in range(1000)]
    assert sum(one is not None for one in taken) == ENTRIES_A_KIND
    assert ration.take("refused", "10.0.0.0/24", NOW) == 0, "each kind has its own"


@given(st.binary(min_size=1, max_size=64), st.binary(max_size=200))
def test_the_pads_are_those_of_hmac(key: bytes, text: bytes) -> None:
    import hashlib
    import hmac

    inner, outer = audit_key.pads_of(key)
    made = hashlib.sha256(outer + hashlib.sha256(inner + text).digest()).digest()
    assert made == hmac.digest(key, text, "sha256")


def test_a_head_is_read_as_the_command_and_the_api_print_it() -> None:
    one = {"cloud": "north", "number": 3, "hash": "5f0c"}
    assert read_heads(json.dumps([one, {**one, "cloud": None}]).encode()) == [
        Head("north", 3, "5f0c"),
        Head(None, 3, "5f0c"),
    ]
    assert read_heads(json.dumps(one).encode()) == [Head("north", 3, "5f0c")]
    for text in ("", "[1]", "{}", '[{"cloud": null, "number": "x", "hash": "y"}]', "null"):
        with pytest.raises(Invalid, match="audit head"):
            read_heads(text.encode())
