"""How long a session stays open: `sql/0013_sessions_have_a_length.sql`."""

from portal.sql_migration import sql_migration

ID = "2026-11-30T00:00:00:000013"
VERSION = "1.38.0"
DESCRIPTION = "Sessions have a length"
SQL = "0013_sessions_have_a_length.sql"

forwards = sql_migration(ID, SQL, DESCRIPTION)
