"""Endpoints of webhooks as they stand; their secrets never come out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from portal.access import Actor
from portal.db import Transaction, snapshot
from portal.errors import no_such
from portal.kit.queries.tenancy import CloudFacts
from portal.words import _

_SELECT: Final = """
select e.id, e.url, e.types, e.description, e.enabled, e.failing_since, e.off_reason, e.created_at,
       e.old_until
from webhook_endpoint e where e.cloud = $1 and e.removed_at is null
"""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where events are told. `failing_since` is None where the last try has succeeded.

    `off_reason` is why it was switched off by itself, "" where it was not. Until `old_until` the
    secret of before a rotation signs, too.
    """

    id: int
    url: str
    types: tuple[str, ...]
    description: str
    enabled: bool
    failing_since: datetime | None
    off_reason: str
    created_at: datetime
    old_until: datetime | None


async def list_all(actor: Actor, cloud: CloudFacts) -> Sequence[Endpoint]:
    """A cloud's endpoints, as they were made."""
    async with snapshot(actor) as tx:
        rows = await tx.fetch(f"{_SELECT} order by e.id", cloud.id)
    return [Endpoint(**{**row, "types": tuple(row["types"])}) for row in rows]


async def get(actor: Actor, cloud: CloudFacts, endpoint: int) -> Endpoint:
    """One of them. Raises `NotFound`."""
    async with snapshot(actor) as tx:
        return await get_in(tx, cloud, endpoint)


async def get_in(
    tx: Transaction, cloud: CloudFacts, endpoint: int, *, lock: bool = False
) -> Endpoint:
    """As `get`; with `lock` nobody else changes it until the transaction ends."""
    locked = " for no key update of e" if lock else ""
    row = await tx.fetchrow(f"{_SELECT} and e.id = $2{locked}", cloud.id, endpoint)
    if row is None:
        raise no_such(_("webhook"), endpoint)
    return Endpoint(**{**row, "types": tuple(row["types"])})
