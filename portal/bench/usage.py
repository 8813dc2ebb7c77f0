"""Usage through the API, as NDJSON over HTTP, against COPY of the same rows."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Final

import asyncpg
import httpx

from portal.access import SYSTEM
from portal.accounts.actions import api_keys
from portal.bench import world
from portal.bench.database import Installation, installation, server_version
from portal.bench.process import NoAnswer, served
from portal.bench.report import Report, machine, significant, whole
from portal.bench.rows import BY_DAY
from portal.db import close_pool, open_pool
from portal.kit.queries import tenancy

ROWS: Final = 200_000
ROWS_A_REQUEST: Final = 50_000
ROUNDS: Final = 3
TIMEOUT_SECONDS: Final = 300
_COLUMNS: Final = ("cloud", "camera", "meter", "day", "quantity")

Row = tuple[str, str, str, int]
"""Camera, day, meter, quantity."""


def run(*, rows: int) -> Report:
    """Measure it in an installation of its own."""
    with installation(with_redis=True) as found:
        sent, version, key = asyncio.run(_prepare(found, rows))
        with served(found) as url:
            seconds, again = _send(url, key, sent)
        floor = asyncio.run(_copy(found, sent))
    ratio = floor / seconds
    return Report(
        part="usage",
        title=f"{whole(rows)} rows, {whole(ROWS_A_REQUEST)} a request, one client",
        columns=("seconds", "rows/s"),
        rows=[
            ("through the API, new rows", (f"{seconds:.2f}", whole(rows / seconds))),
            ("through the API, again", (f"{again:.2f}", whole(rows / again))),
            ("COPY", (f"{floor:.2f}", whole(rows / floor))),
            ("ratio", ("", f"{ratio:.2f}")),
        ],
        figures={
            "rows": rows,
            "rows_per_second": significant(rows / seconds),
            "rows_per_second_again": significant(rows / again),
            "floor_rows_per_second": significant(rows / floor),
            "ratio": significant(ratio),
        },
        measured_on=machine(PostgreSQL=version),
    )


async def _prepare(found: Installation, rows: int) -> tuple[list[Row], str, str]:
    """A cloud with enough cameras; the rows to send, the server's version and an API key."""
    cameras = -(-rows // (world.METERS * world.DAYS))
    connection = await asyncpg.connect(found.database_url)
    try:
        await world.build(connection, cameras, used=False)
        await connection.execute("vacuum analyze")
        names = await connection.fetch("select external_id from camera order by id")
        meters = await connection.fetch("select key, base_unit from meter order by id")
        version = await server_version(connection)
    finally:
        await connection.close()
    await open_pool(found.database_url, size=1)
    try:
        cloud = await tenancy.get(SYSTEM, world.SLUG)
        key = await api_keys.create(SYSTEM, name="benchmark", role="administrator", cloud=cloud)
    finally:
        await close_pool()
    every = [
        (name["external_id"], (world.FIRST + timedelta(days=day)).isoformat(), meter["key"], value)
        for day in range(world.DAYS)
        for number, name in enumerate(names)
        for meter in meters
        for value in [1 if meter["base_unit"] == "flag" else 1 + (number * 37 + day) % 80_000]
    ]
    return every[:rows], version, key


def _send(url: str, key: str, rows: list[Row]) -> tuple[float, float]:
    """Seconds to send all rows to an empty month, and to send them once more."""
    bodies = [
        "\n".join(
            json.dumps({"camera": camera, "day": day, "meter": meter, "quantity": quantity})
            for camera, day, meter, quantity in rows[start : start + ROWS_A_REQUEST]
        ).encode()
        for start in range(0, len(rows), ROWS_A_REQUEST)
    ]
    headers = {"authorization": f"Bearer {key}", "content-type": "application/x-ndjson"}
    path = f"/api/v1/clouds/{world.SLUG}/usage"
    with httpx.Client(base_url=url, headers=headers, timeout=TIMEOUT_SECONDS) as client:
        client.get(path, params={"period": world.MONTH}).raise_for_status()
        first = _post(client, path, bodies, {"accepted": len(rows), "unchanged": 0})
        again = _post(client, path, bodies, {"accepted": 0, "unchanged": len(rows)})
    return first, again


def _post(client: httpx.Client, path: str, bodies: list[bytes], expected: dict[str, int]) -> float:
    counted = dict.fromkeys(expected, 0)
    started = time.perf_counter()
    for body in bodies:
        answer = client.post(path, content=body).raise_for_status().json()
        for name in counted:
            counted[name] += answer[name]
    seconds = time.perf_counter() - started
    if counted != expected:
        raise NoAnswer(f"The API counted {counted} where {expected} was right.")
    return seconds


async def _copy(found: Installation, rows: list[Row]) -> float:
    """Seconds of the quickest COPY of the same rows, as text made before, into rows of days."""
    connection = await asyncpg.connect(found.database_url)
    try:
        cloud = await connection.fetchval("select id from cloud")
        cameras = await _ids(connection, "select external_id, id from camera")
        meters = await _ids(connection, "select key, id from meter")
        text = "".join(
            f"{cloud}\t{cameras[camera]}\t{meters[meter]}\t{day}\t{quantity}\n"
            for camera, day, meter, quantity in rows
        ).encode()
        taken = []
        for _ in range(ROUNDS):
            await connection.execute(BY_DAY)
            started = time.perf_counter()
            await connection.copy_to_table("floor_usage", source=_once(text), columns=_COLUMNS)
            taken.append(time.perf_counter() - started)
            await connection.execute("drop table floor_usage")
        return min(taken)
    finally:
        await connection.close()


async def _ids(connection: asyncpg.Connection[asyncpg.Record], query: str) -> dict[str, int]:
    return {row[0]: row[1] for row in await connection.fetch(query)}


async def _once(text: bytes) -> AsyncIterator[bytes]:
    yield text
