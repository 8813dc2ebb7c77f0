"""Storing many rows at once. For workers: COPY is refused where policies bind."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from itertools import islice
from typing import Any, Final

from portal.db import Transaction

ROWS_AT_ONCE: Final = 5_000


async def copy_rows(tx: Transaction, table: str, rows: Sequence[Mapping[str, Any]]) -> None:
    """Store rows, all with the same columns in the same order, in one statement."""
    if rows:
        await tx.copy_records_to_table(
            table, records=[tuple(row.values()) for row in rows], columns=list(rows[0])
        )


async def copy_text(
    tx: Transaction, table: str, columns: Sequence[str], rows: Iterable[tuple[object, ...]]
) -> None:
    """Store rows of numbers, days and words of ours in one statement; None is null.

    Their text is sent as it is: nobody else's text may be among them, which could hold a tab. A
    third of the work of `copy_rows`, which packs each value by its type.
    """
    waiting = iter(rows)

    async def text() -> AsyncIterator[bytes]:
        while some := lines_of(islice(waiting, ROWS_AT_ONCE), len(columns)):
            yield some

    await tx.copy_to_table(table, source=text(), columns=columns, null="None")


def lines_of(rows: Iterable[tuple[object, ...]], columns: int) -> bytes:
    """Rows as `copy_text` sends them, a line each."""
    line = "\t".join(["%s"] * columns) + "\n"
    return "".join([line % row for row in rows]).encode()


async def copy_lines(
    tx: Transaction, table: str, columns: Sequence[str], lines: bytes, first: Sequence[int]
) -> None:
    """Store what `lines_of` made; `first` are the values of the first columns, in every row.

    Example: a line of 7 and 100, and (1, 2), become the row 1, 2, 7, 100.
    """
    if not lines:
        return
    start = "".join(f"{one}\t" for one in first).encode()

    async def text() -> AsyncIterator[bytes]:
        yield start + lines[:-1].replace(b"\n", b"\n" + start) + lines[-1:]

    await tx.copy_to_table(table, source=text(), columns=columns, null="None")
