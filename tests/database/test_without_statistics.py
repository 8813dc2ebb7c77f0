"""What follows a mass change reads as much of each camera as ever, though no table was analyzed.

A draft of many cameras leaves statistics for whoever reads it.
"""

from __future__ import annotations

import json
from typing import Any

import asyncpg
import pytest

from portal.bench import world
from portal.books.actions import estimates
from portal.books.actions.drafting.keep import BY_TARIFF
from portal.tables.usage_days import DAYS
from portal.usage.queries.coverage import MISSED
from portal.usage.queries.seen import seen
from tests.cast import NORTH
from tests.conftest import NOW, Database
from tests.factories import worked_example

CAMERAS = 600
ROWS_MAX = 60
"""So many rows a camera, seven of them usage, go through a plan; one that guesses has hundreds."""
_MARGINS = """
insert into draft_margin (cloud, month, camera, subscriber, charges, revenue, cost, commission)
select cloud, $2, camera, subscriber, 3, 2, 1, 0 from subscription where cloud = $1
"""
_KNOWN = "select reltuples from pg_class where oid = 'draft_margin'::regclass"
_USAGE = f"""
insert into usage (cloud, month, camera, meter, {DAYS[0]})
select c.cloud, $2, c.id, m.id, 1 from camera c, meter m where c.cloud = $1
"""


async def test_a_draft_and_the_days_that_miss_usage_join_no_rows_by_a_guess(
    database: Database,
) -> None:
    """One customer has half of the cameras."""
    owner = await asyncpg.connect(database.owner_url)
    try:
        cloud = await world.build(owner, CAMERAS, used=False, a_subscriber=CAMERAS // 2)
        await owner.execute("select ensure_usage_partition($1)", world.FIRST)
        await owner.execute(_USAGE, cloud, world.FIRST)
        await owner.execute(_MARGINS, cloud, world.FIRST)
        span = cloud, world.FIRST, world.AFTER
        for statement in (BY_TARIFF, seen(MISSED, of_all=True)):
            explained = "explain (analyze, format json) " + statement
            (plan,) = json.loads(await owner.fetchval(explained, *span))
            rows = gone_through(plan["Plan"])
            assert CAMERAS <= rows <= CAMERAS * ROWS_MAX, statement
    finally:
        await owner.close()


async def test_a_draft_of_many_cameras_leaves_statistics(
    worker: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    await worked_example()
    owner = await asyncpg.connect(worker.owner_url)
    try:
        await owner.execute("truncate draft_margin")  # what an earlier story's draft left, too
        for many, known in ((1_000, False), (1, True)):
            monkeypatch.setattr(estimates, "ANALYZED_FROM", many)
            await estimates.estimate_cloud(NORTH, now=NOW)
            rows = await owner.fetchval(_KNOWN)
            assert (rows > 0) is known, many
    finally:
        await owner.close()


def gone_through(node: dict[str, Any]) -> float:
    """Rows that a plan's node and those below it handed on or looked at and left out."""
    removed = sum(
        node.get(f"Rows Removed by {why}", 0) for why in ("Filter", "Join Filter", "Index Recheck")
    )
    own = (node["Actual Rows"] + removed) * node["Actual Loops"]
    return float(own + sum(gone_through(one) for one in node.get("Plans", ())))
