"""Rex is paid: what is pending, payable, stated and paid of what he earned; Liz in South beside."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import TypeVar

import pytest

from portal.access import SYSTEM, Actor
from portal.billing.payouts import statement as law
from portal.billing.payouts.statement import Earning
from portal.billing.period import Period
from portal.books.actions.payouts import runs
from portal.books.actions.payouts import statements as actions
from portal.books.actions.payouts.accounts import hold_own_accounts
from portal.books.forms.statement import PayStatement
from portal.books.queries import commissions
from portal.books.queries.payouts import statements
from portal.books.queries.payouts.statements import DueRun, Statement
from portal.crypto.marks import Marks
from portal.db import atomic, bound_by_policies
from portal.errors import Conflict, Forbidden, Invalid, NotFound
from portal.kit.queries import tenancy
from portal.kit.queries.tenancy import CloudFacts
from portal.kit.queries.zones import tell_todays
from portal.overview.queries import referral_dashboard
from tests.cast import ADA, ANN, CARL, LIZ, NORA, NORTH, REX, SAM, SOUTH, SUE
from tests.conftest import Database
from tests.earnings import LIZ_IS, earn
from tests.factories import two_clouds
from tests.queues import RecordingQueue

OCTOBER, NOVEMBER = Period.month("2026-10"), Period.month("2026-11")
DECEMBER = datetime(2026, 12, 5, 12, tzinfo=UTC)
T = TypeVar("T")


async def person(done: Awaitable[T]) -> T:
    """What somebody does, bound by the policies of the web process."""
    with bound_by_policies():
        return await done


async def north() -> CloudFacts:
    return await tenancy.get(SYSTEM, "north")


async def states(now: datetime, actor: Actor = CARL) -> dict[int, str]:
    rows, _ = await person(commissions.list_page(actor, await north(), now=now))
    return {row.id: row.state for row in rows}


async def sums_agree(now: datetime) -> referral_dashboard.Home:
    """Rex's home says what his commissions say, one by one."""
    home = await person(referral_dashboard.get(REX, now=now))
    rows, _ = await person(commissions.list_page(REX, await north(), now=now))
    by_state = dict.fromkeys(law.Due, 0)
    for row in rows:
        by_state[law.Due(row.state)] += row.amount
    assert home.payable == by_state[law.Due.PAYABLE]
    assert home.held == by_state[law.Due.HELD]
    assert home.pending == by_state[law.Due.PENDING]
    return home


async def posted(kind: str) -> list[tuple[str, str, int]]:
    """The entries of all postings of a kind in North's book, by account."""
    async with atomic(SYSTEM) as tx:
        rows = await tx.fetch(
            "select e.account, e.party, e.amount from entry e join posting p on p.id = e.posting"
            " where p.book = $1 and p.kind = $2 order by e.account",
            NORTH,
            kind,
        )
    return [tuple(row.values()) for row in rows]


async def drafted(
    period: Period, *, referral: str | None = None, now: datetime = DECEMBER
) -> list[Statement]:
    return await person(actions.draft(CARL, await north(), period, referral=referral, now=now))


@pytest.fixture
async def clouds(worker: Database) -> None:
    await two_clouds()


pytestmark = pytest.mark.usefixtures("clouds")


