"""A bank file on its way: kept for a day, looked at line by line, then taken in.

Files have numbers of accounts in them: their bytes are kept encrypted, and forgotten. What is few
lines is done at once, more by workers as whoever sent it.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from portal import tables
from portal.access import SYSTEM, Actor, Permission
from portal.billing.bank.line import BankLine
from portal.books.actions.bank.taking_in import BankFile, Tell, take_in
from portal.books.actions.money.storing import open_book
from portal.books.queries.bank import csv_mappings, uploads
from portal.books.queries.bank.uploads import Upload
from portal.crypto.marks import Marks
from portal.db import atomic
from portal.errors import Conflict, InvalidLines
from portal.kit.actions import task_progress, tasks
from portal.kit.actions.locks import lock_count
from portal.kit.actions.rows import insert, update
from portal.kit.queries.tasks import Task
from portal.kit.queries.tenancy import CloudFacts, id_of
from portal.ports import Queue, ReadBankFile, Vault
from portal.waiting import refuse_in_transaction
from portal.words import _

AT_ONCE: Final = 200
"""Lines of a file that are looked at, or taken in, while somebody waits."""
UPLOADS_MAX: Final = 50
"""Files of one person in one book that are kept at a time."""
DAYS_KEPT: Final = 1
LOOK: Final = "bank-look"
IMPORT: Final = "bank-import"


@dataclass(frozen=True, slots=True)
class Reader:
    """What files are kept and read with."""

    vault: Vault
    read: ReadBankFile
    marks: Marks


@dataclass(frozen=True, slots=True)
class SentFile:
    """A file as it was sent; `currency` is that of amounts where it says none, else ""."""

    name: str
    format: str
    currency: str
    content: bytes


async def keep(
    actor: Actor, cloud: CloudFacts | None, sent: SentFile, *, now: datetime, reader: Reader
) -> int:
    """Keep a file to be looked at; its row id. The same file of the same person is the same one.

    Raises `Conflict` while too many are kept.
    """
    digest = hashlib.sha256(sent.content).hexdigest()
    text = base64.b64encode(sent.content).decode()
    refuse_in_transaction("The encrypting of a bank file")
    locked = await asyncio.to_thread(reader.vault.lock, {"file": text})
    async with atomic(actor) as tx:
        book = await open_book(tx, actor, cloud, Permission.PAYMENTS_WRITE)
        await lock_count(tx, "files of a bank that are looked at", book.issuer)
        kept = await uploads.of_person(tx, actor, book)
        for one in kept:
            if (one.sha256, one.format, one.currency) == (digest, sent.format, sent.currency):
                return one.id
        if len(kept) >= UPLOADS_MAX:
            raise Conflict(_("Too many files wait to be taken in. They are forgotten in a day."))
        columns = {
            "issuer": book.issuer,
            "cloud": id_of(cloud),
            "name": sent.name,
            "format": sent.format,
            "currency": sent.currency,
            "sha256": digest,
            "content": locked,
            "made_by": actor.user,
            "made_at": now,
        }
        made: int = await insert(tx, tables.BankUpload, columns)
        return made


async def lines_of(
    actor: Actor, cloud: CloudFacts | None, upload: Upload, *, reader: Reader
) -> list[BankLine]:
    """The lines of a file that is kept. Raises as the reading does."""
    locked = await uploads.content(actor, cloud, upload.id)
    mappings = await csv_mappings.list_all(actor, cloud)
    refuse_in_transaction("The reading of a bank file")

    def read() -> list[BankLine]:
        content = base64.b64decode(reader.vault.open(locked)["file"])
        return reader.read(content, upload.format, currency=upload.currency, mappings=mappings)

    return await asyncio.to_thread(read)


async def bytes_of(
    actor: Actor, cloud: CloudFacts | None, upload: Upload, *, reader: Reader
) -> bytes:
    """The bytes of a file that is kept."""
    locked = await uploads.content(actor, cloud, upload.id)
    refuse_in_transaction("The decrypting of a bank file")
    return await asyncio.to_thread(lambda: base64.b64decode(reader.vault.open(locked)["file"]))


async def look(
    actor: Actor, cloud: CloudFacts | None, upload: Upload, *, now: datetime, reader: Reader
) -> None:
    """Keep what would become of each line. Raises as the reading and `take_in` do."""
    lines = await lines_of(actor, cloud, upload, reader=reader)
    file = BankFile(upload.format, upload.sha256, lines, upload.name)
    found = await take_in(actor, cloud, file, now=now, marks=reader.marks, dry_run=True)
    told = {one.line: one for one in lines}
    rows = [
        {**_plain(asdict(one)), "name": told[one.line].name, "text": told[one.line].text}
        for one in found.lines
    ]
    async with atomic(actor) as tx:
        await update(tx, tables.BankUpload, upload.id, {"preview": rows})


def _plain(values: dict[str, Any]) -> dict[str, Any]:
    """As JSON has it."""
    return {**values, "booked_on": values["booked_on"].isoformat()}


async def take(
    actor: Actor,
    cloud: CloudFacts | None,
    upload: Upload,
    *,
    now: datetime,
    reader: Reader,
    tell: Tell | None = None,
) -> int:
    """Take a file into the book; the row of what it became. Again changes nothing."""
    if upload.bank_import is not None:
        return upload.bank_import
    lines = await lines_of(actor, cloud, upload, reader=reader)
    file = BankFile(upload.format, upload.sha256, lines, upload.name)
    found = await take_in(actor, cloud, file, now=now, marks=reader.marks, tell=tell)
    assert found.id is not None, "it is no dry run"
    async with atomic(actor) as tx:
        await update(tx, tables.BankUpload, upload.id, {"bank_import": found.id})
    return found.id


def wanted(upload: int) -> dict[str, Any]:
    """What a task about a file says."""
    return {"upload": upload}


async def ask(
    actor: Actor,
    cloud: CloudFacts | None,
    upload: Upload,
    kind: str,
    lines: int,
    *,
    now: datetime,
    queue: Queue,
) -> int:
    """Ask workers to look at a file (LOOK), or to take it in (IMPORT); the task's row id."""
    return await tasks.ask(
        *(actor, id_of(cloud), kind, wanted(upload.id)), total=lines, now=now, queue=queue
    )


async def go_on(actor: Actor, cloud: CloudFacts | None, task: Task, *, reader: Reader) -> None:
    """Do what was asked for: what is taken in already stays, and the rest follows. For workers."""
    upload = await uploads.get(actor, cloud, task.wanted["upload"])
    try:
        if task.kind == LOOK:
            await look(actor, cloud, upload, now=task.asked_at, reader=reader)
            await task_progress.finish(task, result=None)
            return

        async def tell(done: int) -> None:
            await task_progress.note(task, done=done, result=None)

        of = actor, cloud, upload
        await take(*of, now=task.asked_at, reader=reader, tell=tell)
        await task_progress.finish(task, result=None)
    except InvalidLines as wrong:
        line, problem = wrong.lines[0]
        told = _("Line %(line)s %(problem)s.") % {"line": line, "problem": problem}
        await task_progress.fail(task, told)


async def purge(now: datetime) -> None:
    """Forget files that nobody asks for any more. For the sweep."""
    async with atomic(SYSTEM) as tx:
        await tx.execute(
            "delete from bank_upload where made_at < $1", now - timedelta(days=DAYS_KEPT)
        )
