"""Backups that workers make: `sql/0073_backups_are_made.sql`."""

from portal.sql_migration import sql_migration

ID = "2026-11-30T00:00:00:000073"
VERSION = "1.38.0"
DESCRIPTION = "Backups are made"
SQL = "0073_backups_are_made.sql"

forwards = sql_migration(ID, SQL, DESCRIPTION)
