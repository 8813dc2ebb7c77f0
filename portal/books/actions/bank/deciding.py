"""The lines of a file, one after the other: what each names is paid, and what it takes back goes.

Each sees what those before it did, in the same transaction.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from enum import StrEnum

from portal import tables
from portal.access import Actor
from portal.billing.bank.line import BankLine, Identity
from portal.billing.bank.matching import (
    SUGGESTIONS_MAX,
    Claim,
    Match,
    Names,
    Part,
    Receivables,
    Rule,
    match,
    names_of,
    suggest,
)
from portal.billing.bank.taking_back import Kind, TakenBack, taken_back
from portal.books.actions.bank.receiving import Receiver
from portal.books.queries.bank import lines as stored
from portal.books.queries.bank import receivables
from portal.books.queries.bank.lines import PutOn
from portal.books.queries.money.customers import Book
from portal.crypto.marks import Marks
from portal.db import Transaction
from portal.kit.actions.rows import insert, update


class State(StrEnum):
    """What became of a line."""

    PENDING = "pending"
    REFUSED = "refused"
    KNOWN = "known"
    MATCHED = "matched"
    OPEN = "open"
    RETURNED = "returned"
    REVERSAL = "reversal"
    IGNORED = "ignored"


class Why(StrEnum):
    """Why a line is open: nothing says whose it is, or not surely enough."""

    SEVERAL = "several"
    BY_HAND = "by_hand"
    SAME_NAME = "same_name"
    SAME_AMOUNT = "same_amount"
    NOTHING = "nothing"
    SHORT = "short"
    RETURN_REVERSED = "return_reversed"
    STATEMENT = "statement"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of a line, to be told. Amounts: minor units of its currency, signed as it is.

    `reason` is the bank's code of a return, and one of `Why` for a line that is open.
    """

    line: int
    booked_on: date
    amount: int
    currency: str
    state: State
    rule: str | None = None
    allocations: tuple[PutOn, ...] = ()
    credit: int = 0
    fee: int = 0
    reason: str = ""
    suggestions: tuple[str, ...] = ()
    id: int | None = None

    @classmethod
    def of(cls, line: BankLine, state: State, **more: object) -> Outcome:
        """One of a line, with what is to be said beside its state."""
        facts = {"booked_on": line.booked_on, "amount": line.amount, "currency": line.currency}
        return cls(line=line.line, state=state, **facts, **more)  # type: ignore[arg-type]

    def unstored(self) -> Outcome:
        """The same without the row that it would be."""
        return replace(self, id=None)


