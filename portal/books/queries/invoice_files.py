"""The files of an issued document: its PDF, and the CSV of its cameras where it has one."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from time import monotonic
from typing import Final

from asyncpg import Record

from portal.access import Actor
from portal.db import snapshot
from portal.errors import Conflict, NotFound, no_such
from portal.gateways.documents.fonts import reason_of
from portal.kit.queries import tenancy

FILE_SECONDS: Final = 15
"""How long a PDF that is being made is waited for."""
FILE_LOOK_SECONDS: Final = 0.2
FRESH_SECONDS: Final = 600
"""Documents issued longer ago are not waited for: their PDF is late for a reason."""

_FILE: Final = """
select i.number, f.sha256, f.content, f.usage_sha256, f.usage_content, w.characters, w.command,
       extract(epoch from book_now() - i.issued_at) as age_seconds
from invoice i
left join invoice_file f on f.cloud = i.cloud and f.invoice = i.id
left join invoice_wait w on w.cloud = i.cloud and w.invoice = i.id
where i.cloud = $1 and i.number = $2
"""


@dataclass(frozen=True, slots=True)
class InvoiceFile:
    """A file of a document: its PDF, or the CSV of its cameras."""

    number: str
    sha256: str
    content: bytes


async def file(actor: Actor, cloud_slug: str, number: str) -> InvoiceFile:
    """A document's PDF as it was made.

    One that has just been issued is waited for a few seconds; after that it is `Conflict` while it
    is still being made, and at once, with the reason and the command, where it waits for a font.
    Raises `NotFound`.
    """
    row = await _file(actor, cloud_slug, number)
    return InvoiceFile(row["number"], row["sha256"], row["content"])


async def usage_file(actor: Actor, cloud_slug: str, number: str) -> InvoiceFile:
    """The CSV of a document's cameras, as it is attached to its PDF.

    Raises like `file`, and `NotFound` for a document that lists its cameras itself.
    """
    row = await _file(actor, cloud_slug, number)
    if row["usage_content"] is None:
        raise NotFound(f"{row['number']} lists its cameras itself; there is no CSV of them.")
    return InvoiceFile(row["number"], row["usage_sha256"], row["usage_content"])


async def _file(actor: Actor, cloud_slug: str, number: str) -> Record:
    deadline = monotonic() + FILE_SECONDS
    while True:
        row = await _look_at_file(actor, cloud_slug, number)
        if row["content"] is not None:
            return row
        if row["characters"] is not None:
            raise Conflict(
                f"The PDF of {row['number']} waits for a font. {reason_of(row['characters'])}"
                f" Run as root on every worker's machine: {row['command']}"
            )
        if row["age_seconds"] > FRESH_SECONDS or monotonic() > deadline:
            raise Conflict("The PDF of this document is still being made; try again in a moment.")
        await asyncio.sleep(FILE_LOOK_SECONDS)


async def _look_at_file(actor: Actor, cloud_slug: str, number: str) -> Record:
    async with snapshot(actor) as tx:
        cloud = await tenancy.cloud_facts(tx, cloud_slug)
        row = await tx.fetchrow(_FILE, cloud.id, number)
    if row is None:
        raise no_such("document", number)
    return row
