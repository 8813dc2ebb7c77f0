"""Commissions wait where accounts agree: `sql/0081_own_accounts_are_held.sql`."""

from portal.sql_migration import sql_migration

ID = "2026-12-01T00:00:00:000081"
VERSION = "1.38.0"
DESCRIPTION = "Commissions wait where accounts agree"
SQL = "0081_own_accounts_are_held.sql"

forwards = sql_migration(ID, SQL, DESCRIPTION)
