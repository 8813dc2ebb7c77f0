"""The parts of an installation, each on its own: `serve`, `worker`, `migrate`."""

from __future__ import annotations

import asyncio
import importlib
from pathlib import Path
from typing import Final

import rich_click as click

from portal.cli.running import connected, data_dir_option, installation, prepare, use_settings_of
from portal.embedded import ServiceError
from portal.options import Host, Seconds, Whole
from portal.privileges import begin_again, identity_of_parts

PORT_DEFAULT: Final = 8000
host_option: Final = click.option(
    "--host",
    default="127.0.0.1",
    type=Host(),
    show_default=True,
    help="The address to listen on.",
)


@click.command()
@data_dir_option
@host_option
@click.option(
    "--port",
    type=Whole(1, 65535),
    default=PORT_DEFAULT,
    show_default=True,
    help="Its port.",
)
@click.option(
    "--processes",
    type=Whole(1, 64),
    default=1,
    show_default=True,
    help="How many processes share the port.",
)
@click.option(
    "--client-timeout",
    type=Seconds(0.1, 600),
    default=20,
    show_default=True,
    help="Seconds for the headers of a request, and for each 1 kB a second of its body.",
)
@click.option(
    "--connections",
    type=Whole(2, 100_000),
    default=500,
    show_default=True,
    help="How many a process has open at once.",
)
def serve(  # noqa: PLR0917 - one for each option
    data_dir: Path, host: str, port: int, processes: int, client_timeout: float, connections: int
) -> None:
    """Answer web requests."""
    from portal.server import ConnectionLimits, serve_web

    found = connected(data_dir)
    begin_again(identity_of_parts(data_dir, port=port), {"CAMLEDGER_SECRET": found.secret})
    serve_web(host, port, processes, ConnectionLimits(client_timeout, connections))


@click.command()
@data_dir_option
def worker(data_dir: Path) -> None:
    """Do the work in the background: closes, documents, readings."""
    from arq import run_worker
    from redis import RedisError

    found = connected(data_dir)
    begin_again(identity_of_parts(data_dir), {"CAMLEDGER_SECRET": found.secret})
    # By name, like the web's factory: the command line knows its parts only by their names.
    settings = importlib.import_module("workers.settings").WorkerSettings
    try:
        run_worker(settings)
    except RedisError as error:
        message = f"The worker ends, because Redis does not answer: {error}"
        raise ServiceError(message) from error


@click.command()
@data_dir_option
def migrate(data_dir: Path) -> None:
    """Bring the database to the current migration; any number of machines may do so at once."""
    with installation(data_dir):
        ran = asyncio.run(prepare(use_settings_of({}, data_dir)))
    click.echo(f"{len(ran)} migrations have run." if ran else "The database is up to date.")
