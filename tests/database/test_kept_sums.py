"""Sums that pages of large clouds read are those of the rows, whoever wrote them and when."""

from __future__ import annotations

from datetime import date

import asyncpg
import pytest

from portal.access import SYSTEM
from portal.books.actions import real_use
from portal.books.queries import composer, invoices
from portal.books.queries.composer import Composed
from portal.books.queries.money import ledger_lists, payment_lists
from portal.books.queries.sums import real_use as reads
from portal.books.queries.verify.balances import BALANCES
from portal.books.queries.verify.sums import SUMS
from portal.catalog.forms.tariff import NewItem, NewVersion
from portal.db import atomic, bound_by_policies, snapshot
from portal.kit.queries import tenancy
from portal.overview.queries import service_list
from portal.overview.queries.service_list import ServiceTable
from tests.billing.cast import d
from tests.books.test_closing import close
from tests.cast import ADA, ANN, NORA
from tests.conftest import NOW, Database
from tests.factories import worked_example

_EARNED = """
select m.cloud, m.referral, m.month, coalesce(m.level, 0) as level, count(*)::int as entries,
       count(distinct m.subscriber)::int as subscribers, count(distinct m.invoice)::int as documents,
       sum(m.amount)::bigint as amount
from commission m group by m.cloud, m.referral, m.month, rollup(m.level) order by 1, 2, 3, 4
"""
_KEPT = """
select cloud, referral, month, level, entries, subscribers, documents, amount from commission_sum
order by 1, 2, 3, 4
"""
# Given back in another month, on a level of its own, and to somebody else.
_MORE = """
insert into commission (cloud, referral, subscriber, invoice, allocation, document, month, level, basis,
  base, percent, amount)
select cloud, referral, subscriber, invoice, {part}, document, '{month}', {level}, basis, base,
  percent, -amount / 2
from commission where level = 1 and allocation is null
"""

# Of two customers, the second on a day before; nobody's that is told later; one that goes back; and
# money of the other cloud.
_PAY = """
insert into payment (issuer, cloud, subscriber, currency, amount, paid_on, method, reference)
values ({cloud}, {cloud}, {subscriber}, 'EUR', {amount}, '2026-11-{day}', 'bank', 'PAID-{amount}')
"""
_MONEY = (
    _PAY.format(cloud=1, subscriber=1, amount=700, day="04"),
    _PAY.format(cloud=1, subscriber=2, amount=300, day="05"),
    _PAY.format(cloud=1, subscriber=2, amount=400, day="02"),
    _PAY.format(cloud=1, subscriber="null", amount=200, day="05"),
    _PAY.format(cloud=2, subscriber=3, amount=900, day="02"),
    "update subscriber set account_manager = 6 where id = 2",
    "update payment set subscriber = 2, identified_on = '2026-11-06' where amount = 200",
    (
        "insert into payment_return (issuer, cloud, subscriber, payment, returned_on, fee)"
        " select 1, 1, subscriber, id, '2026-11-07', 3 from payment where amount in (300, 400)"
    ),
    "update subscriber set account_manager = null where id = 1",
    (
        "insert into allocation (issuer, cloud, subscriber, payment, invoice, amount, day)"
        " select p.issuer, p.cloud, p.subscriber, p.id, i.id, 100, p.paid_on from payment p"
        " join invoice i on i.cloud = p.cloud and i.subscriber = p.subscriber where p.amount = 700"
    ),
    "update subscriber set account_manager = 6 where id = 1",
    "update subscriber set account_manager = null where id = 2",
)
LAWS = (
    "what came in is kept by day",
    "accounts are kept by day",
    "sums that are kept are those of the documents",
)


async def of_home_7(code: str | None) -> Composed:
    """What a tariff as home-7 would cost: home-7 itself, or a new one."""
    items = (
        NewItem(service="motion-day", quantity=d("7")),
        NewItem(service="plates", quantity=d("1")),
    )
    version = NewVersion(valid_from=NOW.date(), monthly_price=d("9.90"), items=items)
    return await composer.compose_version(
        NORA, await tenancy.get(NORA, "north"), version, code=code, now=NOW
    )


