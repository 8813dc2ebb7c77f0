"""By hand: as somebody who has the database, and no respect for its triggers."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from tests.conftest import Database

_COLUMNS = """
select string_agg(quote_ident(attname), ', ' order by attnum) from pg_attribute
where attrelid = $1::text::regclass and attnum > 0 and not attisdropped and attgenerated = ''
"""


@dataclass(frozen=True, slots=True)
class Deed:
    """A change of a table, the law that it breaks, on what, and which figures are told."""

    table: str
    change: str
    law: str
    subject: str
    figures: str

    @property
    def said(self) -> str:
        return f"{self.subject}: {self.law}: {self.figures}"


@asynccontextmanager
async def done(database: Database, deed: Deed) -> AsyncIterator[None]:
    """Inside, it is done; then the table is as it was."""
    async with database.as_owner() as connection:
        await connection.execute("set session_replication_role = replica")
        columns = await connection.fetchval(_COLUMNS, deed.table)
        await connection.execute(f"create temp table saved as select {columns} from {deed.table}")
        try:
            await connection.execute(deed.change)
            yield
        finally:
            await connection.execute(f"delete from {deed.table}")
            await connection.execute(
                f"insert into {deed.table} ({columns}) overriding system value table saved"
            )
            await connection.execute("drop table saved; reset session_replication_role")
