"""`camledger simulator`: a stand-in for Flussonic Watcher, to try things out with."""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

import rich_click as click

from portal.cli.running import data_dir_option, use_settings_of
from portal.options import Contents, Time, Whole

if TYPE_CHECKING:
    from litestar import Litestar

    from portal.demo.simulator import Seed
    from portal.settings import Settings

PORT_DEFAULT: Final = 8090
CAMERAS_MAX: Final = 1_000_000
SEED_BYTES_MAX: Final = 200_000_000


def _seed(content: bytes) -> Seed:
    import msgspec

    from portal.demo.simulator import Seed

    return msgspec.json.decode(content, type=Seed)


@click.command()
@data_dir_option
@click.option(
    "--port",
    type=Whole(0, 65535),
    default=PORT_DEFAULT,
    show_default=True,
    help="The port of this machine to listen on; 0 takes a free one.",
)
@click.option(
    "--seed",
    "seeds",
    metavar="FILE",
    type=Contents(_seed, SEED_BYTES_MAX),
    multiple=True,
    help="A JSON file as for POST /_sim/seed; repeat to put several into one Watcher.",
)
@click.option(
    "--now",
    metavar="TIME",
    type=Time(),
    help="Let its time stand here; else it runs with the real one.",
)
@click.option(
    "--live",
    is_flag=True,
    help="Play a seed up to the present, and go on with the time of the installation.",
)
@click.option("--cameras", type=Whole(1, CAMERAS_MAX), help="Make so many plain cameras.")
def simulator(
    *,
    data_dir: Path,
    port: int,
    seeds: tuple[Seed, ...],
    now: datetime | None,
    live: bool,
    cameras: int | None,
) -> None:
    """Serve a simulated Watcher on this machine until Ctrl+C.

    Without a seed it has an administrator, admin with the password admin, and three presets.
    """
    if live and now is not None:
        raise click.UsageError("--live and --now: its time goes on, or it stands.")
    import uvicorn

    from portal.demo.simulator import create_simulator
    from portal.demo.simulator.entities import SimulatorError
    from portal.demo.simulator.seed import plant
    from portal.embedded.process import free_port
    from portal.kit.queries.clock import clock_of

    first = seeds[0] if seeds else _plain(cameras)
    found = use_settings_of({}, data_dir) if live else None
    clock = clock_of(found.test_clock) if found else None
    try:
        app = create_simulator(first, now=clock() if clock else now, clock=clock)
        for seed in seeds[1:]:
            plant(app.state["simulation"].world, seed)
    except SimulatorError as error:
        raise click.BadParameter(error.message, param_hint="--seed") from error
    if found:
        _follow(app, found)
    port = port or free_port()
    click.echo(f"A simulated Watcher is at http://127.0.0.1:{port}")
    sys.stdout.flush()
    uvicorn.run(app, host="127.0.0.1", port=port, log_level="warning", access_log=False)


def _follow(app: Litestar, found: Settings) -> None:
    """Let the simulator look at the test clock, where the installation has one."""
    if found.test_clock is None:
        return

    async def look() -> None:
        from portal.db import open_pool

        await open_pool(found.database_url, size=1)

    app.on_startup.append(look)


def _plain(cameras: int | None) -> Seed | None:
    import msgspec

    from portal.demo.simulator.seed import DEFAULT_SEED, Generate

    if cameras is None:
        return None
    return msgspec.structs.replace(DEFAULT_SEED, generate=Generate(cameras))
