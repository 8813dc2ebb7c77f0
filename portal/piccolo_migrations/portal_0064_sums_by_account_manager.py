"""Sums that are kept by account manager: `sql/0064_sums_by_account_manager.sql`."""

from portal.sql_migration import sql_migration

ID = "2026-11-30T00:00:00:000064"
VERSION = "1.38.0"
DESCRIPTION = "Sums by account manager"
SQL = "0064_sums_by_account_manager.sql"

forwards = sql_migration(ID, SQL, DESCRIPTION)
