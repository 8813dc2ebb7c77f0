"""Checklists are put away, and what is not mapped is counted: `sql/0015_first_hour.sql`."""

from portal.sql_migration import sql_migration

ID = "2026-11-30T00:00:00:000015"
VERSION = "1.38.0"
DESCRIPTION = "The first hour"
SQL = "0015_first_hour.sql"

forwards = sql_migration(ID, SQL, DESCRIPTION)
