"""What a close does with credit, what is earned as money comes and goes, and the ledger's rule."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from portal.access import SYSTEM
from portal.billing import allocation, ledger
from portal.billing.ledger import LEGS, Account, Posted
from portal.books.actions.money import credit_notes, payments, refunds
from portal.books.actions.money.at_issue import apply_credit_to_issued
from portal.books.forms.payments import (
    CreditForm,
    NewCloudPayment,
    NewPayment,
    NewRefund,
    ReturnForm,
)
from portal.books.queries import invoices
from portal.books.queries.money import customers
from portal.books.queries.money.customers import Customer
from portal.customers.actions import subscribers
from portal.customers.forms.subscriber import SubscriberChange
from portal.db import Transaction, atomic
from portal.kit.queries import tenancy, zones
from tests.books.issued import broken_laws, issue
from tests.books.right import differences
from tests.books.test_closing import close
from tests.cast import CARL, NORA, NORTH, PAUL, SAM
from tests.commands import Done, command
from tests.conftest import NOW, SECRET, Database
from tests.factories import worked_example
from tests.queues import RecordingQueue

TODAY = date(2026, 11, 5)
_reference = count(1)


@pytest.fixture
async def story(worker: Database) -> Database:
    """October of both clouds, not closed yet; Rex is paid as his customers pay."""
    await worked_example()
    async with atomic(SYSTEM) as tx:
        await tx.execute("update referral set basis = 'collected' where id = 1")
    return worker


def paid(amount: str, subscriber: int | None = None, **more: Any) -> NewPayment:
    reference = f"bank {next(_reference)}"
    return NewPayment(
        amount=amount, paid_on=TODAY, reference=reference, subscriber=subscriber, **more
    )


async def north() -> tenancy.CloudFacts:
    return await tenancy.get(SYSTEM, "north")


async def commissions() -> list[tuple[int, date, bool]]:
    """What Rex earned: the amount, its month, and whether a note took it."""
    async with atomic(SYSTEM) as tx:
        rows = await tx.fetch(
            "select amount, month, note from commission where cloud = 1 order by id"
        )
    return [(row["amount"], row["month"], row["note"] is not None) for row in rows]


def balances(database: Database, data_dir: Path, *words: str) -> Done:
    """What `camledger ledger balances` prints."""
    settings = {
        "CAMLEDGER_DATABASE_URL": database.owner_url,
        "CAMLEDGER_WEB_DATABASE_URL": database.web_url,
        "CAMLEDGER_ADMIN_DATABASE_URL": database.admin_url,
        "CAMLEDGER_SECRET": SECRET,
    }
    words = ("ledger", "balances", *words, "--data-dir", str(data_dir))
    return command(*words, environment=settings)


async def test_credit_goes_on_what_a_close_issues_and_earns_what_money_earns(
    story: Database, tmp_path: Path
) -> None:
    """Sue has 20.00 in credit, North 10.00 with the platform; South keeps credit for later."""
    south = await tenancy.get(SYSTEM, "south")
    await payments.receive(CARL, await north(), paid("20.00", 1), now=NOW)
    await payments.receive(SAM, south, paid("5.00", 1), now=NOW)
    to_platform = NewCloudPayment(
        amount="10.00", paid_on=TODAY, reference="north pays", cloud="north"
    )
    await payments.receive(PAUL, None, to_platform, now=NOW)
    async with atomic(SYSTEM) as tx:
        await tx.execute("update cloud set apply_credit = false where slug = 'south'")
    await close("north", "2026-10")
    await close("south", "2026-10")
    found, _ = await invoices.list_page(SYSTEM, await north(), invoices.Filters(), now=NOW)
    assert [(one.side, one.total, one.paid, one.status) for one in found] == [
        ("retail", 1648, 1648, "paid"),
        ("wholesale", 1318, 1000, "partly_paid"),
    ]
    tims, _ = await invoices.list_page(SYSTEM, south, invoices.Filters(side="retail"), now=NOW)
    assert [one.paid for one in tims] == [0]
    assert await commissions() == [(203, date(2026, 11, 1), False)]
    assert await broken_laws(story.owner_url) == []
    assert await differences() == {}
    await every_posting_follows_the_rule()
    done = await asyncio.to_thread(balances, story, tmp_path, "north", "--as-of", "2026-11-05")
    assert done.returncode == 0, done.stderr
    said = {" ".join(row.split()) for row in done.stdout.splitlines()}
    assert said >= {
        *("credit 1 -3.52 EUR", "receivable 1 0.00 EUR", "commission_payable rex -2.03 EUR"),
        *("payable -3.18 EUR", "cash 10.00 EUR", "sum 0.00 EUR"),
    }
    wrong = await asyncio.to_thread(balances, story, tmp_path, "north", "--as-of", "yesterday")
    assert (wrong.returncode, wrong.stdout) == (2, "")


async def test_a_subscriber_may_keep_credit_for_later(story: Database) -> None:
    """Sue's 20.00 wait while she wants it so, and go on the invoice after that."""
    cloud = await north()
    await payments.receive(CARL, cloud, paid("20.00", 1), now=NOW)
    numbers = []
    for wanted in (False, True):
        change = SubscriberChange(apply_credit=wanted)
        assert (await subscribers.change(NORA, cloud, 1, change)).apply_credit is wanted
        async with atomic(SYSTEM) as tx:
            numbers.append(await issue(tx, NORTH, 1, 1500))
            period = await tx.fetchval("select period from invoice where number = $1", numbers[-1])
            await apply_credit_to_issued(tx, cloud, period)
    found, _ = await invoices.list_page(SYSTEM, cloud, invoices.Filters(), now=NOW)
    assert {one.number: one.paid for one in found} == dict(zip(numbers, (0, 1500), strict=True))


