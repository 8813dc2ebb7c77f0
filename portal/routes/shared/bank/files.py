"""Bank files: sent, looked at line by line, taken in; and those that were."""

import asyncio
from collections.abc import Sequence
from http import HTTPStatus
from typing import Final

from litestar import Response, post
from litestar.params import FromPath
from litestar.plugins.htmx import HTMXRequest
from litestar.response import Stream

from portal.access import Permission
from portal.billing.money import CURRENCIES
from portal.books.actions.bank import uploads as actions
from portal.books.actions.bank.uploads import AT_ONCE, IMPORT, LOOK, Reader, SentFile
from portal.books.queries.bank import csv_mappings, uploads
from portal.books.queries.bank.reasons import reason_in_words
from portal.books.queries.bank.uploads import Counted, ImportPage, Preview, Upload
from portal.errors import Conflict, Invalid, InvalidLines, TooLarge
from portal.kit.actions.tasks import digest_of
from portal.kit.queries import tasks
from portal.kit.queries.clock import wall_clock
from portal.kit.queries.tasks import Task
from portal.ports import ReadCsvHead
from portal.routes.accounts.auth import Answer
from portal.routes.guards import person_of, requires
from portal.routes.list_files import list_file, read_page
from portal.routes.listing import Column, Listing, read_listing
from portal.routes.middleware.now import books_now
from portal.routes.middleware.sent import UPLOADS, file, file_name, texts
from portal.routes.middleware.sessions import SessionConfig
from portal.routes.page import Toast, form_page, page, redirect
from portal.routes.reading import get
from portal.routes.shared.bank.words import FORMATS, rule_word
from portal.routes.shared.books.invoices import StateTotal
from portal.routes.shared.money.book import BookScope
from portal.routes.shared.progress import time_left
from portal.values.amounts import money
from portal.values.bank_files import BYTES_MAX, CAMT, CSV, MT940, CsvHead
from portal.values.states import state_word
from portal.waiting import refuse_in_transaction
from portal.words import _

READERS: Final = [requires(Permission.LEDGER_READ)]
WRITERS: Final = [requires(Permission.PAYMENTS_WRITE)]
FIELD: Final = "file"
BODY_MAX: Final = BYTES_MAX + 100_000
NAME_MAX: Final = 200
WRONG_SHOWN: Final = 20
HISTORY: Final = (
    Column(_("File"), of=lambda row: row.name or f"{row.id}"),
    Column(_("Taken in"), of="made_at", kind="moment", wide=True, fact=True),
    Column(_("By"), of="made_by", wide=True),
    Column(_("Format"), of="format", wide=True, says=lambda row: FORMATS[row.format]),
    Column(_("State"), of="state", kind="state", wide=True, fact=True),
    Column(_("Lines"), of="lines", kind="number", wide=True),
    Column(_("New"), of="added", kind="number", wide=True),
    Column(_("Matched"), of="matched", kind="number", wide=True),
    Column(_("Unmatched"), of="open", kind="number"),
)
PREVIEW: Final = (
    Column(_("Payer"), of=lambda row: row.name or "–"),
    Column(_("Line"), of="line", kind="number", wide=True),
    Column(_("Booked on"), of="booked_on", kind="day", wide=True, fact=True),
    Column(_("Text"), of="text", wide=True),
    Column(_("State"), of="state", kind="state", wide=True, fact=True),
    Column(_("Rule"), of="rule", wide=True, says=lambda row: rule_word(row.rule)),
    Column(_("Reason"), of="reason", only_file=True),
    Column(_("Credit"), of="credit", kind="money", only_file=True),
    Column(_("Amount"), of="amount", kind="money"),
)


def reader_of(request: HTMXRequest) -> Reader:
    """What files are kept and read with."""
    state = request.app.state
    return Reader(state.integrations.vault, state.read_bank_file, state.payer_marks)


@get("/payments/bank", guards=READERS)
async def bank_files(request: HTMXRequest) -> Response[str] | Stream:
    """What was taken in, and the form that sends a file."""
    return await _history(request, await BookScope.of(request))


