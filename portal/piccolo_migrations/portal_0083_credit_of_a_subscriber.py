"""Whether credit goes on a subscriber's invoices: `sql/0083_credit_of_a_subscriber.sql`."""

from portal.sql_migration import sql_migration

ID = "2026-11-30T00:00:00:000083"
VERSION = "1.38.0"
DESCRIPTION = "Credit of a subscriber"
SQL = "0083_credit_of_a_subscriber.sql"

forwards = sql_migration(ID, SQL, DESCRIPTION)
