"""`camledger up`: everything on one machine."""

from __future__ import annotations

import asyncio
import http.client
import os
import signal
import time
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from types import FrameType
from typing import Final
from urllib.parse import urlsplit

import rich_click as click

from portal.cli import demo_cards
from portal.cli.demo import WATCHER, Demo, fill
from portal.cli.parts import PORT_DEFAULT, host_option
from portal.cli.running import (
    RUNTIME,
    Runtime,
    data_dir_option,
    prepare,
    sole_user,
    use_settings_of,
)
from portal.embedded import ServiceError, Services
from portal.embedded.process import READING, Identity, free_port, taken
from portal.options import Time, Whole
from portal.privileges import ROOT, identity_of_parts, name_of
from portal.settings import Settings, check
from portal.supervisor import Child, Supervisor

WORKERS_DEFAULT: Final = min(2, os.cpu_count() or 1)
HEALTH_SECONDS: Final = 2.0
CLOCK_VARIABLE: Final = "CAMLEDGER_TEST_CLOCK"
TRUSTED_VARIABLE: Final = "CAMLEDGER_TRUSTED_WATCHERS"
OLD_PORT_SECONDS: Final = 10.0
POLL_SECONDS: Final = 0.1


@click.command()
@data_dir_option
@host_option
@click.option(
    "--port",
    type=Whole(0, 65535),
    default=PORT_DEFAULT,
    show_default=True,
    help="The port to listen on; 0 takes a free one.",
)
@click.option("--demo", is_flag=True, help="Fill an empty installation with two clouds to look at.")
@click.option(
    "--test-clock",
    metavar="TIME",
    type=Time(),
    help="For tests: begin at this time, which only the API moves.",
)
@click.option(
    "--workers",
    type=Whole(1, 64),
    default=WORKERS_DEFAULT,
    show_default=True,
    help="How many processes do background work.",
)
def up(
    *, data_dir: Path, host: str, port: int, demo: bool, test_clock: datetime | None, workers: int
) -> None:
    """Run everything on this machine until Ctrl+C.

    PostgreSQL and Redis are embedded unless CAMLEDGER_DATABASE_URL and CAMLEDGER_REDIS_URL name
    servers of yours.
    """
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _leave)  # until the supervisor takes over
    os.environ[CLOCK_VARIABLE] = "" if test_clock is None else test_clock.isoformat()
    check(os.environ)
    killed = (data_dir / RUNTIME).exists()
    with sole_user(data_dir) as other:
        if other is not None:
            message = (
                f"Camledger is already running on {data_dir} at {other.url} (process {other.pid})."
            )
            raise ServiceError(message)
        port = _port(host, port, wait=OLD_PORT_SECONDS if killed else 0)
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
    url = f"http://[{shown_host}]:{port}" if ":" in shown_host else f"http://{shown_host}:{port}"
    environment = {
        "CAMLEDGER_DATABASE_URL": services.database_url,
        "CAMLEDGER_REDIS_URL": services.redis_url,
    }
    if not os.environ.get("CAMLEDGER_PUBLIC_URL"):
        environment["CAMLEDGER_PUBLIC_URL"] = url
    found = use_settings_of(environment, data_dir)
    asyncio.run(prepare(found))
    asyncio.run(_set_clock(found))
    told = asyncio.run(fill(found)) if demo else None
    if told and told.watcher:
        trusted = [os.environ.get(TRUSTED_VARIABLE, ""), told.trusted]
        os.environ[TRUSTED_VARIABLE] = ",".join(filter(None, trusted))
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
    # The parts are another user's, who may not look into the data directory.
    environment = {**runtime.environment(), "CAMLEDGER_SECRET": found.secret}
    identity = identity_of_parts(data_dir)
    past, simulated = _simulated(told, found, url, environment, identity) if told else (None, [])

    _tell_rights(identity)
    lines = [*asyncio.run(_setup_lines(found)), *(told.lines if told else ())]

    def ready() -> None:
        for line in lines:
            click.echo(line)
        if past is not None and not past.ended_well():
            click.echo("Its past is still being read; its months close as soon as that is done.")
        click.echo(f"Camledger is ready at {url}")

    numbers = range(1, workers + 1)
    Supervisor(
        servers=services.embedded,
        # The web process never learns the owner's address: it cannot step around the policies.
        children=[
            Child(
                "serve",
                ["serve", "--host", host, "--port", port],
                {**environment, "CAMLEDGER_DATABASE_URL": ""},
                identity_of_parts(data_dir, port=int(port)),
            )
        ],
        on_ready=ready,
        ready=lambda: _answers(shown_host, int(port)),
        task=past,
        after=simulated
        + [Child(f"worker {n}", ["worker"], environment, identity) for n in numbers],
    ).run()


def _tell_rights(identity: Identity) -> None:
    """Say so where parts keep root's right to read, because they could not run without."""
    if identity.rights:
        click.echo(
            f"{name_of(identity)}, whom web and workers run as, may not read {ROOT} or what is"
            " installed for it: they keep root's right to read. `camledger doctor` says more.",
            err=True,
        )


def _simulated(
    demo: Demo, found: Settings, url: str, environment: dict[str, str], identity: Identity
) -> tuple[Child | None, list[Child]]:
    """Reading the demo's past, if any of it was missed, and what stands in for others from then on.

    Workers wait until the past is read: they would read the present first. The Watcher goes on
    from there; the card gateway is the demo's unless another one is named from outside.
    """
    # They play what the seed in the data directory says.
    reader = replace(identity, rights=READING) if identity.uid else identity
    words = demo_cards.begin(found, url, identity)
    cards = [Child("card gateway", words, environment, reader)] if words else []
    if demo.watcher is None:
        return None, cards
    seed, port = str(found.data_dir / WATCHER), str(urlsplit(demo.watcher).port)
    live = ["simulator", "--live", "--seed", seed, "--port", port]
    past = Child("history", ["demo-history"], environment, reader) if demo.has_missed else None
    return past, [Child("simulator", live, environment, reader), *cards]


async def _set_clock(found: Settings) -> None:
    """Start the test clock if there is to be one; books by one clock never go on by the other."""
    from portal.db import close_pool, open_pool
    from portal.kit.actions import clock
    from portal.kit.queries.clock import check_clock_matches

    await open_pool(found.database_url, size=1)
    try:
        if found.test_clock is not None:
            await clock.start(found.test_clock)
        await check_clock_matches(found.test_clock)
    finally:
        await close_pool()


async def _setup_lines(found: Settings) -> list[str]:
    """Where the first person comes in; nothing once somebody exists."""
    from portal.accounts.actions.setup import new_code
    from portal.db import close_pool, open_pool

    await open_pool(found.database_url, size=1)
    try:
        code = await new_code()
    finally:
        await close_pool()
    return [] if code is None else [f"Set it up at {found.public_url}/setup?code={code}"]


def _leave(_number: int, _frame: FrameType | None) -> None:
    """Stop what has been started so far, in order, and end well."""
    raise SystemExit(0)


def _port(host: str, port: int, wait: float) -> int:
    """The port that is asked for, once it is free; `wait` in seconds is for one that ends now.

    That is the web process of an `up` that was killed: it is on its way out.
    """
    if port == 0:
        return free_port()
    deadline = time.monotonic() + wait
    while error := taken(host, port):
        if time.monotonic() >= deadline:
            message = (
                f"Cannot listen on {host}:{port}: {error}. Choose another with --host or --port."
            )
            raise ServiceError(message)
        time.sleep(POLL_SECONDS)
    return port


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