async def test_from_earning_to_being_paid() -> None:
    async with atomic(SYSTEM) as tx:
        old = await earn(tx, 1500, "2026-09", "2026-10-03")
        new = await earn(tx, 2500, "2026-10", "2026-11-05")
        young = await earn(tx, 9900, "2026-11", "2026-12-03")
        souths = await earn(
            tx, 5000, "2026-09", "2026-10-03", cloud=SOUTH, subscriber=3, referral=LIZ_IS
        )
    told = await states(DECEMBER)
    assert told == {old: "payable", new: "payable", young: "pending"}
    assert await states(datetime(2026, 12, 4, 12, tzinfo=UTC)) == {**told, new: "pending"}
    assert (await sums_agree(DECEMBER)).payable == 4000

    (made,) = await drafted(NOVEMBER)
    assert (made.amount, made.carried, made.entries, made.state) == (4000, 4000, 2, "draft")
    assert (await drafted(NOVEMBER)) == [made], "one of a referral and month"
    assert await states(DECEMBER) == {old: "stated", new: "stated", young: "pending"}
    # what nobody has approved is not told to Rex: it is payable
    assert (await sums_agree(DECEMBER)).payable == 4000
    with pytest.raises(NotFound):
        await person(statements.get(REX, await north(), str(made.id)))

    approved = await person(
        actions.approve(CARL, await north(), str(made.id), now=DECEMBER, queue=RecordingQueue())
    )
    assert approved.number == "NORTH-C-2026-000001"
    again = await person(
        actions.approve(NORA, await north(), approved.number, now=DECEMBER, queue=RecordingQueue())
    )
    assert again == approved
    assert (await sums_agree(DECEMBER)).payable == 0
    assert (await person(statements.get(REX, await north(), approved.number))).amount == 4000

    paid = PayStatement(paid_on=date(2026, 12, 5), reference="SEPA 17")
    done = await person(actions.pay(CARL, await north(), approved.number, paid, now=DECEMBER))
    assert done == await person(
        actions.pay(CARL, await north(), approved.number, paid, now=DECEMBER)
    )
    assert await states(DECEMBER) == {old: "paid", new: "paid", young: "pending"}
    assert await posted("statement_paid") == [
        ("cash", "", -4000),
        ("commission_payable", "rex", 4000),
    ]
    other = PayStatement(paid_on=date(2026, 12, 4), reference="SEPA 17")
    with pytest.raises(Conflict, match="was paid on 2026-12-05"):
        await person(actions.pay(CARL, await north(), approved.number, other, now=DECEMBER))
    with pytest.raises(Conflict, match="was paid"):
        await person(actions.void(CARL, await north(), approved.number, "", now=DECEMBER))
    with pytest.raises(Conflict, match="was paid"):
        await person(
            actions.approve(
                CARL, await north(), approved.number, now=DECEMBER, queue=RecordingQueue()
            )
        )

    async with atomic(SYSTEM) as tx:
        left = await tx.fetchval("select count(*) from statement where cloud = $1", SOUTH)
        entry = await tx.fetchval("select 1 from statement_entry where commission = $1", souths)
    assert (left, entry) == (0, None)


async def test_a_voided_statement_frees_what_was_on_it_and_its_number_stays_used() -> None:
    async with atomic(SYSTEM) as tx:
        one = await earn(tx, 2500, "2026-10", "2026-10-20")
    (made,) = await drafted(NOVEMBER)
    dropped = await person(
        actions.void(CARL, await north(), str(made.id), "too early", now=DECEMBER)
    )
    assert (dropped.state, dropped.number) == ("dropped", None)
    assert await person(statements.list_page(CARL, await north())) == []
    (made,) = await drafted(NOVEMBER)
    first = await person(
        actions.approve(CARL, await north(), str(made.id), now=DECEMBER, queue=RecordingQueue())
    )
    voided = await person(actions.void(CARL, await north(), str(made.id), "wrong", now=DECEMBER))
    assert (voided.state, voided.number) == ("void", first.number)
    assert voided == await person(actions.void(CARL, await north(), str(made.id), "", now=DECEMBER))
    assert await states(DECEMBER) == {one: "payable"}
    (made,) = await drafted(NOVEMBER)
    second = await person(
        actions.approve(CARL, await north(), str(made.id), now=DECEMBER, queue=RecordingQueue())
    )
    assert (first.number, second.number) == ("NORTH-C-2026-000001", "NORTH-C-2026-000002")
    shown = await person(statements.list_page(CARL, await north()))
    assert [(row.number, row.state) for row in shown] == [
        ("NORTH-C-2026-000002", "approved"),
        ("NORTH-C-2026-000001", "void"),
    ]


async def test_below_the_threshold_everything_waits_until_it_is_asked_for() -> None:
    """12.00; 15.00; −40.00; 50.00, a month each, at 20.00."""
    found = []
    for month, (amount, day) in enumerate(
        [(1200, "2026-01-31"), (1500, "2026-02-28"), (-4000, "2026-03-31"), (5000, "2026-04-30")], 1
    ):
        async with atomic(SYSTEM) as tx:
            await earn(tx, amount, f"2026-{month:02d}", day)
        now = datetime(2026, month + 2, 15, 12, tzinfo=UTC)
        made = await drafted(Period.month(f"2026-{month:02d}"), now=now)
        found.append([(one.amount, one.carried) for one in made])
    assert found == [[], [(2700, 1200)], [], []]
    (asked,) = await drafted(NOVEMBER, referral="rex")
    assert (asked.amount, asked.carried, asked.entries) == (1000, 1000, 2)
    with pytest.raises(Conflict, match="Nothing is payable to referral rex"):
        await drafted(OCTOBER, referral="rex")
    with pytest.raises(Conflict, match="2026-12 has not ended"):
        await drafted(Period.month("2026-12"))
    with pytest.raises(NotFound):
        await drafted(NOVEMBER, referral="liz")


