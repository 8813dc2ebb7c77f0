"""Outages are credited day by day: `sql/0077_outages_are_credited.sql`."""

from portal.sql_migration import sql_migration

ID = "2026-11-30T00:00:00:000077"
VERSION = "1.38.0"
DESCRIPTION = "Days of outages that were credited"
SQL = "0077_outages_are_credited.sql"

forwards = sql_migration(ID, SQL, DESCRIPTION)
