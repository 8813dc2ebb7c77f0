"""Lists of customers, and taking them on: `sql/0007_customers.sql`."""

from portal.sql_migration import sql_migration

ID = "2026-11-30T00:00:00:000007"
VERSION = "1.38.0"
DESCRIPTION = "Customers"
SQL = "0007_customers.sql"

forwards = sql_migration(ID, SQL, DESCRIPTION)
