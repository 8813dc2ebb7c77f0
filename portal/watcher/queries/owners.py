"""Whose cameras are, by their external ids."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from portal.access import Actor
from portal.db import snapshot
from portal.kit.queries.tenancy import CloudFacts

_OWNERS: Final = """
select c.external_id, s.number, s.name from camera c join subscriber s on s.id = c.subscriber
where c.cloud = $1 and c.external_id = any($2::text[])
"""


async def of_cameras(
    actor: Actor, cloud: CloudFacts, cameras: Collection[str]
) -> dict[str, tuple[int, str]]:
    """Number and name of the subscriber of each camera that has one."""
    async with snapshot(actor) as tx:
        rows = await tx.fetch(_OWNERS, cloud.id, list(cameras))
        return {row["external_id"]: (row["number"], row["name"]) for row in rows}
