"""Entries of a book, by day: `sql/0084_entries_by_day.sql`."""

from portal.sql_migration import sql_migration

ID = "2026-11-30T00:00:00:000084"
VERSION = "1.38.0"
DESCRIPTION = "Entries by day"
SQL = "0084_entries_by_day.sql"

forwards = sql_migration(ID, SQL, DESCRIPTION)
