"""Commissions are posted one by one: `sql/0058_commissions_are_posted_one_by_one.sql`."""

from portal.sql_migration import sql_migration

ID = "2026-11-30T00:00:00:000058"
VERSION = "1.38.0"
DESCRIPTION = "Commissions are posted one by one"
SQL = "0058_commissions_are_posted_one_by_one.sql"

forwards = sql_migration(ID, SQL, DESCRIPTION)
