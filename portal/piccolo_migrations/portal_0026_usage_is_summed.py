"""Usage of a large cloud's months is summed with each estimate: `sql/0026_usage_is_summed.sql`."""

from portal.sql_migration import sql_migration

ID = "2026-11-30T00:00:00:000026"
VERSION = "1.38.0"
DESCRIPTION = "Usage is summed"
SQL = "0026_usage_is_summed.sql"

forwards = sql_migration(ID, SQL, DESCRIPTION)
