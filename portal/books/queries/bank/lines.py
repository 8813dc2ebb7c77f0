"""Lines that banks gave: which are known, what they became, and what may be taken back."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from asyncpg import Record

from portal.access import Actor
from portal.billing.bank.line import BankLine, Identity, Key
from portal.billing.bank.taking_back import Earlier
from portal.books.queries.money.customers import Book, book_of
from portal.db import Transaction, snapshot
from portal.errors import no_such
from portal.kit.queries.rows import row_of
from portal.kit.queries.tenancy import CloudFacts
from portal.words import _


@dataclass(frozen=True, slots=True)
class PutOn:
    """What of a line is on an invoice now; minor units of `currency`."""

    invoice: str
    amount: int
    currency: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredLine:
    """A line as it stands. Amounts: minor units of its currency, below 0 what went out.

    `credit` is what of its money is on no invoice; `payments` are row ids, `bank_import` that of
    its file, in which it has the number `line`. `note` says why it was taken off the list.
    """

    id: int
    account: str
    booked_on: date
    currency: str
    amount: int
    bank_reference: str
    end_to_end: str
    text: str
    name: str
    instructed: str
    charges: str
    state: str
    rule: str | None
    reason: str
    fee: int
    suggestions: tuple[str, ...]
    bank_import: int
    line: int
    note: str
    allocations: tuple[PutOn, ...] = ()
    credit: int = 0
    payments: tuple[int, ...] = ()


# Whose an open line is may be said of its payment, too: then it waits for nobody any more.
_LINES: Final = """
select * from (
select l.id, l.account, l.booked_on, l.currency, l.amount, l.bank_reference, l.end_to_end, l.text,
       l.name, l.instructed, l.charges, l.rule, l.reason, l.fee, l.suggestions, l.bank_import,
       l.line, l.note,
       case when l.state = 'open' and p.settled then 'matched' else l.state end as state,
       p.payments, a.numbers, a.amounts, coalesce(f.free, 0)::bigint as credit
from bank_line l
cross join lateral (
  select array_agg(p.id order by p.id) as payments,
         bool_and(case p.issuer when 0 then p.cloud else p.subscriber end is not null) as settled
  from bank_payment b join payment p on p.id = b.payment where b.bank_line = l.id
) p
cross join lateral (
  select array_agg(number order by first) as numbers, array_agg(amount order by first) as amounts
  from (select i.number, sum(a.amount)::bigint as amount, min(a.id) as first
        from allocation a join invoice i on i.cloud = a.cloud and i.id = a.invoice
        where a.payment = any(p.payments) group by i.number having sum(a.amount) <> 0) one
) a
cross join lateral (
  select sum(c.free)::bigint as free from credit_source c where c.payment = any(p.payments)
) f
where l.issuer = $1 and {which}
) l
"""
# As they are stored, so that an index finds them: an open one may be matched by its payment.
STORED: Final = {"matched": "l.state in ('matched', 'open')"}


def lines_text(which: str = "true") -> str:
    """The select of lines of an issuer, $1, narrowed by a condition on stored rows `l`."""
    return _LINES.format(which=which)


_SETTLED: Final = """
coalesce((select bool_and(case p.issuer when 0 then p.cloud else p.subscriber end is not null)
          from bank_payment b join payment p on p.id = b.payment where b.bank_line = l.id), false)
