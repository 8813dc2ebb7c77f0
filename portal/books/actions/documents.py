"""Making the PDFs of issued documents, once each."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final

import structlog

from portal.access import SYSTEM
from portal.books.queries import documents
from portal.db import atomic, held_of, snapshot
from portal.errors import PortalError
from portal.kit.actions.bulk import copy_rows
from portal.ports import DocumentRenderer
from portal.values.document import DocumentValue
from portal.values.rendering import GlyphsMissing, RenderedDocument

log = structlog.get_logger()
DOCUMENTS_AT_ONCE: Final = 8
_WAITING: Final = """
select i.id from invoice i
where i.id > $1
  and not exists (select from invoice_file f where f.cloud = i.cloud and f.invoice = i.id)
  and not exists (select from invoice_wait w where w.cloud = i.cloud and w.invoice = i.id
                  and w.characters = any($3::text[]))
order by i.id limit $2
"""
# Beyond so many different ones some are tried although their font has not come: slower, no worse.
_LACKING: Final = """
select distinct characters, command from invoice_wait order by characters, command limit 1000
"""
_WAIT: Final = """
insert into invoice_wait (cloud, subscriber, invoice, characters, command, value, created_at)
values ($1, $2, $3, $4, $5, $6, $7)
on conflict (cloud, invoice) do update
set characters = excluded.characters, command = excluded.command
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
    stand without it. One with letters that no font draws waits, with the reason, until one does.
    Other workers take other documents meanwhile.
    """
    made = after = 0
    lacking = await _still_lacking(renderer)
    while True:
        async with snapshot(SYSTEM) as tx:
            rows = await tx.fetch(_WAITING, after, DOCUMENTS_AT_ONCE, lacking)
        if not rows:
            return made
        after = rows[-1]["id"]
        names = {f"document {row['id']}": row["id"] for row in rows}
        # Held by name: rendering happens in other processes, and no transaction waits for them.
        async with held_of(list(names)) as mine:
            made += await _make([names[name] for name in mine], renderer, clock)


async def _still_lacking(renderer: DocumentRenderer) -> list[str]:
    """The characters that documents wait for, each document's together, while that is so."""
    async with snapshot(SYSTEM) as tx:
        rows = await tx.fetch(_LACKING)
    if not rows:
        return []
    waits = [(row["characters"], row["command"]) for row in rows]
    try:
        waiting = await renderer.still_waiting(waits)
    except PortalError as error:
        log.warning("Fonts cannot be looked for", why=error.message)
        return [characters for characters, _ in waits]
    return [
        characters for (characters, _), waits_on in zip(waits, waiting, strict=True) if waits_on
    ]


async def _make(
    claimed: Sequence[int], renderer: DocumentRenderer, clock: Callable[[], datetime]
) -> int:
    """Make those of the documents that nobody has made since they were looked for."""
    async with snapshot(SYSTEM) as tx:
        waiting = [row["id"] for row in await tx.fetch(_STILL_WAITING, claimed)]
        values = [await documents.printable(tx, one) for one in waiting]
    rendered = await asyncio.gather(*(render_one(renderer, one.value) for one in values))
    files, waits = [], []
    for one, made in zip(values, rendered, strict=True):
        owner = {"cloud": one.cloud, "subscriber": one.subscriber, "invoice": one.id}
        if isinstance(made, GlyphsMissing):
            value = one.value.to_json()
            waits.append((*owner.values(), made.characters, made.command, value, clock()))
        elif made is not None:
            files.append({**owner, **stored(made), **_usage_of(made), "created_at": clock()})
    async with atomic(SYSTEM) as tx:
        await copy_rows(tx, "invoice_file", files)
        await tx.execute(
            "delete from invoice_wait where invoice = any($1::bigint[])",
            [file["invoice"] for file in files],
        )
        for wait in waits:
            await tx.execute(_WAIT, *wait)
    return len(files)


def stored(made: RenderedDocument) -> dict[str, object]:
    """What is kept of a PDF, for good: the columns of its table."""
    return {"sha256": made.sha256, "size": len(made.pdf), "content": made.pdf}


def _usage_of(made: RenderedDocument) -> dict[str, object]:
    usage = made.usage
    return {
        "usage_sha256": None if usage is None else hashlib.sha256(usage).hexdigest(),
        "usage_content": usage,
    }


async def render_one(
    renderer: DocumentRenderer, value: DocumentValue
) -> RenderedDocument | GlyphsMissing | None:
    """A document as it is printed, or what it waits for; None where it cannot be rendered."""
    number = value.number
    try:
        return await renderer.render(value)
    except GlyphsMissing as missing:
        log.warning("A document waits for a font", number=number, why=missing.message)
        return missing
    except PortalError as error:
        log.exception("A document could not be rendered", number=number, why=error.message)
        return None
