"""The ledger: `sql/0048_ledger.sql`."""

from portal.sql_migration import sql_migration

ID = "2026-11-30T00:00:00:000048"
VERSION = "1.38.0"
DESCRIPTION = "The ledger"
SQL = "0048_ledger.sql"

forwards = sql_migration(ID, SQL, DESCRIPTION)
