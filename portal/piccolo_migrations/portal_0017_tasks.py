"""What workers are asked for is kept: `sql/0017_tasks.sql`."""

from portal.sql_migration import sql_migration

ID = "2026-11-30T00:00:00:000017"
VERSION = "1.38.0"
DESCRIPTION = "Tasks"
SQL = "0017_tasks.sql"

forwards = sql_migration(ID, SQL, DESCRIPTION)
