"""Storing many rows at once. For workers: COPY is refused where policies bind."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from portal.db import Connection


async def copy_rows(tx: Connection, table: str, rows: Sequence[Mapping[str, Any]]) -> None:
    """Store rows, all with the same columns in the same order, in one statement."""
    if rows:
        await tx.copy_records_to_table(
            table, records=[tuple(row.values()) for row in rows], columns=list(rows[0])
        )
