"""Mail: how far each is, for those who manage whoever gets it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from portal.access import Actor
from portal.db import Transaction, snapshot
from portal.errors import no_such
from portal.kit.queries.pages import Sorts, last_page
from portal.kit.queries.tenancy import CloudFacts
from portal.words import _

STATES: Final = ("waiting", "sending", "sent", "failed", "dropped")


@dataclass(frozen=True, slots=True)
class DeliveryRow:
    """One mail. `state` is one of STATES; `subject` is "" before it was tried for the first time.

    `due_at` is when it is tried next, where it waits; `cloud` is a slug, None for the platform's.
    """

    id: int
    cloud: str | None
    cloud_id: int | None
    kind: str
    recipient: str
    subject: str
    state: str
    attempts: int
    error: str
    created_at: datetime
    due_at: datetime
    sent_at: datetime | None


@dataclass(frozen=True, slots=True)
class Deliveries:
    """A page of them, and how many there are in all."""

    rows: list[DeliveryRow]
    total: int


_SELECT: Final = """
select d.id, c.slug as cloud, d.cloud as cloud_id, d.kind, d.recipient, d.subject, d.state,
       d.attempts, d.error, d.created_at, d.due_at, d.sent_at
from delivery d left join cloud c on c.id = d.cloud
"""
_LISTED: Final = """
where d.cloud is not distinct from $1
  and ($2::text is null or strpos(lower(d.recipient || ' ' || d.subject), lower($2)) > 0)
  and ($3::text is null or d.state = $3)
"""
_COUNT: Final = "select count(*)::int from delivery d" + _LISTED  # noqa: S608 - ours
_SORTS: Final = Sorts(
    {"created_at": "d.created_at", "recipient": "d.recipient", "state": "d.state"}, tie="d.id"
)


async def list_page(
    actor: Actor, cloud: CloudFacts | None, *, before: int | None = None, limit: int = 100
) -> list[DeliveryRow]:
    """Mails of a cloud or of the platform, the latest first, those before the row id `before`."""
    async with snapshot(actor) as tx:
        rows = await tx.fetch(
            _SELECT + " where d.cloud is not distinct from $1 and ($2::bigint is null or d.id < $2)"
            " order by d.id desc limit $3",
            None if cloud is None else cloud.id,
            before,
            limit,
        )
    return [DeliveryRow(**row) for row in rows]


async def list_for_portal(
    actor: Actor,
    cloud: CloudFacts | None,
    *,
    text: str | None = None,
    state: str | None = None,
    sort: str = "-created_at",
    offset: int = 0,
    limit: int = 50,
) -> Deliveries:
    """The same as a list of the portal; `text` is a part of an address or a subject."""
    async with snapshot(actor) as tx:
        narrowed = (None if cloud is None else cloud.id), text, state
        total = await tx.fetchval(_COUNT, *narrowed)
        rows = await tx.fetch(
            _SELECT + _LISTED + _SORTS.order_by(sort) + " offset $4 limit $5",
            *narrowed,
            last_page(offset, limit, total),
            limit,
        )
    return Deliveries([DeliveryRow(**row) for row in rows], total)


async def get(actor: Actor, delivery: int) -> DeliveryRow:
    """One mail by row id. Raises `NotFound`."""
    async with snapshot(actor) as tx:
        return await get_in(tx, delivery)


async def get_in(tx: Transaction, delivery: int) -> DeliveryRow:
    """As `get`, within a transaction."""
    row = await tx.fetchrow(_SELECT + " where d.id = $1", delivery)
    if row is None:
        raise no_such(_("mail"), delivery)
    return DeliveryRow(**row)
