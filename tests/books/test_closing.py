"""October of North, closed: the worked example to the cent, once however often."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import datetime

import pytest

from portal.access import SYSTEM
from portal.billing.numbering import number_of
from portal.billing.period import Period
from portal.books.actions import periods
from portal.books.actions.closing.corrections import corrections_due
from portal.books.actions.closing.issue import issue
from portal.books.actions.closing.parts import make_parts
from portal.books.actions.closing.rate import price_book, rate_batches
from portal.books.actions.closing.settle import settle
from portal.books.actions.closing.work import work_on_close
from portal.books.actions.corrected import corrections_of
from portal.books.queries import charges, commissions, invoices, margins
from portal.books.queries import periods as period_queries
from portal.db import atomic
from portal.errors import Conflict
from portal.kit.queries import tenancy
from tests.cast import ADA, NORA, NORTH, REX, SAM, SUE
from tests.conftest import NOW, Database
from tests.factories import camera, days, forget, use, worked_example
from tests.queues import RecordingQueue


async def close(cloud: str, month: str, *, accept_gaps: bool = False, now: datetime = NOW) -> None:
    queue = RecordingQueue()
    begun = await periods.start_close(
        SYSTEM,
        await tenancy.get(SYSTEM, cloud),
        Period.month(month),
        accept_gaps=accept_gaps,
        now=now,
        queue=queue,
    )
    await work_on_close(begun.id, clock=lambda: now, queue=queue)


async def books(cloud: str) -> dict[str, list[tuple[object, ...]]]:
    """Everything a close wrote, as comparable values."""
    async with atomic(SYSTEM) as tx:
        return {
            table: [
                tuple(row.values())
                for row in await tx.fetch(
                    f"select t.* from {table} t join cloud c on c.id = t.cloud"
                    " where c.slug = $1 order by t.id",
                    cloud,
                )
            ]
            for table in (
                *("charge", "measurement", "invoice", "invoice_line", "commission"),
                *("margin", "period"),
            )
        }


async def test_the_worked_example_is_billed_to_the_cent(worker: Database) -> None:
    await worked_example()
    await close("north", "2026-10")
    found, _ = await invoices.list_page(
        SYSTEM, await tenancy.get(SYSTEM, "north"), invoices.Filters(), now=NOW
    )
    retail = next(one for one in found if one.side == "retail")
    wholesale = next(one for one in found if one.side == "wholesale")
    assert retail.number == "NORTH-2026-000001"
    assert (retail.subtotal, retail.discount, retail.taxable, retail.tax, retail.total) == (
        1501,
        150,
        1351,
        297,
        1648,
    )
    assert wholesale.number == "PLAT-2026-000001"
    assert (wholesale.subtotal, wholesale.discount, wholesale.taxable) == (1137, 57, 1080)
    assert (wholesale.tax, wholesale.total) == (238, 1318)
    earned, _ = await commissions.list_page(SYSTEM, await tenancy.get(SYSTEM, "north"), now=NOW)
    assert [(row.referral, row.base, row.amount) for row in earned] == [("rex", 1351, 203)]
    of_cameras, _ = await margins.list_page(
        SYSTEM, await tenancy.get(SYSTEM, "north"), period_of("2026-10")
    )
    assert sum(row.margin for row in of_cameras) == 68
    facts = await period_queries.get(
        SYSTEM, await tenancy.get(SYSTEM, "north"), Period.month("2026-10"), now=NOW
    )
    assert (facts.state, facts.done, facts.total) == ("closed", 2, 2)
    assert (facts.retail, facts.wholesale, facts.commission) == (1501, 1137, 203)


def period_of(month: str) -> Period:
    return Period.month(month)


async def test_closing_again_changes_nothing(worker: Database) -> None:
    await worked_example()
    await close("north", "2026-10")
    before = await books("north")
    await close("north", "2026-10")
    assert await books("north") == before


async def test_ten_workers_at_once_make_the_books_of_one(worker: Database) -> None:
    await worked_example()
    queue = RecordingQueue()
    begun = await periods.start_close(
        SYSTEM,
        await tenancy.get(SYSTEM, "north"),
        Period.month("2026-10"),
        accept_gaps=False,
        now=NOW,
        queue=queue,
    )
    closed = await asyncio.gather(
        *(work_on_close(begun.id, clock=lambda: NOW, queue=queue) for _ in range(10))
    )
    assert closed.count(True) == 1
    await close("south", "2026-10")
    north = await books("north")
    assert len(north["charge"]) == 6
    assert len(north["invoice"]) == 2


CHANGES = {
    "a discount": "update subscriber set discount_percent = 20 where cloud = 1 and number = 1",
    "a name": "update subscriber set name = 'Sue & Sons' where cloud = 1 and number = 1",
    "the cloud's tax": "update cloud set tax_percent = 10 where id = 1",
    "the platform's discount": "update cloud set wholesale_discount_percent = 50 where id = 1",
    "a referral's percent": "update referral set percent = 7 where cloud = 1",
}
FIGURES = {
    "invoice": "number, buyer, discount_percent, tax_percent, subtotal, discount, tax, total",
    "commission": "document, percent, base, amount",
    "margin": "camera, subscriber, revenue, cost, commission",
    "subscriber_month": "subscriber, revenue, cost, commission",
    "tariff_month": "tariff, subscriber, cameras, revenue, cost, commission",
    "period": "retail, wholesale, commission, losing, lost",
}


async def figures() -> dict[str, list[tuple[object, ...]]]:
    """What North's books come to, without row ids."""
    async with atomic(SYSTEM) as tx:
        return {
            table: sorted(
                (
                    tuple(row.values())
                    for row in await tx.fetch(f"select {what} from {table} where cloud = 1")
                ),
                key=repr,
            )
            for table, what in FIGURES.items()
        }


