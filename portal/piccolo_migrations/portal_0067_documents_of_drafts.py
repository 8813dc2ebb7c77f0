"""Documents and margins of a draft are issued as they are: `sql/0067_documents_of_drafts.sql`."""

from portal.sql_migration import sql_migration

ID = "2026-12-01T00:00:00:000067"
VERSION = "1.38.0"
DESCRIPTION = "Documents of drafts are issued"
SQL = "0067_documents_of_drafts.sql"

forwards = sql_migration(ID, SQL, DESCRIPTION)
