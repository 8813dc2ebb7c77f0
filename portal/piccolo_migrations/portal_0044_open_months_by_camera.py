"""Open months by camera: `sql/0044_open_months_by_camera.sql`."""

from portal.sql_migration import sql_migration

ID = "2026-11-30T00:00:00:000044"
VERSION = "1.39.0"
DESCRIPTION = "Open months by camera"
SQL = "0044_open_months_by_camera.sql"

forwards = sql_migration(ID, SQL, DESCRIPTION)