async def test_what_changes_while_documents_are_made_is_in_all_of_them(worker: Database) -> None:
    """The close drafts, something changes, and what is issued is as if it had been so before.

    Beside Sue's cameras one costs money that nobody bears, and one is another customer's.
    """
    world = await worked_example()
    async with atomic(SYSTEM) as tx:
        shed = await camera(tx, NORTH, "shed", None)
        motion = world.meters["recording.motion.depth"]
        await use(tx, NORTH, shed, motion, days("2026-10-01", "2026-11-01"), 3)
    unchanged = await _books_with("select 1", before=True)
    for name, change in CHANGES.items():
        expected = await _books_with(change, before=True)
        assert expected != unchanged, name
        assert await _books_with(change, before=False) == expected, name
        assert any(row[1] is None for row in expected["margin"]), "somebody's cost is nobody's"


async def _books_with(change: str, *, before: bool) -> dict[str, list[tuple[object, ...]]]:
    """North's books with a change before its close, or after its documents are drafted."""
    made: dict[str, list[tuple[object, ...]]] = {}
    with suppress(LookupError):
        async with atomic(SYSTEM) as tx:
            if before:
                await tx.execute(change)
            begun = await periods.start_close(
                SYSTEM,
                await tenancy.get(SYSTEM, "north"),
                Period.month("2026-10"),
                accept_gaps=False,
                now=NOW,
                queue=RecordingQueue(),
            )
            book = await price_book(begun.id)
            assert book is not None
            await rate_batches(begun.id, book, now=NOW)
            assert await settle(begun.id, book, now=NOW)
            await make_parts(begun.id, now=NOW)
            if not before:
                await tx.execute(change)
                assert await issue(begun.id, now=NOW, queue=RecordingQueue()) is None
                await make_parts(begun.id, now=NOW)
            assert await issue(begun.id, now=NOW, queue=RecordingQueue())
            made = await figures()
            raise LookupError("undone: only the figures are wanted")
    return made


async def test_numbers_are_written_as_the_pure_core_writes_them(worker: Database) -> None:
    """Past 999 999 too, and the next close goes on after the last one."""
    await worked_example()
    async with atomic(SYSTEM) as tx:
        await tx.execute(
            "insert into series (issuer, prefix, year, last_number)"
            " values (1, 'NORTH', 2026, 999999), (0, 'PLAT', 2026, 41)"
        )
    await close("north", "2026-10")
    async with atomic(SYSTEM) as tx:
        rows = await tx.fetch("select number, sequence from invoice order by side")
    assert [tuple(row) for row in rows] == [
        (number_of("NORTH", 2026, 1_000_000), 1_000_000),
        (number_of("PLAT", 2026, 42), 42),
    ]


async def test_a_day_without_usage_stops_the_close_until_someone_accepts_it(
    worker: Database,
) -> None:
    world = await worked_example()
    async with atomic(SYSTEM) as tx:
        await forget(tx, NORTH, days("2026-10-05", "2026-10-06")[0], world.cameras["gate"])
    with pytest.raises(Conflict) as refused:
        await close("north", "2026-10")
    assert list(refused.value.fields) == ["2026-10-05"]
    await close("north", "2026-10", accept_gaps=True)
    facts = await period_queries.get(
        SYSTEM, await tenancy.get(SYSTEM, "north"), Period.month("2026-10"), now=NOW
    )
    assert facts.state == "closed"
    assert [day.isoformat() for day in facts.gaps] == ["2026-10-05"]


async def test_a_running_month_cannot_be_closed(worker: Database) -> None:
    await worked_example()
    with pytest.raises(Conflict, match="has not ended"):
        await close("north", "2026-11")


