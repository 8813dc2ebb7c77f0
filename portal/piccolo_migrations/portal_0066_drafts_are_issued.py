"""What a draft rated is kept for its close: `sql/0066_drafts_are_issued.sql`."""

from portal.sql_migration import sql_migration

ID = "2026-12-01T00:00:00:000066"
VERSION = "1.38.0"
DESCRIPTION = "What a draft rated is kept for its close"
SQL = "0066_drafts_are_issued.sql"

forwards = sql_migration(ID, SQL, DESCRIPTION)
