"""What was confirmed is done once: `sql/0020_forms_are_sent_once.sql`."""

from portal.sql_migration import sql_migration

ID = "2026-11-30T00:00:00:000020"
VERSION = "1.38.0"
DESCRIPTION = "Forms are sent once"
SQL = "0020_forms_are_sent_once.sql"

forwards = sql_migration(ID, SQL, DESCRIPTION)
