"""The books are right after all that happens to them; whatever is changed in them is named."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime, timedelta

from portal.access import SYSTEM
from portal.billing.period import Period
from portal.books.actions import verification
from portal.books.actions.money import claims, payments, refunds
from portal.books.actions.money.outages import credit_outage
from portal.books.actions.payouts import statements as payouts
from portal.books.forms.outage import OutageForm
from portal.books.forms.payments import NewPayment, NewRefund, ReturnForm, WriteOffForm
from portal.books.forms.statement import PayStatement
from portal.books.queries.verify import kept
from portal.books.queries.verify.books import AUDIT, QUERIES
from portal.books.queries.verify.months import CHARGES, MEASURED
from portal.crypto.keys import key_for
from portal.db import atomic, bound_by_policies
from portal.kit.queries import tenancy
from tests.books.proof.deeds import DEEDS
from tests.books.proof.hand import done
from tests.books.proof.sums import TARIFF
from tests.books.right import differences
from tests.books.test_closing import close
from tests.cast import ADA, CARL, NORA, SAM
from tests.conftest import NOW, SECRET, Database
from tests.factories import worked_example
from tests.queues import RecordingQueue

_FILE = """
insert into invoice_file (cloud, subscriber, invoice, sha256, size, content)
select cloud, subscriber, id, encode(sha256('\\x25504446'::bytea), 'hex'), 4, '\\x25504446'
from invoice where number = 'NORTH-2026-000001'
"""
_STATEMENT_FILE = """
insert into statement_file (cloud, referral, statement, sha256, size, content)
select cloud, referral, id, encode(sha256('\\x25504446'::bytea), 'hex'), 4, '\\x25504446'
from statement
"""


async def story_of_money() -> None:
    """October is closed twice; money comes, goes back and is given up; Rex is paid."""
    await worked_example()
    for cloud in ("north", "south"):
        await close(cloud, "2026-10")
    north, south = [await tenancy.get(SYSTEM, cloud) for cloud in ("north", "south")]
    day = date(2026, 11, 5)
    for reference, amount, subscriber in (("sue pays", "20.00", 1), ("who knows", "7.00", None)):
        new = NewPayment(amount=amount, paid_on=day, reference=reference, subscriber=subscriber)
        await payments.receive(CARL, north, new, now=NOW)
    back = NewRefund(subscriber=1, amount="2.00", refunded_on=day, reference="back to sue")
    await refunds.refund(CARL, north, back, now=NOW)
    out = OutageForm(first_day=date(2026, 10, 10), last_day=date(2026, 10, 12), reason="Disk")
    await credit_outage(SAM, south, out, now=NOW, queue=RecordingQueue())
    tims = NewPayment(amount="5.00", paid_on=day, reference="tim pays", subscriber=1)
    paid, _new = await payments.receive(SAM, south, tims, now=NOW)
    await payments.take_back(SAM, south, paid.id, ReturnForm(returned_on=day, fee="3.50"), now=NOW)
    given_up = WriteOffForm(amount="1.00", reason="too little to ask for")
    await claims.write_off(SAM, south, "SOUTH-2026-000001", given_up, now=NOW)
    async with atomic(SYSTEM) as tx:
        await tx.execute("update referral set hold_days = 0")
    (made,) = await payouts.draft(CARL, north, Period.month("2026-10"), referral="rex", now=NOW)
    approved = await payouts.approve(CARL, north, str(made.id), now=NOW, queue=RecordingQueue())
    await payouts.pay(
        CARL, north, approved.title, PayStatement(paid_on=day, reference="1"), now=NOW
    )
    async with atomic(SYSTEM) as tx:
        await tx.execute(_FILE)
        await tx.execute(_STATEMENT_FILE)


async def test_what_is_changed_behind_the_books_is_named(worker: Database) -> None:
    """Which law, which document, what has to stand there and what does."""
    await story_of_money()
    assert await differences() == {}
    for deed in DEEDS:
        async with done(worker, deed):
            found = await differences()
        assert deed.said in found.get(deed.law, []), (deed, found)
    assert await differences() == {}
    assert {CHARGES, MEASURED, *QUERIES, AUDIT} == {deed.law for deed in DEEDS}


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
    second = await verification.due(now=ended + timedelta(days=1))
    assert second is not None
    async with done(worker, TARIFF):
        await verification.prove(second, key, now=ended + timedelta(days=1))
    proof = await kept.last(ADA)
    assert proof.differences == 1
    assert str(proof.named[0]) == TARIFF.said
    with bound_by_policies():
        assert (await kept.last(NORA)).ended_at is None, "an operator is not told of others"