async def test_what_is_earned_as_paid_follows_payments_returns_and_notes(story: Database) -> None:
    cloud = await north()
    async with atomic(SYSTEM) as tx:
        number, other = [await issue(tx, NORTH, 1, 10000, tax=1900) for _ in range(2)]
        for name in (number, other):
            await tx.execute(
                "insert into commission_term (cloud, referral, subscriber, invoice, level, percent)"
                " select 1, 1, 1, id, 1, 7 from invoice where number = $1",
                name,
            )
    await payments.receive(CARL, cloud, paid("39.67", invoice=number), now=NOW)
    second, _ = await payments.receive(CARL, cloud, paid("39.67", invoice=number), now=NOW)
    await payments.take_back(CARL, cloud, second.id, ReturnForm(returned_on=TODAY), now=NOW)
    half = CreditForm(amount="59.50", reason="half of it")
    queue = RecordingQueue()
    await credit_notes.credit(CARL, cloud, number, half, now=NOW, queue=queue)
    assert [amount for amount, *_rest in await commissions()] == [233, 234, -234]
    await payments.receive(CARL, cloud, paid("119.00", invoice=other), now=NOW)
    await credit_notes.credit(CARL, cloud, other, half, now=NOW, queue=queue)
    november = date(2026, 11, 1)
    assert (await commissions())[3:] == [(700, november, False), (-350, november, True)]
    async with atomic(SYSTEM) as tx:
        taken = await tx.fetchval("select sum(amount) from allocation where amount < -5000")
    assert taken == -5950
    assert await broken_laws(story.owner_url) == []
    await every_posting_follows_the_rule()


async def test_what_is_earned_at_once_is_taken_back_by_a_note(story: Database) -> None:
    cloud = await north()
    async with atomic(SYSTEM) as tx:
        await tx.execute("update referral set basis = 'invoiced' where id = 1")
    await close("north", "2026-10")
    (sues,), _ = await invoices.list_page(SYSTEM, cloud, invoices.Filters(side="retail"), now=NOW)
    form = CreditForm(amount="16.48", reason="all of it")
    await credit_notes.credit(CARL, cloud, sues.number, form, now=NOW, queue=RecordingQueue())
    assert await commissions() == [
        (203, date(2026, 10, 1), False),
        (-203, date(2026, 11, 1), True),
    ]
    assert await broken_laws(story.owner_url) == []
    december = datetime(2026, 12, 5, 12, tzinfo=UTC)
    await close("north", "2026-11", accept_gaps=True, now=december)
    async with atomic(SYSTEM) as tx:
        kept = await tx.fetchrow(
            "select sum(m.revenue) as revenue, sum(m.commission) as commission from margin m"
            " join period p on p.id = m.period where p.cloud = 1 and p.starts_on = '2026-11-01'"
        )
        wanted = await tx.fetchrow(
            "select (select sum(taxable) from invoice where cloud = 1 and side = 'retail'"
            " and month = '2026-11-01') as revenue, (select sum(amount) from commission"
            " where cloud = 1 and month = '2026-11-01') as commission"
        )
    assert kept == wanted
    assert kept is not None
    assert kept["revenue"] < 1782, "the note lowers what November brought"
    assert await differences() == {}


