"""Bank lines of a cloud: `sql/0055_bank_lines_of_a_cloud.sql`."""

from portal.sql_migration import sql_migration

ID = "2026-11-30T00:00:00:000055"
VERSION = "1.38.0"
DESCRIPTION = "Bank lines of a cloud"
SQL = "0055_bank_lines_of_a_cloud.sql"

forwards = sql_migration(ID, SQL, DESCRIPTION)
