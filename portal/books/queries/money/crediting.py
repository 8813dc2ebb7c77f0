"""An issued invoice as crediting sees it, and a credit note on it before there is one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from asyncpg import Record

from portal.access import Actor
from portal.billing import allocation
from portal.billing.invoice import Note, Original, Totals, credit_amount, credit_lines
from portal.billing.money import parse_minor
from portal.books.queries.invoices import Invoice
from portal.books.queries.money import customers
from portal.books.queries.money.earnings import Cause, changed
from portal.db import Transaction, snapshot
from portal.kit.queries.tenancy import CloudFacts

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
FIGURES: Final = ("subtotal", "discount", "taxable", "tax", "total")


@dataclass(frozen=True, slots=True)
class Crediting:
    """An invoice's row, its lines in order, and the credit notes that it has."""

    original: Record
    lines: Sequence[Record]
    notes: Sequence[Note]

    @property
    def credited(self) -> frozenset[int]:
        """The lines that were credited, counted from 0."""
        return frozenset(line for note in self.notes for line in note.lines)


async def crediting(tx: Transaction, cloud: int, invoice: int) -> Crediting:
    """The invoice of a row id in a cloud; whoever issues a note holds the customer's lock."""
    original = await tx.fetchrow(_ORIGINAL, cloud, invoice)
    assert original is not None, "it was found before"
    notes = [
        Note(tuple(note["lines"]), (), _figures(note))
        for note in await tx.fetch(_NOTES, cloud, invoice)
    ]
    return Crediting(original, await tx.fetch(_LINES, cloud, invoice), notes)


def note_of(of: Crediting, lines: Sequence[int] | None, amount: str | None) -> Note:
    """The note on whole lines, counted from 0, or on a gross amount, as text: one of the two.

    Raises `Invalid` for a line that is not there and an amount that is not above 0, `Conflict` for
    a line credited before and for more than is left.
    """
    row = of.original
    percent = row["tax_percent"] * 0 if row["tax_exempt"] else row["tax_percent"]
    original = Original(tuple(line["amount"] for line in of.lines), _figures(row), percent)
    if lines is not None:
        return credit_lines(original, of.notes, lines)
    assert amount is not None, "the form says one of the two"
    return credit_amount(original, of.notes, parse_minor(amount, row["currency"]))


def _figures(row: Record) -> Totals:
    return Totals(*(row[name] for name in FIGURES))


@dataclass(frozen=True, slots=True)
class Preview:
    """A credit note that is not made yet. Amounts: minor units, those of the note above 0.

    `commission` is what referrals get more, below 0 less. `freed` is what of the payments on the
    invoice goes to the credit balance, `recovered` what of a write-off comes back.
    """

    net: int
    tax: int
    gross: int
    commission: int
    freed: int
    recovered: int

    @property
    def margin(self) -> int:
        """What it does to the margin of whoever issues it: its cost stays as it is."""
        return -self.net - self.commission


async def credited_lines(actor: Actor, cloud: CloudFacts, invoice: Invoice) -> frozenset[int]:
    """The lines of an invoice that were credited, counted from 0."""
    async with snapshot(actor) as tx:
        return (await crediting(tx, cloud.id, invoice.id)).credited


async def preview(
    actor: Actor,
    cloud: CloudFacts,
    invoice: Invoice,
    *,
    lines: Sequence[int] | None,
    amount: str | None,
) -> Preview:
    """What a note would say and change, were it issued now. Raises as `note_of` does."""
    async with snapshot(actor) as tx:
        note = note_of(await crediting(tx, cloud.id, invoice.id), lines, amount)
        documents = await customers.by_id(tx, cloud.id, [invoice.id])
        gross, net = -note.totals.total, -note.totals.taxable
        cause = Cause(invoice.id, invoice.issued_on, gross, note=0, taxable=net)
        changes = await changed(tx, cloud.id, documents, [cause])
        there = await customers.allocated(tx, cloud.id, invoice=invoice.id)
        effect = allocation.credited(documents[invoice.id].claim, there, gross)
        return Preview(
            net=net,
            tax=-note.totals.tax,
            gross=gross,
            commission=sum(change.amount for _document, _cause, change in changes),
            freed=-effect.allocated,
            recovered=sum(effect.recovered.values()),
        )
