"""Events are told to operators' own systems: `sql/0093_webhooks.sql`."""

from portal.sql_migration import sql_migration

ID = "2026-12-01T00:00:00:000093"
VERSION = "1.39.0"
DESCRIPTION = "Webhooks"
SQL = "0093_webhooks.sql"

forwards = sql_migration(ID, SQL, DESCRIPTION)
