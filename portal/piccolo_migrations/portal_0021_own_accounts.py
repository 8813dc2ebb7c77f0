"""Subscribers say where documents go and what they print: `sql/0021_own_accounts.sql`."""

from portal.sql_migration import sql_migration

ID = "2026-11-30T00:00:00:000021"
VERSION = "1.38.0"
DESCRIPTION = "Own accounts"
SQL = "0021_own_accounts.sql"

forwards = sql_migration(ID, SQL, DESCRIPTION)
