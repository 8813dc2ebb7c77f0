"""Documents are handed over as files: `sql/0032_documents_are_handed_over.sql`."""

from portal.sql_migration import sql_migration

ID = "2026-11-30T00:00:00:000032"
VERSION = "1.38.0"
DESCRIPTION = "Documents are handed over"
SQL = "0032_documents_are_handed_over.sql"

forwards = sql_migration(ID, SQL, DESCRIPTION)
