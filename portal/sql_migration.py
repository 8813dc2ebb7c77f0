"""A migration whose statements are a file of SQL beside it, run by Piccolo's migration runner.

A later one is two files: `sql/0002_what_it_does.sql`, and a module like that of the baseline with
the next `ID`. Once it has landed it is never edited: a database remembers the SHA-256 of what ran.
"""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from portal.db import ENGINE

DIRECTORY: Final = Path(__file__).parent / "piccolo_migrations" / "sql"


def sql_migration(
    migration_id: str, name: str, description: str
) -> Callable[[], Awaitable[MigrationManager]]:
    """The `forwards` of a migration that runs `sql/{name}` in Piccolo's own transaction."""

    async def forwards() -> MigrationManager:
        manager = MigrationManager(
            migration_id=migration_id, app_name="portal", description=description
        )

        async def run() -> None:
            running = ENGINE.current_transaction.get()
            assert running is not None, "the runner opens a transaction"
            await running.connection.execute(statements(name))

        manager.add_raw(run)
        return manager

    return forwards


def statements(name: str) -> str:
    """The text of a migration's file."""
    return (DIRECTORY / name).read_text(encoding="utf-8")


def sha256(text: str) -> str:
    """What is remembered of a script that ran."""
    return hashlib.sha256(text.encode()).hexdigest()