async def _history(
    request: HTMXRequest,
    book: BookScope,
    errors: dict[str, str] | None = None,
    wrong: Sequence[tuple[int, str]] = (),
) -> Response[str] | Stream:
    listing = read_listing(book.at("payments", "bank"), request.query_params, HISTORY)

    async def read(part: Listing) -> ImportPage:
        return await uploads.list_imports(
            book.actor, book.cloud, offset=part.offset, limit=part.size, counted=part.counted
        )

    found, listing, sheet = await read_page(
        request, "bank-files", HISTORY, listing, read, cloud=book.slug
    )
    if sheet is not None:
        return sheet
    return form_page(
        request,
        "shared/bank/files.html",
        errors=errors,
        block="rows",
        book=book,
        tab_rows=book.tab_rows("payments/bank"),
        columns=HISTORY,
        rows=found.rows,
        listing=listing,
        currencies=[(one, one) for one in sorted(CURRENCIES)],
        wrong=wrong[:WRONG_SHOWN],
        most=BYTES_MAX // 1024 // 1024,
    )


def format_of(content: bytes) -> str:
    """Which of the formats a file is, by how it begins; what is neither XML nor MT940 is CSV."""
    begun = content[:4096].lstrip(b"\xef\xbb\xbf \t\r\n")
    if begun.startswith(b"<") or begun[:4] in {b"\xff\xfe<\x00", b"\xfe\xff\x00<"}:
        return CAMT
    is_swift = b":20:" in begun and b":25:" in begun
    return MT940 if begun.startswith(b"{1:") or is_swift else CSV


@post(
    "/payments/bank",
    guards=WRITERS,
    status_code=HTTPStatus.OK,
    request_max_body_size=BODY_MAX,
    opt={UPLOADS: True},
)
async def send_file(request: HTMXRequest) -> Answer | Stream:
    """Keep a file and look at it; what cannot be read is told at once, with the lines."""
    book, sent = await BookScope.of(request), await texts(request)
    content = await file(request, FIELD)
    if content is None:
        return await _history(request, book, {FIELD: _("Choose a file.")})
    kind, currency = format_of(content), book.currency or sent.get("currency", "")
    if kind == CSV and currency not in CURRENCIES:
        told = {"currency": _("is required of a CSV of the platform's bank")}
        return await _history(request, book, told)
    name = (await file_name(request, FIELD))[:NAME_MAX].strip() or str(FORMATS[kind])
    kept = SentFile(name, kind, "" if kind == CAMT else currency, content)
    try:
        return redirect(request, await _sent(request, book, kept))
    except InvalidLines as problem:
        return await _history(request, book, {FIELD: problem.message}, problem.lines)
    except Invalid as problem:
        return await _history(request, book, {FIELD: next(iter(problem.fields.values()))})
    except (TooLarge, Conflict) as problem:
        return await _history(request, book, {FIELD: problem.message})


async def _sent(request: HTMXRequest, book: BookScope, kept: SentFile) -> str:
    """Keep a file and look at it; where one goes on. Raises as the reading does."""
    of, now = (book.actor, book.cloud), SessionConfig.of(request).clock()
    made = await actions.keep(*of, kept, now=now, reader=reader_of(request))
    at = book.at("payments", "bank", "files", made)
    if kept.format == CSV and not await _is_known(request, book, kept.content):
        return f"{at}/columns"
    await look_at(request, book, await uploads.get(*of, made))
    return at


async def head_of(request: HTMXRequest, content: bytes) -> CsvHead:
    """The first rows of a CSV. Raises `Invalid`."""
    refuse_in_transaction("The reading of a bank file")
    read: ReadCsvHead = request.app.state.read_csv_head
    return await asyncio.to_thread(read, content)


async def _is_known(request: HTMXRequest, book: BookScope, content: bytes) -> bool:
    """Whether a mapping has exactly the columns of a CSV."""
    head = await head_of(request, content)
    known = await csv_mappings.list_all(book.actor, book.cloud)
    return any(sorted(one.columns.names()) == sorted(head.columns) for one in known)


async def look_at(request: HTMXRequest, book: BookScope, upload: Upload) -> None:
    """At once where it is few lines, else by a worker. Raises as the reading does."""
    if upload.looked:
        return
    of, reader, now = (book.actor, book.cloud, upload), reader_of(request), books_now(request)
    lines = await actions.lines_of(*of, reader=reader)
    if len(lines) <= AT_ONCE:
        await actions.look(*of, now=now, reader=reader)
        return
    queue = request.app.state.queue
    await actions.ask(*of, LOOK, len(lines), now=now, queue=queue)


