"""What waits for somebody: each kind with how many, how much, since when, and of which cloud.

One query a kind, each of them over what is kept or indexed; whose rows count, the database decides.
Kinds come in their order: what stops money, what costs money, what only waits.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from portal.access import Actor, can
from portal.db import snapshot
from portal.kit.queries import zones
from portal.kit.queries.tenancy import CloudFacts
from portal.overview.queries.attention.sources import CLOUD, PLATFORM, SOURCES


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """Something that waits. `subject` is a month's first day, an address or a name, "" for none.

    `place` names the page of the only one that is meant: a number, code or id, "" where there are
    several. `about` is what else is said of it. `amount` is in minor units of `currency`, None
    where it is not about money.
    """

    kind: str
    cloud: str
    cloud_name: str
    count: int
    subject: str = ""
    place: str = ""
    about: str = ""
    amount: int | None = None
    currency: str = ""
    since: datetime | None = None


async def of_cloud(actor: Actor, cloud: CloudFacts, *, now: datetime) -> list[Need]:
    """What waits in a cloud, as far as it concerns the actor."""
    return await _find(actor, CLOUD, cloud.id, now)


async def of_platform(actor: Actor, *, now: datetime) -> list[Need]:
    """What waits on the platform and in the clouds that the actor sees."""
    return await _find(actor, PLATFORM, None, now)


async def _find(actor: Actor, kinds: Sequence[str], cloud: int | None, now: datetime) -> list[Need]:
    async with snapshot(actor) as tx:
        todays = await zones.todays(tx, now)
        await zones.tell_todays(tx, now)
        clouds = {
            row["id"]: row
            for row in await tx.fetch(
                "select id, slug, name, currency from cloud where $1::bigint is null or id = $1",
                cloud,
            )
        }
        found = []
        for kind in kinds:
            source = SOURCES[kind]
            if not can(actor, source.permission):
                continue
            arguments = (cloud, todays, now)[: source.arguments]
            for row in await tx.fetch(source.query, *arguments):
                of = clouds.get(row["id"])
                found.append(
                    Need(
                        kind=kind,
                        cloud=of["slug"] if of else "",
                        cloud_name=of["name"] if of else "",
                        count=row["count"],
                        subject=row["subject"],
                        place=row["place"],
                        about=row["about"],
                        amount=row["amount"],
                        currency=of["currency"] if of and row["amount"] is not None else "",
                        since=row["since"],
                    )
                )
    return found
