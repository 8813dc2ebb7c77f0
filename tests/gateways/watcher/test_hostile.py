"""Whatever a Watcher answers, a process that reads and tests it stays below 200 MB, and says why."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.gateways.watcher.hostile import EVERYWHERE, GOOD, LISTS, hostile

ROOT = Path(__file__).resolve().parent.parent.parent.parent
MEMORY_MB = 200
SAYS = {
    "gzip-gzip": 'the encoding "gzip", which was not asked for',
    "gzip-twice": 'the encoding "gzip", which was not asked for',
    "x-gzip": 'the encoding "x-gzip", which was not asked for',
    "after-identity": 'the encoding "gzip", which was not asked for',
    "br": 'the encoding "br", which was not asked for',
    "zstd": 'the encoding "zstd", which was not asked for',
    "deflate": 'the encoding "deflate", which was not asked for',
    "objects-10-mb": "more than 4000000 bytes",
    "objects": "a page of more than 5000 organizations",
    "deep": "more than 150000 values",
    "chunks": "more than 4000000 bytes",
    "length-absurd": "more than 4000000 bytes",
    "redirect": "redirect, which is not followed",
    "cameras-without-end": "more than 150000 cameras",
    "long-names-without-end": "names of more than 12000000 bytes",
    "organizations-without-end": "more than 50000 organizations",
    "long-titles-without-end": "names of more than 12000000 bytes",
    "footage-without-end": "more than 20000 ranges",
    "footage-in-one-answer": "more than 500000 bytes",
    "very-long-cursor": "more than 2000 characters",
    "much-footage": "read: 228000 ranges",
    "footage-since-2000": "read: 12 ranges",
}


@pytest.mark.slow
@pytest.mark.parametrize(
    "attacks",
    [[*EVERYWHERE, "v3:objects", "v3:br"], list(LISTS)],
    ids=["answers", "lists"],
)
def test_no_answer_costs_a_process_200_mb(attacks: list[str]) -> None:
    """One process takes them all, one after the other, with a web process's code in memory."""
    with hostile() as address:
        done = subprocess.run(
            [sys.executable, "-m", "tests.gateways.watcher.victim", address, *attacks],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.returncode == 0, done.stderr
    told = [json.loads(line) for line in done.stdout.splitlines()]
    assert [attack for attack, _, _ in told] == attacks
    for attack, said, peak in told:
        name = attack.rpartition(":")[2]
        assert said.startswith("read: ") == (name in GOOD), (attack, said)
        assert SAYS.get(name, "") in said, (attack, said)
        assert peak < MEMORY_MB, (attack, peak)
