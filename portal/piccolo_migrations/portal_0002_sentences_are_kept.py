"""Room for warnings that are kept as sentences: `sql/0002_sentences_are_kept.sql`."""

from portal.sql_migration import sql_migration

ID = "2026-11-30T00:00:00:000002"
VERSION = "1.38.0"
DESCRIPTION = "Sentences are kept"
SQL = "0002_sentences_are_kept.sql"

forwards = sql_migration(ID, SQL, DESCRIPTION)
