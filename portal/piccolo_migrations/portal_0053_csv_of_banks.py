"""The CSV of banks: `sql/0053_csv_of_banks.sql`."""

from portal.sql_migration import sql_migration

ID = "2026-11-30T00:00:00:000053"
VERSION = "1.38.0"
DESCRIPTION = "The CSV of banks"
SQL = "0053_csv_of_banks.sql"

forwards = sql_migration(ID, SQL, DESCRIPTION)
