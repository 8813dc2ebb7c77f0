"""The Watchers of a cloud: each is one address, whose first connection stands for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from portal.db import Transaction
from portal.errors import Invalid
from portal.words import _

_WATCHERS: Final = """
select coalesce(same_as, id) as id, coalesce(min(id) filter (where ended_at is null), min(id))
         as connection, bool_and(ended_at is not null) as is_ended,
       array_agg(id) as connections
from connection where cloud = $1 group by 1 order by 2
"""
_SHOWN: Final = """
select watcher from watcher_organization where cloud = $1 and organization = $2 and $3
union select watcher from watcher_preset where cloud = $1 and preset = $2 and not $3
"""
_AT: Final = """
select coalesce(c.same_as, c.id) from connection c
where c.cloud = $1 and rtrim(c.url, '/') = rtrim($2, '/')
order by c.ended_at is not null, c.ended_at desc, c.id limit 1
"""
_SHARED: Final = """
select o.id from connection c join connection o on o.cloud = c.cloud and o.id <> c.id
  and coalesce(o.same_as, o.id) = coalesce(c.same_as, c.id) and o.ended_at is null
where c.cloud = $1 and c.id = $2 order by o.id limit 1
"""

TO_COME: Final = 0


@dataclass(frozen=True, slots=True)
class Watcher:
    """`id` is the first connection that led to it, `connection` one that does now, if any does.

    `TO_COME` is the one that is connected next, to a cloud that has none.
    """

    id: int
    connection: int | None


async def at(tx: Transaction, cloud: int, url: str) -> int | None:
    """The Watcher that a connection of the cloud led to at an address; None: none ever did."""
    found: int | None = await tx.fetchval(_AT, cloud, url)
    return found


async def refuse_move(tx: Transaction, cloud: int, connection: int, url: str) -> None:
    """Raise `Invalid` where a new address would make two Watchers one, or of one two.

    A connection whose address changes leads to the same Watcher, which has moved.
    """
    there = await at(tx, cloud, url)
    own = await tx.fetchval(
        "select coalesce(same_as, id) from connection where id = $1", connection
    )
    if there is not None and there != own:
        message = _(
            "leads to the Watcher of connection %(there)s: connect it anew, and end this one"
        ) % {"there": there}
        raise Invalid({"url": message})
    shared = await tx.fetchval(_SHARED, cloud, connection)
    if there is None and shared is not None:
        message = _(
            "connection %(shared)s leads to the same Watcher: end one of them before it moves"
        ) % {"shared": shared}
        raise Invalid({"url": message})


async def meant(
    tx: Transaction, cloud: int, what: str, number: int | None, connection: int | None
) -> Watcher:
    """Whose organization or preset `number` is: the given connection's, or the only one's.

    Of a cloud without any it is `TO_COME`: what is mapped beforehand is the next Watcher's.

    Raises `Invalid` where the connection is not one of the cloud's, and where none is given and it
    is not clear which is meant.
    """
    rows = await tx.fetch(_WATCHERS, cloud)
    living = [row for row in rows if not row["is_ended"]]
    if connection is not None:
        theirs = [row for row in rows if connection in row["connections"]]
        if not theirs:
            raise Invalid(
                {
                    "connection": _("there is no connection %(connection)s")
                    % {"connection": connection}
                }
            )
        return Watcher(id=theirs[0]["id"], connection=theirs[0]["connection"])
    shown = {
        row["watcher"] for row in await tx.fetch(_SHOWN, cloud, number, what == "organization")
    }
    candidates = [row for row in living if row["id"] in shown] or living
    candidates = candidates or [row for row in rows if row["id"] in shown]
    if not candidates:
        return Watcher(TO_COME, None)
    if len(candidates) > 1:
        names = ", ".join(str(row["connection"]) for row in candidates)
        raise Invalid(
            {
                "connection": _("is required: the %(what)s may be of connections %(names)s")
                % {"what": what, "names": names}
            }
        )
    return Watcher(id=candidates[0]["id"], connection=candidates[0]["connection"])