async def test_late_usage_of_pooled_services_is_rated_some_cameras_at_a_time(
    worker: Database,
) -> None:
    """What all cameras share comes once, last: the same, however many are rated at once."""
    world = await worked_example()
    tiers = [{"up_to": "5", "unit_price": "0.60"}, {"up_to": None, "unit_price": "0.40"}]
    async with atomic(SYSTEM) as tx:
        await tx.execute("update rate set pricing = $1", {"model": "graduated", "tiers": tiers})
    await close("north", "2026-10")
    async with atomic(SYSTEM) as tx:
        for name, depth in (("gate", 9), ("yard", 4)):
            camera, meter = world.cameras[name], world.meters["recording.motion.depth"]
            await use(tx, NORTH, camera, meter, days("2026-10-01", "2026-11-01"), depth)
            await tx.execute(
                "insert into usage_change (cloud, month, camera) values ($1, '2026-10-01', $2)",
                *(NORTH, camera),
            )
        cloud, november = await tenancy.get(SYSTEM, "north"), Period.month("2026-11")
        together, shared = await corrections_due(tx, cloud, november)
        *apart, last = await corrections_due(tx, cloud, november, at_once=1)
    assert [list(one.cameras) for one in apart] == [[camera] for camera in together.cameras]
    assert [share for one in apart for share in one.shares] == together.shares != []
    assert [charge for one in apart for charge in one.charges] == together.charges
    assert last == shared
    assert {charge.camera for charge in last.charges} == set(together.cameras)


async def test_late_usage_is_corrected_in_the_next_month(worker: Database) -> None:
    world = await worked_example()
    await close("north", "2026-10")
    async with atomic(SYSTEM) as tx:
        await tx.execute(
            "insert into usage_change (cloud, month, camera, days)"
            " values ($1, '2026-10-01', $2, 7)",
            NORTH,
            world.cameras["yard"],
        )
        await use(
            tx,
            NORTH,
            world.cameras["yard"],
            world.meters["recording.motion.depth"],
            days("2026-10-01", "2026-10-16"),
            7,
        )
        for name in ("gate", "yard"):
            for meter, quantity in (("recording.motion.depth", 7), ("analytics.plates", 1)):
                await use(
                    tx,
                    NORTH,
                    world.cameras[name],
                    world.meters[meter],
                    days("2026-11-01", "2026-12-01"),
                    quantity,
                )
    async with atomic(SYSTEM) as tx:
        await tx.execute(
            "insert into usage_change (cloud, month, camera) values ($1, '2026-10-01', $2)",
            NORTH,
            world.cameras["gate"],
        )
        cloud, november = await tenancy.get(SYSTEM, "north"), Period.month("2026-11")
        (whole,) = await corrections_due(tx, cloud, november)
        one_by_one = await corrections_due(tx, cloud, november, at_once=1)
    assert [list(one.cameras) for one in one_by_one] == [[camera] for camera in whole.cameras]
    assert [charge for one in one_by_one for charge in one.charges] == whole.charges != []
    later = NOW.replace(month=12)
    queue = RecordingQueue()
    begun = await periods.start_close(
        SYSTEM,
        await tenancy.get(SYSTEM, "north"),
        Period.month("2026-11"),
        accept_gaps=False,
        now=later,
        queue=queue,
    )
    await work_on_close(begun.id, clock=lambda: later, queue=queue)
    made, _ = await charges.list_page(
        SYSTEM, await tenancy.get(SYSTEM, "north"), period_of("2026-11")
    )
    corrections = [row for row in made if row.original_period.month == 10]
    # 0.50 × 112/31 was 1.81; 0.50 × 217/31 is 3.50.
    assert [(row.camera, row.side, row.amount) for row in corrections] == [
        ("yard", "wholesale", 169)
    ]
    seen = await corrections_of(SYSTEM, await tenancy.get(SYSTEM, "north"), november)
    assert [(row.camera, row.before, row.amount, row.after) for row in seen] == [
        ("yard", 181, 169, 350)
    ]
    assert seen[0].changed_on == days("2026-10-01", "2026-10-04"), "kept, though the mark is gone"
    async with atomic(SYSTEM) as tx:
        assert await tx.fetchval("select count(*) from usage_change") == 0


async def test_each_side_sees_only_its_own(database: Database) -> None:
    async with database.as_worker():
        await worked_example()
        await close("north", "2026-10")
        await close("south", "2026-10")
    async with database.as_web():
        assert (
            len(
                (
                    await invoices.list_page(
                        ADA, await tenancy.get(ADA, "north"), invoices.Filters(), now=NOW
                    )
                )[0]
            )
            == 2
        )
        assert (
            len(
                (
                    await invoices.list_page(
                        NORA, await tenancy.get(NORA, "north"), invoices.Filters(), now=NOW
                    )
                )[0]
            )
            == 2
        )
        assert (
            len(
                (
                    await invoices.list_page(
                        SUE, await tenancy.get(SUE, "north"), invoices.Filters(), now=NOW
                    )
                )[0]
            )
            == 1
        )
        assert (
            await invoices.list_page(
                REX, await tenancy.get(REX, "north"), invoices.Filters(), now=NOW
            )
        )[0] == []
        norths = await tenancy.get(REX, "north")
        assert len((await commissions.list_page(REX, norths, now=NOW))[0]) == 1
        with pytest.raises(Exception, match="There is no cloud"):
            await invoices.list_page(
                SAM, await tenancy.get(SAM, "north"), invoices.Filters(), now=NOW
            )
