"""Bank files are taken in: each line once, whatever files have it, and what it names is paid.

A file is taken in group by group, each a transaction of its own, so that nobody waits for all of
it. Killed anywhere, the groups that are done stay, and the same file goes on with the rest.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import partial
from typing import Any, Final, NoReturn, TypeVar

from portal import tables
from portal.access import Actor, Permission
from portal.billing.bank.line import BankLine, Identity, Key, identities
from portal.billing.money import CURRENCIES
from portal.books.actions.bank.deciding import Desk, Outcome, State
from portal.books.actions.money.storing import open_book
from portal.books.queries.bank import lines as stored
from portal.books.queries.money.customers import Book
from portal.crypto.marks import Marks
from portal.db import Transaction, atomic
from portal.errors import InvalidLines
from portal.kit.actions import audit, events
from portal.kit.actions.locks import lock_count, lock_sums
from portal.kit.actions.rows import insert, update
from portal.kit.queries.tenancy import CloudFacts, id_of
from portal.values.webhooks import EventType
from portal.words import _

PROBLEMS_MAX: Final = 100
GROUP: Final = 50
"""Lines of one transaction, and those of the same entries as these."""
TRIED_MAX: Final = 300
"""Lines of a dry run that is one transaction; a longer one goes group by group."""
Found = TypeVar("Found")
Line = tuple[BankLine, Identity]
Tell = Callable[[int], Awaitable[None]]
"""Told after each group how many lines of the file are done."""


@dataclass(frozen=True, slots=True)
class BankFile:
    """A file as it was read; `sha256` is of its bytes, `name` what its sender calls it."""

    format: str
    sha256: str
    lines: Sequence[BankLine]
    name: str = ""


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

    def __init__(self, found: Any) -> None:
        super().__init__("a dry run stores nothing")
        self.found = found


@dataclass(slots=True)
class _Taking:
    """A file on its way into a book; `row` is that of the file, once it is there.

    Of a long dry run `paid` is what the groups before would put on invoices, by number, and `seen`
    are their lines: the database has forgotten both.
    """

    actor: Actor
    cloud: CloudFacts | None
    file: BankFile
    now: datetime
    marks: Marks
    row: int | None = None
    paid: dict[str, int] = field(default_factory=dict)
    seen: set[Key] = field(default_factory=set)


async def take_in(
    actor: Actor,
    cloud: CloudFacts | None,
    file: BankFile,
    *,
    now: datetime,
    marks: Marks,
    dry_run: bool = False,
    tell: Tell | None = None,
) -> TakenIn:
    """Take a file into the book of a cloud, or of the platform. A dry run stores nothing.

    Raises `InvalidLines` where a line is of a day to come.
    """
    taking = _Taking(actor, cloud, file, now, marks)
    if not dry_run:
        return await _take_in(taking, tell)
    if len(file.lines) > TRIED_MAX:
        return await _rehearse(taking)
    found = await _tried(actor, partial(_take_in, taking, None))
    return TakenIn(None, [one.unstored() for one in found.lines])


async def _tried(actor: Actor, act: Callable[[], Awaitable[Found]]) -> Found:
    """What comes of an act that is undone."""
    try:
        async with atomic(actor):
            _undo(await act())
    except _Undone as undone:
        found: Found = undone.found
        return found


def _undo(found: object) -> NoReturn:
    raise _Undone(found)


async def _rehearse(taking: _Taking) -> TakenIn:
    """A long file group by group, each undone, so that nobody waits for all of it.

    A later group knows what earlier ones would pay. That a line takes back what another of the
    file has brought is seen within a group alone.
    """
    outcomes, booked = await _tried(taking.actor, partial(_begin, taking))
    for group in _groups(booked):
        found = await _tried(taking.actor, partial(_begin_and_take, taking, group))
        taking.seen |= {identity.key for _line, identity in group}
        for one in found.values():
            for put in one.allocations:
                taking.paid[put.invoice] = taking.paid.get(put.invoice, 0) + put.amount
        outcomes |= found
    return TakenIn(None, [outcomes[line.line].unstored() for line in taking.file.lines])


async def _begin_and_take(taking: _Taking, group: Sequence[Line]) -> dict[int, Outcome]:
    taking.row = None
    await _begin(taking)
    return await _take_group(taking, group)


async def _take_in(taking: _Taking, tell: Tell | None) -> TakenIn:
    outcomes, booked = await _begin(taking)
    for group in _groups(booked):
        outcomes |= await _take_group(taking, group)
        if tell is not None:
            await tell(len(outcomes))
    return await _end(taking, outcomes)


async def _begin(taking: _Taking) -> tuple[dict[int, Outcome], list[Line]]:
    """Have the file written down; lines that are never stored, by number, and all others."""
    file = taking.file
    async with atomic(taking.actor) as tx:
        book = await open_book(tx, taking.actor, taking.cloud, Permission.PAYMENTS_WRITE)
        _check_days(file.lines, book.today(taking.now))
        await lock_count(tx, "lines of bank files", book.issuer)
        taking.row = await stored.unfinished_file(tx, book, file.sha256)
        if taking.row is None:
            columns = {
                "issuer": book.issuer,
                "cloud": id_of(taking.cloud),
                "format": file.format,
                "sha256": file.sha256,
                "name": file.name,
                "lines": len(file.lines),
                "added": 0,
                "made_by": taking.actor.name,
                "made_at": taking.now,
            }
            taking.row = await insert(tx, tables.BankImport, columns)
    outcomes, booked = {}, []
    for line in file.lines:
        if line.pending:
            outcomes[line.line] = Outcome.of(line, State.PENDING)
        elif not _is_in_book(line.currency, book):
            outcomes[line.line] = Outcome.of(line, State.REFUSED)
        else:
            booked.append(line)
    return outcomes, list(zip(booked, identities(booked), strict=True))


def _groups(lines: Sequence[Line]) -> Iterator[Sequence[Line]]:
    """About GROUP lines each; all lines of an entry are in one group.

    Half an entry in the books would be other money than the same entry told as one line.
    """
    last: dict[Key, int] = {
        identity.entry: place
        for place, (_line, identity) in enumerate(lines)
        if identity.entry is not None
    }
    begin, whole = 0, -1
    for place, (_line, identity) in enumerate(lines):
        whole = max(whole, place if identity.entry is None else last[identity.entry])
        if place + 1 - begin >= GROUP and whole == place:
            yield lines[begin : place + 1]
            begin = place + 1
    if begin < len(lines):
        yield lines[begin:]


async def _take_group(taking: _Taking, group: Sequence[Line]) -> dict[int, Outcome]:
    """Take in those of a group that are not there yet; what became of each, by its number."""
    assert taking.row is not None, "the file is written down before its lines"
    async with atomic(taking.actor) as tx:
        book = await open_book(tx, taking.actor, taking.cloud, Permission.PAYMENTS_WRITE)
        await lock_count(tx, "lines of bank files", book.issuer)
        for each in await _clouds(tx, book):
            await lock_sums(tx, each)
        outcomes, new = await _sorted_out(tx, book, group, taking.seen)
        if not new:
            return outcomes
        desk = await Desk.open(
            *(tx, taking.actor, book, [line for line, _identity in new]),
            now=taking.now,
            marks=taking.marks,
            paid=taking.paid,
        )
        for line, identity in new:
            outcomes[line.line] = await desk.take(line, identity, taking.row)
        await tx.execute(
            "update bank_import set added = added + $2 where id = $1", taking.row, len(new)
        )
    return outcomes


async def _end(taking: _Taking, outcomes: Mapping[int, Outcome]) -> TakenIn:
    """Write down that all of the file is there."""
    assert taking.row is not None, "the file is written down before its lines"
    file = taking.file
    found = TakenIn(taking.row, [outcomes[line.line] for line in file.lines])
    async with atomic(taking.actor) as tx:
        await update(tx, tables.BankImport, taking.row, {"finished_at": taking.now})
        after = {"sha256": file.sha256, "format": file.format, "counts": dict(found.counts)}
        await audit.record(
            *(tx, taking.actor, "bank-file.import", f"bank file {taking.row}"),
            cloud=id_of(taking.cloud),
            after=after,
        )
        if taking.cloud is not None:
            facts = {"id": taking.row, "lines": [], "counts": dict(found.counts)}
            kind = EventType.BANK_IMPORT_FINISHED
            events.note(tx, taking.cloud.id, kind, facts=partial(_same, facts), now=taking.now)
    return found


async def _same(facts: object) -> object:
    return facts


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
    tx: Transaction, book: Book, group: Sequence[Line], seen: Collection[Key]
) -> tuple[dict[int, Outcome], list[Line]]:
    """Lines that are there already, by their numbers, and those that are not, in their order."""
    outcomes: dict[int, Outcome] = {}
    known = await stored.which_known(
        tx, book, [identity for _line, identity in group], [line for line, _identity in group]
    )
    known |= set(seen)
    new = []
    for line, identity in group:
        if identity.key in known:
            outcomes[line.line] = Outcome.of(line, State.KNOWN)
        else:
            known.add(identity.key)
            new.append((line, identity))
    return outcomes, new


def _is_in_book(currency: str, book: Book) -> bool:
    """A cloud's own currency; the platform has clouds of any."""
    return currency == book.cloud.currency if book.cloud is not None else currency in CURRENCIES
