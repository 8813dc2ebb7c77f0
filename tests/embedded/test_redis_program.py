"""Which Redis is started: the machine's own while somebody mends it, else the package's."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import psutil
import pytest
from redis import Redis as Client

from portal.embedded import ServiceError
from portal.embedded.process import SERVICE_USER
from portal.embedded.redis import Redis
from portal.embedded.redis_program import PACKAGE_BUILDS, Program, find_program, numbers, programs
from tests.commands import command

OLD_VALKEY = "Valkey server v=6.2.5 sha=00000000:0 malloc=libc bits=64 build=1"
OLD_REDIS = "Redis server v=6.0.16 sha=00000000:0 malloc=jemalloc-5.2.1 bits=64 build=1"
NEW_REDIS = "Redis server v=7.0.15 sha=00000000:0 malloc=jemalloc-5.3.0 bits=64 build=1"
Machine = Callable[..., None]


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    """Servers that this machine has before all others, by what they do when they are called."""
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")

    def has(**scripts: str) -> None:
        for name, script in scripts.items():
            program = tmp_path / f"{name}-server"
            program.write_text(f"#!/bin/sh\n{script}\n")
            program.chmod(0o755)

    return has


def built(path: Path, year: int, month: int) -> None:
    at = datetime(year, month, 1, tzinfo=UTC).timestamp()
    os.utime(path, (at, at))


def test_the_machines_own_comes_first_while_it_is_maintained(machine: Machine) -> None:
    machine(valkey=f"echo '{OLD_VALKEY}'", redis=f"echo '{NEW_REDIS}'")
    found = find_program()
    assert (found.name, found.version) == ("Redis", "7.0.15")
    machine(redis=f"echo '{OLD_REDIS}'")
    found = find_program()
    assert found.name == "Valkey", "the package's"
    assert found.version in PACKAGE_BUILDS, "say when the package's version was built"
    assert found.built == PACKAGE_BUILDS[found.version]
    assert numbers(found.version) >= (9, 1)


@pytest.mark.parametrize(
    "script", ["exit 1", "echo nothing", "kill -9 $$", "echo 'Redis server v='"]
)
def test_what_does_not_say_which_it_is_is_not_started(machine: Machine, script: str) -> None:
    machine(valkey=script, redis=script)
    assert find_program().name == "Valkey"
    assert all(numbers(program.version) for program in programs())


def test_without_any_it_says_how_to_get_one(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine(valkey="exit 1", redis="exit 1")
    monkeypatch.setattr("portal.embedded.redis_program.PACKAGE", "no_such_package")
    with pytest.raises(ServiceError, match="apt-get install redis-server"):
        find_program()


@pytest.mark.parametrize("program", programs(), ids=lambda one: f"{one.name} {one.version}")
def test_each_of_them_rings(machine: Machine, program: Program, tmp_path: Path) -> None:
    """Started by root it is not root; what it is told stays until it ends, and nothing on the disk."""
    path = program.path
    machine(valkey=f'exec {path} "$@"')
    directory = tmp_path / "redis"
    server = Redis(directory, log=tmp_path / "redis.log")
    server.start()
    try:
        with Client.from_url(server.url()) as client:
            client.zadd("camledger", {"job": 1})
            assert client.zrange("camledger", 0, -1) == [b"job"]
        assert server.process is not None
        process = psutil.Process(server.process.pid)
        assert not any("requirepass" in word for word in process.cmdline())
        if os.geteuid() == 0:
            assert process.username() in {SERVICE_USER, "nobody"}
    finally:
        server.stop()
    assert list(directory.iterdir()) == []


@pytest.mark.parametrize(
    ("said", "year", "mark", "words"),
    [
        (NEW_REDIS, datetime.now(UTC).year, "ok", "Redis 7.0.15 at"),
        (NEW_REDIS, 2021, "--", "is old; a newer one comes, as root, with: apt-get install"),
    ],
)
def test_the_doctor_says_which_it_is_and_how_old(
    machine: Machine, tmp_path: Path, said: str, year: int, mark: str, words: str
) -> None:
    machine(valkey="exit 1", redis=f"echo '{said}'")
    built(tmp_path / "redis-server", year, 1)
    answer = command("doctor", "--data-dir", str(tmp_path / "data")).stdout
    line = next(line for line in answer.splitlines() if " Redis: " in line)
    assert line.startswith(mark)
    assert words in line
    assert re.search(rf"built in January {year}, \d+ months? ago", line)
