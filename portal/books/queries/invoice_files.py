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
from portal.kit.queries.tenancy import CloudFacts
from portal.values.rendering import reason_of
from portal.words import _

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


# Of a name "NORTH-2026-000001.pdf": its columns, and what is sent.
PDF: Final = ".pdf"
CSV: Final = ".csv"
_KINDS: Final = {
    PDF: ("sha256", "content", "application/pdf"),
    CSV: ("usage_sha256", "usage_content", "text/csv"),
}


@dataclass(frozen=True, slots=True)
class InvoiceFile:
    """A file of a document as it was made at its issue; `name` is the one it is saved by."""

    name: str
    media_type: str
    sha256: str
    content: bytes


def is_file(name: str) -> bool:
    """Whether a name is that of a file, and not a document's number."""
    return name.endswith(tuple(_KINDS))


def number_of(name: str) -> str:
    """The number of the document whose file has this name."""
    return name[: -len(PDF)]


async def get(actor: Actor, cloud: CloudFacts, name: str) -> InvoiceFile:
    """A document's file by its name: "NORTH-2026-000001.pdf", or ".csv" for that of its cameras.

    One that has just been issued is waited for a few seconds; after that it is `Conflict` while the
    PDF is still being made, and at once, with the reason and the command, where it waits for a
    font. `NotFound` where there is no such document to see, and for the CSV of one that lists its
    cameras itself.
    """
    sha256, content, media_type = _KINDS[name[-len(PDF) :]]
    row = await _file(actor, cloud, number_of(name))
    if row[content] is None:
        raise NotFound(
            _("%(number)s lists its cameras itself; there is no CSV of them.")
            % {"number": row["number"]}
        )
    return InvoiceFile(name, media_type, row[sha256], row[content])


async def _file(actor: Actor, cloud: CloudFacts, number: str) -> Record:
    deadline = monotonic() + FILE_SECONDS
    while True:
        row = await _look_at_file(actor, cloud, number)
        if row["content"] is not None:
            return row
        if row["characters"] is not None:
            raise Conflict(
                _(
                    "The PDF of %(number)s waits for a font. %(characters)s Run as root on every"
                    " worker's machine: %(command)s"
                )
                % {
                    "number": row["number"],
                    "characters": reason_of(row["characters"]),
                    "command": row["command"],
                }
            )
        if row["age_seconds"] > FRESH_SECONDS or monotonic() > deadline:
            raise Conflict(
                _("The PDF of this document is still being made; try again in a moment.")
            )
        await asyncio.sleep(FILE_LOOK_SECONDS)


async def _look_at_file(actor: Actor, cloud: CloudFacts, number: str) -> Record:
    async with snapshot(actor) as tx:
        row = await tx.fetchrow(_FILE, cloud.id, number)
    if row is None:
        raise no_such(_("document"), number)
    return row
