"""Sums of cameras and commissions are kept: `sql/0027_sums_of_large_clouds.sql`."""

from portal.sql_migration import sql_migration

ID = "2026-11-30T00:00:00:000027"
VERSION = "1.38.0"
DESCRIPTION = "Sums of large clouds"
SQL = "0027_sums_of_large_clouds.sql"

forwards = sql_migration(ID, SQL, DESCRIPTION)
