"""Credit notes by hand: whole lines of an invoice, or an amount of it.

A note is an issued document with a number of the issuer's series. What it takes off is first what
was given up, then what was paid, which goes to the credit balance.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from asyncpg import Record

from portal import jobs, tables
from portal.access import Actor, Permission
from portal.billing import allocation
from portal.billing.invoice import Note, Original, Totals, credit_amount, credit_lines
from portal.billing.numbering import issue_year, number_of
from portal.billing.period import Period
from portal.books.actions.closing.documents import Issuer, next_numbers
from portal.books.actions.money.claims import Claimed, claimed, document_of
from portal.books.actions.money.earning import Cause, earn
from portal.books.actions.money.naming import above_nothing
from portal.books.actions.money.storing import lock_customer, store
from portal.books.forms.payments import CreditForm
from portal.books.queries import closing
from portal.books.queries.money import customers
from portal.books.queries.money.customers import PLATFORM, Document
from portal.db import Transaction, atomic
from portal.kit.actions import audit
from portal.kit.actions.queueing import enqueue_after_commit
from portal.kit.actions.rows import insert
from portal.kit.queries.tenancy import CloudFacts
from portal.ports import Queue
from portal.values.lines import CREDIT

_ORIGINAL: Final = """
select cloud, subscriber, side, issuer, currency, locale, seller, buyer, discount_percent,
       tax_percent, tax_exempt, subtotal, discount, taxable, tax, total
from invoice where cloud = $1 and id = $2
"""
_LINES: Final = """
select kind, version, service, original_period, name, service_name, valid_from, unit, quantity,
       unit_price, amount
from invoice_line where cloud = $1 and invoice = $2 order by position
"""
_NOTES: Final = """
select n.subtotal, n.discount, n.taxable, n.tax, n.total, array(
  select l.credited_line from invoice_line l where l.cloud = n.cloud and l.invoice = n.id
    and l.credited_line is not null order by l.position) as lines
from invoice n where n.cloud = $1 and n.credits = $2 order by n.id
"""
_FIGURES: Final = ("subtotal", "discount", "taxable", "tax", "total")
_COPIED: Final = (
    *("cloud", "subscriber", "side", "issuer", "currency", "locale", "seller", "buyer"),
    *("discount_percent", "tax_percent", "tax_exempt"),
)


@dataclass(frozen=True, slots=True)
class _Issue:
    """What a note is of: its invoice's row and lines, its number, and when."""

    one: Claimed
    original: Record
    lines: Sequence[Record]
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
        issue = await _lock_and_number(tx, one, now)
        document = await document_of(tx, one)
        note = await _decide(tx, issue, form)
        made = await _store(tx, issue, note, form.reason)
        await _take_off(tx, issue, document, note, made)
        facts = {"credits": number, "total": note.totals.total, "reason": form.reason}
        about = f"document {issue.number}"
        await audit.record(tx, actor, "document.credit", about, cloud=one.audited_in, after=facts)
        enqueue_after_commit(queue, jobs.RENDER_DOCUMENTS)
        return issue.number, one.customer.cloud


async def _lock_and_number(tx: Transaction, one: Claimed, now: datetime) -> _Issue:
    """Take the next number and then the customer's lock, in the order in which a close does.

    What is refused afterwards gives its number back.
    """
    if one.customer.issuer == PLATFORM:
        platform = await closing.platform(tx)
        issuer = Issuer(PLATFORM, platform.invoice_prefix, platform.timezone)
    else:
        assert one.book.cloud is not None, "a cloud issued it"
        issuer = Issuer(one.customer.issuer, one.book.cloud.invoice_prefix, one.book.zone)
    year = issue_year(now, issuer.zone)
    sequence = await next_numbers(tx, issuer, year, 1)
    await lock_customer(tx, one.customer)
    original = await tx.fetchrow(_ORIGINAL, one.customer.cloud, one.id)
    assert original is not None, "it was found before"
    lines = await tx.fetch(_LINES, one.customer.cloud, one.id)
    number = number_of(issuer.prefix, year, sequence)
    return _Issue(one, original, lines, sequence, number, now)


async def _decide(tx: Transaction, issue: _Issue, form: CreditForm) -> Note:
    row = issue.original
    amounts = tuple(line["amount"] for line in issue.lines)
    original = Original(amounts, _figures(row), row["tax_percent"])
    if row["tax_exempt"]:
        original = replace(original, tax_percent=original.tax_percent * 0)
    notes = [
        Note(tuple(note["lines"]), (), _figures(note))
        for note in await tx.fetch(_NOTES, issue.one.customer.cloud, issue.one.id)
    ]
    if form.lines is not None:
        return credit_lines(original, notes, form.lines)
    assert form.amount is not None, "the form says one of the two"
    return credit_amount(original, notes, above_nothing(form.amount, row["currency"]))


def _figures(row: Record) -> Totals:
    return Totals(*(row[name] for name in _FIGURES))


async def _store(tx: Transaction, issue: _Issue, note: Note, reason: str) -> int:
    issued_on = issue.one.book.today(issue.now)
    columns = {
        **{name: issue.original[name] for name in _COPIED},
        "month": Period.of(issued_on).start,
        "type": "credit_note",
        "number": issue.number,
        "sequence": issue.sequence,
        "issued_at": issue.now,
        "issued_on": issued_on,
        **{name: getattr(note.totals, name) for name in _FIGURES},
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
    whose = {"cloud": issue.original["cloud"], "subscriber": issue.original["subscriber"]}
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
            **dict(issue.lines[line]),
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
