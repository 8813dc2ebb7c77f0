"""Marks name their months: `sql/0037_marks_name_their_months.sql`."""

from portal.sql_migration import sql_migration

ID = "2026-11-30T00:00:00:000037"
VERSION = "1.38.0"
DESCRIPTION = "Marks name their months"
SQL = "0037_marks_name_their_months.sql"

forwards = sql_migration(ID, SQL, DESCRIPTION)
