"""Files of banks: `sql/0054_bank_files.sql`."""

from portal.sql_migration import sql_migration

ID = "2026-11-30T00:00:00:000054"
VERSION = "1.38.0"
DESCRIPTION = "Files of banks"
SQL = "0054_bank_files.sql"

forwards = sql_migration(ID, SQL, DESCRIPTION)
