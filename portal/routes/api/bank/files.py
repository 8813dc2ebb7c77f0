"""Bank files over the API: taken in, and their lines matched."""

import asyncio
import hashlib
from dataclasses import dataclass
from datetime import date
from typing import Final

from msgspec import Struct

from portal.access import Permission
from portal.billing.bank.line import amount_text
from portal.books.actions.bank import worklist
from portal.books.actions.bank.deciding import Outcome
from portal.books.actions.bank.taking_in import BankFile, take_in
from portal.books.forms.bank_file import (
    IgnoreForm,
    ImportQuery,
    LineFilter,
    MatchCloudForm,
    MatchForm,
)
from portal.books.queries.bank import csv_mappings, lines
from portal.books.queries.bank.reasons import reason_in_words
from portal.errors import Invalid, UnsupportedType
from portal.routes.api.answers import Page
from portal.routes.api.kit.body import type_of
from portal.routes.api.kit.endpoint import Call, Register
from portal.routes.api.kit.paging import make_cursor
from portal.routes.api.kit.rows import Amount, answer
from portal.routes.api.money.books import book, in_both_books
from portal.values.bank_files import BYTES_MAX, CSV, MEDIA
from portal.waiting import refuse_in_transaction

file_register: Final = Register("Bank files")
TYPES: Final = (*MEDIA, "application/octet-stream")
P = Permission


class OnInvoice(Struct, frozen=True):
    """What of a line is on an invoice."""

    invoice: str
    amount: Amount


class ImportedLine(Struct, frozen=True):
    """What became of a line of a file; `line` counts from 1. `amount` is below 0 of what went out.

    `state` is matched, open, returned, reversal or ignored; known (it came before), pending (not
    booked yet) and refused (another currency) are not stored. `rule` is what named invoices, and
    `reason` the bank's code of a return, or why a line is open. An open line has an `id`.
    """

    line: int
    booked_on: date
    amount: Amount
    state: str
    rule: str | None
    allocations: list[OnInvoice]
    credit: Amount
    fee: Amount
    reason: str | None
    suggestions: list[str]
    id: int | None


class BankImport(Struct, frozen=True):
    """A file that was taken in, line by line; without `id` it was a rehearsal."""

    id: int | None
    lines: list[ImportedLine]
    counts: dict[str, int]


class BankLine(Struct, frozen=True):
    """A line as it stands. `credit` is what of its money is on no invoice."""

    id: int
    account: str
    booked_on: date
    currency: str
    amount: Amount
    state: str
    rule: str | None
    name: str
    text: str
    end_to_end: str
    bank_reference: str
    instructed: str
    charges: str
    allocations: list[OnInvoice]
    credit: Amount
    fee: Amount
    reason: str | None
    suggestions: list[str]
    payments: list[int]


@dataclass(frozen=True, slots=True)
class Sent:
    """The bytes of a file and the media type that they were sent with."""

    content: bytes
    media_type: str


def read_body(body: bytes, content_type: str) -> Sent:
    """A body as it came. Raises `UnsupportedType` (415)."""
    media_type = type_of(content_type)
    if media_type not in {*TYPES, ""}:
        raise UnsupportedType(f"Send {', '.join(MEDIA)}.")
    return Sent(body, media_type)


async def read_file(call: Call, query: ImportQuery, sent: Sent) -> BankFile:
    """The lines of a file, read in a thread: a large one takes seconds."""
    kind = query.format or MEDIA.get(sent.media_type)
    if kind is None:
        raise UnsupportedType(f"Send {', '.join(MEDIA)}, or say the format.")
    refuse_in_transaction("The reading of a bank file")
    cloud = book(call)
    currency = query.currency or "" if cloud is None else cloud.currency
    if kind == CSV and not currency:
        raise Invalid({"currency": "is required of a CSV of the platform's bank"})
    mappings = await csv_mappings.list_all(call.actor, cloud)
    found = await asyncio.to_thread(
        call.context.read_bank_file,
        sent.content,
        kind,
        currency=currency,
        mappings=mappings,
    )
    return BankFile(kind, hashlib.sha256(sent.content).hexdigest(), found)


def _imported(outcome: Outcome) -> ImportedLine:
    return answer(
        ImportedLine,
        outcome,
        amount=amount_text(outcome.amount, outcome.currency),
        credit=amount_text(outcome.credit, outcome.currency),
        fee=amount_text(outcome.fee, outcome.currency),
        reason=reason_in_words(outcome.state, outcome.reason),
        id=outcome.id if outcome.state == "open" else None,
    )


def _line(found: lines.StoredLine) -> BankLine:
    return answer(BankLine, found, reason=reason_in_words(found.state, found.reason))


@in_both_books(
    file_register, "POST", "/bank-imports", P.PAYMENTS_WRITE, summary="Take in a bank file",
    answer=BankImport, query=ImportQuery, read=read_body, prepare=read_file, types=TYPES,
    body_max=BYTES_MAX, status=201, waits_outside=True,
)  # fmt: skip
async def import_bank_file(call: Call, query: ImportQuery, file: BankFile) -> BankImport:
    """camt.052, .053 or .054, MT940, or a CSV with the columns of a mapping; at most 20 MB.

    Lines that came before, in whatever file, do nothing. `dry_run=true` tells what would become of
    each and stores nothing.
    """
    found = await take_in(
        call.actor,
        book(call),
        file,
        now=call.now,
        marks=call.context.payer_marks,
        dry_run=query.dry_run,
    )
    return BankImport(found.id, [_imported(one) for one in found.lines], dict(found.counts))


@in_both_books(
    file_register, "GET", "/bank-lines", P.PAYMENTS_READ, summary="List lines of bank files",
    answer=Page[BankLine], query=LineFilter, paged=True,
)  # fmt: skip
async def list_bank_lines(call: Call, query: LineFilter) -> Page[BankLine]:
    """In the order in which they came; `state=open` are those that wait for a person."""
    after = call.after(int) or 0
    rows, last = await lines.list_page(
        call.actor, book(call), state=query.state, after=after, limit=call.limit
    )
    return Page([_line(row) for row in rows], None if last is None else make_cursor(last))


@in_both_books(
    file_register, "POST", "/bank-lines/{line}/match", P.PAYMENTS_WRITE, summary="Match a line",
    answer=BankLine, form=MatchForm, platform={"form": MatchCloudForm},
    conflicts="the line is not open",
)  # fmt: skip
async def match_bank_line(call: Call, form: MatchForm | MatchCloudForm) -> BankLine:
    """Say whose its money is, or on which invoices it goes.

    With `remember` the payer's account is known to pay for them from now on.
    """
    line = call.number("line")
    return _line(await worklist.match(call.actor, book(call), line, form, now=call.now))


@in_both_books(
    file_register, "POST", "/bank-lines/{line}/ignore", P.PAYMENTS_WRITE, summary="Ignore a line",
    answer=BankLine, form=IgnoreForm, conflicts="the line is not open",
)  # fmt: skip
async def ignore_bank_line(call: Call, form: IgnoreForm) -> BankLine:
    """It leaves the list; its money stays a payment of nobody. Again changes nothing."""
    return _line(await worklist.ignore(call.actor, book(call), call.number("line"), form))
