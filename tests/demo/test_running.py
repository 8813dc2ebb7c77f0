"""The demo as it runs: missed days are read first, then its Watcher and the workers go on live."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import httpx

from portal.cli.demo import Demo, fill
from portal.cli.running import RUNTIME, prepare
from portal.demo.history import READ_AT
from portal.embedded import Services
from portal.settings import Settings, load
from tests.cli.test_commands import processes_of, running
from tests.patience import PATIENCE_SECONDS, eventually


async def filled(found: Settings, read_until: datetime) -> Demo:
    """The demo, as if its days had been read up to an instant.

    At that time of the day a reading is due by itself: an hour after the day's, at 22:00 none would
    be.
    """
    since = (read_until - datetime.combine(read_until, READ_AT)) % timedelta(days=1)
    await prepare(found)
    demo = await fill(found)
    connection = await asyncpg.connect(found.database_url)
    try:
        await connection.execute(
            "insert into reading (cloud, connection, started_at, finished_at, state)"
            " select cloud, id, $1, $1, 'complete' from connection",
            read_until,
        )
        await connection.execute(
            "update connection set read_every_minutes = $1", max(1, since // timedelta(minutes=1))
        )
    finally:
        await connection.close()
    return demo


async def asked(url: str, sql: str) -> list[Any]:
    connection = await asyncpg.connect(url)
    try:
        return [tuple(row) for row in await connection.fetch(sql)]
    finally:
        await connection.close()


def test_missed_days_are_read_before_the_present(data_dir: Path) -> None:
    data_dir /= "installation"
    begun = datetime.now(UTC)
    with Services(data_dir, with_redis=False) as services:
        found = load(
            {"CAMLEDGER_DATA_DIR": str(data_dir), "CAMLEDGER_DATABASE_URL": services.database_url}
        )
        demo = asyncio.run(filled(found, begun - timedelta(days=2)))
    assert demo.has_missed
    with running(data_dir, "--demo") as (up, _):
        database = json.loads((data_dir / RUNTIME).read_text())["database_url"]
        readings = (
            "select l.slug, r.state, r.started_at, r.cameras from reading r"
            f" join cloud l on l.id = r.cloud where r.started_at > '{begun - timedelta(days=2)}'"
            " order by r.started_at, l.slug"
        )
        eventually(
            lambda: (
                [state for _, state, at, _ in asyncio.run(asked(database, readings)) if at > begun]
                == ["complete", "complete"]
            ),
            "the workers read both clouds",
        )
        found_readings = asyncio.run(asked(database, readings))
        assert [slug for slug, *_ in found_readings[:4]] == ["north", "south"] * 2
        assert {state for _, state, *_ in found_readings} == {"complete"}
        days = [at for slug, _, at, _ in found_readings if slug == "north"]
        assert days == sorted(days)
        assert all(at.hour == 21 and at < begun for at in days[:2])
        assert [cameras for slug, _, _, cameras in found_readings if slug == "north"][-1] > 250
        ((url,),) = asyncio.run(asked(database, "select distinct url from connection"))
        before = datetime.now(UTC)
        clock = httpx.get(f"{url}/_sim/clock", trust_env=False, timeout=PATIENCE_SECONDS).json()
        told, whole = datetime.fromisoformat(clock["now"]), timedelta(milliseconds=2)
        assert before - whole <= told <= datetime.now(UTC) + whole
        up.terminate()
        assert up.wait(PATIENCE_SECONDS) == 0
    assert processes_of(data_dir) == []
