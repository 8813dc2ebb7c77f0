"""What a text finds: rows with a word that begins with it, by one look into an index.

A name, an id, a number or an address is kept by word, each word with all that follows it. So a text
is found where a word begins: "gate no" finds "Main gate north", "ate" finds no gate.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from portal.db import Transaction

HITS_MAX: Final = 1_000
"""Unless more are asked for; of more than that it is told that they are more."""


@dataclass(frozen=True, slots=True)
class Words:
    """A table of words: whose they are, by the column of that name, and which kinds are meant."""

    table: str
    column: str
    kinds: tuple[str, ...] = ()

    def begun(self, place: str) -> str:
        """The condition on words `w` that begin with the text in a place of a query, as "$2"."""
        begun = f"w.word >= word_begun({place}) and w.word < word_begun({place}) || chr(1114111)"
        if not self.kinds:
            return begun
        kinds = ", ".join(f"'{one}'" for one in self.kinds)
        return f"{begun} and w.kind in ({kinds})"

    def has(self, cloud: str, row: str, place: str) -> str:
        """Whether one row has such a word: by a value and no `exists`, it is one lookup."""
        return (
            f"(select true from {self.table} w where w.cloud = {cloud}"  # noqa: S608 - ours
            f" and w.{self.column} = {row} and {self.begun(place)} limit 1)"
        )


CAMERAS: Final = Words("camera_word", "camera")
SUBSCRIBERS: Final = Words("subscriber_word", "subscriber", ("name", "contact"))
DOCUMENTS: Final = Words("subscriber_word", "subscriber", ("name", "before"))
"""Whom a document is addressed to, by the names that they have, or had."""
CHOSEN: Final = Words("subscriber_word", "subscriber", ("name",))
"""Customers as a field names them, by name or number."""


@dataclass(frozen=True, slots=True)
class Hits:
    """Row ids that a text finds; with `is_more` there are more, and these are the first by word."""

    ids: Sequence[int]
    is_more: bool

    def condition(self, words: Words, *, cloud: str, row: str, text: str, ids: str) -> str:
        """Whether a row is found; all but the first are places or columns of a query."""
        if self.is_more:
            return f"{words.has(cloud, row, text)} and {ids} is not null"
        return f"{row} = any({ids}) and {text} is not null"


async def find(
    tx: Transaction, words: Words, cloud: int, text: str | None, most: int = HITS_MAX
) -> Hits | None:
    """The rows of a cloud that a text finds, `most` of them at most; None without a text.

    What is like the text comes first: "gate" before "gate 2" before "gatehouse".
    """
    if not text:
        return None
    # Several words may be of one row.
    query = (
        f"select w.{words.column} as id from {words.table} w"  # noqa: S608 - names of ours
        f" where w.cloud = $1 and {words.begun('$2')} order by w.word limit $3"
    )
    rows = await tx.fetch(query, cloud, text, 2 * most + 1)
    ids = list(dict.fromkeys(row["id"] for row in rows))
    return Hits(ids[:most], len(ids) > most or len(rows) > 2 * most)
