"""Sums of a cloud's book by day: `sql/0063_books_are_summed_by_day.sql`."""

from portal.sql_migration import sql_migration

ID = "2026-11-30T00:00:00:000063"
VERSION = "1.38.0"
DESCRIPTION = "Books are summed by day"
SQL = "0063_books_are_summed_by_day.sql"

forwards = sql_migration(ID, SQL, DESCRIPTION)
