"""Measurements are a camera a row: `sql/0036_measurements_a_camera_a_row.sql`."""

from portal.sql_migration import sql_migration

ID = "2026-11-30T00:00:00:000036"
VERSION = "1.38.0"
DESCRIPTION = "Measurements are a camera a row"
SQL = "0036_measurements_a_camera_a_row.sql"

forwards = sql_migration(ID, SQL, DESCRIPTION)