async def every_posting_follows_the_rule() -> None:
    """The database writes what `billing.ledger` says, whatever was written."""
    async with atomic(SYSTEM) as tx:
        rows = await tx.fetch(
            "select p.kind, p.source, i.taxable, i.tax, i.credits is not null as by_hand, array_agg("
            " e.account order by e.id) as accounts, array_agg(e.party order by e.id) as parties,"
            " array_agg(e.amount order by e.id) as amounts"
            " from posting p join entry e on e.posting = p.id"
            " left join invoice i on i.number = p.source and p.kind in ('invoice', 'credit_note', 'bill')"
            "   and i.issuer in (p.book, 0)"
            " group by p.id, p.kind, p.source, i.taxable, i.tax, i.credits"
        )
    assert len(rows) > 5
    for row in rows:
        kind = Posted(row["kind"])
        party = max(row["parties"])
        if kind in LEGS:
            unknown = "suspense" in row["accounts"] and kind is not Posted.IDENTIFIED
            wanted = ledger.moved(kind, row["amounts"][0], party=party, unidentified=unknown)
        elif kind is Posted.BILL:
            wanted = ledger.billed(row["taxable"], row["tax"])
        else:
            wanted = ledger.documented(
                row["taxable"], row["tax"], customer=party, by_hand=row["by_hand"]
            )
        said = [
            ledger.Entry(Account(account), whose, amount)
            for account, whose, amount in zip(
                row["accounts"], row["parties"], row["amounts"], strict=True
            )
        ]
        assert said == [entry for entry in wanted if entry.amount], row


async def _gather(tx: Transaction, customer: Customer, number: str) -> allocation.Effect:
    """What the core would put on one new invoice."""
    await zones.tell_todays(tx, NOW)
    sources = [one for one, _day in (await customers.sources(tx, customer)).values()]
    book = await customers.book_of(tx, SYSTEM, await tenancy.cloud_facts(tx, "north"))
    document = (await customers.by_number(tx, book, [number]))[number]
    return allocation.spread(sources, [document.claim])


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    amounts=st.lists(st.integers(1, 40), max_size=4),
    refund=st.integers(0, 30),
    back=st.sets(st.integers(0, 3)),
    total=st.integers(1, 80),
)
async def test_the_close_puts_credit_where_the_core_would(
    story: Database, amounts: list[int], refund: int, back: set[int], total: int
) -> None:
    """Any sources, some refunded and then returned, on an invoice of any total."""
    cloud = await north()
    async with atomic(SYSTEM) as tx:
        number = await tx.fetchval("select max(number) + 1 from subscriber where cloud = 1")
        row = await tx.fetchval(
            "insert into subscriber (cloud, number, name) values (1, $1, 'Somebody') returning id",
            number,
        )
    made = [
        (await payments.receive(CARL, cloud, paid(f"{one}.00", number), now=NOW))[0]
        for one in amounts
    ]
    given_back = min(refund, sum(amounts))
    if given_back:
        form = NewRefund(
            subscriber=number, amount=f"{given_back}.00", refunded_on=TODAY,
            reference=f"back {next(_reference)}",
        )  # fmt: skip
        await refunds.refund(CARL, cloud, form, now=NOW)
    for place in back:
        if place < len(made):
            form_of = ReturnForm(returned_on=TODAY)
            await payments.take_back(CARL, cloud, made[place].id, form_of, now=NOW)
    customer = Customer(NORTH, NORTH, row, str(number), "EUR")
    async with atomic(SYSTEM) as tx:
        invoice = await issue(tx, NORTH, row, total * 100)
        period = await tx.fetchval("select period from invoice where number = $1", invoice)
        wanted = await _gather(tx, customer, invoice)
        await apply_credit_to_issued(tx, cloud, period)
        stored = await tx.fetch(
            "select a.payment, a.amount from allocation a join invoice i on i.id = a.invoice"
            " where i.number = $1 order by a.id",
            invoice,
        )
    assert [(row["payment"], row["amount"]) for row in stored] == [
        (put.source.id, put.amount) for put in wanted.puts
    ]
