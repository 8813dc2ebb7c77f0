"""Credit notes by hand: whole lines of an invoice, or an amount of it.

A note is an issued document with a number of the issuer's series. What it takes off is first what
was given up, then what was paid, which goes to the credit balance.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from portal import jobs, tables
from portal.access import Actor, Permission
from portal.billing import allocation
from portal.billing.invoice import Note
from portal.billing.numbering import issue_year, number_of
from portal.billing.period import Period
from portal.books.actions.closing.documents import Issuer, next_numbers
from portal.books.actions.money.claims import Claimed, claimed, document_of
from portal.books.actions.money.earning import earn
from portal.books.actions.money.storing import lock_customer, store
from portal.books.forms.payments import CreditForm
from portal.books.queries import closing
from portal.books.queries.money import customers
from portal.books.queries.money.crediting import FIGURES, Crediting, crediting, note_of
from portal.books.queries.money.customers import PLATFORM, Document
from portal.books.queries.money.earnings import Cause
from portal.db import Transaction, atomic
from portal.kit.actions import audit
from portal.kit.actions.queueing import enqueue_after_commit
from portal.kit.actions.rows import insert
from portal.kit.queries.tenancy import CloudFacts
from portal.ports import Queue
from portal.values.lines import CREDIT
from portal.values.webhooks import EventType

_COPIED: Final = (
    *("cloud", "subscriber", "side", "issuer", "currency", "locale", "seller", "buyer"),
    *("discount_percent", "tax_percent", "tax_exempt"),
)


@dataclass(frozen=True, slots=True)
class _Issue:
    """What a note is of: its invoice's row and lines, its number, and when."""

    one: Claimed
    of: Crediting
    sequence: int
    number: str
    now: datetime


async def credit(
    actor: Actor,
    cloud: CloudFacts | None,
    number: str,
    form: CreditForm,
    *,
    now: datetime,
    queue: Queue,
) -> tuple[str, int]:
    """Issue a credit note on an invoice; its number, and the cloud in which it is.

    Raises `Invalid` for a line that is not there, `Conflict` for more than is left of the invoice
    after its other notes, whatever was paid of it.
    """
    async with atomic(actor) as tx:
        one = await claimed(tx, actor, cloud, number, Permission.CREDITS_WRITE)
        made, _id = await issue_note(tx, actor, one, form, now=now)
        enqueue_after_commit(queue, jobs.RENDER_DOCUMENTS)
        return made, one.customer.cloud


async def issue_note(
    tx: Transaction, actor: Actor, one: Claimed, form: CreditForm, *, now: datetime
) -> tuple[str, int]:
    """The same within a transaction that runs; the note's number and row id."""
    issue = await _lock_and_number(tx, one, now)
    document = await document_of(tx, one)
    note = note_of(issue.of, form.lines, form.amount)
    made = await _store(tx, issue, note, form.reason)
    await _take_off(tx, issue, document, note, made)
    facts = {"credits": one.number, "total": note.totals.total, "reason": form.reason}
    about = f"document {issue.number}"
    await audit.record(tx, actor, "document.credit", about, cloud=one.audited_in, after=facts)
    one.note(tx, EventType.INVOICE_ISSUED, now, document=made)
    one.note(tx, EventType.INVOICE_CREDITED, now)
    return issue.number, made


async def series_of(tx: Transaction, one: Claimed) -> Issuer:
    """Whose numbers a note on an invoice has."""
    if one.customer.issuer == PLATFORM:
        platform = await closing.platform(tx)
        return Issuer(PLATFORM, platform.invoice_prefix, platform.timezone)
    assert one.book.cloud is not None, "a cloud issued it"
    return Issuer(one.customer.issuer, one.book.cloud.invoice_prefix, one.book.zone)


async def _lock_and_number(tx: Transaction, one: Claimed, now: datetime) -> _Issue:
    """Take the next number and then the customer's lock, in the order in which a close does.

    What is refused afterwards gives its number back.
    """
    issuer = await series_of(tx, one)
    year = issue_year(now, issuer.zone)
    sequence = await next_numbers(tx, issuer, year, 1)
    await lock_customer(tx, one.customer)
    of = await crediting(tx, one.customer.cloud, one.id)
    number = number_of(issuer.prefix, year, sequence)
    return _Issue(one, of, sequence, number, now)


async def _store(tx: Transaction, issue: _Issue, note: Note, reason: str) -> int:
    issued_on = issue.one.book.today(issue.now)
    columns = {
        **{name: issue.of.original[name] for name in _COPIED},
        "month": Period.of(issued_on).start,
        "type": "credit_note",
        "number": issue.number,
        "sequence": issue.sequence,
        "issued_at": issue.now,
        "issued_on": issued_on,
        **{name: getattr(note.totals, name) for name in FIGURES},
        "credits": issue.one.id,
        "reason": reason,
    }
    made: int = await insert(tx, tables.Invoice, columns)
    rows = _lines(issue, note, made)
    names = list(rows[0])
    table = ", ".join(names)
    places = ", ".join(
        f"({', '.join(f'${row * len(names) + place + 1}' for place in range(len(names)))})"
        for row in range(len(rows))
    )
    # The lines of a document arrive in one statement and make its subtotal.
    await tx.execute(
        f"insert into invoice_line ({table}) values {places}",  # noqa: S608 - names of ours
        *(value for row in rows for value in row.values()),
    )
    return made


def _lines(issue: _Issue, note: Note, made: int) -> list[dict[str, Any]]:
    whose = {"cloud": issue.of.original["cloud"], "subscriber": issue.of.original["subscriber"]}
    if not note.lines:
        month = Period.of(issue.one.book.today(issue.now)).start
        (amount,) = note.amounts
        facts = {"kind": CREDIT, "original_period": month, "name": "", "quantity": 1}
        return [{**whose, "invoice": made, "position": 0, **facts, "amount": amount}]
    return [
        {
            **whose,
            "invoice": made,
            "position": position,
            **dict(issue.of.lines[line]),
            "amount": amount,
            "credited_line": line,
        }
        for position, (line, amount) in enumerate(zip(note.lines, note.amounts, strict=True))
    ]


async def _take_off(
    tx: Transaction, issue: _Issue, document: Document, note: Note, made: int
) -> None:
    """What the note brings back of what was given up and paid, and what commissions it takes."""
    customer, gross = issue.one.customer, -note.totals.total
    day = issue.one.book.today(issue.now)
    cause = Cause(issue.one.id, day, gross, note=made, taxable=-note.totals.taxable)
    await earn(tx, customer, {document.claim.id: document}, [cause])
    there = await customers.allocated(tx, customer.cloud, invoice=issue.one.id)
    effect = allocation.credited(document.claim, there, gross)
    after = await customers.by_id(tx, customer.cloud, [issue.one.id])
    await store(tx, customer, effect, after, days={}, day=day, reason=issue.number)
