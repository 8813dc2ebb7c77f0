"""Clouds say how their months close: `sql/0030_closing_modes.sql`."""

from portal.sql_migration import sql_migration

ID = "2026-11-30T00:00:00:000030"
VERSION = "1.38.0"
DESCRIPTION = "How months close"
SQL = "0030_closing_modes.sql"

forwards = sql_migration(ID, SQL, DESCRIPTION)
