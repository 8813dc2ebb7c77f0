"""The demo of `camledger up --demo`: filling it, its simulated Watcher, and who may sign in."""

from __future__ import annotations

import base64
import os
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from portal.cli import demo_cards
from portal.cli.running import time_now
from portal.data_directory import write_closed
from portal.embedded.process import free_port, taken

if TYPE_CHECKING:
    from portal.demo.history import Watching
    from portal.demo.seed import Seeded
    from portal.settings import Settings


VARIABLE: Final = "CAMLEDGER_DEMO_PASSWORD"
PASSWORD_LENGTH: Final = 16
HOST: Final = "127.0.0.1"
WAITS: Final = "South's last month is left open: close it as south@demo.test."
WATCHER: Final = "watcher.json"
"""The simulated Watcher's seed, in the data directory."""


@dataclass(frozen=True, slots=True)
class Demo:
    """Lines to print once it is ready, the address of its Watcher, and what was missed.

    `watcher` is None where the demo's connections were ended; `trusted` is what may lead to it
    although it is a private address, as a setting. `has_missed` says whether days of the past are
    to be read, or months of it closed.
    """

    lines: list[str]
    watcher: str | None = None
    trusted: str = ""
    has_missed: bool = False


async def fill(found: Settings) -> Demo:
    """Seed an installation that is empty, and write down what its simulated Watcher begins with."""
    import msgspec

    from portal.crypto.marks import Marks
    from portal.db import close_pool, open_pool
    from portal.demo import closes, history
    from portal.demo.seed import seed
    from portal.demo.watched import together
    from portal.gateways.vault import Vault

    password = os.environ.get(VARIABLE) or made_password(found.key_for("demo password"))
    await open_pool(found.database_url, size=2)
    try:
        now = await time_now()
        seeded = await seed(
            *(now, password),
            vault=Vault(found.vault_keys),
            url=_new_address(),
            marks=Marks(found.key_for("payers")),
        )
        await demo_cards.set_up(found)
        watching = await _at_a_free_port(await history.connections(), found)
        missed = bool(history.missed(watching, now)) or bool(await closes.due())
    finally:
        await close_pool()
    lines = _lines(seeded, password)
    if not watching:
        return Demo(lines)
    begins = together({one.cloud: one.months for one in watching})
    write_closed(found.data_dir / WATCHER, msgspec.json.format(msgspec.json.encode(begins)))
    trusted = ",".join(f"{one.cloud}={one.url}" for one in watching)
    return Demo(lines, watching[0].url, trusted, has_missed=missed)


async def _at_a_free_port(watching: list[Watching], found: Settings) -> list[Watching]:
    """The connections again, led elsewhere where another program has taken their port."""
    from portal.access import SYSTEM
    from portal.demo.watched import LOGIN
    from portal.gateways.queue import NullQueue
    from portal.gateways.vault import Vault
    from portal.gateways.watcher import connect
    from portal.gateways.watcher.address import AddressRules
    from portal.kit.queries import tenancy
    from portal.watcher.actions import connections
    from portal.watcher.forms.connection import ConnectionChange

    ports = {urlsplit(one.url).port or 0 for one in watching}
    if len(ports) == 1 and all(taken(HOST, port) is None for port in ports):
        return watching
    url, (login, password) = _new_address(), LOGIN
    integrations = connections.Integrations(
        Vault(found.vault_keys),
        partial(connect, allow_private=True),
        AddressRules(allow_private=True),
    )
    for one in watching:
        await connections.change(
            SYSTEM,
            await tenancy.get(SYSTEM, one.cloud),
            one.id,
            ConnectionChange(url=url, api_key=None, login=login, password=password),
            integrations=integrations,
            queue=NullQueue(),
        )
    return [replace(one, url=url) for one in watching]


def _new_address() -> str:
    return f"http://{HOST}:{free_port()}"


def made_password(key: bytes) -> str:
    """A password as random as the installation's secret: each start can print it, none keeps it."""
    return base64.b32encode(key).decode().lower()[:PASSWORD_LENGTH]


def _lines(seeded: Seeded, password: str) -> list[str]:
    width = max(len(user.email) for user in seeded.users)
    return [
        "The demo is ready:" if seeded.added else "The demo is there already; nothing was added:",
        *(f"  {user.email:{width}}  {user.about}" for user in seeded.users),
        *([WAITS] if seeded.added else ()),
        f"Password of them all: {password}"
        if seeded.password_is_valid
        else "Their password is the one that was given at the first start.",
    ]
