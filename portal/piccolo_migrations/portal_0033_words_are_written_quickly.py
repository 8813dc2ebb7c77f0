"""Many words are written at once: `sql/0033_words_are_written_quickly.sql`."""

from portal.sql_migration import sql_migration

ID = "2026-11-30T00:00:00:000033"
VERSION = "1.38.0"
DESCRIPTION = "Words are written quickly"
SQL = "0033_words_are_written_quickly.sql"

forwards = sql_migration(ID, SQL, DESCRIPTION)
