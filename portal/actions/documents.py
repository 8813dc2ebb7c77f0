"""Making the PDFs of issued documents, once each."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

import structlog

from portal.access import SYSTEM
from portal.actions.bulk import copy_rows
from portal.db import atomic
from portal.errors import PortalError
from portal.queries import documents

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from portal.gateways import DocumentRenderer
    from portal.gateways.documents import RenderedDocument
    from portal.queries.documents import Printable

log = structlog.get_logger()
DOCUMENTS_AT_ONCE: Final = 8
_CLAIM: Final = """
select i.id from invoice i
where i.id > $1
  and not exists (select from invoice_file f where f.cloud = i.cloud and f.invoice = i.id)
order by i.id limit $2 for update of i skip locked
"""


async def render_waiting(*, renderer: DocumentRenderer, clock: Callable[[], datetime]) -> int:
    """Make every PDF that is missing, in order of issue; how many were made.

    A document that cannot be rendered is passed over and tried again by the next sweep; its books
    stand without it. Other workers take other documents meanwhile.
    """
    made = after = 0
    while True:
        async with atomic(SYSTEM) as tx:
            claimed = [row["id"] for row in await tx.fetch(_CLAIM, after, DOCUMENTS_AT_ONCE)]
            if not claimed:
                return made
            after = claimed[-1]
            values = [await documents.printable(tx, one) for one in claimed]
            # Rendering happens in other processes; nothing touches the connection meanwhile.
            rendered = await asyncio.gather(*(_render(renderer, one) for one in values))
            rows = [
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
            await copy_rows(tx, "invoice_file", rows)
            made += len(rows)


async def _render(renderer: DocumentRenderer, printable: Printable) -> RenderedDocument | None:
    try:
        return await renderer.render(printable.value)
    except PortalError as error:
        log.exception(
            "A document could not be rendered", number=printable.value.number, why=error.message
        )
        return None
