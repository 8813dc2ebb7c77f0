"""Tables, indexes, functions and triggers: `sql/baseline.sql`."""

from portal.sql_migration import sql_migration

ID = "2026-11-30T00:00:00:000001"
VERSION = "1.38.0"
DESCRIPTION = "Baseline"
SQL = "baseline.sql"

forwards = sql_migration(ID, SQL, DESCRIPTION)
