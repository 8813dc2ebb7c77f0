"""Money comes in: `sql/0046_money_comes_in.sql`."""

from portal.sql_migration import sql_migration

ID = "2026-11-30T00:00:00:000046"
VERSION = "1.38.0"
DESCRIPTION = "Money comes in"
SQL = "0046_money_comes_in.sql"

forwards = sql_migration(ID, SQL, DESCRIPTION)
