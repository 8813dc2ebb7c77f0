"""Each part of `camledger bench` runs, small, and its last line is one object with its figures.

Of speeds it is said that there are some: which one is higher, a busy machine may turn round.
"""

from __future__ import annotations

import importlib
import json
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from tests.commands import command
from tests.services import TestServices

ROOT = Path(__file__).parent.parent.parent


def measure(services: TestServices, *arguments: str) -> dict[str, Any]:
    """Carry out a part on the servers of the tests; its figures. What it starts are processes."""
    servers = {
        "PYTHONPATH": str(ROOT),
        "CAMLEDGER_DATABASE_URL": services.database_url,
        "CAMLEDGER_REDIS_URL": services.redis_url,
    }
    done = command("bench", *arguments, "--json", environment=servers)
    assert done.returncode == 0, done.stderr
    figures: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    assert figures["part"] == arguments[0]
    assert figures["measured_on"]["cores"] >= 1
    assert figures["ratio"] > 0
    return figures


async def scratch(services: TestServices) -> list[str]:
    """What measurements left on the server: databases and logins."""
    connection = await asyncpg.connect(services.database_url)
    try:
        rows = await connection.fetch(
            "select datname as name from pg_database where datname like 'camledger_bench%'"
            " union all select rolname from pg_roles where rolname like 'camledger_bench%'"
        )
    finally:
        await connection.close()
    return [row["name"] for row in rows]


async def test_close(services: TestServices) -> None:
    figures = measure(services, "close", "--cameras", "60", "--workers", "2", "--rounds", "1")
    assert figures["cameras_per_second"] > 0
    assert figures["floor_cameras_per_second"] > 0
    assert 10 < figures["peak_mb_per_worker"] < 500
    assert 10 < figures["draft_peak_mb"] < 500
    assert figures["drafted_cameras_per_second"] > 0
    # Five wholesale services, one of them 0 for half of the cameras, a plan, and documents.
    assert figures["rows"] > 60 * 5
    assert await scratch(services) == []


async def test_usage(services: TestServices) -> None:
    figures = measure(services, "usage", "--rows", "300")
    assert figures["rows_per_second"] > 0
    assert await scratch(services) == []


async def test_rows(services: TestServices) -> None:
    figures = measure(services, "rows", "--cameras", "20")
    for name in ("size", "a_new_day", "the_same_day_again", "sums_of_a_month", "days_into_python"):
        assert figures[f"{name}_ratio"] > 0
    assert await scratch(services) == []


@pytest.mark.slow
async def test_reading(services: TestServices) -> None:
    figures = measure(services, "reading", "--cameras", "40")
    for prefix in ("", "v2_"):
        assert figures[f"{prefix}cameras_per_second"] > 0
        assert figures[f"{prefix}cameras_per_second_again"] > 0
        assert figures[f"{prefix}ratio"] > 0
        assert figures[f"{prefix}floor_cpu_seconds"] < figures[f"{prefix}cpu_seconds"]
        # Memory is of Python and its packages, whether there are 40 cameras or 4.
        tenth = figures[f"{prefix}peak_mb_of_a_tenth"]
        assert 10 < tenth <= figures[f"{prefix}peak_mb"] + 5 < tenth + 30
    # A camera, its history and five meters of a day; by v3 also the archive and days of footage.
    assert figures["v2_rows"] == 40 * (1 + 1 + 5)
    assert figures["rows"] > figures["v2_rows"] + 40
    assert await scratch(services) == []


@pytest.mark.slow
async def test_page(services: TestServices) -> None:
    sizes = ("--cameras", "60", "--small", "60", "--rounds", "1", "--seconds", "0.1")
    figures = measure(services, "page", *sizes, "--only", "/search?q=zzqx")
    assert figures["pages"] == 5, "for everybody who has a search"
    assert figures["highest_ratio"] > 0
    assert figures["pages_per_second"] > 0
    assert figures["floor_pages_per_second"] > 0
    assert await scratch(services) == []


def test_rating(services: TestServices) -> None:
    figures = measure(services, "rating", "--cameras", "100")
    assert figures["charges"] > 500


def test_pdf(services: TestServices) -> None:
    try:
        importlib.import_module("weasyprint")
    except (ImportError, OSError) as missing:
        pytest.skip(f"WeasyPrint cannot be used here: {missing}")
    figures = measure(services, "pdf", "--documents", "1", "--processes", "1")
    assert figures["pdfs_per_second"] > 0


def test_sizes_that_cannot_be_are_wrong_usage() -> None:
    assert command("bench", "close", "--cameras", "0").returncode == 2
