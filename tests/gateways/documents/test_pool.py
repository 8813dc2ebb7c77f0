"""Documents come out of the pool whatever happens to its processes."""

import asyncio
import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from portal.demo.sample_document import sample_document
from portal.gateways.documents import render as documents
from portal.gateways.documents.pool import DocumentPool
from portal.values.rendering import DocumentFailed
from tests.gateways.documents.specimens import SUE, need_printing
from tests.patience import eventually, until

PARENT = """
import asyncio
from portal.demo.sample_document import sample_document
from portal.gateways.documents.pool import DocumentPool

async def main():
    pool = DocumentPool(1)
    await pool.render(sample_document(1))
    print(pool.pids[0], flush=True)
    await asyncio.Event().wait()

asyncio.run(main())
"""


@pytest.fixture(autouse=True, scope="module")
def _printing():
    need_printing()


@pytest.fixture(scope="module")
async def pool():
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CAMLEDGER_SECRET", "the password of the database")
        async with DocumentPool(2) as pool:
            yield pool
            last = pool.pids
    assert last
    assert pool.pids == []
    assert all(map(gone, last))


def gone(pid: int) -> bool:
    """Whether the process ends."""
    return bool(eventually(lambda: not psutil.pid_exists(pid), "the process has ended"))


async def first_at_work(pids: list[int]) -> None:
    """Wait until one of the processes has begun to compute."""
    before = {pid: psutil.Process(pid).cpu_times().user for pid in pids}
    await until(
        lambda: any(
            psutil.Process(pid).cpu_times().user > was + 0.05 for pid, was in before.items()
        ),
        "a child has begun",
    )


async def test_the_bytes_are_those_of_a_rendering_anywhere_else(pool):
    first, second = await asyncio.gather(pool.render(SUE), pool.render(sample_document(2)))
    assert len(pool.pids) == 2
    assert os.getpid() not in pool.pids
    assert first == documents.render(SUE)
    assert second == documents.render(sample_document(2))


async def test_children_are_polite_and_know_no_secrets(pool):
    await pool.render(SUE)
    for pid in pool.pids:
        child = psutil.Process(pid)
        assert child.nice() > psutil.Process().nice() or child.nice() == 19
        assert "CAMLEDGER_SECRET" not in child.environ()
    assert "CAMLEDGER_SECRET" in os.environ


async def test_what_cannot_be_printed_fails_and_the_child_goes_on(pool):
    with pytest.raises(DocumentFailed, match=r"NORTH-2026-000001 .*do not add up"):
        await pool.render(replace(SUE, total=1))
    with pytest.raises(DocumentFailed, match="currency"):
        await pool.render(replace(SUE, currency="XXX"))
    assert (await pool.render(SUE)).pages == 2


async def test_a_killed_child_costs_an_attempt_and_not_the_document(pool):
    await pool.render(SUE)
    before = pool.pids
    printing = asyncio.create_task(pool.render(sample_document(100)))
    await first_at_work(before)
    for pid in before:
        os.kill(pid, signal.SIGKILL)
    assert (await printing).pages > 3
    assert not set(before) & set(pool.pids)


async def test_a_child_that_always_dies_is_an_error():
    async with DocumentPool(1) as pool:
        printing = asyncio.create_task(pool.render(SUE))

        def dead() -> bool:
            for pid in pool.pids:
                os.kill(pid, signal.SIGKILL)
            return printing.done()

        await until(dead, "it is given up", every=0.05)
        with pytest.raises(DocumentFailed, match="ended before it was done"):
            await printing


async def test_a_child_that_hangs_is_ended_after_the_timeout(pool):
    await pool.render(SUE)
    for pid in pool.pids:
        os.kill(pid, signal.SIGSTOP)
    stuck = set(pool.pids)
    patience, pool._timeout = pool._timeout, 0.5
    with pytest.raises(DocumentFailed, match=r"within 0\.5 seconds"):
        await pool.render(SUE)
    pool._timeout = patience
    for pid in stuck & set(pool.pids):
        os.kill(pid, signal.SIGCONT)
    assert (await pool.render(SUE)).pages == 2


async def test_a_cancelled_document_does_not_become_the_next_ones_answer(pool):
    await pool.render(SUE)
    cancelled = asyncio.create_task(pool.render(sample_document(40)))
    await first_at_work(pool.pids)
    cancelled.cancel()
    with pytest.raises(asyncio.CancelledError):
        await cancelled
    assert (await pool.render(SUE)).sha256 == documents.render(SUE).sha256


async def test_children_start_when_needed_and_are_replaced_after_their_share():
    async with DocumentPool(1, documents_per_child=2) as pool:
        assert pool.pids == []
        await pool.render(SUE)
        (pid,) = pool.pids
        await pool.render(SUE)
        assert pool.pids == []
        assert gone(pid)
    with pytest.raises(DocumentFailed, match="closed"):
        await pool.render(SUE)


def test_children_leave_when_their_parent_is_killed():
    root = Path(__file__).parents[2]
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT], stdout=subprocess.PIPE, text=True, cwd=root
    )
    assert parent.stdout is not None
    try:
        child = int(parent.stdout.readline())
    finally:
        parent.kill()
        parent.communicate()
    assert gone(child)
