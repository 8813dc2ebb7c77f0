"""Bank files are taken in: each line once, whatever files have it, and what it names is paid.

All of a file is one transaction: killed anywhere, nothing of it has happened, and taken in again it
is all there, once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from portal import tables
from portal.access import Actor, Permission
from portal.billing.bank.line import BankLine, Identity, identities
from portal.billing.money import CURRENCIES
from portal.books.actions.bank.deciding import Desk, Outcome, State
from portal.books.actions.money.storing import lock_sums, open_book
from portal.books.queries.bank import lines as stored
from portal.books.queries.money.customers import Book
from portal.crypto.marks import Marks
from portal.db import Transaction, atomic
from portal.errors import InvalidLines
from portal.kit.actions import audit
from portal.kit.actions.locks import lock_count
from portal.kit.actions.rows import insert
from portal.kit.queries.tenancy import CloudFacts, id_of
from portal.words import _

PROBLEMS_MAX: Final = 100


@dataclass(frozen=True, slots=True)
class BankFile:
    """A file as it was read; `sha256` is of its bytes."""

    format: str
    sha256: str
    lines: Sequence[BankLine]


@dataclass(frozen=True, slots=True)
class TakenIn:
    """What became of a file, line by line; `id` is None where nothing was stored."""

    id: int | None
    lines: Sequence[Outcome]

    @property
    def counts(self) -> Mapping[str, int]:
        """How many lines came to each state."""
        return Counter(one.state for one in self.lines)


class _Undone(Exception):
    """What a dry run found, on its way out of the transaction that is rolled back."""

    def __init__(self, found: TakenIn) -> None:
        super().__init__("a dry run stores nothing")
        self.found = found


async def take_in(
    actor: Actor,
    cloud: CloudFacts | None,
    file: BankFile,
    *,
    now: datetime,
    marks: Marks,
    dry_run: bool = False,
) -> TakenIn:
    """Take a file into the book of a cloud, or of the platform. A dry run stores nothing.

    Raises `InvalidLines` where a line is of a day to come.
    """
    try:
        async with atomic(actor) as tx:
            found = await _take_in(tx, actor, cloud, file, now=now, marks=marks)
            _undo(found, dry_run)
    except _Undone as undone:
        return TakenIn(None, [one.unstored() for one in undone.found.lines])
    return found


def _undo(found: TakenIn, is_wanted: bool) -> None:  # noqa: FBT001 - it is the dry run's yes or no
    if is_wanted:
        raise _Undone(found)


async def _take_in(
    tx: Transaction,
    actor: Actor,
    cloud: CloudFacts | None,
    file: BankFile,
    *,
    now: datetime,
    marks: Marks,
) -> TakenIn:
    book = await open_book(tx, actor, cloud, Permission.PAYMENTS_WRITE)
    _check_days(file.lines, book.today(now))
    await lock_count(tx, "lines of bank files", book.issuer)
    for each in await _clouds(tx, book):
        await lock_sums(tx, each)
    outcomes, new = await _sorted_out(tx, book, file.lines)
    made = await insert(
        tx,
        tables.BankImport,
        {
            "issuer": book.issuer,
            "cloud": id_of(cloud),
            "format": file.format,
            "sha256": file.sha256,
            "lines": len(file.lines),
            "added": len(new),
            "made_by": actor.name,
            "made_at": now,
        },
    )
    desk = await Desk.open(tx, actor, book, [line for line, _identity in new], now=now, marks=marks)
    for line, identity in new:
        outcomes[line.line] = await desk.take(line, identity, made)
    found = TakenIn(made, [outcomes[line.line] for line in file.lines])
    after = {"sha256": file.sha256, "format": file.format, "counts": dict(found.counts)}
    about = f"bank file {made}"
    await audit.record(tx, actor, "bank-file.import", about, cloud=id_of(cloud), after=after)
    return found


def _check_days(lines: Sequence[BankLine], today: date) -> None:
    """Raise `InvalidLines` for what was booked on a day to come."""
    wrong = [
        (line.line, _("must not be after today"))
        for line in lines
        if not line.pending and line.booked_on > today
    ]
    if wrong:
        raise InvalidLines(wrong[:PROBLEMS_MAX])


async def _clouds(tx: Transaction, book: Book) -> list[int]:
    """Whose sums a file may change: the book's own, and in the platform's those of all clouds."""
    if book.cloud is not None:
        return [book.cloud.id]
    return [row["id"] for row in await tx.fetch("select id from cloud order by id")]


async def _sorted_out(
    tx: Transaction, book: Book, lines: Sequence[BankLine]
) -> tuple[dict[int, Outcome], list[tuple[BankLine, Identity]]]:
    """Lines that are not taken in, by their numbers, and those that are, in their order."""
    outcomes: dict[int, Outcome] = {}
    booked = []
    for line in lines:
        if line.pending:
            outcomes[line.line] = Outcome.of(line, State.PENDING)
        elif not _is_in_book(line.currency, book):
            outcomes[line.line] = Outcome.of(line, State.REFUSED)
        else:
            booked.append(line)
    found = list(zip(booked, identities(booked), strict=True))
    known = await stored.which_known(tx, book, [identity for _line, identity in found], booked)
    new = []
    for line, identity in found:
        if identity.key in known:
            outcomes[line.line] = Outcome.of(line, State.KNOWN)
        else:
            known.add(identity.key)
            new.append((line, identity))
    return outcomes, new


def _is_in_book(currency: str, book: Book) -> bool:
    """A cloud's own currency; the platform has clouds of any."""
    return currency == book.cloud.currency if book.cloud is not None else currency in CURRENCIES
