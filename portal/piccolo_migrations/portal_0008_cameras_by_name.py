"""Indexes of the list of cameras: `sql/0008_cameras_by_name.sql`."""

from portal.sql_migration import sql_migration

ID = "2026-11-30T00:00:00:000008"
VERSION = "1.38.0"
DESCRIPTION = "Cameras by name"
SQL = "0008_cameras_by_name.sql"

forwards = sql_migration(ID, SQL, DESCRIPTION)