@dataclass(slots=True)
class Desk:
    """Where the new lines of a file are worked through; opened once, with all they may mean."""

    tx: Transaction
    actor: Actor
    book: Book
    now: datetime
    marks: Marks
    auto: bool
    receiver: Receiver
    names: dict[int, Names]
    owed: dict[str, Receivables]
    paid: Mapping[str, int]
    by_amount: dict[tuple[str, int], list[str]] = field(default_factory=dict)

    @classmethod
    async def open(
        cls,
        tx: Transaction,
        actor: Actor,
        book: Book,
        lines: Sequence[BankLine],
        *,
        now: datetime,
        marks: Marks,
        paid: Mapping[str, int],
    ) -> Desk:
        """With the invoices that lines name, those of their payers, and those that cost so much.

        `paid` is what of an invoice, by number, is spoken for beside what the books say.
        """
        auto = book.cloud is None or await tx.fetchval(
            "select auto_match from cloud where id = $1", book.cloud.id
        )
        prefixes = await receivables.prefixes(tx, book)
        names = {line.line: names_of(line, prefixes) for line in lines}
        accounts = {line.iban: marks(line.iban) for line in lines if line.iban}
        known = await receivables.payers(tx, book, list(accounts.values()))
        customers = frozenset().union(*known.values())
        named = frozenset().union(*(one.all() for one in names.values()))
        open_of = await receivables.open_of(tx, book, customers)
        came = [line for line in lines if line.amount > 0]
        like = await receivables.with_left(
            tx, book, {line.amount for line in came}, {line.currency for line in came}
        )
        desk = cls(
            *(tx, actor, book, now, marks, auto),
            Receiver(tx, actor, book, now),
            names,
            {line.currency: Receivables({}) for line in lines},
            paid,
        )
        await desk.receiver.look_for(lines)
        for currency, owed in desk.owed.items():
            theirs = [claim for of, claim in open_of if of == currency]
            owed.accounts = {iban: known[mark] for iban, mark in accounts.items() if mark in known}
            owed.open_of = {
                customer: tuple(one.number for one in theirs if one.customer == customer)
                for customer in customers
            }
        desk._learn([*open_of, *like, *await receivables.named(tx, book, named)])
        for currency, claim in like:
            desk.by_amount.setdefault((currency, claim.left), []).append(claim.number)
        return desk

    def _learn(self, found: Iterable[tuple[str, Claim]]) -> None:
        """Have claims as the database has them now."""
        for currency, claim in found:
            if currency in self.owed:
                left = max(0, claim.left - self.paid.get(claim.number, 0))
                self.owed[currency].claims[claim.number] = replace(claim, left=left)

    async def take(self, line: BankLine, identity: Identity, file: int) -> Outcome:
        """One line: decided, stored, and paid or taken back."""
        if line.amount < 0 or line.is_reversal:
            back = await self._back(line)
            if back is not None:
                return await self._take_back(line, identity, file, back)
        if line.amount <= 0:
            return await self._out(line, identity, file)
        owed = self.owed[line.currency]
        found = match(line, self.names[line.line], owed, auto=self.auto)
        if not found.parts:
            return await self._leave_open(line, identity, file, found)
        owed.take(found.parts)
        outcome = Outcome.of(
            line,
            State.MATCHED,
            rule=found.rule,
            allocations=_put_on(found.parts, line.currency),
            credit=sum(part.credit for part in found.parts),
        )
        made = await self._store(line, identity, file, outcome)
        await self.receiver.receive(line, made.id, found.parts)
        return made

    async def _out(self, line: BankLine, identity: Identity, file: int) -> Outcome:
        """Money that went out: for a statement of commissions, or nothing that is known here."""
        found = await stored.statement_of(self.tx, self.book, line)
        if found is None:
            outcome = Outcome.of(line, State.IGNORED, reason=line.return_reason or "")
            return await self._store(line, identity, file, outcome)
        if not found.is_paid_by(line):
            outcome = Outcome.of(line, State.OPEN, rule=Rule.END_TO_END, reason=Why.STATEMENT)
            return await self._store(line, identity, file, outcome)
        outcome = Outcome.of(line, State.MATCHED, rule=Rule.END_TO_END)
        made = await self._store(line, identity, file, outcome)
        if found.state == "approved":
            await self.receiver.pay_statement(line, made.id, found.number)
        return made

    async def _leave_open(
        self, line: BankLine, identity: Identity, file: int, found: Match
    ) -> Outcome:
        """Money that nobody's invoices are known for: a payment of nobody, for a person to name."""
        suggestions = found.named[:SUGGESTIONS_MAX]
        why = Why.SEVERAL if self.auto else Why.BY_HAND
        if not found.named:
            claims = self.owed[line.currency].claims
            like = self.by_amount.get((line.currency, line.amount), ())
            guesses = suggest(line, (claims[number] for number in like))
            suggestions = tuple(one.number for one in guesses)
            why = Why.NOTHING
            if guesses:
                why = Why.SAME_NAME if guesses[0].same_name else Why.SAME_AMOUNT
        outcome = Outcome.of(line, State.OPEN, rule=found.rule, reason=why, suggestions=suggestions)
        made = await self._store(line, identity, file, outcome)
        await self.receiver.receive(line, made.id, ())
        return made

    async def _back(self, line: BankLine) -> TakenBack | None:
        numbers = self.names[line.line].all()
        earlier = []
        if line.is_reversal:
            earlier = await stored.reversible(self.tx, self.book, line)
        elif line.return_reason is not None:
            earlier = await stored.returnable(self.tx, self.book, line, numbers)
        return taken_back(line, numbers, earlier)

    async def _take_back(
        self, line: BankLine, identity: Identity, file: int, back: TakenBack
    ) -> Outcome:
        if back.short:
            outcome = Outcome.of(line, State.OPEN, reason=Why.SHORT)
            return await self._store(line, identity, file, outcome)
        if back.earlier.returned:
            # The bank gives again what it took back: whose it is now is for a person to say.
            outcome = Outcome.of(line, State.OPEN, reason=Why.RETURN_REVERSED)
            made = await self._store(line, identity, file, outcome, back.earlier.line)
            await self.receiver.receive(line, made.id, ())
            return made
        state = State.RETURNED if back.kind is Kind.RETURN else State.REVERSAL
        reason = (line.return_reason or "") if back.kind is Kind.RETURN else ""
        outcome = Outcome.of(line, state, fee=back.fee, reason=reason)
        made = await self._store(line, identity, file, outcome, back.earlier.line)
        numbers = await self.receiver.take_back(line, back)
        self._learn(await receivables.named(self.tx, self.book, numbers))
        if back.earlier.line is not None:
            open_line = (tables.BankLine.id == back.earlier.line) & (
                tables.BankLine.state == State.OPEN.value
            )
            await update(self.tx, tables.BankLine, open_line, {"state": State.IGNORED})
        return made

    async def _store(
        self,
        line: BankLine,
        identity: Identity,
        file: int,
        outcome: Outcome,
        takes_back: int | None = None,
    ) -> Outcome:
        row = {
            "issuer": self.book.issuer,
            "cloud": None if self.book.cloud is None else self.book.cloud.id,
            "bank_import": file,
            "line": line.line,
            "identity": identity.key,
            "entry": identity.entry,
            "is_whole": line.is_whole,
            "account": line.account,
            "booked_on": line.booked_on,
            "currency": line.currency,
            "amount": line.amount,
            "bank_reference": line.bank_reference,
            "end_to_end": line.end_to_end,
            "batch": line.batch,
            "text": line.text,
            "name": line.name,
            "payer": self.marks(line.iban) if line.iban else None,
            "instructed": line.instructed,
            "charges": line.charges,
            "state": outcome.state,
            "rule": outcome.rule,
            "reason": outcome.reason,
            "fee": outcome.fee,
            "suggestions": list(outcome.suggestions),
            "takes_back": takes_back,
        }
        made = await insert(self.tx, tables.BankLine, row)
        return replace(outcome, id=made)


def _put_on(parts: Iterable[Part], currency: str) -> tuple[PutOn, ...]:
    return tuple(
        PutOn(one.number, one.amount, currency) for part in parts for one in part.allocations
    )
