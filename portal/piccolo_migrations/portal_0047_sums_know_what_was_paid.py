"""Sums know what was paid: `sql/0047_sums_know_what_was_paid.sql`."""

from portal.sql_migration import sql_migration

ID = "2026-11-30T00:00:00:000047"
VERSION = "1.38.0"
DESCRIPTION = "Sums know what was paid"
SQL = "0047_sums_know_what_was_paid.sql"

forwards = sql_migration(ID, SQL, DESCRIPTION)
