"""The PDFs of statements: `sql/0085_statements_have_files.sql`."""

from portal.sql_migration import sql_migration

ID = "2026-11-30T00:00:00:000085"
VERSION = "1.38.0"
DESCRIPTION = "Statements have files"
SQL = "0085_statements_have_files.sql"

forwards = sql_migration(ID, SQL, DESCRIPTION)
