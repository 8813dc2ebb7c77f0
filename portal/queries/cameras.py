"""Cameras of a cloud."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from portal.db import reading
from portal.errors import NotFound
from portal.queries import tenancy

if TYPE_CHECKING:
    from portal.access import Actor
    from portal.db import Connection


@dataclass(frozen=True, slots=True)
class Camera:
    """The billing unit. `subscriber` is a number, None while it is nobody's.

    `suspended` is the camera by itself, whatever its subscriber is.
    """

    id: int
    external_id: str
    name: str
    subscriber: int | None
    suspended: bool = False


_SELECT = """
select c.id, c.external_id, c.name, s.number as subscriber, c.suspended
from camera c left join subscriber s on s.id = c.subscriber
where c.cloud = $1
"""


async def page(
    actor: Actor,
    cloud: str,
    *,
    subscriber: int | None = None,
    after: str | None = None,
    limit: int = 100,
) -> list[Camera]:
    """A cloud's cameras (or one subscriber's) by external id, those after `after`."""
    async with reading(actor) as tx:
        facts = await tenancy.cloud_facts(tx, cloud)
        rows = await tx.fetch(
            _SELECT + " and c.external_id > $2 and ($3::bigint is null or s.number = $3)"
            " order by c.external_id limit $4",
            facts.id,
            after or "",
            subscriber,
            limit,
        )
    return [Camera(**row) for row in rows]


async def one(actor: Actor, cloud: str, external_id: str) -> Camera:
    """One camera by its external id. Raises `NotFound`."""
    async with reading(actor) as tx:
        facts = await tenancy.cloud_facts(tx, cloud)
        return await find(tx, facts.id, external_id)


async def find(tx: Connection, cloud: int, external_id: str, *, lock: str = "") -> Camera:
    """As `one`, within a transaction; `lock` is "share" or "no key update", until that ends."""
    query = _SELECT + " and c.external_id = $2" + (f" for {lock} of c" if lock else "")
    row = await tx.fetchrow(query, cloud, external_id)
    if row is None:
        raise NotFound(f"There is no camera {external_id[:80]!r}.")
    return Camera(**row)
