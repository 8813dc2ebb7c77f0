"""What tariffs brought by month: `sql/0009_tariffs_have_months.sql`."""

from portal.sql_migration import sql_migration

ID = "2026-11-30T00:00:00:000009"
VERSION = "1.38.0"
DESCRIPTION = "Tariffs have months"
SQL = "0009_tariffs_have_months.sql"

forwards = sql_migration(ID, SQL, DESCRIPTION)
