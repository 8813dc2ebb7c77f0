"""Getting in: links that are used once, mail, the look of a sign-in page, what a person chose."""

from portal.sql_migration import sql_migration

ID = "2026-11-30T00:00:00:000003"
VERSION = "1.38.0"
DESCRIPTION = "Getting in"
SQL = "0003_getting_in.sql"

forwards = sql_migration(ID, SQL, DESCRIPTION)
