"""Indexes for what is looked up one by one: `sql/0062_own_tariffs_are_looked_up.sql`."""

from portal.sql_migration import sql_migration

ID = "2026-11-30T00:00:00:000062"
VERSION = "1.41.0"
DESCRIPTION = "Own tariffs are looked up"
SQL = "0062_own_tariffs_are_looked_up.sql"

forwards = sql_migration(ID, SQL, DESCRIPTION)
