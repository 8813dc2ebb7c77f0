"""What documents may not lack, and why money is lost: `sql/0041_checks_of_documents.sql`."""

from portal.sql_migration import sql_migration

ID = "2026-11-30T00:00:00:000041"
VERSION = "1.38.0"
DESCRIPTION = "What documents may not lack"
SQL = "0041_checks_of_documents.sql"

forwards = sql_migration(ID, SQL, DESCRIPTION)
