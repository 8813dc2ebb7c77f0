"""Whether a subscriber has seen a document in the portal, and when for the first time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from portal.access import Actor
from portal.db import Transaction, snapshot
from portal.kit.queries.tenancy import CloudFacts


@dataclass(frozen=True, slots=True)
class Opening:
    """Who saw a document first (an e-mail address), and when."""

    opened_by: str
    opened_at: datetime


async def of_document(actor: Actor, cloud: CloudFacts, document: int) -> Opening | None:
    """When a document (a row id) was opened for the first time; None where it was not."""
    async with snapshot(actor) as tx:
        row = await tx.fetchrow(
            "select opened_by, opened_at from document_opening where cloud = $1 and invoice = $2",
            cloud.id,
            document,
        )
    return None if row is None else Opening(**row)


async def unopened(tx: Transaction, cloud: int, number: str) -> int | None:
    """The row id of a document that nobody of its subscriber has opened; None for any other."""
    found: int | None = await tx.fetchval(
        "select i.id from invoice i where i.cloud = $1 and i.number = $2 and not exists"
        " (select from document_opening o where o.cloud = i.cloud and o.invoice = i.id)",
        cloud,
        number,
    )
    return found
