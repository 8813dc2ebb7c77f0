"""Charges by tariff: `sql/0045_charges_by_tariff.sql`."""

from portal.sql_migration import sql_migration

ID = "2026-11-30T00:00:00:000045"
VERSION = "1.40.0"
DESCRIPTION = "Charges by tariff"
SQL = "0045_charges_by_tariff.sql"

forwards = sql_migration(ID, SQL, DESCRIPTION)