"""
_STATES: Final = {
    "open": f"not {_SETTLED}",
    "matched": f"(l.state = 'matched' or {_SETTLED})",
}


def counted_text(which: str, state: str | None) -> str:
    """The rows of `lines_text` that are in a state, to be counted: without what they became."""
    of_state = _STATES.get(state or "", "true")
    return f"select from bank_line l where l.issuer = $1 and {which} and {of_state}"


def stored_state(state: str | None) -> str:
    """The condition on stored rows that all lines of a state fulfil."""
    return "true" if state is None else STORED.get(state, f"l.state = '{state}'")


async def list_page(
    actor: Actor, cloud: CloudFacts | None, *, state: str | None, after: int, limit: int
) -> tuple[list[StoredLine], int | None]:
    """Lines of a cloud's book, or of the platform's, in the order in which they came."""
    async with snapshot(actor) as tx:
        book = await book_of(tx, actor, cloud)
        rows = await tx.fetch(
            f"{lines_text(stored_state(state))} where l.id > $2"
            " and ($3::text is null or l.state = $3) order by l.id limit $4",
            *(book.issuer, after, state, limit + 1),
        )
    page = [line_of(row) for row in rows[:limit]]
    return page, page[-1].id if len(rows) > limit else None


async def get(actor: Actor, cloud: CloudFacts | None, line: int) -> StoredLine:
    """One line of a cloud's book, or of the platform's. Raises `NotFound`."""
    async with snapshot(actor) as tx:
        return await find(tx, await book_of(tx, actor, cloud), line)


async def of_payment(actor: Actor, cloud: CloudFacts | None, payment: int) -> StoredLine | None:
    """The line that a payment came with, if it came with one."""
    async with snapshot(actor) as tx:
        book = await book_of(tx, actor, cloud)
        row = await tx.fetchrow(
            lines_text("l.id = (select b.bank_line from bank_payment b where b.payment = $2)"),
            *(book.issuer, payment),
        )
    return None if row is None else line_of(row)


async def find(tx: Transaction, book: Book, line: int) -> StoredLine:
    """One line of a book. Raises `NotFound`."""
    row = await tx.fetchrow(lines_text("l.id = $2"), book.issuer, line)
    if row is None:
        raise no_such(_("line of a bank file"), line)
    return line_of(row)


def line_of(row: Record) -> StoredLine:
    """A row of the select as a line."""
    put = zip(row["numbers"] or (), row["amounts"] or (), strict=True)
    allocations = [PutOn(number, amount, row["currency"]) for number, amount in put]
    return row_of(StoredLine, {**row, "allocations": allocations})


async def unfinished_file(tx: Transaction, book: Book, sha256: str) -> int | None:
    """The row of a file with these bytes that was begun and is not all in the book."""
    found: int | None = await tx.fetchval(
        "select id from bank_import where issuer = $1 and sha256 = $2 and finished_at is null"
        " order by id desc limit 1",
        book.issuer,
        sha256,
    )
    return found


async def which_known(
    tx: Transaction, book: Book, identities: Sequence[Identity], lines: Sequence[BankLine]
) -> set[Key]:
    """The keys of those lines that are there already, in whatever file they came.

    A statement may tell an entry in one line of which a notification told the transactions: where
    either is all of its entry, and both come to the same, they are the same money.
    """
    rows = await tx.fetch(
        "select identity from bank_line where issuer = $1 and identity = any($2)",
        book.issuer,
        [one.key for one in identities],
    )
    known = {row["identity"] for row in rows}
    entries = await tx.fetch(
        "select entry, bool_and(is_whole) as is_whole, sum(amount)::bigint as amount"
        " from bank_line where issuer = $1 and entry = any($2) group by entry",
        book.issuer,
        [one.entry for one in identities if one.entry is not None],
    )
    there = {row["entry"]: (row["is_whole"], row["amount"]) for row in entries}
    coming: dict[Key, int] = {}
    for identity, line in zip(identities, lines, strict=True):
        if identity.entry is not None:
            coming[identity.entry] = coming.get(identity.entry, 0) + line.amount
    for identity, line in zip(identities, lines, strict=True):
        before = there.get(identity.entry) if identity.entry is not None else None
        if before is None or not (before[0] or line.is_whole):
            continue
        if identity.entry is not None and before[1] == coming[identity.entry]:
            known.add(identity.key)
    return known


@dataclass(frozen=True, slots=True)
class PayableStatement:
    """A statement of commissions; `amount` in minor units."""

    number: str
    state: str
    amount: int
    currency: str

    def is_paid_by(self, line: BankLine) -> bool:
        """Whether a line that went out is what it comes to, and it is due, or noted as paid."""
        return (
            self.state in {"approved", "paid"}
            and line.amount == -self.amount
            and line.currency == self.currency
        )


async def statement_of(tx: Transaction, book: Book, line: BankLine) -> PayableStatement | None:
    """The statement whose number is the line's end-to-end id; the platform has none."""
    if book.cloud is None or not line.end_to_end:
        return None
    row = await tx.fetchrow(
        "select number, state, amount, currency from statement where cloud = $1 and number = $2",
        book.cloud.id,
        line.end_to_end.upper(),
    )
    return None if row is None else PayableStatement(**row)


