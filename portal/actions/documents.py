"""Making the PDFs of issued documents, once each."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

import structlog

from portal.access import SYSTEM
from portal.actions.bulk import copy_rows
from portal.db import atomic, held_of, reading
from portal.errors import PortalError
from portal.queries import documents

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from portal.gateways import DocumentRenderer
    from portal.gateways.documents import RenderedDocument
    from portal.queries.documents import Printable

log = structlog.get_logger()
DOCUMENTS_AT_ONCE: Final = 8
_WAITING: Final = """
select i.id from invoice i
where i.id > $1
  and not exists (select from invoice_file f where f.cloud = i.cloud and f.invoice = i.id)
order by i.id limit $2
"""
_STILL_WAITING: Final = """
select i.id from invoice i
where i.id = any($1::bigint[])
  and not exists (select from invoice_file f where f.cloud = i.cloud and f.invoice = i.id)
order by i.id
"""


async def render_waiting(*, renderer: DocumentRenderer, clock: Callable[[], datetime]) -> int:
    """Make every PDF that is missing, in order of issue; how many were made.

    A document that cannot be rendered is passed over and tried again by the next sweep; its books
    stand without it. Other workers take other documents meanwhile.
    """
    made = after = 0
    while True:
        async with reading(SYSTEM) as tx:
            rows = await tx.fetch(_WAITING, after, DOCUMENTS_AT_ONCE)
        if not rows:
            return made
        after = rows[-1]["id"]
        names = {f"document {row['id']}": row["id"] for row in rows}
        # Held by name: rendering happens in other processes, and no transaction waits for them.
        async with held_of(list(names)) as mine:
            made += await _make([names[name] for name in mine], renderer, clock)


async def _make(
    claimed: Sequence[int], renderer: DocumentRenderer, clock: Callable[[], datetime]
) -> int:
    """Make those of the documents that nobody has made since they were looked for."""
    async with reading(SYSTEM) as tx:
        waiting = [row["id"] for row in await tx.fetch(_STILL_WAITING, claimed)]
        values = [await documents.printable(tx, one) for one in waiting]
    rendered = await asyncio.gather(*(_render(renderer, one) for one in values))
    files = [
        {
            "cloud": one.cloud,
            "subscriber": one.subscriber,
            "invoice": one.id,
            "sha256": pdf.sha256,
            "size": len(pdf.pdf),
            "content": pdf.pdf,
            "created_at": clock(),
        }
        for one, pdf in zip(values, rendered, strict=True)
        if pdf is not None
    ]
    async with atomic(SYSTEM) as tx:
        await copy_rows(tx, "invoice_file", files)
    return len(files)


async def _render(renderer: DocumentRenderer, printable: Printable) -> RenderedDocument | None:
    try:
        return await renderer.render(printable.value)
    except PortalError as error:
        log.exception(
            "A document could not be rendered", number=printable.value.number, why=error.message
        )
        return None
