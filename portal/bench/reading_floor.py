"""The floor of a reading: the same pages and ranges by plain httpx, the same rows by COPY.

It asks as many times and as many at once, trusts every answer, and looks at nothing in it but the
names and where the next page begins. The rows are those that the reading made, as text made before,
into copies of the tables with all their indexes and checks, but without foreign keys and triggers.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import asyncpg
import httpx
import msgspec

from portal.gateways.watcher import Limits
from portal.values.watcher import PAGE_SIZE
from portal.values.watcher import WatcherAccess as Access

AT_ONCE: Final = Limits().connections_max
TIMEOUT_SECONDS: Final = 300
TABLES: Final = ("camera", "camera_interval", "usage", "recorded_day")
_COPY: Final = "create table floor_{0} (like {0} including all)"
# What PostgreSQL works out itself is not copied.
_STORED: Final = """
select attname as name from pg_attribute
where attrelid = $1::text::regclass and attnum > 0 and not attisdropped and attgenerated = ''
order by attnum
"""
_ADMIN: Final = "/watcher/admin-api/v3"
_RANGES: Final = "/streamer/api/v3/streams/{0}/dvr/ranges"
_OLD: Final = "/vsaas/api/v2/cameras"


@dataclass(frozen=True, slots=True)
class Lowest:
    """One run: seconds, of which this process computed some; cameras it met, rows it stored."""

    seconds: float
    cpu_seconds: float
    cameras: int
    rows: int


async def measure(
    connection: asyncpg.Connection[asyncpg.Record], access: Access, directory: Path
) -> Lowest:
    """Fetch what a reading has just read, and store what it stored; nothing of it is kept."""
    texts = [directory / f"{table}.copy" for table in TABLES]
    columns = {
        table: [row["name"] for row in await connection.fetch(_STORED, table)] for table in TABLES
    }
    for table, text in zip(TABLES, texts, strict=True):
        names = ", ".join(columns[table])
        await connection.copy_from_query(f"select {names} from {table}", output=text)  # noqa: S608 - names of ours
        await connection.execute(_COPY.format(table))
    try:
        started, before = time.perf_counter(), time.process_time()
        cameras = await _fetch(access)
        stored = [
            await connection.copy_to_table(f"floor_{table}", source=text, columns=columns[table])
            for table, text in zip(TABLES, texts, strict=True)
        ]
        seconds, cpu_seconds = time.perf_counter() - started, time.process_time() - before
        rows = sum(int(status.removeprefix("COPY ")) for status in stored)
        return Lowest(seconds, cpu_seconds, cameras, rows)
    finally:
        for table, text in zip(TABLES, texts, strict=True):
            await connection.execute(f"drop table floor_{table}")
            text.unlink()


async def _fetch(access: Access) -> int:
    """Ask for every page and, with a login, for every camera's ranges; how many cameras."""
    cameras = 0
    async with httpx.AsyncClient(
        base_url=access.url,
        timeout=TIMEOUT_SECONDS,
        limits=httpx.Limits(max_connections=AT_ONCE),
    ) as http:
        pages = _new_pages(http, access) if access.api == "v3" else _old_pages(http, access)
        async for names in pages:
            cameras += len(names)
            if access.has_login:
                waiting = iter(names)
                await asyncio.gather(*(_ranges(http, access, waiting) for _ in range(AT_ONCE)))
    return cameras


async def _new_pages(http: httpx.AsyncClient, access: Access) -> AsyncIterator[list[str]]:
    signed = await http.post(f"{_ADMIN}/login", auth=_login(access))
    token = signed.raise_for_status().json()["access_token"]
    asked: dict[str, str | int] = {"limit": PAGE_SIZE, "sort": "name"}
    while True:
        page = await _get(
            http, f"{_ADMIN}/streams", params=asked, headers={"authorization": f"Bearer {token}"}
        )
        yield [one["name"] for one in page["streams"]]
        if not page["next"]:
            return
        asked["cursor"] = page["next"]


async def _old_pages(http: httpx.AsyncClient, access: Access) -> AsyncIterator[list[str]]:
    offset = 0
    while page := await _get(
        http,
        _OLD,
        params={"limit": PAGE_SIZE, "offset": offset},
        headers={"x-vsaas-api-key": access.api_key or ""},
    ):
        yield [one["name"] for one in page]
        offset += len(page)


async def _ranges(http: httpx.AsyncClient, access: Access, names: Iterator[str]) -> None:
    for name in names:
        await _get(http, _RANGES.format(name), auth=_login(access))


async def _get(http: httpx.AsyncClient, path: str, **sent: Any) -> Any:
    return msgspec.json.decode((await http.get(path, **sent)).raise_for_status().content)


def _login(access: Access) -> tuple[str, str]:
    return access.login or "", access.password or ""
