"""Missing days are kept: `sql/0038_missing_days_are_kept.sql`."""

from portal.sql_migration import sql_migration

ID = "2026-11-30T00:00:00:000038"
VERSION = "1.38.0"
DESCRIPTION = "Missing days are kept"
SQL = "0038_missing_days_are_kept.sql"

forwards = sql_migration(ID, SQL, DESCRIPTION)
