"""The commands as people and supervisors use them: real processes, real signals, real servers.

What is asked of a running installation by hand is said in this process (`tests.commands`); that such
a command is a process, too, is tried once.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import asyncpg
import psutil
import pytest
import rich_click as click

from portal.cli import camledger, main
from tests.commands import Done, command
from tests.patience import PATIENCE_SECONDS, eventually

ROOT = Path(__file__).resolve().parent.parent.parent
CAMLEDGER = [sys.executable, "-m", "portal.cli"]
KEY = ["api-key", "create", "--role", "administrator", "--name", "CRM"]
READY = re.compile(r"^Camledger is ready at (http://127\.0\.0\.1:\d+)$", re.MULTILINE)


def environment() -> dict[str, str]:
    """Ours, without this machine's settings of Camledger."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("CAMLEDGER_")}
    return {**kept, "PYTHONPATH": str(ROOT), "NO_COLOR": "1"}


def run(*arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*CAMLEDGER, *arguments],
        input=stdin,
        text=True,
        capture_output=True,
        check=False,
        env=environment(),
        timeout=PATIENCE_SECONDS,
    )


def processes_of(data_dir: Path) -> list[psutil.Process]:
    """Every process that was started for this data directory, whoever its parent is now."""
    found = []
    for process in psutil.process_iter():
        try:
            mentions = [*process.cmdline(), process.environ().get("CAMLEDGER_DATA_DIR", "")]
        except psutil.Error:
            continue
        if process.pid != os.getpid() and any(str(data_dir) in word for word in mentions):
            found.append(process)
    return found


