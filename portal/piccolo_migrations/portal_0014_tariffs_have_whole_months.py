"""Sums of whole months of tariffs: `sql/0014_tariffs_have_whole_months.sql`."""

from portal.sql_migration import sql_migration

ID = "2026-11-30T00:00:00:000014"
VERSION = "1.38.0"
DESCRIPTION = "Tariffs have whole months"
SQL = "0014_tariffs_have_whole_months.sql"

forwards = sql_migration(ID, SQL, DESCRIPTION)
