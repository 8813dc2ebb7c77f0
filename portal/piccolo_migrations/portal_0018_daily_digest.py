"""A digest is written once a day: `sql/0018_daily_digest.sql`."""

from portal.sql_migration import sql_migration

ID = "2026-11-30T00:00:00:000018"
VERSION = "1.38.0"
DESCRIPTION = "The daily digest"
SQL = "0018_daily_digest.sql"

forwards = sql_migration(ID, SQL, DESCRIPTION)
