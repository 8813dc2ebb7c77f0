"""What somebody asked for is done by workers: killed or raced, it is done once, and for them alone."""

from __future__ import annotations

import asyncio
import os
import signal
from datetime import timedelta

import asyncpg
import pytest

from portal.access import SYSTEM, Actor
from portal.billing.period import Period
from portal.books.actions import trials
from portal.books.queries import preview
from portal.books.queries.preview import Reach, Scope
from portal.customers.forms import imports
from portal.db import atomic, bound_by_policies
from portal.errors import Conflict, NotFound
from portal.gateways.queue import NullQueue
from portal.gateways.vault import Vault
from portal.kit.actions import task_progress, tasks
from portal.kit.queries import tasks as reads
from portal.kit.queries import tenancy
from portal.kit.queries.clock import wall_clock
from portal.overview.actions import importing
from portal.overview.actions import tasks as work
from tests.bank_files import bank_reader
from tests.books.test_closing import close
from tests.books.test_preview import version
from tests.cast import ANN, CARL, NORA, SAM
from tests.conftest import NOW, Database
from tests.factories import two_clouds, worked_example
from tests.workers.processes import Start, until

CUSTOMERS = 120
READER = bank_reader(Vault(["a key of tests"]))
HEAD = ",".join(imports.HEADING)
MADE = "select count(*) from subscriber where name like 'Home %'"


def file(customers: int = CUSTOMERS, first: int = 1) -> str:
    lines = [
        f"Home {n},,,,,,,,cam-{n}-{k},,home-7,2026-11-01"
        for n in range(first, first + customers)
        for k in (1, 2)
    ]
    return "\n".join([HEAD, *lines])


async def ask(actor: Actor = NORA, content: str = "") -> int:
    text = content or file()
    cloud = await tenancy.get(actor, "north")
    read = imports.parse(text)
    return await importing.ask(actor, cloud, read, text, now=NOW, queue=NullQueue())


async def one(sql: str, *values: object) -> object:
    async with atomic(SYSTEM) as tx:
        return await tx.fetchval(sql, *values)


async def test_a_worker_killed_in_the_middle_leaves_an_import_to_another(
    worker: Database, start_worker: Start
) -> None:
    await two_clouds()
    task = await ask()
    holding = await asyncpg.connect(worker.owner_url)
    async with holding.transaction():
        # A name that the file has further down: the import comes to it, and no further.
        await holding.execute(
            "insert into camera (cloud, external_id) values (1, $1)", f"cam-{CUSTOMERS - 10}-1"
        )
        first = start_worker()
        await until("select done >= 50 from task")
        os.killpg(first.pid, signal.SIGKILL)
        first.wait()
        assert 50 <= int(str(await one(MADE))) < CUSTOMERS, "the kill came too late"
        await holding.execute("delete from camera where external_id like 'cam-%' and name = ''")
    await holding.close()
    start_worker()
    await until("select state = 'done' from task")
    assert await one(MADE) == CUSTOMERS
    assert await one("select count(distinct name) from subscriber where name like 'Home %'") == (
        CUSTOMERS
    )
    assert (
        await one(
            "select count(*) from subscription x join camera c on c.id = x.camera"
            " where c.external_id like 'cam-%'"
        )
        == 2 * CUSTOMERS
    )
    found = await reads.get(NORA, 1, task)
    told = found.result["customers"], found.result["cameras"], found.result["problems"]
    assert told == (CUSTOMERS, 2 * CUSTOMERS, [])


async def test_two_workers_at_once_and_the_same_file_again_make_nobody_twice(
    worker: Database,
) -> None:
    await two_clouds()
    content = file(30)
    task = await ask(content=content)
    assert await ask(content=content) == task, "a double click is one task"
    ended = await asyncio.gather(work.do(task, reader=READER), work.do(task, reader=READER))
    assert sorted(ended) == [False, True]
    again = await ask(content=file(32))
    assert again != task
    await work.do(again, reader=READER)
    found = await reads.get(NORA, 1, again)
    assert (found.result["customers"], len(found.result["before"])) == (2, 30)
    assert await one(MADE) == 32
    entry = "select count(*) from audit where action = 'subscriber.create' and user_id = $1"
    assert await one(entry, NORA.user) == 32, "the log names who asked"


async def test_a_worker_sees_what_the_person_sees(worker: Database) -> None:
    """Ann looks after Sue alone: who has a camera that is not hers, she is not told."""
    await two_clouds()
    content = f"{HEAD}\nHome 1,,,,,,,,bob-1,,home-7,2026-11-01\nHome 2,,,,,,,,,,,"
    async with atomic(SYSTEM) as tx:
        await tx.execute(
            "insert into camera (cloud, external_id, subscriber)"
            " select 1, 'bob-1', id from subscriber where cloud = 1"
            " and account_manager is distinct from $1 limit 1",
            ANN.user,
        )
    task = await ask(ANN, content)
    await work.do(task, reader=READER)
    found = await reads.get(ANN, 1, task)
    ((line, problem),) = found.result["problems"]
    assert line == 2
    assert "taken" in problem
    assert "customer" not in problem
    assert await one("select account_manager from subscriber where name = 'Home 2'") == ANN.user


@pytest.mark.parametrize("who", [SAM, CARL, ANN], ids=["another cloud", "an accountant", "Ann"])
async def test_a_task_is_read_by_whoever_asked(worker: Database, who: Actor) -> None:
    await two_clouds()
    task = await ask()
    with bound_by_policies():
        assert (await reads.get(NORA, 1, task)).state == "waiting"
        with pytest.raises(NotFound):
            await reads.get(who, 1, task)


async def test_whoever_may_not_enter_any_more_has_nothing_done(worker: Database) -> None:
    await two_clouds()
    task = await ask()
    async with atomic(SYSTEM) as tx:
        await tx.execute("update portal_user set active = false where id = $1", NORA.user)
    await work.do(task, reader=READER)
    async with atomic(SYSTEM) as tx:
        row = await tx.fetchrow("select state, message from task where id = $1", task)
    assert row is not None
    assert row["state"] == "failed"
    assert "may not sign in" in row["message"]
    assert await one(MADE) == 0


async def test_so_much_is_asked_for_at_once_and_kept_for_a_day(worker: Database) -> None:
    await two_clouds()
    for place in range(tasks.OPEN_MAX):
        await ask(content=file(1, first=place + 1))
    with pytest.raises(Conflict, match="Wait until"):
        await ask(content=file(1, first=99))
    await task_progress.purge(wall_clock())
    assert await one("select count(*) from task") == tasks.OPEN_MAX
    await task_progress.purge(wall_clock() + timedelta(days=1, minutes=1))
    assert await one("select count(*) from task") == 0


async def test_a_tariff_tried_by_a_worker_is_the_one_tried_at_once(worker: Database) -> None:
    await worked_example()
    await close("north", "2026-10")
    cloud, month = await tenancy.get(NORA, "north"), Period.month("2026-10")
    scope, tried = Scope(Reach.OTHER, "home-7"), version("19.90")
    wanted = trials.wanted_of(tried, month, scope)
    form = {"path": "/cloud/tariffs/new", "boxes": {}, "chosen": {}}
    task = await trials.ask(NORA, cloud, wanted, form=form, cameras=2, now=NOW, queue=NullQueue())
    assert await work.do(task, reader=READER)
    found = await trials.find(NORA, cloud, wanted)
    assert found is not None
    assert (found.state, found.done) == ("done", found.total)
    assert trials.result_of(found, cloud) == await preview.try_version(
        NORA, cloud, month, tried, scope
    )