async def test_who_refers_himself_waits_for_a_person() -> None:
    async with atomic(SYSTEM) as tx:
        await tx.execute("update subscriber set email = ' REX@agents.test' where id = 1")
        await tx.execute("update referral set email = 'rex@agents.test' where id = 1")
        held = await earn(tx, 3000, "2026-10", "2026-10-20")
        fine = await earn(tx, 2500, "2026-10", "2026-10-20", subscriber=2)
        # whoever changes the address afterwards changes nothing of it
        await tx.execute("update referral set email = 'other@agents.test' where id = 1")
    assert await states(DECEMBER) == {held: "held", fine: "payable"}
    assert (await sums_agree(DECEMBER)).held == 3000
    async with atomic(SYSTEM) as tx:
        await tell_todays(tx, DECEMBER)
        taken = (await commissions.get_in(tx, await north(), held)).document
        back = await earn(tx, -10, "2026-10", "2026-10-21")
    assert await states(DECEMBER) == {held: "held", back: "held", fine: "payable"}
    assert [one.amount for one in await drafted(OCTOBER)] == [2500]
    released = await person(actions.release(CARL, await north(), held, "his sister", now=DECEMBER))
    assert (released.document, released.state) == (taken, "payable")
    await person(actions.release(CARL, await north(), held, "his sister", now=DECEMBER))
    assert await states(DECEMBER) == {held: "payable", back: "payable", fine: "stated"}
    with pytest.raises(Conflict, match="is not held"):
        await person(actions.release(CARL, await north(), fine, "why not", now=DECEMBER))
    with pytest.raises(NotFound):
        await person(
            actions.release(SAM, await tenancy.get(SAM, "south"), held, "mine", now=DECEMBER)
        )
    await sums_agree(DECEMBER)


async def test_who_is_paid_at_his_customers_account_waits_for_a_person() -> None:
    """Whenever it becomes known; South's customer with the same account says nothing of North's."""
    marks = Marks(b"k" * 32)
    async with atomic(SYSTEM) as tx:
        await tx.execute("update referral set iban = 'it60 x054 2811 1010 0000 0123 456'")
        theirs = await earn(tx, 3000, "2026-10", "2026-10-20")
        fine = await earn(tx, 2500, "2026-10", "2026-10-20", subscriber=2)
        await tx.execute(
            "insert into payer_account (issuer, cloud, subscriber, mark)"
            " select cloud, cloud, id, $1 from subscriber where cloud = 2 limit 1",
            marks("IT60X0542811101000000123456"),
        )
    await hold_own_accounts(marks)
    assert await states(DECEMBER) == {theirs: "payable", fine: "payable"}
    async with atomic(SYSTEM) as tx:
        await tx.execute(
            "insert into payer_account (issuer, cloud, subscriber, mark) values (1, 1, 1, $1)",
            marks("IT60X0542811101000000123456"),
        )
    for _ in range(2):
        await hold_own_accounts(marks)
        assert await states(DECEMBER) == {theirs: "held", fine: "payable"}
    assert (await sums_agree(DECEMBER)).held == 3000
    assert [one.amount for one in await drafted(OCTOBER)] == [2500]
    await person(actions.release(CARL, await north(), theirs, "his sister", now=DECEMBER))
    await hold_own_accounts(marks)
    assert await states(DECEMBER) == {theirs: "payable", fine: "stated"}, "a release stays"
    await sums_agree(DECEMBER)


async def test_what_an_unseen_subscriber_earned_is_released_by_a_look() -> None:
    async with atomic(SYSTEM) as tx:
        await tx.execute("update subscriber set brought_at = now() where id = 1")
        held = await earn(tx, 3000, "2026-10", "2026-10-20")
    assert await states(DECEMBER) == {held: "held"}
    with pytest.raises(Conflict, match="until you have checked subscriber 1"):
        await person(actions.release(CARL, await north(), held, "fine", now=DECEMBER))
    await sums_agree(DECEMBER)


async def test_the_clock_drafts_a_month_once_on_its_day() -> None:
    async with atomic(SYSTEM) as tx:
        await earn(tx, 2500, "2026-10", "2026-10-20")
        await tx.execute("update cloud set statement_day = 7 where id = $1", NORTH)
    assert await statements.runs(datetime(2026, 12, 6, 12, tzinfo=UTC)) == []
    (due,) = await statements.runs(datetime(2026, 12, 7, 12, tzinfo=UTC))
    assert due == DueRun(NORTH, NOVEMBER)
    await asyncio.gather(*(runs.draft_due(due, now=DECEMBER) for _ in range(4)))
    (made,) = await person(statements.list_page(CARL, await north()))
    await person(actions.void(CARL, await north(), str(made.id), "", now=DECEMBER))
    await runs.draft_due(due, now=DECEMBER)
    assert await person(statements.list_page(CARL, await north())) == []
    assert await statements.runs(datetime(2026, 12, 8, 12, tzinfo=UTC)) == []


