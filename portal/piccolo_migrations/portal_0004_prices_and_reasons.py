"""Fields of services, tariffs and subscribers: `sql/0004_prices_and_reasons.sql`."""

from portal.sql_migration import sql_migration

ID = "2026-11-30T00:00:00:000004"
VERSION = "1.38.0"
DESCRIPTION = "Prices and reasons"
SQL = "0004_prices_and_reasons.sql"

forwards = sql_migration(ID, SQL, DESCRIPTION)
