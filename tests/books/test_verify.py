"""The books are right after all that happens to them; whatever is changed in them is named."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime, timedelta

from portal.access import SYSTEM
from portal.billing.period import Period
from portal.books.actions import verification
from portal.books.actions.payouts import statements as payouts
from portal.books.forms.statement import PayStatement
from portal.books.queries.verify import kept
from portal.books.queries.verify.books import AUDIT
from portal.crypto.keys import key_for
from portal.db import atomic, bound_by_policies
from portal.kit.queries import tenancy
from tests.books.right import differences
from tests.books.test_closing import close
from tests.cast import ADA, CARL, NORA
from tests.conftest import NOW, SECRET, Database
from tests.factories import worked_example
from tests.queues import RecordingQueue

WHAT_NOBODY_MAY = (
    (
        "update invoice_sum set settled_total = settled_total + 1 where cloud = 1",
        "update invoice_sum set settled_total = settled_total - 1 where cloud = 1",
        ("sums that are kept are those of the documents",),
    ),
    (
        "update invoice_sum set open_left = open_left + 1 where cloud = 1 and side = 'retail'",
        "update invoice_sum set open_left = open_left - 1 where cloud = 1 and side = 'retail'",
        ("sums that are kept are those of the documents",),
    ),
    (
        "update subscriber set owes_from = owes_from - 1 where id = 1",
        "update subscriber set owes_from = owes_from + 1 where id = 1",
        ("who owes from when is kept",),
    ),
    (
        "update entry set account = 'suspense' where account = 'receivable' and book = 1",
        "update entry set account = 'receivable' where account = 'suspense' and book = 1",
        ("unidentified money is what nobody has claimed", "the ledger says what happened"),
    ),
    (
        "update entry set account = 'credit' where account = 'receivable' and book = 1",
        "update entry set account = 'receivable' where account = 'credit' and book = 1",
        ("credit is what sources have free",),
    ),
    (
        "update charge set amount = amount + 1 where id = (select min(id) from charge)",
        "update charge set amount = amount - 1 where id = (select min(id) from charge)",
        ("charges are what usage and prices come to", "charges sum to the subtotal"),
    ),
    (
        "update usage set d03 = 9 where camera = 1 and meter = (select min(meter) from usage)",
        "update usage set d03 = 7 where camera = 1 and meter = (select min(meter) from usage)",
        ("charges are what usage and prices come to",),
    ),
    (
        "update invoice_line set amount = amount - 5 where id = (select min(id) from invoice_line)",
        "update invoice_line set amount = amount + 5 where id = (select min(id) from invoice_line)",
        ("lines sum to the subtotal",),
    ),
    (
        "update invoice set tax = tax + 100, total = total + 100 where number = 'NORTH-2026-000001'",
        "update invoice set tax = tax - 100, total = total - 100 where number = 'NORTH-2026-000001'",
        (
            "the tax is its percent",
            "the ledger says what happened",
            "what is left of all documents is what is owed",
        ),
    ),
    (
        (
            "update invoice set discount = discount - 1, taxable = taxable + 1, total = total + 1"
            " where number = 'NORTH-2026-000001'"
        ),
        (
            "update invoice set discount = discount + 1, taxable = taxable - 1, total = total - 1"
            " where number = 'NORTH-2026-000001'"
        ),
        ("the discount is its percent", "margins sum to the documents"),
    ),
    (
        "update invoice set number = 'NORTH-2026-000007' where number = 'NORTH-2026-000001'",
        "update invoice set number = 'NORTH-2026-000001' where number = 'NORTH-2026-000007'",
        ("a number is its year and sequence",),
    ),
    (
        "update invoice set sequence = 2 where number = 'NORTH-2026-000001'",
        "update invoice set sequence = 1 where number = 'NORTH-2026-000001'",
        ("numbers of a year are 1 to n",),
    ),
    (
        "update entry set amount = amount + 3 where id = (select min(id) from entry)",
        "update entry set amount = amount - 3 where id = (select min(id) from entry)",
        ("a posting sums to nothing", "the ledger says what happened"),
    ),
    (
        "update posting set kind = 'fee' where kind = 'commission'",
        "update posting set kind = 'commission' where kind = 'fee'",
        ("the ledger says what happened",),
    ),
    (
        "update commission set amount = amount + 1",
        "update commission set amount = amount - 1",
        ("a commission is earned on what is left or paid", "a statement is the sum"),
    ),
    (
        "update margin set cost = cost + 1 where id = (select min(id) from margin)",
        "update margin set cost = cost - 1 where id = (select min(id) from margin)",
        ("margins sum to the documents",),
    ),
    (
        "update statement set carried = 7",
        "update statement set carried = 0",
        ("a statement is the sum of its commissions",),
    ),
    (
        "update invoice_file set content = content || '\\x00'::bytea",
        "update invoice_file set content = '\\x25504446'::bytea",
        ("a file is what was stored",),
    ),
    (
        "update audit set object = 'somebody else' where id = (select max(id) from audit)",
        "",
        (AUDIT,),
    ),
)
_FILE = """
insert into invoice_file (cloud, subscriber, invoice, sha256, size, content)
select cloud, subscriber, id, encode(sha256('\\x25504446'::bytea), 'hex'), 4, '\\x25504446'
from invoice where number = 'NORTH-2026-000001'
"""


async def by_hand(database: Database, change: str) -> None:
    """As somebody who has the database, and no respect for triggers."""
    async with atomic(SYSTEM) as tx:
        await tx.execute("set local session_replication_role = replica")
        await tx.execute(change)


async def test_what_is_changed_behind_the_books_is_named(worker: Database) -> None:
    """Both clouds' October is closed, Rex is paid for it, and a PDF is there."""
    await worked_example()
    for cloud in ("north", "south"):
        await close(cloud, "2026-10")
    async with atomic(SYSTEM) as tx:
        await tx.execute("update referral set hold_days = 0")
        await tx.execute(_FILE)
    north = await tenancy.get(SYSTEM, "north")
    (made,) = await payouts.draft(CARL, north, Period.month("2026-10"), referral="rex", now=NOW)
    approved = await payouts.approve(CARL, north, str(made.id), now=NOW, queue=RecordingQueue())
    paid = PayStatement(paid_on=date(2026, 11, 5), reference="1")
    await payouts.pay(CARL, north, approved.title, paid, now=NOW)
    assert await differences() == {}

    for change, back, laws in WHAT_NOBODY_MAY:
        await by_hand(worker, change)
        found = await differences()
        for law in laws:
            named = [
                text for told, texts in found.items() if told.startswith(law) for text in texts
            ]
            assert named, (change, law, found)
        if back:
            await by_hand(worker, back)
    assert (await differences()).keys() == {AUDIT}, "all but the log is as it was"