@get("/payments/bank/files/{upload:int}", guards=WRITERS)
async def file_page(request: HTMXRequest, upload: FromPath[int]) -> Answer | Stream:
    """How far it is: looked at, line by line, or on its way into the book."""
    book = await BookScope.of(request)
    found = await uploads.get(book.actor, book.cloud, upload)
    if found.bank_import is not None:
        return redirect(request, book.at("payments", "bank", found.bank_import))
    for kind in (IMPORT, LOOK):
        task = await _task(book, found, kind)
        if task is not None and (task.is_open or task.state == "failed"):
            return _progress(request, book, found, task)
    if not found.looked:
        return redirect(request, book.at("payments", "bank", "files", upload, "columns"))
    return await _preview(request, book, found)


async def _task(book: BookScope, upload: Upload, kind: str) -> Task | None:
    cloud = None if book.cloud is None else book.cloud.id
    return await tasks.latest(book.actor, cloud, digest_of(kind, actions.wanted(upload.id)))


def _progress(request: HTMXRequest, book: BookScope, upload: Upload, task: Task) -> Response[str]:
    labels = {LOOK: _("Looking at the file"), IMPORT: _("Taking the file in")}
    return page(
        request,
        "shared/bank/progress.html",
        block="progress",
        book=book,
        crumbs=_crumbs(book),
        title=upload.name,
        task=task,
        label=labels[task.kind],
        path=book.at("payments", "bank", "files", upload.id),
        again=book.at("payments", "bank"),
        eta=time_left(task.started_at, task.done, task.total, wall_clock()),
    )


def _crumbs(book: BookScope) -> tuple[tuple[str, str], ...]:
    return book.crumbs((_("Bank files"), book.at("payments", "bank")))


async def _preview(request: HTMXRequest, book: BookScope, upload: Upload) -> Response[str] | Stream:
    path = book.at("payments", "bank", "files", upload.id)
    listing = read_listing(path, request.query_params, PREVIEW, filters=("state",))
    counts = await uploads.count_preview(book.actor, upload)
    state = listing.filters["state"]
    listing = listing.found(sum(one.count for one in counts if state in {"", one.state}))

    async def more(part: Listing) -> Sequence[Preview]:
        return await uploads.preview(
            book.actor, upload, state=state, offset=part.offset, limit=part.size
        )

    rows = await more(listing)
    if listing.file:
        return await list_file(
            request, "bank-file", PREVIEW, rows, listing, more=more, cloud=book.slug
        )
    locale = person_of(request).locale
    return page(
        request,
        "shared/bank/preview.html",
        block="rows",
        book=book,
        crumbs=_crumbs(book),
        upload=upload,
        format=FORMATS[upload.format],
        columns=PREVIEW,
        rows=rows,
        why=lambda row: reason_in_words(row.state, row.reason),
        rule=rule_word,
        listing=listing,
        totals=states_of(counts, listing, locale),
        new=sum(one.count for one in counts if one.state in NEW),
        action=path,
    )


NEW: Final = frozenset({"matched", "open", "returned", "reversal", "ignored"})
"""States of lines that an import stores."""


def states_of(counts: Sequence[Counted], listing: Listing, locale: str) -> list[StateTotal]:
    """Lines by state, each a link to its rows."""
    chosen = listing.filters["state"]
    return [
        StateTotal(
            state_word(one.state),
            one.count,
            ", ".join(money(amount, currency, locale) for currency, amount in one.sums),
            listing.url(state=None if one.state == chosen else one.state, page=None),
            one.state == chosen,
        )
        for one in counts
    ]


@post("/payments/bank/files/{upload:int}", guards=WRITERS, status_code=HTTPStatus.OK)
async def import_file(request: HTMXRequest, upload: FromPath[int]) -> Answer:
    """Take it in: at once where it is few lines, else by a worker. Again changes nothing."""
    book, reader = await BookScope.of(request), reader_of(request)
    found = await uploads.get(book.actor, book.cloud, upload)
    here = book.at("payments", "bank", "files", upload)
    if not found.looked:
        return redirect(request, here)
    of, now = (book.actor, book.cloud, found), books_now(request)
    try:
        count = sum(one.count for one in await uploads.count_preview(book.actor, found))
        if count > AT_ONCE and found.bank_import is None:
            await actions.ask(*of, IMPORT, count, now=now, queue=request.app.state.queue)
            return redirect(request, here)
        made = await actions.take(*of, now=now, reader=reader)
    except (Invalid, Conflict) as problem:
        back = book.at("payments", "bank")
        return redirect(request, back, Toast(problem.message, "error"))
    told = _("%(name)s is taken in.") % {"name": found.name}
    return redirect(request, book.at("payments", "bank", made), told)


FILES: Final = (bank_files, send_file, file_page, import_file)
