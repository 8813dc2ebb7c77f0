"""Lines that nothing was known of: a person says whose their money is, or leaves it alone."""

from __future__ import annotations

from datetime import datetime

from portal import tables
from portal.access import Actor, Permission
from portal.books.actions.money import payments
from portal.books.actions.money.storing import open_book
from portal.books.forms.bank_file import IgnoreForm, MatchCloudForm, MatchForm
from portal.books.queries.bank import lines
from portal.books.queries.bank.lines import StoredLine
from portal.books.queries.money.customers import Book
from portal.db import Transaction, atomic
from portal.errors import Conflict
from portal.kit.actions import audit
from portal.kit.actions.locks import lock_count
from portal.kit.actions.rows import insert, update
from portal.kit.queries.tenancy import CloudFacts, id_of
from portal.words import _


async def match(
    actor: Actor,
    cloud: CloudFacts | None,
    line: int,
    form: MatchForm | MatchCloudForm,
    *,
    now: datetime,
) -> StoredLine:
    """Put the money of an open line where a person says.

    Raises `Conflict` for a line with no money to place, and what `payments.allocate` raises.
    """
    async with atomic(actor) as tx:
        book, found = await _waiting(tx, actor, cloud, line, ("open", "ignored"))
        if not found.payments:
            raise Conflict(_("No money came in with this line. Ignore it, or record a return."))
        for payment in found.payments:
            await payments.allocate(actor, cloud, payment, form, now=now)
        await update(
            tx, tables.BankLine, line, {"state": "matched", "rule": None, "suggestions": []}
        )
        if form.remember:
            await _remember(tx, book, line, found.payments[0])
        after = {"remember": form.remember}
        await audit.record(
            tx, actor, "bank-line.match", f"bank line {line}", cloud=id_of(cloud), after=after
        )
        return await lines.find(tx, book, line)


async def ignore(actor: Actor, cloud: CloudFacts | None, line: int, form: IgnoreForm) -> StoredLine:
    """Take an open line off the list; its money, if any, stays a payment of nobody.

    Again changes nothing. Raises `Conflict` for a line that is not open.
    """
    async with atomic(actor) as tx:
        book, found = await _waiting(tx, actor, cloud, line, ("open", "ignored"))
        if found.state == "open":
            columns = {"state": "ignored", "note": form.reason}
            await update(tx, tables.BankLine, line, columns)
            about = f"bank line {line}"
            after = {"reason": form.reason}
            await audit.record(
                tx, actor, "bank-line.ignore", about, cloud=id_of(cloud), after=after
            )
        return await lines.find(tx, book, line)


async def _waiting(
    tx: Transaction,
    actor: Actor,
    cloud: CloudFacts | None,
    line: int,
    states: tuple[str, ...],
) -> tuple[Book, StoredLine]:
    """The book and the line, while nobody else changes lines of it."""
    book = await open_book(tx, actor, cloud, Permission.PAYMENTS_WRITE)
    await lock_count(tx, "lines of bank files", book.issuer)
    found = await lines.find(tx, book, line)
    if found.state not in states:
        raise Conflict(_("This line is not open any more."))
    return book, found


async def _remember(tx: Transaction, book: Book, line: int, payment: int) -> None:
    """Know the payer's account for the customer whose the payment is now."""
    row = await tx.fetchrow(
        "select l.payer, p.cloud, p.subscriber from bank_line l, payment p"
        " where l.id = $1 and p.id = $2",
        line,
        payment,
    )
    assert row is not None, "both were read before"
    if row["payer"] is None:
        return
    values = {
        "issuer": book.issuer,
        "cloud": row["cloud"],
        "subscriber": row["subscriber"],
        "mark": row["payer"],
    }
    await insert(tx, tables.PayerAccount, values, unless_there=True)
