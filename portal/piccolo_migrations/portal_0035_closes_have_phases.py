"""Closes have phases: `sql/0035_closes_have_phases.sql`."""

from portal.sql_migration import sql_migration

ID = "2026-11-30T00:00:00:000035"
VERSION = "1.38.0"
DESCRIPTION = "Closes have phases"
SQL = "0035_closes_have_phases.sql"

forwards = sql_migration(ID, SQL, DESCRIPTION)
