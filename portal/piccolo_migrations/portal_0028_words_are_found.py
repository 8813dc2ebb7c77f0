"""What is searched for is kept by word: `sql/0028_words_are_found.sql`."""

from portal.sql_migration import sql_migration

ID = "2026-11-30T00:00:00:000028"
VERSION = "1.38.0"
DESCRIPTION = "Words are found"
SQL = "0028_words_are_found.sql"

forwards = sql_migration(ID, SQL, DESCRIPTION)
