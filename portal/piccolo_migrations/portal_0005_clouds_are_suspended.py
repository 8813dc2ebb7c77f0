"""A cloud that is suspended: `sql/0005_clouds_are_suspended.sql`."""

from portal.sql_migration import sql_migration

ID = "2026-11-30T00:00:00:000005"
VERSION = "1.38.0"
DESCRIPTION = "Clouds are suspended"
SQL = "0005_clouds_are_suspended.sql"

forwards = sql_migration(ID, SQL, DESCRIPTION)
