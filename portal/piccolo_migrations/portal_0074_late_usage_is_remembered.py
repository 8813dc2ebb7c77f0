"""Cameras whose usage was rated again: `sql/0074_late_usage_is_remembered.sql`."""

from portal.sql_migration import sql_migration

ID = "2026-11-30T00:00:00:000074"
VERSION = "1.38.0"
DESCRIPTION = "Late usage is remembered"
SQL = "0074_late_usage_is_remembered.sql"

forwards = sql_migration(ID, SQL, DESCRIPTION)