async def test_they_are_proven_once_a_day_by_one_worker(worker: Database) -> None:
    """The first time an hour after work began; what is found stands on the platform's page."""
    key, at = key_for(SECRET, "audit"), datetime(2026, 11, 30, 3, tzinfo=UTC)
    await worked_example()
    await close("north", "2026-10")
    assert await verification.due(now=at) is None
    assert await verification.due(now=at + timedelta(minutes=59)) is None
    first = await verification.due(now=at + timedelta(hours=1))
    assert first is not None
    assert (await kept.last(ADA)).ended_at is None
    ended = at + timedelta(hours=1)
    did = await asyncio.gather(*(verification.prove(first, key, now=ended) for _ in range(3)))
    assert did.count(True) == 1
    assert await verification.prove(first, key, now=ended) is False
    proof = await kept.last(ADA)
    assert (proof.ended_at, proof.differences, proof.due_at) == (
        ended,
        0,
        ended + timedelta(days=1),
    )
    await by_hand(worker, "update margin set cost = cost + 1")
    second = await verification.due(now=ended + timedelta(days=1))
    assert second is not None
    await verification.prove(second, key, now=ended + timedelta(days=1))
    proof = await kept.last(ADA)
    assert proof.differences == 1
    assert proof.named[0].subject == "margin of 2026-10, cost"
    with bound_by_policies():
        assert (await kept.last(NORA)).ended_at is None, "an operator is not told of others"
