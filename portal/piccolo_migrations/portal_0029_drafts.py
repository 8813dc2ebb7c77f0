"""Open months have drafts: `sql/0029_drafts.sql`."""

from portal.sql_migration import sql_migration

ID = "2026-11-30T00:00:00:000029"
VERSION = "1.38.0"
DESCRIPTION = "Drafts of open months"
SQL = "0029_drafts.sql"

forwards = sql_migration(ID, SQL, DESCRIPTION)
