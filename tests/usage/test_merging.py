"""Sheets merge by maximum, day by day: in any order, split and repeated anyhow, and at once."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from datetime import date, timedelta
from random import Random
from typing import TypeAlias

import asyncpg
import pytest

from portal.access import SYSTEM
from portal.billing.period import MonthAt, Period
from portal.billing.usage import QUANTITY_MAX
from portal.db import atomic
from portal.kit.queries import tenancy
from portal.usage.actions.usage import UsageColumns, merge
from portal.usage.queries import usage_sums
from tests.cast import NORA, NORTH, SOUTH
from tests.conftest import Database
from tests.factories import camera, days, two_clouds, use

Row: TypeAlias = tuple[int, int, date, int]
"""Camera, meter, day, quantity."""
STORED = """
select cloud, camera, meter, day, quantity from usage_day order by cloud, camera, meter, day
"""


def columns(rows: Iterable[Row]) -> UsageColumns:
    found = UsageColumns()
    for row in rows:
        found.add(*row)
    return found


async def send(rows: Iterable[Row], cloud: int = NORTH) -> int:
    async with atomic(SYSTEM) as tx:
        return await merge(tx, cloud, columns(rows))


async def stored() -> dict[tuple[int, int, int, date], int]:
    async with atomic(SYSTEM) as tx:
        return {tuple(row)[:4]: row["quantity"] for row in await tx.fetch(STORED)}


def rows_by_chance(chance: Random) -> list[Row]:
    """Of three cameras and two meters, around the end of a February and of a March."""
    first = date(2028, 2, 1) if chance.random() < 0.5 else date(2026, 2, 20)
    return [
        (
            chance.randint(1, 3),
            chance.randint(1, 2),
            first + timedelta(days=chance.randint(0, chance.choice([0, 3, 60]))),
            chance.choice([0, 1, 7, 86_400, QUANTITY_MAX]),
        )
        for _ in range(chance.randint(1, 60))
    ]


@pytest.mark.parametrize("seeds", [range(12), range(12, 24)])
async def test_the_table_is_the_maximum_of_each_day_however_it_came(
    worker: Database, seeds: range
) -> None:
    for seed in seeds:
        chance = Random(seed)
        async with atomic(SYSTEM) as tx:
            await tx.execute("delete from usage")
        souths = await send([(1, 1, date(2026, 2, 28), 5)], SOUTH)
        assert souths == 1
        rows = rows_by_chance(chance)
        sent = rows + chance.sample(rows, chance.randint(0, len(rows)))
        chance.shuffle(sent)
        expected: dict[tuple[int, int, date], int] = {}
        while sent:
            size = chance.choice([1, 5, len(sent)])
            sheet, sent = sent[:size], sent[size:]
            before = dict(expected)
            for one, meter, day, quantity in sheet:
                key = one, meter, day
                expected[key] = max(quantity, expected.get(key, quantity))
            rose = sum(expected[key] != before.get(key) for key in expected)
            assert await send(sheet) == rose, seed
        found = await stored()
        assert found.pop((SOUTH, 1, 1, date(2026, 2, 28))) == 5
        assert found == {(NORTH, *key): quantity for key, quantity in expected.items()}, seed


async def test_a_row_knows_its_sum_its_peak_and_its_days(worker: Database) -> None:
    """Exactly, also where 31 quantities add up beyond 64 bits."""
    for quantities in ([7], [0, 3], [QUANTITY_MAX] * 31, [2**58 - 1] * 31, [2**58, 1]):
        async with atomic(SYSTEM) as tx:
            await tx.execute("delete from usage")
        first = date(2026, 10, 1)
        await send((1, 1, first + timedelta(days=n), one) for n, one in enumerate(quantities))
        async with atomic(SYSTEM) as tx:
            (row,) = await tx.fetch("select total, peak, days from usage")
        assert int(row["total"]) == sum(quantities)
        assert row["peak"] == max(quantities)
        assert row["days"] == (1 << len(quantities)) - 1


async def test_a_page_sums_more_than_64_bits(worker: Database) -> None:
    world = await two_clouds()
    october = Period.month("2026-10")
    async with atomic(SYSTEM) as tx:
        gate, motion = await camera(tx, NORTH, "gate", 1), world.meters["recording.motion.depth"]
        await use(tx, NORTH, gate, motion, days("2026-10-01", "2026-11-01"), QUANTITY_MAX)
        dock = await camera(tx, SOUTH, "dock", 3)
        await use(tx, SOUTH, dock, motion, days("2026-10-01", "2026-11-01"), 1)
    cloud = await tenancy.own_cloud(NORA)
    for today, over in ((october.end, 31), (october.day(30), 30)):
        until = MonthAt(october, today).until
        table = await usage_sums.sum_by_camera(NORA, cloud, october, until=until)
        (quantity,) = table.sum.quantities.values()
        assert quantity * 31 == pytest.approx(QUANTITY_MAX * over)
        assert table.sum.days == over


async def test_of_two_equal_sheets_at_once_each_row_counts_once(worker: Database) -> None:
    """Whoever comes second sees what the first has written, though it began before."""
    first = date(2026, 10, 1)
    for turn in range(4):
        day = first + timedelta(days=turn)
        rows = [(one, meter, day, turn + 1) for one in range(1, 60) for meter in (1, 2)]
        counted = await asyncio.gather(*(send(rows) for _ in range(4)))
        assert sum(counted) == len(rows), turn


async def test_sheets_at_once_do_not_wait_for_each_other_in_a_circle(worker: Database) -> None:
    """The same rows in opposite orders, each higher than the other somewhere."""
    chance = Random(7)
    keys = [(one, meter) for one in range(1, 80) for meter in (1, 2)]
    sent: list[list[Row]] = []
    for _turn in range(3):
        for order in (1, -1):
            rows = [
                (*key, date(2026, 10, chance.choice([30, 31])), chance.randint(1, 99))
                for key in keys[::order]
            ]
            sent.append([*rows, *((*key, date(2026, 11, 1), 5) for key in keys[::-order])])
    counted = await asyncio.gather(*(send(rows) for rows in sent))
    expected: dict[tuple[int, int, int, date], int] = {}
    for one, meter, day, quantity in (row for rows in sent for row in rows):
        key = NORTH, one, meter, day
        expected[key] = max(quantity, expected.get(key, 0))
    assert await stored() == expected
    assert sum(counted) >= len(expected)


@pytest.mark.parametrize(
    ("month", "day"),
    [("2026-02-01", "d29"), ("2028-02-01", "d30"), ("2026-04-01", "d31")],
)
async def test_a_month_has_no_day_that_the_calendar_has_not(
    worker: Database, month: str, day: str
) -> None:
    async with atomic(SYSTEM) as tx:
        await tx.execute("select ensure_usage_partition($1)", date.fromisoformat(month))
    with pytest.raises(asyncpg.CheckViolationError):
        async with atomic(SYSTEM) as tx:
            await tx.execute(
                f"insert into usage (cloud, month, camera, meter, {day}) values (1, $1, 1, 1, 1)",
                date.fromisoformat(month),
            )
