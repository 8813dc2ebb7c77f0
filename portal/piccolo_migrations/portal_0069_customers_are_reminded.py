"""Reminders and graded suspension: `sql/0069_customers_are_reminded.sql`."""

from portal.sql_migration import sql_migration

ID = "2026-11-30T00:00:00:000069"
VERSION = "1.38.0"
DESCRIPTION = "Customers who do not pay are reminded, and switched off by grades"
SQL = "0069_customers_are_reminded.sql"

forwards = sql_migration(ID, SQL, DESCRIPTION)
