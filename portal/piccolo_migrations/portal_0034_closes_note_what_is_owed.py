"""Closes note what is owed: `sql/0034_closes_note_what_is_owed.sql`."""

from portal.sql_migration import sql_migration

ID = "2026-11-30T00:00:00:000034"
VERSION = "1.38.0"
DESCRIPTION = "Closes note what is owed"
SQL = "0034_closes_note_what_is_owed.sql"

forwards = sql_migration(ID, SQL, DESCRIPTION)
