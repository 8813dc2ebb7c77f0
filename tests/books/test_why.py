"""Why an amount is what it is, asked of the books: reasons equal what is stored, or say so."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from portal.access import SYSTEM, Actor
from portal.billing.period import Period
from portal.books.queries import invoices, why
from portal.books.queries.why import Agreement
from portal.db import atomic
from portal.errors import NotFound
from portal.kit.queries import tenancy
from portal.routes.reasons import said
from tests.books.test_closing import close
from tests.cast import ANN, BOB, NORA, NORTH, SAM, SUE
from tests.conftest import NOW, Database
from tests.factories import World, days, rate, use, worked_example

OCTOBER = Period.month("2026-10")
NOVEMBER = Period.month("2026-11")
TIERS = {
    "model": "graduated",
    "tiers": [{"up_to": "5", "unit_price": "7"}, {"up_to": None, "unit_price": "6"}],
}


async def reasons(actor: Actor, camera: str, period: Period = OCTOBER, now: datetime = NOW):
    north = await tenancy.get(actor, "north")
    return await why.of_camera(actor, north, camera, period, now=now)


def plain(text: str) -> str:
    return text.replace("\u00a0", " ")


async def late_usage(world: World) -> None:
    """Fifteen more days of yard come when October is closed; November is used in full."""
    async with atomic(SYSTEM) as tx:
        yard, motion = world.cameras["yard"], world.meters["recording.motion.depth"]
        await use(tx, NORTH, yard, motion, days("2026-10-01", "2026-10-16"), 7)
        await tx.execute(
            "insert into usage_change (cloud, month, camera) values ($1, '2026-10-01', $2)",
            NORTH,
            yard,
        )
        for name in ("gate", "yard"):
            for meter, quantity in (("recording.motion.depth", 7), ("analytics.plates", 1)):
                of = world.cameras[name], world.meters[meter]
                await use(tx, NORTH, *of, days("2026-11-01", "2026-12-01"), quantity)


async def test_both_sides_of_a_camera_and_each_its_own(database: Database) -> None:
    async with database.as_worker():
        await worked_example()
        await close("north", "2026-10")
    async with database.as_web():
        found = await reasons(NORA, "yard")
        assert (found.closed, found.differs) == (True, False)
        assert [row.formula for row in found.rows] == [
            "9.90 × 16 ÷ 31 = 5.11",
            "112 ÷ 31 × 0.50 = 1.81",
            "16 ÷ 31 × 4.00 = 2.06",
        ]
        for who in (SUE, ANN):
            own = await reasons(who, "yard")
            assert [row.formula for row in own.rows] == ["9.90 × 16 ÷ 31 = 5.11"]
            assert own.rows[0].agreement is Agreement.SAME
        for who in (BOB, SAM):
            with pytest.raises(NotFound):
                await reasons(who, "yard")


async def test_a_line_is_shown_to_whom_its_document_is(database: Database) -> None:
    async with database.as_worker():
        await worked_example()
        await close("north", "2026-10")
    async with database.as_web():
        north = await tenancy.get(SUE, "north")
        rows, _next = await why.of_line(SUE, north, "NORTH-2026-000001", 0)
        assert [(row.camera, row.amount) for row in rows] == [("gate", 990), ("yard", 511)]
        assert {row.agreement for row in rows} == {Agreement.SAME}
        for number, who in (("PLAT-2026-000001", SUE), ("NORTH-2026-000001", BOB)):
            with pytest.raises(NotFound):
                await why.of_line(who, north, number, 0)


async def test_screens_say_the_same_by_locale_with_units(worker: Database) -> None:
    await worked_example()
    await close("north", "2026-10")
    rows = (await reasons(NORA, "yard")).rows
    assert [plain(said(row, "de_DE")) for row in rows] == [
        "9,90 € × 16 of 31 days = 5,11 €",
        "112 camera-days ÷ 31 = 3,61 day × 0,50 € = 1,81 €",
        "16 camera-days ÷ 31 = 0,52 channel × 4,00 € = 2,06 €",
    ]
    one = replace(rows[1], unit_plural="days")
    assert plain(said(one, "en_GB")) == "112 camera-days ÷ 31 = 3.61 days × €0.50 = €1.81"


async def test_a_month_that_runs_is_explained_as_far_as_it_is_over(worker: Database) -> None:
    world = await worked_example()
    async with atomic(SYSTEM) as tx:
        gate = world.cameras["gate"], world.meters["recording.motion.depth"]
        await use(tx, NORTH, *gate, days("2026-11-01", "2026-11-06"), 7)
    found = await reasons(NORA, "gate", NOVEMBER)
    assert not found.closed
    assert [row.formula for row in found.rows] == [
        "9.90 × 4 ÷ 30 = 1.32",
        "28 ÷ 30 × 0.50 = 0.47",
    ]


async def test_late_usage_waits_and_is_then_explained_by_its_correction(worker: Database) -> None:
    world = await worked_example()
    await close("north", "2026-10")
    await late_usage(world)
    waiting = await reasons(NORA, "yard")
    assert not waiting.differs
    assert waiting.rows[1].agreement is Agreement.CHANGED
    assert waiting.rows[1].formula == "112 ÷ 31 × 0.50 = 1.81", "by its own stored quantity"

    later = datetime(2026, 12, 5, tzinfo=UTC)
    await close("north", "2026-11", now=later)
    rows = (await reasons(NORA, "yard")).rows
    assert [row.formula for row in rows] == [
        "9.90 × 16 ÷ 31 = 5.11",
        "112 ÷ 31 × 0.50 = 1.81",
        "16 ÷ 31 × 4.00 = 2.06",
        "3.50 − 1.81 = 1.69",
    ]
    assert {row.agreement for row in rows} == {Agreement.SAME}
    assert plain(said(rows[3], "it_IT")) == (
        "October 2026 recomputed 3,50 € − billed 1,81 € = 1,69 €"
    )
    north = await tenancy.get(NORA, "north")
    narrowed = invoices.Filters(period=NOVEMBER, side="wholesale")
    (bill,), _next = await invoices.list_page(NORA, north, narrowed, now=later)
    place = [line.original_period for line in bill.lines].index(OCTOBER.start)
    of_line, following = await why.of_line(NORA, north, bill.number, place)
    assert [row.formula for row in of_line] == ["3.50 − 1.81 = 1.69"]
    assert (of_line[0].billed_in, following) == (NOVEMBER.start, None)


async def test_a_pool_explains_each_cameras_share(worker: Database) -> None:
    world = await worked_example()
    async with atomic(SYSTEM) as tx:
        await rate(tx, NORTH, world.services["motion-day"], "2026-02-01", TIERS)
    await close("north", "2026-10")
    (row,) = [row for row in (await reasons(NORA, "yard")).rows if row.service == "motion-day"]
    # 10.61 days in tiers: 5 × 7 + 5.61 × 6 = 68.68, of which yard has 112 of 329
    assert row.formula == "68.68 × 112 ÷ 329 = 23.38"
    assert row.agreement is Agreement.SAME
    assert plain(said(replace(row, unit_plural="days"), "de_DE")) == (
        "3,61 of 10,61 days; the pool costs 68,68 € in tiers; share 23,38 €"
    )


async def test_usage_that_changed_behind_the_books_is_told_in_red(worker: Database) -> None:
    world = await worked_example()
    await close("north", "2026-10")
    async with atomic(SYSTEM) as tx:
        motion, half = world.meters["recording.motion.depth"], days("2026-10-16", "2026-11-01")
        await use(tx, NORTH, world.cameras["yard"], motion, half, 30)
    found = await reasons(NORA, "yard")
    assert found.differs
    assert [row.agreement for row in found.rows] == ["same", "differs", "same"]
    assert not (await reasons(NORA, "gate")).differs
