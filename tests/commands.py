"""Commands, carried out in the test's own process: what they say and how they end, without a start.

A start of Python with the portal costs a second of a processor. That commands are processes, which
end with a code and may be killed, is tried in `tests/cli`; what each of them does is tried here.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from io import BytesIO, TextIOWrapper
from threading import Thread

from portal import db
from portal.cli import main
from portal.settings import settings
from tests.patience import PATIENCE_SECONDS


@dataclass(frozen=True, slots=True)
class Done:
    """How a command ended, and what it said."""

    returncode: int
    stdout: str
    stderr: str


def command(*words: str, stdin: str = "", environment: Mapping[str, str] | None = None) -> Done:
    """Carry out `camledger …`; of our own settings it knows only those of `environment`.

    It has a thread of its own, so that a test with a running loop may ask, too. What needs the main
    thread for its signals (`up`) is started as a process instead.
    """
    out, err = _stream(), _stream()
    ends: list[object] = []

    def run() -> None:
        try:
            main(words)
        except SystemExit as end:
            ends.append(end.code)

    with _as_a_process(environment or {}, stdin), redirect_stdout(out), redirect_stderr(err):
        thread = Thread(target=run, name=" ".join(words[:2]))
        thread.start()
        thread.join(PATIENCE_SECONDS)
    assert ends, f"{words} has not ended, or not as a command does"
    code = ends[0] or 0
    assert isinstance(code, int)
    return Done(code, _text(out), _text(err))


@contextmanager
def _as_a_process(environment: Mapping[str, str], stdin: str) -> Iterator[None]:
    """Settings, connections and input as a new process has them; afterwards all is as before."""
    before, pool = dict(os.environ), (db.ENGINE.pool, db.ENGINE.config, db.ENGINE.acquire_timeout)
    for name in [one for one in os.environ if one.startswith("CAMLEDGER_")]:
        del os.environ[name]
    os.environ.update({"NO_COLOR": "1", **environment})
    db.ENGINE.pool, sys_stdin = None, sys.stdin
    sys.stdin = _stream(stdin)
    settings.cache_clear()
    try:
        yield
    finally:
        sys.stdin = sys_stdin
        db.ENGINE.pool, db.ENGINE.config, db.ENGINE.acquire_timeout = pool
        os.environ.clear()
        os.environ.update(before)
        settings.cache_clear()


def _stream(text: str = "") -> TextIOWrapper:
    return TextIOWrapper(BytesIO(text.encode()), encoding="utf-8", write_through=True)


def _text(stream: TextIOWrapper) -> str:
    stream.seek(0)
    return stream.read()
