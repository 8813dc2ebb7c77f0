"""What pages of large clouds ask is kept: `sql/0024_pages_of_large_clouds.sql`."""

from portal.sql_migration import sql_migration

ID = "2026-11-30T00:00:00:000024"
VERSION = "1.38.0"
DESCRIPTION = "Pages of large clouds"
SQL = "0024_pages_of_large_clouds.sql"

forwards = sql_migration(ID, SQL, DESCRIPTION)
