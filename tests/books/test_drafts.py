"""Drafts of North's months: what their close issues, and how they follow what changes."""

from __future__ import annotations

import asyncio
from contextvars import Context
from datetime import date, datetime
from decimal import Decimal

import pytest

from portal.access import SYSTEM
from portal.billing.period import Period
from portal.books.actions import drafts
from portal.books.actions.estimates import estimate_cloud
from portal.books.queries import worklist
from portal.books.queries.drafts import kept, making, outcome
from portal.books.queries.drafts.kept import DraftFacts, DraftInvoice, Figures
from portal.customers.actions import subscribers
from portal.customers.forms.subscriber import SubscriberChange
from portal.db import atomic
from portal.errors import Forbidden, NotFound
from portal.kit.queries import tenancy
from portal.usage.actions import usage
from portal.usage.actions.usage import UsageColumns
from tests.books.test_closing import books, close
from tests.cast import ANN, CARL, NORA, NORTH, SAM, SOUTH
from tests.conftest import NOW, Database
from tests.factories import (
    World,
    camera,
    days,
    subscribe,
    tariff,
    two_clouds,
    use,
    worked_example,
)
from tests.queues import RecordingQueue

OCTOBER, NOVEMBER = Period.month("2026-10"), Period.month("2026-11")
WORKED = Figures(
    invoices=1, charges=1501, revenue=1351, wholesale=1080, commission=203, tax=297, to_collect=1648
)


async def draft(period: Period = OCTOBER, now: datetime = NOW) -> DraftFacts:
    await estimate_cloud(NORTH, now=now)
    return await kept.get(CARL, await tenancy.get(CARL, "north"), period, now=now)


async def documents(period: Period = OCTOBER) -> dict[int | None, DraftInvoice]:
    cloud = await tenancy.get(CARL, "north")
    found, _more = await kept.invoices(CARL, cloud, period)
    return {one.subscriber: one for one in [*found, *await kept.wholesale(CARL, cloud, period)]}


def found(facts: DraftFacts) -> dict[str, list[tuple[str, int | None]]]:
    """What is looked at: subjects and amounts by rule."""
    rules: dict[str, list[tuple[str, int | None]]] = {}
    for one in facts.surprises:
        rules.setdefault(one.rule, []).append((one.subject, one.amount))
    return rules


async def test_the_draft_of_the_worked_example_is_its_books(worker: Database) -> None:
    await worked_example()
    facts = await draft()
    assert (facts.state, facts.stale, facts.totals) == ("ready", False, WORKED)
    assert (WORKED.discounts, WORKED.margin) == (150, 68)
    of = await documents()
    sue, platform = of[1], of[None]
    assert [(line.description, line.amount) for line in sue.lines] == [("Home 7", 1501)]
    assert (sue.type, sue.subtotal, sue.total, sue.margin) == ("invoice", 1501, 1648, 68)
    assert (platform.subtotal, platform.taxable, platform.total) == (1137, 1080, 1318)
    # The first month of all: nothing to compare with.
    assert (facts.last, facts.bridge, sue.last, sue.difference) == (None, None, None, None)


async def test_a_draft_takes_no_number_and_leaves_no_row_in_the_books(worker: Database) -> None:
    await worked_example()
    before = await books("north")
    async with atomic(SYSTEM) as tx:
        series = await tx.fetchval("select count(*) from series")
    await draft()
    assert await books("north") == before
    async with atomic(SYSTEM) as tx:
        assert await tx.fetchval("select count(*) from series") == series


async def test_the_running_month_is_drafted_as_far_as_its_days_are_over(worker: Database) -> None:
    await worked_example()
    facts = await draft(NOVEMBER)
    assert facts.until == date(2026, 11, 5)
    assert facts.totals is not None
    assert facts.totals.charges == 2 * 132  # 9.90 × 4 of 30 days, two cameras


async def test_a_draft_tells_what_is_left_of_each_camera_and_day(worker: Database) -> None:
    """Reports of an open month read it: cameras, subscribers, tariffs and days sum to the draft."""
    by_day: list[list[int]] = []
    await worked_example()
    for period in (OCTOBER, NOVEMBER):
        facts = await draft(period)
        totals = facts.totals
        assert totals is not None
        whole = (totals.charges, totals.revenue, totals.wholesale, totals.commission)
        async with atomic(SYSTEM) as tx:
            for table in ("draft_margin", "draft_subscriber", "draft_tariff"):
                where = "and subscriber is null" if table == "draft_tariff" else ""
                row = await tx.fetchrow(
                    "select sum(charges), sum(revenue), sum(cost), sum(commission)"
                    f" from {table} where cloud = $1 and month = $2 {where}",
                    NORTH,
                    period.start,
                )
                assert tuple(map(int, row or ())) == whole, (table, period)
            by_day = await tx.fetchval(
                "select by_day from draft where cloud = $1 and month = $2", NORTH, period.start
            )
        assert [sum(of) for of in zip(*by_day, strict=True)] == list(whole[1:])
        assert facts.until is not None
        assert len(by_day) == period.index(facts.until)
    # Two cameras on every day; a cent that does not divide is of the first.
    assert {revenue for revenue, _cost, _earned in by_day} == {59, 60}


