"""A long bank file is taken in group by group: killed it goes on, and nobody waits for all of it."""

from __future__ import annotations

import asyncio
import contextlib

import asyncpg

from portal.access import SYSTEM
from portal.billing.bank.line import BankLine
from portal.books.actions.bank import uploads as actions
from portal.books.actions.bank.taking_in import GROUP, BankFile, take_in
from portal.books.actions.bank.uploads import IMPORT, LOOK, SentFile
from portal.books.queries.bank import uploads
from portal.db import atomic, bound_by_policies
from portal.gateways.bank.reader import read_bank_file
from portal.gateways.queue import NullQueue
from portal.gateways.vault import Vault
from portal.kit.queries import tasks as reads
from portal.kit.queries import tenancy
from portal.overview.actions import tasks as work
from tests.bank_files import bank_reader, camt, entry, transaction
from tests.books.issued import issue
from tests.cast import ADA, CARL, NORTH
from tests.conftest import NOW, Database
from tests.factories import two_clouds

LINES = 260
SHA = "0" * 64
READER = bank_reader(Vault(["a key of tests"]))
LOCK = "select pg_try_advisory_xact_lock(hashtextextended('sums of documents of ' || 1::bigint, 0))"
STANDS = """
select (select count(*) from payment where issuer = $1),
       (select sum(amount) from payment where issuer = $1),
       (select count(*) from bank_import where issuer = $1),
       (select sum(added) from bank_import where issuer = $1)
"""


class Killed(Exception):
    """A worker is gone."""


def content(count: int = LINES) -> bytes:
    return camt(
        *(
            entry(f"{n}.00", transaction("", f"camera {n}"), reference=f"R{n}")
            for n in range(1, count + 1)
        )
    )


def lines_of(file: bytes) -> list[BankLine]:
    return read_bank_file(file, "camt", currency="EUR", mappings=())


async def stands(issuer: int = 1) -> tuple[object, ...]:
    async with atomic(SYSTEM) as tx:
        (row,) = await tx.fetch(STANDS, issuer)
    return tuple(row)


async def test_a_file_that_is_stopped_goes_on_where_it_was_and_others_are_not_kept_waiting(
    worker: Database,
) -> None:
    await two_clouds()
    north = await tenancy.get(CARL, "north")
    file = BankFile("camt", SHA, lines_of(content()))
    other = await asyncpg.connect(worker.owner_url)
    told: list[int] = []

    async def tell(done: int) -> None:
        async with other.transaction():
            assert await other.fetchval(LOCK), "between groups everybody else may go on"
        told.append(done)
        if len(told) == 3:
            raise Killed

    try:
        with bound_by_policies():
            with contextlib.suppress(Killed):
                await take_in(CARL, north, file, now=NOW, marks=READER.marks, tell=tell)
            assert told == [GROUP, 2 * GROUP, 3 * GROUP]
            assert (await stands())[0] == 3 * GROUP
            row = (await uploads.list_imports(CARL, north)).rows[0]
            assert (row.state, row.added, row.lines) == ("unfinished", 3 * GROUP, LINES)
            found = await take_in(CARL, north, file, now=NOW, marks=READER.marks)
            whole = (LINES, sum(range(1, LINES + 1)) * 100, 1, LINES)
            assert await stands() == whole
            assert found.counts == {"known": 3 * GROUP, "open": LINES - 3 * GROUP}
            assert (await uploads.list_imports(CARL, north)).rows[0].state == "complete"
            # Twice at once, it is there once.
            await asyncio.gather(
                *(take_in(CARL, north, file, now=NOW, marks=READER.marks) for _ in range(2))
            )
            assert (await stands())[:2] == whole[:2]
    finally:
        await other.close()


async def test_the_transactions_of_an_entry_are_never_in_two_groups(worker: Database) -> None:
    """Half a batch in the books would be other money than the batch as one line."""
    await two_clouds()
    north = await tenancy.get(CARL, "north")
    batch = [transaction("1.00", f"part {n}", reference=f"T{n}") for n in range(2 * GROUP + 20)]
    single = entry("7.00", transaction("", "one"), reference="S")
    file = camt(single, entry(f"{len(batch)}.00", *batch, reference="B"), single)
    told: list[int] = []

    async def tell(done: int) -> None:
        told.append(done)

    taken = BankFile("camt", SHA, lines_of(file))
    with bound_by_policies():
        await take_in(CARL, north, taken, now=NOW, marks=READER.marks, tell=tell)
        assert told[0] >= len(batch) + 1
        one = lines_of(camt(entry(f"{len(batch)}.00", transaction("", "batch"), reference="B")))
        again = await take_in(
            CARL, north, BankFile("camt", "1" * 64, one), now=NOW, marks=READER.marks
        )
        assert again.counts == {"known": 1}


