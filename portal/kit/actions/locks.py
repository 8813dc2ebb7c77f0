"""Locks that order what must not overlap, held until the transaction ends."""

from __future__ import annotations

from portal.db import Transaction

_NAME = "hashtextextended('books of ' || $1::bigint, 0)"


async def lock_books_shared(tx: Transaction, cloud: int) -> None:
    """Hold a cloud's books as they are: no period can begin to close until this transaction ends.

    Taken by everything that writes what a close would read: usage, prices, subscriptions.
    """
    await tx.execute(f"select pg_advisory_xact_lock_shared({_NAME})", cloud)


async def lock_books_exclusive(tx: Transaction, cloud: int) -> None:
    """Wait for all who share a cloud's books, and keep them out until this transaction ends."""
    await tx.execute(f"select pg_advisory_xact_lock({_NAME})", cloud)


async def lock_sums(tx: Transaction, cloud: int) -> None:
    """Wait for all who change what customers of a cloud owe or who takes care of them.

    Triggers that keep sums take it, too: whoever goes on to lock customers' rows takes it before.
    """
    await tx.execute(
        "select pg_advisory_xact_lock(hashtextextended('sums of documents of ' || $1::bigint, 0))",
        cloud,
    )


async def lock_histories(tx: Transaction, cloud: int) -> None:
    """Wait for all who write histories of a cloud's cameras, and keep them out until this ends.

    What follows from histories is worked out from them, by one at a time. Whoever shares
    the books as well takes this one first.
    """
    await tx.execute(
        "select pg_advisory_xact_lock(hashtextextended('histories of ' || $1::bigint, 0))", cloud
    )


async def lock_differences(tx: Transaction, cloud: int) -> None:
    """Keep where a cloud's cameras differ from Watcher one at a time, until this ends.

    Taken last: whoever holds histories and books waits for nobody who wants them.
    """
    await tx.execute(
        "select pg_advisory_xact_lock(hashtextextended('differences of ' || $1::bigint, 0))", cloud
    )


async def lock_count(tx: Transaction, what: str, *of: object) -> None:
    """Hold the number of `what` there are of somebody until this transaction ends.

    Whoever adds to what may be only so many, or takes from what must not become none, takes this
    before counting: of two at once the second counts what the first did. Example: the 500 API keys
    of a cloud are `lock_count(tx, "API keys", cloud)`.
    """
    name = " of ".join([what, *map(str, of)])
    await tx.execute("select pg_advisory_xact_lock(hashtextextended($1, 0))", name)
