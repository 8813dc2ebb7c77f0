"""Cards are saved and charged at a gateway: `sql/0090_cards.sql`."""

from portal.sql_migration import sql_migration

ID = "2026-12-01T00:00:00:000090"
VERSION = "1.38.0"
DESCRIPTION = "Cards"
SQL = "0090_cards.sql"

forwards = sql_migration(ID, SQL, DESCRIPTION)
