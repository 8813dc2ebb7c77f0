"""What documents and e-invoices say of both parties: `sql/0087_master_data.sql`."""

from portal.sql_migration import sql_migration

ID = "2026-11-30T00:00:00:000087"
VERSION = "1.40.0"
DESCRIPTION = "Master data"
SQL = "0087_master_data.sql"

forwards = sql_migration(ID, SQL, DESCRIPTION)
