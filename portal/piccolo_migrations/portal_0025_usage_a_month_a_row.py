"""Usage is kept a month a row: `sql/0025_usage_a_month_a_row.sql`."""

from portal.sql_migration import sql_migration

ID = "2026-11-30T00:00:00:000025"
VERSION = "1.38.0"
DESCRIPTION = "Usage a month a row"
SQL = "0025_usage_a_month_a_row.sql"

forwards = sql_migration(ID, SQL, DESCRIPTION)