async def test_a_long_rehearsal_knows_what_earlier_lines_pay_and_keeps_nobody_waiting(
    worker: Database,
) -> None:
    """Sue's invoice is paid by the first line: the last, 350 lines later, is credit."""
    await two_clouds()
    north = await tenancy.get(CARL, "north")
    other = await asyncpg.connect(worker.owner_url)
    many = [entry("1.00", transaction("", f"x {n}"), reference=f"M{n}") for n in range(349)]
    number = await issue(other, NORTH, 1, 1_000)
    left = await other.fetchval("select total from invoice where number = $1", number)
    amount = f"{left // 100}.{left % 100:02d}"
    paid = [entry(amount, transaction("", number), reference=f"P{n}") for n in range(2)]
    lines = lines_of(camt(paid[0], *many, paid[1]))
    with bound_by_policies():
        file = BankFile("camt", SHA, lines)
        found = await take_in(CARL, north, file, now=NOW, marks=READER.marks, dry_run=True)
        first, last = found.lines[0], found.lines[-1]
        assert (first.state, first.credit, len(first.allocations)) == ("matched", 0, 1)
        assert (last.state, last.credit, len(last.allocations)) == ("matched", left, 0)
        assert (await stands())[:1] == (0,)
        done = await take_in(CARL, north, file, now=NOW, marks=READER.marks)
        assert [one.unstored() for one in done.lines] == list(found.lines)
    await other.close()


async def test_workers_look_at_a_long_file_and_take_it_in_for_whoever_sent_it(
    worker: Database,
) -> None:
    await two_clouds()
    for actor, slug, issuer in ((CARL, "north", 1), (ADA, None, 0)):
        cloud = await tenancy.get_if_named(actor, slug)
        sent = SentFile("november.xml", "camt", "", content())
        of = actor, cloud
        with bound_by_policies():
            kept = await actions.keep(*of, sent, now=NOW, reader=READER)
            assert await actions.keep(*of, sent, now=NOW, reader=READER) == kept
            upload = await uploads.get(*of, kept)
            look = await actions.ask(*of, upload, LOOK, LINES, now=NOW, queue=NullQueue())
        assert await work.do(look, reader=READER)
        assert (await stands(issuer))[0] == 0
        upload = await uploads.get(*of, kept)
        assert upload.looked
        counts = await uploads.count_preview(actor, upload)
        assert [(one.state, one.count) for one in counts] == [("open", LINES)]
        assert (await uploads.preview(actor, upload, offset=259))[0].text == "camera 260"
        with bound_by_policies():
            taking = await actions.ask(*of, upload, IMPORT, LINES, now=NOW, queue=NullQueue())
        assert await work.do(taking, reader=READER)
        task = await reads.get(actor, None if cloud is None else cloud.id, taking)
        assert (task.state, task.done) == ("done", LINES)
        assert (await stands(issuer))[0] == LINES
        assert (await uploads.get(*of, kept)).bank_import is not None
        assert not await work.do(taking, reader=READER)


async def test_a_file_is_kept_encrypted_and_forgotten_after_a_day(worker: Database) -> None:
    await two_clouds()
    north = await tenancy.get(CARL, "north")
    sent = SentFile("x", "camt", "", content(1))
    with bound_by_policies():
        kept = await actions.keep(CARL, north, sent, now=NOW, reader=READER)
        stored = await uploads.content(CARL, north, kept)
    assert b"camera" not in stored
    assert b"<Ntry" not in stored
    await actions.purge(NOW)
    assert (await uploads.get(CARL, north, kept)).id == kept
    await actions.purge(NOW.replace(year=NOW.year + 1))
    async with atomic(SYSTEM) as tx:
        assert await tx.fetchval("select count(*) from bank_upload") == 0