async def told() -> tuple[Composed, Composed, ServiceTable]:
    return await of_home_7("home-7"), await of_home_7(None), await service_list.get(ADA, now=NOW)


async def test_what_cameras_cost_is_the_same_worked_out_and_kept(worker: Database) -> None:
    """By the tariff, by a like archive, and of all by service; each month is summed once."""
    await worked_example()
    for slug in ("north", "south"):
        await close(slug, "2026-10")
    before = await told()
    own, alike, sold = before
    assert (own.alike, alike.alike, own.cameras) == (False, True, 2)
    assert {one.cameras for one in sold.rows if one.currency == "EUR"} == {2}
    due = await reads.due()
    assert len(due) == 2
    assert [await real_use.keep(one) for one in (*due, due[0])] == [True, True, False]
    assert await reads.due() == []
    assert await told() == before
    async with atomic(SYSTEM) as tx:
        assert await tx.fetchval("select count(*) from real_use where cloud = 1") > 5
        with pytest.raises(asyncpg.RestrictViolationError):
            await tx.execute("update real_use set amount = 0")


async def test_a_month_that_is_not_closed_is_not_summed(worker: Database) -> None:
    await worked_example()
    async with atomic(SYSTEM) as tx:
        opened = await tx.fetchval(
            "insert into period (cloud, starts_on) values (1, '2026-10-01') returning id"
        )
    assert await reads.due() == []
    assert not await real_use.keep(opened)
    assert (await of_home_7("home-7")).month is None


async def test_what_referrals_earned_is_summed_as_it_is_written(worker: Database) -> None:
    await worked_example()
    for slug in ("north", "south"):
        await close(slug, "2026-10")
    seen = []
    for more in (
        "select",
        _MORE.format(part=1, month="2026-10-01", level=1),
        _MORE.format(part=2, month="2026-11-01", level=2),
    ):
        async with atomic(SYSTEM) as tx:
            await tx.execute(more)
            kept, rows = await tx.fetch(_KEPT), await tx.fetch(_EARNED)
        assert [tuple(one) for one in kept] == [tuple(one) for one in rows]
        seen.append(len(rows))
    assert seen[0] < seen[2], "another month has rows of its own"


async def test_a_book_is_summed_by_day_as_it_is_written(worker: Database) -> None:
    """An entry of an earlier day, money that goes back, another who takes care of a customer."""
    await worked_example()
    for slug in ("north", "south"):
        await close(slug, "2026-10")
    days = [date(2026, 11, day) for day in (2, 4, 30)]
    for statement in _MONEY:
        async with atomic(SYSTEM) as tx:
            await tx.execute(statement)
        async with snapshot(SYSTEM) as tx:
            for law in LAWS:
                assert await tx.fetch({**BALANCES, **SUMS}[law]) == []
            for day in days:
                for cloud in (1, 2):
                    kept = await tx.fetch(ledger_lists._SUMS[True], cloud, day)
                    assert kept == await tx.fetch(ledger_lists._SUMS[False], cloud, day)
    north = await tenancy.get(NORA, "north")
    assert await payment_lists.sum_received(NORA, north, days[0], days[2]) == [
        payment_lists.Received("EUR", 2, 900)
    ]
    credit = {one.account: one for one in await ledger_lists.sum_accounts(NORA, north, days[2])}
    assert (credit["credit"].amount, credit["credit"].parties) == (-800, 2)
    early = {one.account: one for one in await ledger_lists.sum_accounts(NORA, north, days[0])}
    assert (early["credit"].amount, early["credit"].parties) == (-400, 1)
    with bound_by_policies():
        came = await payment_lists.sum_received(ANN, north, days[0], days[2])
        listed = await invoices.list_for_portal(ANN, "retail", invoices.Filters(), now=NOW)
        opened = invoices.Filters(cloud="north", state="open")
        whole = await invoices.list_for_portal(NORA, "retail", opened, now=NOW)
    assert [one.amount for one in came] == [700]
    assert [(one.total, one.left) for one in listed.sums] == [
        (sum(row.total for row in listed.rows), sum(row.left for row in listed.rows))
    ]
    assert whole.rows == listed.rows, "the only one, of a state as of all"
    assert {row.paid for row in listed.rows} == {100}