_PAYMENTS: Final = """
select b.bank_line as line, array_agg(p.id order by p.id) as payments,
       sum(p.amount)::bigint as standing, max(p.paid_on) as day, max(p.id) as last,
       bool_or($3 <> '' and (p.reference = $3 or l.end_to_end = $3)) as by_id,
       min(l.amount) as amount
from payment p
left join bank_payment b on b.payment = p.id
left join bank_line l on l.id = b.bank_line
where p.issuer = $1 and p.currency = $2 and not exists (
    select from payment_return r where r.payment = p.id)
  and p.id in (
    select q.id from payment q where q.issuer = $1 and $3 <> '' and q.reference = $3
    union all
    select q.payment from bank_line m join bank_payment q on q.bank_line = m.id
    where m.issuer = $1 and $3 <> '' and m.end_to_end = $3
    union all
    select a.payment from invoice i join allocation a on a.cloud = i.cloud and a.invoice = i.id
    where i.issuer = $1 and i.number = any($4))
group by coalesce(b.bank_line, -p.id), b.bank_line order by day, last
"""


async def returnable(
    tx: Transaction, book: Book, line: BankLine, numbers: Collection[str]
) -> list[Earlier]:
    """Money that is still there and that the line may return, the oldest first.

    It is that of its end-to-end id, and what is or was on the invoices that the line names.
    """
    rows = await tx.fetch(_PAYMENTS, book.issuer, line.currency, line.end_to_end, sorted(numbers))
    return [
        Earlier(
            line=row["line"],
            amount=row["amount"] or row["standing"],
            payments=tuple(row["payments"]),
            standing=row["standing"],
            end_to_end=line.end_to_end if row["by_id"] else "",
            numbers=frozenset() if row["by_id"] else frozenset(numbers),
        )
        for row in rows
    ]


_LINES_LIKE: Final = """
select l.id as line, l.amount, l.bank_reference, l.text,
       case when l.state = 'returned' then -l.amount - l.fee else 0 end as returned,
       p.payments, coalesce(p.standing, 0) as standing
from bank_line l
cross join lateral (
  select array_agg(p.id order by p.id) as payments, sum(p.amount)::bigint as standing
  from bank_payment b join payment p on p.id = b.payment
  where b.bank_line = l.id and not exists (
    select from payment_return r where r.payment = p.id)
) p
where l.issuer = $1 and l.currency = $2 and l.state <> 'reversal'
  and not exists (select from bank_line t where t.issuer = $1 and t.takes_back = l.id)
  and ($3 <> '' and l.bank_reference = $3 or l.amount = $4 and l.text = $5)
order by l.booked_on, l.id
"""


async def reversible(tx: Transaction, book: Book, line: BankLine) -> list[Earlier]:
    """Lines that the line may reverse, the oldest first; none that was taken back before."""
    rows = await tx.fetch(
        _LINES_LIKE,
        *(book.issuer, line.currency, line.bank_reference, -line.amount, line.text),
    )
    return [row_of(Earlier, {**row, "end_to_end": "", "numbers": frozenset()}) for row in rows]
