"""Looking at a portal as somebody else sees it."""

from portal.sql_migration import sql_migration

ID = "2026-11-30T00:00:00:000012"
VERSION = "1.38.0"
DESCRIPTION = "Viewing as"
SQL = "0012_viewing_as.sql"

forwards = sql_migration(ID, SQL, DESCRIPTION)
