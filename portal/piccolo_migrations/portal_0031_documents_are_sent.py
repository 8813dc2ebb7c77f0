"""Documents are sent by e-mail, once each: `sql/0031_documents_are_sent.sql`."""

from portal.sql_migration import sql_migration

ID = "2026-11-30T00:00:00:000031"
VERSION = "1.38.0"
DESCRIPTION = "Documents are sent"
SQL = "0031_documents_are_sent.sql"

forwards = sql_migration(ID, SQL, DESCRIPTION)
