"""Referrals are counted by an index: `sql/0039_referrals_are_counted_by_an_index.sql`."""

from portal.sql_migration import sql_migration

ID = "2026-11-30T00:00:00:000039"
VERSION = "1.38.0"
DESCRIPTION = "Referrals are counted by an index"
SQL = "0039_referrals_are_counted_by_an_index.sql"

forwards = sql_migration(ID, SQL, DESCRIPTION)
