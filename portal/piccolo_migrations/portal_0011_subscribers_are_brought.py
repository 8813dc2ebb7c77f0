"""Subscribers whom referrals bring: `sql/0011_subscribers_are_brought.sql`."""

from portal.sql_migration import sql_migration

ID = "2026-11-30T00:00:00:000011"
VERSION = "1.38.0"
DESCRIPTION = "Subscribers are brought"
SQL = "0011_subscribers_are_brought.sql"

forwards = sql_migration(ID, SQL, DESCRIPTION)
