"""Statements of referrals: `sql/0057_statements.sql`."""

from portal.sql_migration import sql_migration

ID = "2026-11-30T00:00:00:000057"
VERSION = "1.38.0"
DESCRIPTION = "Statements"
SQL = "0057_statements.sql"

forwards = sql_migration(ID, SQL, DESCRIPTION)
