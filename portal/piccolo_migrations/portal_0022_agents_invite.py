"""Agents invite agents, and say where they are paid: `sql/0022_agents_invite.sql`."""

from portal.sql_migration import sql_migration

ID = "2026-11-30T00:00:00:000022"
VERSION = "1.38.0"
DESCRIPTION = "Agents invite"
SQL = "0022_agents_invite.sql"

forwards = sql_migration(ID, SQL, DESCRIPTION)
