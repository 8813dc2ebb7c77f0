"""Charges that correct are marked: `sql/0079_charges_that_correct.sql`."""

from portal.sql_migration import sql_migration

ID = "2026-12-01T00:00:00:000079"
VERSION = "1.38.0"
DESCRIPTION = "Charges that correct are marked"
SQL = "0079_charges_that_correct.sql"

forwards = sql_migration(ID, SQL, DESCRIPTION)
