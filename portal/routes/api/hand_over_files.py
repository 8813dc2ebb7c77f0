"""The file of a hand-over, made while it is sent: a CSV, JSON, or the PDFs as one ZIP.

Some documents are read at a time, each time in a transaction of its own; nothing is held whole.
"""

import csv
import zipfile
from collections.abc import AsyncIterator
from datetime import datetime
from io import StringIO
from typing import IO, Final, cast

import msgspec

from portal.access import Actor
from portal.billing.money import format_minor, plain
from portal.books.queries.sending import hand_overs
from portal.books.queries.sending.hand_overs import HandedDocument, HandOver
from portal.kit.queries.tenancy import CloudFacts
from portal.routes.api import answers
from portal.routes.api.kit.rows import answer, month_key
from portal.values.text import unformula
from portal.words import english

MEDIA: Final = {
    "csv": "text/csv",
    "json": "application/json",
    "zip": "application/zip",
}
ROWS_AT_ONCE: Final = 500
INVOICES_AT_ONCE: Final = 50
FILES_AT_ONCE: Final = 4
COLUMNS: Final = (
    *("number", "type", "credits", "customer_number", "name", "email", "tax_number", "month"),
    *("issued_on", "due_on", "currency", "net", "tax_percent", "tax", "total", "open"),
)
EPOCH: Final = (1980, 1, 1, 0, 0, 0)
"""The time of every file of a ZIP: the same documents are the same file."""

READABLE: Final = 0o644 << 16
"""The rights of every file of a ZIP, where ZIP keeps those of Unix."""


def name_of(cloud: CloudFacts, found: HandOver) -> str:
    """What it is saved as: "north-documents-2026-10.csv"."""
    stem = "-".join(part for part in (cloud.slug, "documents", found.key) if part)
    return f"{stem}.{found.kind}"


def content_of(
    actor: Actor, cloud: CloudFacts, found: HandOver, now: datetime
) -> AsyncIterator[bytes]:
    """The file, piece by piece."""
    if found.kind == "zip":
        return _zip(actor, cloud, found)
    return (_csv if found.kind == "csv" else _json)(actor, cloud, found, now)


async def _csv(
    actor: Actor, cloud: CloudFacts, found: HandOver, now: datetime
) -> AsyncIterator[bytes]:
    yield _lines([COLUMNS])
    after = 0
    while rows := await hand_overs.rows(
        actor, cloud, found.id, now=now, after=after, limit=ROWS_AT_ONCE
    ):
        yield _lines([_line(row) for row in rows])
        after = rows[-1].id


def _lines(rows: list[tuple[str, ...]]) -> bytes:
    buffer = StringIO()
    csv.writer(buffer).writerows([unformula(cell) for cell in row] for row in rows)
    return buffer.getvalue().encode()


def _line(row: HandedDocument) -> tuple[str, ...]:
    """The cells of a document, in the order of COLUMNS."""
    net, tax, total, left = (
        format_minor(minor, row.currency) for minor in (row.net, row.tax, row.total, row.open)
    )
    return (
        row.number,
        row.type,
        row.credits or "",
        str(row.customer_number),
        row.name,
        row.email,
        row.tax_number,
        month_key(row.month),
        row.issued_on.isoformat(),
        "" if row.due_on is None else row.due_on.isoformat(),
        row.currency,
        net,
        plain(row.tax_percent),
        tax,
        total,
        left,
    )


async def _json(
    actor: Actor, cloud: CloudFacts, found: HandOver, now: datetime
) -> AsyncIterator[bytes]:
    """The documents as the API answers them."""
    yield b'{"items":['
    after, between = 0, b""
    while rows := await hand_overs.invoices(
        actor, cloud, found.id, now=now, after=after, limit=INVOICES_AT_ONCE
    ):
        said = (answer(answers.Invoice, row, period=month_key(row.month)) for row in rows)
        yield between + b",".join(msgspec.json.encode(one, enc_hook=english) for one in said)
        after, between = rows[-1].id, b","
    yield b"]}"


class _Pieces:
    """What a ZIP is written into: taken out as often as something stands there."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def write(self, data: bytes) -> int:
        self._parts.append(bytes(data))
        return len(data)

    def flush(self) -> None:
        """Nothing waits here."""

    def take(self) -> bytes:
        parts, self._parts = self._parts, []
        return b"".join(parts)


async def _zip(actor: Actor, cloud: CloudFacts, found: HandOver) -> AsyncIterator[bytes]:
    """A PDF is compressed already: each is stored as it is."""
    pieces, after = _Pieces(), 0
    with zipfile.ZipFile(cast("IO[bytes]", pieces), "w", zipfile.ZIP_STORED) as archive:
        while rows := await hand_overs.files(
            actor, cloud, found.id, after=after, limit=FILES_AT_ONCE
        ):
            for row in rows:
                info = zipfile.ZipInfo(f"{row.number}.pdf", EPOCH)
                info.external_attr = READABLE
                archive.writestr(info, row.content)
                yield pieces.take()
            after = rows[-1].id
    yield pieces.take()
