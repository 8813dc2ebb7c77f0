"""`camledger demo-history`: the days of the demo that were not read, from a Watcher of the past."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from pathlib import Path
from signal import SIGKILL
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

import rich_click as click

from portal.cli.demo import WATCHER
from portal.cli.running import connected, data_dir_option, time_now
from portal.embedded.process import Identity, launcher
from portal.errors import PortalError
from portal.settings import Settings

if TYPE_CHECKING:
    from portal.demo.history import Watching

POOL_SIZE: Final = 6
DAYS_BETWEEN_LINES: Final = 10


@click.command("demo-history")
@data_dir_option
def demo_history(data_dir: Path) -> None:
    """Read the days of the demo that were not read yet. `up --demo` runs it by itself."""
    asyncio.run(_read(connected(data_dir)))


async def _read(found: Settings) -> None:
    from portal.db import close_pool, open_pool
    from portal.demo import closes, history

    await open_pool(found.database_url, size=POOL_SIZE)
    try:
        watching = await history.connections()
        now = await time_now()
        if due := history.missed(watching, now):
            await _read_days(found, due, watching[0].url)
        await closes.close(await closes.due(), now=now)
    except PortalError as error:
        # Somebody has changed the connection. The present can be read all the same, and time does
        # not go back behind it: what was missed stays missed, and the months say so.
        click.echo(f"{error.message} What is missing stays unread.", err=True)
    finally:
        await close_pool()


async def _read_days(found: Settings, due: Mapping[datetime, Sequence[Watching]], url: str) -> None:
    from portal.demo import history
    from portal.gateways.vault import Vault
    from portal.gateways.watcher import connect

    progress = _Progress(len(due))
    with _watcher_of_the_past(found.data_dir / WATCHER, url):
        await history.read(
            due,
            url,
            connect=partial(connect, allow_private=True),
            vault=Vault(found.vault_keys),
            on_day=progress.tell,
        )


class _Progress:
    """Says now and then how far it has come."""

    def __init__(self, days: int) -> None:
        self.days, self.done = days, 0
        click.echo(f"Reading {days} days of cameras from the simulated Watcher")

    def tell(self, day: datetime) -> None:
        """One day more."""
        self.done += 1
        if self.done % DAYS_BETWEEN_LINES == 0 or self.done == self.days:
            click.echo(f"{self.done} of {self.days} days are read, up to {day.date()}")


@contextmanager
def _watcher_of_the_past(seed: Path, url: str) -> Iterator[None]:
    """A simulated Watcher whose time is moved, gone at the end or with this process."""
    command = ["simulator", "--seed", str(seed), "--port", str(urlsplit(url).port)]
    with subprocess.Popen(  # noqa: S603 - our own command
        [*launcher(Identity(), SIGKILL), sys.executable, "-m", "portal.cli", *command],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
    ) as process:
        try:
            yield
        finally:
            process.kill()
