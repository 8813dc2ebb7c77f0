"""Payments that lines of a bank file are, and payments that they take back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from portal import tables
from portal.access import Actor
from portal.billing.bank.line import BankLine
from portal.billing.bank.matching import Part
from portal.billing.bank.taking_back import TakenBack
from portal.billing.money import format_minor
from portal.books.actions.money import payments
from portal.books.actions.payouts import statements
from portal.books.forms.payments import Allocation, NewCloudPayment, NewPayment, ReturnForm
from portal.books.forms.statement import PayStatement
from portal.books.queries.money import customers
from portal.books.queries.money.customers import Book
from portal.db import Transaction
from portal.kit.actions.rows import insert

REFERENCE_MAX: Final = 120
"""Characters of the bank's reference that a payment has as its own; with "/12" it has room."""


@dataclass(slots=True)
class Receiver:
    """Writes payments of one book; `used` are references that another payment has."""

    tx: Transaction
    actor: Actor
    book: Book
    now: datetime
    used: set[str] = field(default_factory=set)

    async def look_for(self, lines: Sequence[BankLine]) -> None:
        """See which references that the lines would give their payments are another's."""
        rows = await self.tx.fetch(
            "select reference from payment where issuer = $1"
            " and regexp_replace(reference, '/[0-9]+$', '') = any($2)",
            self.book.issuer,
            [_reference(line) for line in lines if line.bank_reference],
        )
        self.used |= {row["reference"] for row in rows}

    async def receive(self, line: BankLine, row: int | None, parts: Sequence[Part]) -> None:
        """The payments of a line: one for each part, or one of nobody's where there is none."""
        if not parts:
            await self._one(line, row, None, self._free(line, row, 1)[0])
            return
        references = self._free(line, row, len(parts))
        for part, reference in zip(parts, references, strict=True):
            await self._one(line, row, part, reference)

    def _free(self, line: BankLine, row: int | None, count: int) -> list[str]:
        """The references of the payments of a line: the bank's own, where no other has it."""
        wanted = _numbered(_reference(line), count)
        if not _reference(line) or not self.used.isdisjoint(wanted):
            wanted = _numbered(f"BANK-{row}", count)
        self.used.update(wanted)
        return wanted

    async def _one(
        self, line: BankLine, row: int | None, part: Part | None, reference: str
    ) -> None:
        amount = line.amount if part is None else part.amount
        put = () if part is None else part.allocations
        facts: dict[str, Any] = {
            "amount": format_minor(amount, line.currency),
            "paid_on": line.booked_on,
            "reference": reference,
            "allocations": tuple(
                Allocation(invoice=one.number, amount=format_minor(one.amount, line.currency))
                for one in put
            )
            or None,
        }
        whose = None if part is None or put else await self._customer(part.customer)
        new: NewPayment | NewCloudPayment
        if self.book.cloud is not None:
            new = NewPayment(**facts, subscriber=None if whose is None else int(whose))
        else:
            new = NewCloudPayment(**facts, cloud=whose, currency=line.currency)
        payment, _was_there = await payments.receive(
            self.actor, self.book.cloud, new, now=self.now, spread=False
        )
        link = {
            "issuer": self.book.issuer,
            "cloud": None if self.book.cloud is None else self.book.cloud.id,
            "bank_line": row,
            "payment": payment.id,
        }
        await insert(self.tx, tables.BankPayment, link)

    async def _customer(self, row: int) -> str:
        """A subscriber's number, or in the platform's book a cloud's slug, by row id."""
        cloud = row if self.book.cloud is None else self.book.cloud.id
        subscriber = None if self.book.cloud is None else row
        return (await customers.known(self.tx, self.book, cloud, subscriber)).name

    async def pay_statement(self, line: BankLine, row: int | None, number: str) -> None:
        """Note that a statement of commissions was paid by a line."""
        assert self.book.cloud is not None, "the platform has no statements"
        paid = PayStatement(paid_on=line.booked_on, reference=_reference(line) or f"BANK-{row}")
        await statements.pay(self.actor, self.book.cloud, number, paid, now=self.now)

    async def take_back(self, line: BankLine, back: TakenBack) -> list[str]:
        """Payments come off their invoices; the numbers of these. The fee is the first one's."""
        ids = list(back.earlier.payments)
        rows = await self.tx.fetch(
            "select distinct i.number from allocation a"
            " join invoice i on i.cloud = a.cloud and i.id = a.invoice where a.payment = any($1)",
            ids,
        )
        paid_on = await self.tx.fetchval("select max(paid_on) from payment where id = any($1)", ids)
        for place, payment in enumerate(ids):
            form = ReturnForm(
                returned_on=max(line.booked_on, paid_on),
                reason=line.return_reason or "",
                fee=format_minor(0 if place else back.fee, line.currency),
            )
            await payments.take_back(self.actor, self.book.cloud, payment, form, now=self.now)
        return [row["number"] for row in rows]


def _numbered(base: str, count: int) -> list[str]:
    return [base] if count == 1 else [f"{base}/{n}" for n in range(1, count + 1)]


def _reference(line: BankLine) -> str:
    """What a payment has of the bank's own reference; "" where that is none, or too long."""
    place = f"#{line.place}" if line.bank_reference and line.place else ""
    reference = f"{line.bank_reference}{place}"
    return reference if len(reference) <= REFERENCE_MAX else ""
