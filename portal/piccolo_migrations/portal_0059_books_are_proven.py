"""The books are proven each day: `sql/0059_books_are_proven.sql`."""

from portal.sql_migration import sql_migration

ID = "2026-11-30T00:00:00:000059"
VERSION = "1.38.0"
DESCRIPTION = "Books are proven"
SQL = "0059_books_are_proven.sql"

forwards = sql_migration(ID, SQL, DESCRIPTION)
