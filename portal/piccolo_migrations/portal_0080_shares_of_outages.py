"""A part of a day may be given back: `sql/0080_shares_of_outages.sql`."""

from portal.sql_migration import sql_migration

ID = "2026-12-01T00:00:00:000080"
VERSION = "1.38.0"
DESCRIPTION = "Shares of days given back for outages"
SQL = "0080_shares_of_outages.sql"

forwards = sql_migration(ID, SQL, DESCRIPTION)