async def test_drafted_by_many_at_once_there_is_one() -> None:
    async with atomic(SYSTEM) as tx:
        await earn(tx, 2500, "2026-10", "2026-10-20")
    made = await asyncio.gather(*(drafted(NOVEMBER) for _ in range(4)))
    assert len({one.id for (one,) in made}) == 1
    one, cloud = str(made[0][0].id), await north()
    numbers = await asyncio.gather(
        *(
            person(actions.approve(CARL, cloud, one, now=DECEMBER, queue=RecordingQueue()))
            for _ in range(4)
        )
    )
    assert {each.number for each in numbers} == {"NORTH-C-2026-000001"}


async def test_who_keeps_no_books_of_north_changes_nothing() -> None:
    async with atomic(SYSTEM) as tx:
        await earn(tx, 2500, "2026-10", "2026-10-20")
    (made,) = await drafted(NOVEMBER)
    for actor in (ANN, SUE, REX, LIZ, SAM):
        with pytest.raises((Forbidden, NotFound)):
            await person(
                actions.approve(
                    actor, await north(), str(made.id), now=DECEMBER, queue=RecordingQueue()
                )
            )
    assert (await person(statements.get(ADA, await north(), str(made.id)))).state == "draft"


async def test_a_day_to_come_is_refused_and_so_is_a_draft() -> None:
    async with atomic(SYSTEM) as tx:
        await earn(tx, 2500, "2026-10", "2026-10-20")
    (made,) = await drafted(NOVEMBER)
    later, today = (PayStatement(paid_on=date(2026, 12, day)) for day in (6, 5))
    with pytest.raises(Invalid, match="day to come"):
        await person(actions.pay(CARL, await north(), str(made.id), later, now=DECEMBER))
    with pytest.raises(Conflict, match="is a draft: approve it first"):
        await person(actions.pay(CARL, await north(), str(made.id), today, now=DECEMBER))


BEHIND_ITS_BACK = (
    "update statement set amount = amount + 1",
    "update statement set number = 'X'",
    "update statement set state = 'draft', number = null",
    "update statement set paid_on = '2026-12-01', state = 'void'",
    "delete from statement",
    "truncate statement cascade",
    "update statement_entry set freed = true",
    "update statement_entry set commission = commission + 1",
    "delete from statement_entry",
)


async def test_an_approved_statement_is_not_changed_behind_its_back() -> None:
    async with atomic(SYSTEM) as tx:
        await earn(tx, 2500, "2026-10", "2026-10-20")
    (made,) = await drafted(NOVEMBER)
    await person(
        actions.approve(CARL, await north(), str(made.id), now=DECEMBER, queue=RecordingQueue())
    )
    for change in BEHIND_ITS_BACK:
        with pytest.raises(Exception, match=r"is not changed|never changed|violates check"):
            async with atomic(SYSTEM) as tx:
                await tx.execute(change)


async def test_view_and_law_say_the_same_day_by_day() -> None:
    """Commissions of all kinds, and the days around the end of their time."""
    amounts: Sequence[int] = (300, -40, 1, 25_00)
    async with atomic(SYSTEM) as tx:
        await tx.execute("update referral set hold_days = 7 where id = 1")
        await tx.execute("update referral set tax_number = 'IT 1' where id = 1")
        await tx.execute("update subscriber set tax_number = 'it1' where id = 1")
        kept = {
            await earn(tx, amount, "2026-10", "2026-11-03", subscriber=subscriber): amount
            for amount in amounts
            for subscriber in (1, 2)
        }
        holds = set(list(kept)[::2])
    for days in (0, 6, 7, 8):
        today = date(2026, 11, 3) + timedelta(days=days)
        told = await states(datetime(today.year, today.month, today.day, 12, tzinfo=UTC))
        for one, amount in kept.items():
            earning = Earning(OCTOBER.start, date(2026, 11, 3), amount, held=one in holds)
            assert told[one] == law.due(earning, 7, today), (days, amount)
        await sums_agree(datetime(today.year, today.month, today.day, 12, tzinfo=UTC))
