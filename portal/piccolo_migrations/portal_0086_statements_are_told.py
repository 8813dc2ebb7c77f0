"""Statements by when they were approved or paid: `sql/0086_statements_are_told.sql`."""

from portal.sql_migration import sql_migration

ID = "2026-11-30T00:00:00:000086"
VERSION = "1.38.0"
DESCRIPTION = "Statements are told"
SQL = "0086_statements_are_told.sql"

forwards = sql_migration(ID, SQL, DESCRIPTION)
