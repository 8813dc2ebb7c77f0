"""Margins follow money: `sql/0049_margins_follow_money.sql`."""

from portal.sql_migration import sql_migration

ID = "2026-11-30T00:00:00:000049"
VERSION = "1.38.0"
DESCRIPTION = "Margins follow money"
SQL = "0049_margins_follow_money.sql"

forwards = sql_migration(ID, SQL, DESCRIPTION)
