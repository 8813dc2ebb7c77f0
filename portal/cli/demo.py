"""The demo of `camledger up --demo`: filling it, and saying who may sign in."""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
from typing import TYPE_CHECKING, Final

from portal.cli.running import time_now

if TYPE_CHECKING:
    from portal.demo.seed import Seeded
    from portal.settings import Settings

VARIABLE: Final = "CAMLEDGER_DEMO_PASSWORD"
PASSWORD_LENGTH: Final = 16


async def fill(found: Settings) -> list[str]:
    """Seed an installation that is empty; the lines to print once it is ready."""
    from portal.db import close_pool, open_pool
    from portal.demo.seed import seed

    password = os.environ.get(VARIABLE) or made_password(found.secret)
    await open_pool(found.database_url, size=2)
    try:
        seeded = await seed(await time_now(), password)
    finally:
        await close_pool()
    return _lines(seeded, password)


def made_password(secret: str) -> str:
    """A password as random as the installation's secret: each start can print it, none keeps it."""
    digest = hmac.new(secret.encode(), b"demo password", hashlib.sha256).digest()
    return base64.b32encode(digest).decode().lower()[:PASSWORD_LENGTH]


def _lines(seeded: Seeded, password: str) -> list[str]:
    width = max(len(user.email) for user in seeded.users)
    return [
        "The demo is ready:" if seeded.added else "The demo is there already; nothing was added:",
        *(f"  {user.email:{width}}  {user.about}" for user in seeded.users),
        f"Password of them all: {password}"
        if seeded.password_is_valid
        else "Their password is the one that was given at the first start.",
    ]
