"""Money is found, and files of banks are looked at first: `sql/0075_money_is_found.sql`."""

from portal.sql_migration import sql_migration

ID = "2026-11-30T00:00:00:000075"
VERSION = "1.38.0"
DESCRIPTION = "Money is found"
SQL = "0075_money_is_found.sql"

forwards = sql_migration(ID, SQL, DESCRIPTION)
