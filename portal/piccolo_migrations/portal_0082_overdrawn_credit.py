"""Credit below 0 is found at once: `sql/0082_overdrawn_credit.sql`."""

from portal.sql_migration import sql_migration

ID = "2026-12-01T00:00:00:000082"
VERSION = "1.38.0"
DESCRIPTION = "Credit below 0 is found at once"
SQL = "0082_overdrawn_credit.sql"

forwards = sql_migration(ID, SQL, DESCRIPTION)