async def test_what_changes_leaves_a_mark_and_the_sweep_finds_it(worker: Database) -> None:
    """Drafts are anew within half a minute: the sweep looks every ten seconds."""
    await worked_example()
    for cloud in (NORTH, SOUTH):
        await estimate_cloud(cloud, now=NOW)
    assert await worklist.estimates(NOW) == []
    north = await tenancy.get(NORA, "north")
    change = SubscriberChange(discount_percent=Decimal(20))
    await subscribers.change(NORA, north, 1, change)
    stale = await kept.get(CARL, north, OCTOBER, now=NOW)
    assert (stale.stale, stale.totals) == (True, WORKED)
    assert await worklist.estimates(NOW) == [NORTH]
    anew = await draft()
    assert anew.totals is not None
    assert (anew.stale, anew.totals.revenue) == (False, 1201)
    assert await worklist.estimates(NOW) == []


async def test_usage_of_november_leaves_october_as_it_is(worker: Database) -> None:
    world = await worked_example()
    made_at = (await draft()).made_at
    later = NOW.replace(hour=13)
    async with atomic(SYSTEM) as tx:
        await usage.merge(tx, NORTH, one_day(world, "gate", date(2026, 11, 3), 9))
    assert (await draft(now=later)).made_at == made_at
    assert (await draft(NOVEMBER, now=later)).made_at == later


def one_day(world: World, name: str, day: date, quantity: int) -> UsageColumns:
    columns = UsageColumns()
    columns.add(world.cameras[name], world.meters["recording.motion.depth"], day, quantity)
    return columns


async def test_two_who_change_something_never_wait_for_each_other(worker: Database) -> None:
    """A mark is a row of its own: what one has not committed holds nobody up."""
    world = await worked_example()

    async def other() -> None:
        async with atomic(SYSTEM) as tx:
            await usage.merge(tx, NORTH, one_day(world, "yard", date(2026, 10, 3), 9))

    async with atomic(SYSTEM) as tx:
        await usage.merge(tx, NORTH, one_day(world, "gate", date(2026, 10, 3), 9))
        await asyncio.create_task(other(), context=Context())
    assert NORTH in await worklist.estimates(NOW)


async def test_a_month_that_closes_meanwhile_keeps_its_last_draft(worker: Database) -> None:
    await worked_example()
    await draft()
    await close("north", "2026-10")
    facts = await draft()
    assert (facts.state, facts.stale, facts.totals) == ("ready", False, WORKED)
    november = await draft(NOVEMBER)
    assert november.last == WORKED


async def test_the_books_differ_from_a_draft_by_exactly_what_came_in_between(
    worker: Database,
) -> None:
    """Two days of archive more on one day: 0.50 × 219 ÷ 31 for gate, 3.53 instead of 3.50."""
    world = await worked_example()
    before = (await draft()).totals
    async with atomic(SYSTEM) as tx:
        await usage.merge(tx, NORTH, one_day(world, "gate", date(2026, 10, 3), 9))
    await close("north", "2026-10")
    async with atomic(SYSTEM) as tx:
        issued = await making.issued_figures(tx, NORTH, OCTOBER)
    assert before is not None
    assert issued is not None
    differences = {
        name: amount - getattr(before, name)
        for name, amount in issued.items()
        if amount != getattr(before, name)
    }
    assert differences == {"wholesale": 3}  # 11.40 less 5 % is 10.83
    north = await tenancy.get(CARL, "north")
    assert (await outcome.between(CARL, north, OCTOBER, now=NOW)).total == 0


async def october_with_surprises() -> World:
    """September is closed with Sue's gate alone; in October much is new, and not all of it right."""
    world = await two_clouds()
    async with atomic(SYSTEM) as tx:
        await tx.execute("update cloud set check_amount = 5")
        for name, subscriber, first in (
            ("gate", 1, "2026-09-01"),
            ("yard", 1, "2026-10-01"),
            ("shop", 2, "2026-10-01"),
        ):
            world.cameras[name] = await camera(tx, NORTH, name, subscriber)
            tariff = world.tariffs["home-7"]
            await subscribe(tx, NORTH, world.cameras[name], subscriber, tariff, first)
        world.cameras["attic"] = await camera(tx, NORTH, "attic", 2)
        depth = world.meters["recording.motion.depth"]
        used = days("2026-10-01", "2026-11-01")
        for name, kept_days in (("gate", 7), ("yard", 7), ("shop", 30), ("attic", 7)):
            await use(tx, NORTH, world.cameras[name], depth, used, kept_days)
        stored = world.meters["archive.stored"]
        await use(tx, NORTH, world.cameras["gate"], stored, used[:2], 10**9)
    await close("north", "2026-09", accept_gaps=True)
    return world


