"""Partitions, exclusion, triggers, indexes and row-level security: what tables alone cannot say."""

from pathlib import Path

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from portal.db import ENGINE

ID = "2026-11-23T00:00:00:000002"
VERSION = "1.38.0"
DESCRIPTION = "Rules and row-level security"
SQL = Path(__file__).parent / "sql"


async def forwards() -> MigrationManager:
    """Run the SQL that stands beside this file, in Piccolo's own transaction."""
    manager = MigrationManager(migration_id=ID, app_name="portal", description=DESCRIPTION)

    async def run() -> None:
        for name in ("rules.sql", "policies.sql"):
            await ENGINE.current_transaction.get().connection.execute((SQL / name).read_text())

    manager.add_raw(run)
    return manager
