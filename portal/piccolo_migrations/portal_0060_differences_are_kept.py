"""Where Watcher and the books differ is kept: `sql/0060_differences_are_kept.sql`."""

from portal.sql_migration import sql_migration

ID = "2026-11-30T00:00:00:000060"
VERSION = "1.39.0"
DESCRIPTION = "Differences are kept"
SQL = "0060_differences_are_kept.sql"

forwards = sql_migration(ID, SQL, DESCRIPTION)
