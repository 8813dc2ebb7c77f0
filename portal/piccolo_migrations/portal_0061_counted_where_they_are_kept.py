"""Cameras of a month, and whose cameras differ: `sql/0061_counted_where_they_are_kept.sql`."""

from portal.sql_migration import sql_migration

ID = "2026-11-30T00:00:00:000061"
VERSION = "1.40.0"
DESCRIPTION = "Counted where they are kept"
SQL = "0061_counted_where_they_are_kept.sql"

forwards = sql_migration(ID, SQL, DESCRIPTION)