@contextmanager
def running(data_dir: Path, *options: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """`up` on a free port with one worker: the process and its address."""
    words = ["up", "--data-dir", str(data_dir), "--port", "0", "--workers", "1", *options]
    output = data_dir.parent / "up.log"
    with output.open("w") as log:
        up = subprocess.Popen(
            [*CAMLEDGER, *words],
            stdout=log,
            stderr=log,
            text=True,
            env=environment(),
        )
        try:
            eventually(
                lambda: READY.search(output.read_text()) or up.poll() is not None,
                "`up` says that it is ready",
            )
            ready = READY.findall(output.read_text())
            assert len(ready) == 1, output.read_text()
            yield up, ready[0]
        finally:
            if up.poll() is None:
                up.terminate()
                up.wait(PATIENCE_SECONDS)


def every_command(command: click.Command, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    if isinstance(command, click.Group):
        for name, inner in command.commands.items():
            yield from every_command(inner, (*path, name))
    else:
        yield path


@pytest.mark.parametrize("path", list(every_command(camledger)), ids=" ".join)
def test_every_command_takes_a_data_directory_and_explains_itself(path):
    command: click.Command = camledger
    options: set[str] = set()
    for name in path:
        assert isinstance(command, click.Group)
        command = command.commands[name]
        # `bench` takes it once for all its parts: camledger bench --data-dir DIR close
        options |= {option for parameter in command.params for option in parameter.opts}
    assert command.help
    # A stand-in for somebody else's service has no books.
    assert "--data-dir" in options or path == ("gateway",)


@pytest.mark.parametrize(
    "arguments",
    [
        ["fly"],
        ["up", "--port", "eighty"],
        ["up", "--port", "70000"],
        ["up", "--test-clock", "tomorrow"],
        ["api-key", "create", "--name", "CRM"],
        ["api-key", "create", "--name", "CRM", "--role", "king"],
        ["api-key", "create", "--name", "CRM", "--role", "account-manager"],
        ["user", "add", "nora@north.example", "--role", "manager", "--cloud", "north"],
        ["user", "role", "nora@north.example", "king"],
        ["user", "block"],
        ["api-key", "revoke"],
        [*KEY, "--expires-at", "tomorrow"],
        [*KEY, "--expires-at", "2027-02-30"],
    ],
    ids=" ".join,
)
def test_wrong_usage_is_2(arguments, capsys):
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_a_process_ends_with_the_code_of_its_command():
    assert run("fly").returncode == 2
    assert run("--version").returncode == 0


def test_what_a_person_can_mend_is_one_line_and_1(tmp_path):
    refused = [
        command("serve", "--data-dir", str(tmp_path)),
        command("worker", "--data-dir", str(tmp_path)),
        command("migrate", "--data-dir", "/proc/nowhere"),
    ]
    for done in refused:
        assert done.returncode == 1
        assert done.stdout == ""
        assert re.fullmatch(r"camledger: [^\n]+\.?\n", done.stderr), done.stderr


def test_a_server_that_is_not_there_is_one_line_without_its_password(tmp_path):
    nowhere = {"CAMLEDGER_DATABASE_URL": "postgresql://us:hush@127.0.0.1:1/books"}
    done = command("migrate", "--data-dir", str(tmp_path), environment=nowhere)
    assert done.returncode == 1
    assert done.stderr.startswith("camledger: Cannot connect to the database 'books': ")
    assert done.stderr.count("\n") == 1
    assert "hush" not in done.stderr


def test_commands_on_a_data_directory_that_nobody_runs(tmp_path):
    """The first key of an installation is made before its first start, in whatever order."""
    data_dir = str(tmp_path / "data")
    both = [
        subprocess.Popen(
            [*CAMLEDGER, *KEY, "--data-dir", data_dir],
            stdout=subprocess.PIPE,
            text=True,
            env=environment(),
        )
        for _ in range(2)
    ]
    keys = [process.communicate(timeout=PATIENCE_SECONDS)[0] for process in both]
    assert [process.returncode for process in both] == [0, 0]
    assert all(re.fullmatch(r"clk_[0-9a-f]+_[0-9a-f]+\n", key) for key in keys)

    added = ["user", "add", "ada@demo.test", "--role", "administrator", "--password-stdin"]
    first, again = (
        command(*added, "--data-dir", data_dir, stdin="velvet tugboat marmalade quartz\n")
        for _ in range(2)
    )
    assert first.returncode == 0
    assert again.returncode == 1
    assert "ada@demo.test" in again.stderr
    assert command("migrate", "--data-dir", data_dir).stdout == "The database is up to date.\n"
    listed = command("api-key", "list", "--data-dir", data_dir).stdout.splitlines()
    assert {line.split("\t")[0] for line in listed} == {key.split("_")[1] for key in keys}
    assert processes_of(tmp_path) == []


def cut_off_by_hand(data_dir: str, key: str) -> None:
    """Keys are listed and revoked, people blocked and given a link; the last administrator stays."""

    def by_hand(*words: str, stdin: str = "") -> Done:
        return command(*words, "--data-dir", data_dir, stdin=stdin)

    ended = by_hand(*KEY, "--expires-at", "2020-01-01")
    assert (ended.returncode, ended.stdout) == (2, "")
    assert "--expires-at" in ended.stderr
    assert by_hand(*KEY, "--expires-at", "2099-01-01").returncode == 0
    public_id = key.split("_")[1]
    assert by_hand("api-key", "revoke", public_id).returncode == 0
    lines = [line.split("\t") for line in by_hand("api-key", "list").stdout.splitlines()]
    assert [line[1] for line in lines if line[0] == public_id] == ["revoked"]
    assert sorted(line[1] for line in lines) == ["active", "revoked"]
    assert any("expires 2099-01-01T00:00:00Z" in line for line in lines)
    assert key.split("_")[2] not in str(lines)
    assert by_hand("api-key", "revoke", "000000000000").returncode == 1

    ada, paul = "ada@demo.test", "paul@demo.test"
    password = "velvet tugboat marmalade quartz\n"
    added = ("user", "add", ada, "--role", "administrator", "--password-stdin")
    assert by_hand(*added, stdin=password).returncode == 0
    for words in (("block", ada), ("role", ada, "accountant")):
        refused = by_hand("user", *words)
        assert (refused.returncode, "last administrator" in refused.stderr) == (1, True)
    added = ("user", "add", paul, "--role", "accountant", "--password-stdin")
    assert by_hand(*added, stdin=password).returncode == 0
    for words in (
        *(("block", paul), ("unblock", paul), ("role", paul, "administrator")),
        *(("end-sessions", paul), ("block", ada)),
    ):
        assert by_hand("user", *words).returncode == 0, words
    invite = re.compile(r"http://[^ ]+/invite/[\w-]{43}\n")
    invited = by_hand("user", "add", "mia@demo.test", "--role", "manager", "--name", "Mia")
    again = by_hand("user", "resend-invitation", "mia@demo.test")
    assert invite.fullmatch(invited.stdout), "without a mail server the link is printed, alone"
    assert invite.fullmatch(again.stdout)
    assert invited.stdout != again.stdout
    assert by_hand("user", "resend-invitation", paul).returncode == 1
    reset = by_hand("user", "reset-password", paul)
    assert re.fullmatch(r"http://[^ ]+/reset/[\w-]{43}\n", reset.stdout)
    assert by_hand("user", "block", "nobody@demo.test").returncode == 1


@pytest.mark.slow
def test_up_runs_everything_mends_what_ends_and_leaves_nothing(tmp_path):
    """Then on the same data directory again: killed itself, it goes on at the time of its books."""
    data_dir = tmp_path / "data"
    data_dir.mkdir(mode=0o755)
    clock = "/api/v1/clock"
    with running(data_dir, "--test-clock", "2026-01-31T23:00:00+01:00") as (up, url):
        assert data_dir.stat().st_mode & 0o777 == 0o700
        told = (tmp_path / "up.log").read_text()
        assert re.search(rf"^Set it up at {url}/setup\?code=[\w-]{{43}}$", told, re.MULTILINE)
        second = run("up", "--data-dir", str(data_dir), "--port", "0")
        assert second.returncode == 1
        assert f"already running on {data_dir} at {url}" in second.stderr

        made = run(*KEY, "--data-dir", str(data_dir))
        assert made.returncode == 0, made.stderr
        key = made.stdout.strip()
        assert ask(f"{url}/api/v1/clouds", key) == {"items": [], "next": None}
        assert ask(url + clock, key)["now"] == "2026-01-31T22:00:00Z"
        later = {"now": "2026-03-05T00:00:00Z"}
        assert ask(url + clock, key, later)["now"] == later["now"]
        cut_off_by_hand(str(data_dir), key)

        checked = command("doctor", "--data-dir", str(data_dir))
        assert "PostgreSQL: version 18" in checked.stdout
        assert "policies bind the web" in checked.stdout

        # Whoever is killed comes back: the servers at the same addresses.
        before = children_of(up)
        assert len(before) == 4  # PostgreSQL, Redis, the web, a worker
        if os.geteuid() == 0:
            users = {uid for pid in before for uid in psutil.Process(pid).uids()}
            assert 0 not in users, "started by root, none of them is root"
        for pid in before:
            os.kill(pid, signal.SIGKILL)
        eventually(
            lambda: len(children_of(up) - before) == 4 and healthy(url),
            "all four are back",
            every=0.2,
        )

        # Killed itself, it takes its children along.
        runtime = json.loads((data_dir / "runtime.json").read_text())
        assert (data_dir / "runtime.json").stat().st_mode & 0o777 == 0o600
        up.kill()
        up.wait()
        eventually(lambda: not processes_of(data_dir), "no orphan is left", every=0.3)
    assert asyncio.run(does_not_answer(runtime["database_url"]))
    assert "PostgreSQL: embedded" in command("doctor", "--data-dir", str(data_dir)).stdout
    # A test clock moves forward only, whoever was killed since.
    with running(data_dir, "--test-clock", "2026-01-31T22:00:00Z") as (up, url):
        assert healthy(url)
        key = command(*KEY, "--data-dir", str(data_dir)).stdout.strip()
        assert ask(url + clock, key)["now"] == later["now"]
        up.send_signal(signal.SIGINT)
        assert up.wait(PATIENCE_SECONDS) == 0
    assert processes_of(tmp_path) == []
    assert not (data_dir / "runtime.json").exists()
    # Its books never go by the machine's clock again.
    refused = run("up", "--data-dir", str(data_dir), "--port", "0")
    assert refused.returncode == 1
    assert "start with --test-clock" in refused.stderr


def ask(url: str, key: str, body: dict[str, str] | None = None) -> dict[str, Any]:
    """What the API answers to a GET, or to a PUT of `body`."""
    request = urllib.request.Request(
        url,
        method="GET" if body is None else "PUT",
        data=None if body is None else json.dumps(body).encode(),
        headers={"Authorization": f"Bearer {key}", "Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)


def children_of(process: subprocess.Popen[str]) -> set[int]:
    """Process ids of the children that run."""
    children = psutil.Process(process.pid).children()
    return {child.pid for child in children if child.status() != psutil.STATUS_ZOMBIE}


def healthy(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/healthz") as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


async def does_not_answer(url: str) -> bool:
    try:
        connection = await asyncpg.connect(url)
    except OSError:
        return True
    await connection.close()
    return False
