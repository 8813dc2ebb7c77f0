"""Subscribers ask, and their operator answers: `sql/0076_questions.sql`."""

from portal.sql_migration import sql_migration

ID = "2026-11-30T00:00:00:000076"
VERSION = "1.38.0"
DESCRIPTION = "Questions about invoices"
SQL = "0076_questions.sql"

forwards = sql_migration(ID, SQL, DESCRIPTION)
