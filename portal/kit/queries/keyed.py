"""Rows that have a key: one of them, the same under a lock, or those after a key."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from asyncpg import Record

from portal.access import Actor
from portal.db import Transaction, snapshot
from portal.errors import no_such

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Keyed(Generic[T]):
    """How rows of one kind are read. `select` has no "where" of its own.

    `key` is a column with its alias: "r.code". `owner` is the condition of `$1` that the rows of an
    owner fulfil, where they have one: "r.cloud = $1". `what` names one that is not there.
    """

    select: str
    key: str
    what: str
    read: Callable[[Record], T]
    owner: str = ""

    async def get(self, actor: Actor, key: str | int, *owner: int | None) -> T:
        """One row by its key, of the owner where one is given. Raises `NotFound`."""
        async with snapshot(actor) as tx:
            return await self.get_in(tx, key, *owner)

    async def get_in(
        self, tx: Transaction, key: str | int, *owner: int | None, lock: str = ""
    ) -> T:
        """As `get`, within a transaction; `lock` is "share" or "no key update", until that ends."""
        query = self._where("=", owner) + (f" for {lock} of {self._alias}" if lock else "")
        row = await tx.fetchrow(query, *owner, key)
        if row is None:
            raise no_such(self.what, key)
        return self.read(row)

    async def page(self, actor: Actor, *owner: int | None, after: str | int, limit: int) -> list[T]:
        """The first `limit` rows after a key, by their keys."""
        query = self._where(">", owner) + f" order by {self.key} limit ${len(owner) + 2}"
        async with snapshot(actor) as tx:
            rows = await tx.fetch(query, *owner, after, limit)
        return [self.read(row) for row in rows]

    @property
    def _alias(self) -> str:
        return self.key.partition(".")[0]

    def _where(self, compared: str, owner: tuple[int | None, ...]) -> str:
        of_owner = f"{self.owner} and " if owner else ""
        return f"{self.select} where {of_owner}{self.key} {compared} ${len(owner) + 1}"
