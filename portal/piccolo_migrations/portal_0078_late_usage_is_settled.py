"""A person settles usage that came too late: `sql/0078_late_usage_is_settled.sql`."""

from portal.sql_migration import sql_migration

ID = "2026-11-30T00:00:00:000078"
VERSION = "1.38.0"
DESCRIPTION = "Late usage is settled"
SQL = "0078_late_usage_is_settled.sql"

forwards = sql_migration(ID, SQL, DESCRIPTION)
