"""What subscribers ask to have on their documents."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from portal.access import Actor
from portal.db import Transaction, snapshot
from portal.errors import no_such
from portal.kit.queries.rows import row_of
from portal.kit.queries.tenancy import CloudFacts
from portal.words import _

FIELDS: Final = ("name", "address", "tax_number")
"""What is asked for, as a subscriber has it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DetailsRequest:
    """Other details asked for by somebody (an e-mail address) of a subscriber (its number).

    `state` is waiting, confirmed, declined or withdrawn; `answer` says why one was declined.
    """

    id: int
    subscriber: int
    name: str
    address: tuple[str, ...]
    tax_number: str
    note: str
    state: str
    asked_by: str
    asked_at: datetime
    answer: str
    decided_by: str
    decided_at: datetime | None


_SELECT: Final = """
select r.id, s.number as subscriber, r.name, r.address, r.tax_number, r.note, r.state, r.asked_by,
       r.asked_at, r.answer, r.decided_by, r.decided_at
from details_request r join subscriber s on s.cloud = r.cloud and s.id = r.subscriber
where r.cloud = $1 and s.number = $2
"""


async def latest(actor: Actor, cloud: CloudFacts, number: int) -> DetailsRequest | None:
    """What a subscriber asked for last, as far as the actor sees it."""
    async with snapshot(actor) as tx:
        row = await tx.fetchrow(_SELECT + " order by r.id desc limit 1", cloud.id, number)
    return None if row is None else row_of(DetailsRequest, row)


async def list_page(
    actor: Actor, cloud: CloudFacts, number: int, *, after: int = 0, limit: int = 100
) -> list[DetailsRequest]:
    """All that a subscriber asked for, by id, those after `after`."""
    async with snapshot(actor) as tx:
        rows = await tx.fetch(
            _SELECT + " and r.id > $3 order by r.id limit $4", cloud.id, number, after, limit
        )
    return [row_of(DetailsRequest, row) for row in rows]


async def get_in(
    tx: Transaction, cloud: int, number: int, request: int, *, lock: bool = False
) -> DetailsRequest:
    """One by its id; with `lock` nobody else decides it until the transaction ends."""
    held = " for no key update of r" if lock else ""
    row = await tx.fetchrow(_SELECT + " and r.id = $3" + held, cloud, number, request)
    if row is None:
        raise no_such(_("request"), request)
    return row_of(DetailsRequest, row)
