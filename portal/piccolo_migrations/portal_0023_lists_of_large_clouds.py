"""What lists of large clouds ask is kept: `sql/0023_lists_of_large_clouds.sql`."""

from portal.sql_migration import sql_migration

ID = "2026-11-30T00:00:00:000023"
VERSION = "1.38.0"
DESCRIPTION = "Lists of large clouds"
SQL = "0023_lists_of_large_clouds.sql"

forwards = sql_migration(ID, SQL, DESCRIPTION)
