"""`camledger up`: everything on one machine."""

from __future__ import annotations

import asyncio
import http.client
import os
import signal
import socket
import time
from pathlib import Path
from types import FrameType
from typing import Final

import rich_click as click

from portal.cli.parts import PORT_DEFAULT
from portal.cli.running import (
    RUNTIME,
    Runtime,
    adopt,
    data_dir_option,
    prepare,
    sole_user,
)
from portal.embedded import ServiceError, Services
from portal.embedded.process import free_port
from portal.settings import Settings, SettingsError, parse_test_clock
from portal.supervisor import Child, Supervisor

WORKERS_DEFAULT: Final = min(2, os.cpu_count() or 1)
HEALTH_SECONDS: Final = 2.0
CLOCK_VARIABLE: Final = "CAMLEDGER_TEST_CLOCK"
OLD_PORT_SECONDS: Final = 10.0
POLL_SECONDS: Final = 0.1


@click.command()
@data_dir_option
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=PORT_DEFAULT,
    show_default=True,
    help="The port to listen on; 0 takes a free one.",
)
@click.option("--demo", is_flag=True, help="Fill an empty installation with two clouds to look at.")
@click.option(
    "--test-clock",
    metavar="TIME",
    callback=lambda _context, _parameter, text: _time(text),
    help="For tests: begin at this time, which only the API moves.",
)
@click.option(
    "--workers",
    type=click.IntRange(1, 64),
    default=WORKERS_DEFAULT,
    show_default=True,
    help="How many processes do background work.",
)
def up(*, data_dir: Path, host: str, port: int, demo: bool, test_clock: str, workers: int) -> None:
    """Run everything on this machine until Ctrl+C.

    PostgreSQL and Redis are embedded unless CAMLEDGER_DATABASE_URL and CAMLEDGER_REDIS_URL name
    servers of yours.
    """
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _leave)  # until the supervisor takes over
    os.environ[CLOCK_VARIABLE] = test_clock
    killed = (data_dir / RUNTIME).exists()
    with sole_user(data_dir) as other:
        if other is not None:
            message = (
                f"Camledger is already running on {data_dir} at {other.url} (process {other.pid})."
            )
            raise ServiceError(message)
        port = _port(host, port, patience=OLD_PORT_SECONDS if killed else 0)
        services = Services(
            data_dir,
            database_url=os.environ.get("CAMLEDGER_DATABASE_URL", ""),
            redis_url=os.environ.get("CAMLEDGER_REDIS_URL", ""),
        )
        with services:
            _run(services, data_dir, f"{host}:{port}", demo=demo, workers=workers)


def _run(services: Services, data_dir: Path, address: str, *, demo: bool, workers: int) -> None:
    host, port = address.rsplit(":", 1)
    shown_host = "127.0.0.1" if host in {"0.0.0.0", "::"} else host  # noqa: S104 - compared only
    url = f"http://{shown_host}:{port}"
    environment = {
        "CAMLEDGER_DATABASE_URL": services.database_url,
        "CAMLEDGER_REDIS_URL": services.redis_url,
    }
    if not os.environ.get("CAMLEDGER_PUBLIC_URL"):
        environment["CAMLEDGER_PUBLIC_URL"] = url
    found = adopt(environment, data_dir)
    asyncio.run(prepare(found))
    asyncio.run(_set_clock(found))
    lines = _seed(found) if demo else []
    runtime = Runtime(
        pid=os.getpid(),
        url=url,
        database_url=found.database_url,
        web_database_url=found.web_database_url,
        admin_database_url=found.admin_database_url,
        redis_url=found.redis_url,
        test_clock=os.environ.get(CLOCK_VARIABLE, ""),
    )
    runtime.write(data_dir)

    def ready() -> None:
        for line in lines:
            click.echo(line)
        click.echo(f"Camledger is ready at {url}")

    Supervisor(
        servers=services.embedded,
        children=_children(runtime, host, port, workers),
        on_ready=ready,
        ready=lambda: _answers(shown_host, int(port)),
    ).run()


def _children(runtime: Runtime, host: str, port: str, workers: int) -> list[Child]:
    environment = runtime.environment()
    # The web process never learns the owner's address: it cannot step around the policies.
    web = {**environment, "CAMLEDGER_DATABASE_URL": ""}
    return [
        Child("serve", ["serve", "--host", host, "--port", port], web),
        *(Child(f"worker {number}", ["worker"], environment) for number in range(1, workers + 1)),
    ]


def _seed(found: Settings) -> list[str]:
    from portal.cli.demo import fill

    return asyncio.run(fill(found))


async def _set_clock(found: Settings) -> None:
    """Start the test clock if there is to be one; books by one clock never go on by the other."""
    from portal.actions import clock
    from portal.db import close_pool, open_pool
    from portal.queries.clock import agree

    await open_pool(found.database_url, size=1)
    try:
        if found.test_clock is not None:
            await clock.start(found.test_clock)
        await agree(found.test_clock)
    finally:
        await close_pool()


def _time(text: str | None) -> str:
    """What is written after --test-clock; wrong usage when it is not a time."""
    try:
        found = parse_test_clock(text or "")
    except SettingsError as error:
        raise click.BadParameter(error.message) from error
    return "" if found is None else found.isoformat()


def _leave(_number: int, _frame: FrameType | None) -> None:
    """Stop what has been started so far, in order, and end well."""
    raise SystemExit(0)


def _port(host: str, port: int, patience: float) -> int:
    """The port that is asked for, once it is free; `patience` in seconds is for one that ends now.

    That is the web process of an `up` that was killed: it is on its way out.
    """
    if port == 0:
        return free_port()
    deadline = time.monotonic() + patience
    while error := _taken(host, port):
        if time.monotonic() >= deadline:
            message = f"Cannot listen on {host}:{port}: {error}. Choose another with --port."
            raise ServiceError(message)
        time.sleep(POLL_SECONDS)
    return port


def _taken(host: str, port: int) -> str | None:
    """Why nobody can listen there, or None."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            return error.strerror or str(error)
    return None


def _answers(host: str, port: int) -> bool:
    """Whether the web process says that it is well."""
    connection = http.client.HTTPConnection(host, port, timeout=HEALTH_SECONDS)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