async def test_rules_find_what_is_new_and_what_is_wrong(worker: Database) -> None:
    await october_with_surprises()
    facts = await draft()
    assert found(facts) == {
        # 9.90 − 15.00 × 95 %, and Sue: 19.80 less 10 % − 7.00 less 5 % − 2.67.
        "loses_money": [("2", -435)],
        "keeps_more": [("2", 1150)],
        "recording_unpaid": [("attic", 332)],
        "invoice_changed": [("1", 2174)],
        "first_invoice": [("2", 1208)],
        "document_incomplete": [("2", None), ("1", None)],
    }
    changed = next(one for one in facts.surprises if one.rule == "invoice_changed")
    assert (changed.last, changed.detail, changed.fine) == (1087, "1 camera more", False)
    assert facts.last is not None
    assert facts.last.revenue == 891
    assert facts.bridge is not None
    assert (facts.bridge.existing, facts.bridge.new, facts.bridge.gone) == (891, 990, 0)


async def test_a_service_without_a_price_is_asked_for_where_it_is_sold(worker: Database) -> None:
    """Storage is used without a rate: nobody is told before a tariff includes it."""
    world = await october_with_surprises()
    assert "no_price" not in found(await draft())
    async with atomic(SYSTEM) as tx:
        await tariff(tx, NORTH, "big", "Big", "2026-01-01", "20", {world.services["storage"]: "5"})
    facts = await draft()
    assert found(facts)["no_price"] == [("storage", None)]
    (one,) = [one for one in facts.surprises if one.rule == "no_price"]
    assert one.detail == "1 camera, 2 days"


async def test_what_a_close_corrects_and_what_is_changed_by_hand(worker: Database) -> None:
    world = await october_with_surprises()
    cloud = await tenancy.get(NORA, "north")
    async with atomic(SYSTEM) as tx:
        await usage.merge(tx, NORTH, one_day(world, "gate", date(2026, 9, 3), 60))
    await subscribers.change(NORA, cloud, 2, SubscriberChange(discount_percent=Decimal(5)))
    correction = {
        "camera": "yard",
        "connection": None,
        "day": "2026-10-04",
        "quantity": 5,
        "meter": "recording.motion.depth",
        "reason": "misread",
    }
    await usage.correct(NORA, cloud, correction, now=NOW)
    rules = found(await draft())
    assert rules["late_usage"] == [("1", 100)]  # 0.50 × 60 ÷ 30, paid to the platform
    assert sorted(rules["by_hand"]) == [("2", None), ("yard", None)]


async def test_nothing_any_more_and_nothing_to_pay_are_told_apart(worker: Database) -> None:
    await october_with_surprises()
    await close("north", "2026-10", accept_gaps=True)
    async with atomic(SYSTEM) as tx:
        await tx.execute("update subscription set ends_on = '2026-11-01' where subscriber = 1")
        await tx.execute("update subscriber set discount_percent = 100 where id = 2")
    facts = await draft(NOVEMBER)
    rules = found(facts)
    assert rules["no_invoice"] == [("1", 0)]
    assert rules["zero_or_negative"] == [("2", 0)]
    assert "invoice_changed" not in rules
    assert facts.bridge is not None
    assert (facts.bridge.gone, facts.bridge.existing + facts.bridge.new) == (-1782, -990)


async def test_what_is_fine_comes_back_when_its_amount_changes(worker: Database) -> None:
    world = await october_with_surprises()
    cloud = await tenancy.get(CARL, "north")
    one = next(one for one in (await draft()).surprises if one.rule == "keeps_more")
    fine = await drafts.find_fine(CARL, cloud, OCTOBER, one.id, note="agreed by phone")
    assert (fine.fine, fine.by, fine.note) == (True, CARL.name, "agreed by phone")
    assert await drafts.find_fine(NORA, cloud, OCTOBER, one.id) == fine
    anew = next(of for of in (await draft()).surprises if of.id == one.id)
    assert anew == fine
    async with atomic(SYSTEM) as tx:
        await usage.merge(tx, NORTH, one_day(world, "shop", date(2026, 10, 9), 61))
    again = next(of for of in (await draft()).surprises if of.id == one.id)
    assert (again.amount, again.fine) == (1200, False)


async def test_who_may_not_close_finds_nothing_fine(worker: Database) -> None:
    await october_with_surprises()
    one = (await draft()).surprises[0]
    cloud = await tenancy.get(ANN, "north")
    with pytest.raises(Forbidden):
        await drafts.find_fine(ANN, cloud, OCTOBER, one.id)
    south = await tenancy.get(SAM, "south")
    with pytest.raises(NotFound):
        await drafts.find_fine(SAM, south, OCTOBER, one.id)
    queue = RecordingQueue()
    with pytest.raises(Forbidden):
        await drafts.make_anew(ANN, cloud, OCTOBER, now=NOW, queue=queue)


async def test_an_account_manager_sees_drafts_of_own_subscribers_without_cost(
    web: Database,
) -> None:
    async with web.as_worker():
        await october_with_surprises()
        await draft()
    cloud = await tenancy.get(ANN, "north")
    ((sue,), _more) = await kept.invoices(ANN, cloud, OCTOBER)
    assert (sue.name, sue.total, sue.cost, sue.commission) == ("Sue", 2174, 0, 0)
    assert (await kept.get(ANN, cloud, OCTOBER, now=NOW)).totals is None
