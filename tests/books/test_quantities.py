"""Lines of documents show exact sums of quantities, and a price wherever one price made them."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

from portal.access import SYSTEM
from portal.billing.period import Period
from portal.books.queries import charges, invoices
from portal.books.queries.invoices import Filters
from portal.books.queries.sums.document_lines import InvoiceLine
from portal.db import atomic
from portal.kit.queries import tenancy
from tests.books.test_closing import close
from tests.cast import NORTH
from tests.conftest import NOW, Database
from tests.factories import World, camera, days, subscribe, two_clouds, use

SEPTEMBER = Period.month("2026-09")
BOB, SUE = 2, 1


async def cameras(world: World, count: int, subscriber: int, first: str, after: str) -> list[int]:
    """Cameras with motion and a flag on each day of their subscription."""
    made = []
    async with atomic(SYSTEM) as tx:
        for index in range(count):
            one = await camera(tx, NORTH, f"{subscriber}-{index:03}", subscriber)
            await subscribe(tx, NORTH, one, subscriber, world.tariffs["home-7"], first, after)
            for meter in ("recording.motion.depth", "camera.enabled"):
                await use(tx, NORTH, one, world.meters[meter], days(first, after), 1)
            made.append(one)
    return made


async def lines(side: str, subscriber: int | None = None) -> list[InvoiceLine]:
    """All lines of North's documents of a side, in order."""
    found, _ = await invoices.list_page(
        SYSTEM,
        await tenancy.get(SYSTEM, "north"),
        Filters(side=side, subscriber=subscriber),
        now=NOW,
    )
    return [line for one in found for line in one.lines]


async def test_thirds_of_a_month_are_summed_and_then_rounded(worker: Database) -> None:
    world = await two_clouds()
    await cameras(world, 3, SUE, "2026-09-11", "2026-09-21")
    await cameras(world, 297, BOB, "2026-09-01", "2026-09-11")
    await close("north", "2026-09")

    assert [line.quantity for line in await lines("retail", 1)] == [1]
    assert [line.quantity for line in await lines("retail", 2)] == [99]
    assert [line.quantity for line in await lines("wholesale")] == [100]
    every, _ = await charges.list_page(
        SYSTEM, await tenancy.get(SYSTEM, "north"), SEPTEMBER, limit=1000
    )
    assert {one.quantity for one in every} == {Fraction(1, 3)}


async def test_a_flat_price_given_back_whole_keeps_its_price(worker: Database) -> None:
    world = await two_clouds()
    async with atomic(SYSTEM) as tx:
        await tx.execute(
            "update tariff_version set monthly_price = 30, bill_when_disabled = false"
            " where cloud = $1",
            NORTH,
        )
    gate, yard = await cameras(world, 2, SUE, "2026-09-01", "2026-10-01")
    await close("north", "2026-09")
    async with atomic(SYSTEM) as tx:
        for one, since in ((gate, "2026-09-01"), (yard, "2026-09-21")):
            enabled = world.meters["camera.enabled"]
            await use(tx, NORTH, one, enabled, days(since, "2026-10-01"), 0)
            await tx.execute(
                "insert into usage_change (cloud, month, camera) values ($1, $2, $3)",
                NORTH,
                SEPTEMBER.start,
                one,
            )
    await close("north", "2026-10")

    (correction,) = [line for line in await lines("retail") if line.amount < 0]
    assert (correction.quantity, correction.unit_price, correction.amount) == (
        Decimal("-1.333333"),
        Decimal(30),
        -4000,
    )
