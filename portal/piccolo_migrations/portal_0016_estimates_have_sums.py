"""The running month has cost, commission and sums: `sql/0016_estimates_have_sums.sql`."""

from portal.sql_migration import sql_migration

ID = "2026-11-30T00:00:00:000016"
VERSION = "1.38.0"
DESCRIPTION = "Estimates have sums"
SQL = "0016_estimates_have_sums.sql"

forwards = sql_migration(ID, SQL, DESCRIPTION)
