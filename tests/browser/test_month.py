"""A month is looked at, found fine and closed: two minutes, and nothing is typed."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import asyncpg
import pytest
from playwright.async_api import Browser, Page

from portal.access import SYSTEM
from portal.books.actions.closing.work import work_on_close
from portal.books.actions.estimates import estimate_cloud
from portal.db import atomic
from tests.browser.conftest import PHONE, WIDE, Window, _open, served
from tests.cast import SAM, SOUTH
from tests.conftest import NOW, Database
from tests.factories import camera, use, worked_example
from tests.factories import days as days_of
from tests.queues import RecordingQueue
from tests.routes.conftest import password_hash
from tests.routes.story import told
from tests.services import TestServices

pytestmark = pytest.mark.browser
OCTOBER = "/cloud/periods/2026-10"


async def happens() -> None:
    """South's October is over: Tim's first invoice, and a camera that records for nobody."""
    world = await worked_example()
    async with atomic(SYSTEM) as tx:
        await tx.execute("update portal_user set password = $1", password_hash())
        loft = await camera(tx, SOUTH, "loft")
        depth = world.meters["recording.motion.depth"]
        await use(tx, SOUTH, loft, depth, days_of("2026-10-01", "2026-11-01"), 14)
    await estimate_cloud(SOUTH, now=NOW)


@pytest.fixture(params=[True, False], ids=["scripts", "plain"])
async def month(
    request: pytest.FixtureRequest,
    chromium: Browser,
    services: TestServices,
    template: str,
    worker_id: str,
    tmp_path: Path,
) -> AsyncIterator[tuple[Window, Database, bool]]:
    """A window of Sam's, over a database of its own."""
    name = f"{template}_{worker_id}_month_{request.param}".lower()
    async with told(services, template, name, happens) as database, AsyncExitStack() as stack:
        url = await stack.enter_async_context(served(database, services, tmp_path))
        window = await _open(stack, chromium, url, java_script_enabled=request.param)
        await window.sign_in(SAM)
        yield window, database, request.param


async def looked_at(window: Window, *, scripts: bool) -> None:
    """Nothing is wider than the window, and axe finds nothing."""
    for size in (PHONE, WIDE):
        await window.page.set_viewport_size(size)
        assert await window.overflow() == 0
    if scripts:
        assert await window.violations() == []


async def find_all_fine(page: Page) -> int:
    """Press *Fine* until nothing is left; how often. The focus goes on by itself."""
    pressed = 0
    while await (button := page.locator("form[action$='/fine'] button[type=submit]")).count():
        focused = page.locator("form[action$='/fine'] button:focus")
        await (focused if await focused.count() else button).first.click()
        await page.wait_for_load_state()
        pressed += 1
    return pressed


async def test_a_month_is_checked_and_closed_without_typing(
    month: tuple[Window, Database, bool],
) -> None:
    window, database, scripts = month
    page = window.page
    await window.go(OCTOBER)
    await looked_at(window, scripts=scripts)
    assert "3 surprises" in await page.inner_text("#check summary")
    await page.get_by_role("link", name="Draft invoices").click()
    await page.wait_for_url(f"**{OCTOBER}/draft")
    await looked_at(window, scripts=scripts)
    await page.get_by_role("link", name="Tim").click()
    await page.get_by_text("Draft, not a document").wait_for()
    await looked_at(window, scripts=scripts)
    await page.get_by_role("link", name="Home 7").click()
    await page.get_by_text("Sum of the cameras = the line").wait_for()
    await looked_at(window, scripts=scripts)
    await window.go(OCTOBER)
    assert await find_all_fine(page) == 3
    assert "Nothing needs a look" in await page.inner_text("#check summary")
    await page.get_by_role("link", name="Close month").click()
    await looked_at(window, scripts=scripts)
    await page.get_by_role("button", name="Close October 2026").click()
    await page.wait_for_url(f"**{OCTOBER}")
    await _work(database)
    await window.go(OCTOBER)
    if not scripts:
        await page.get_by_role("link", name="Issued, and as it was drafted").click()
    await page.get_by_text("Every document is as it was drafted.").wait_for()
    await looked_at(window, scripts=scripts)
    assert window.surprises == []


async def _work(database: Database) -> None:
    """Do what a worker does about the close."""
    owner = await asyncpg.connect(database.owner_url)
    period = await owner.fetchval("select id from period where state = 'closing'")
    await owner.close()
    async with database.as_worker():
        assert await work_on_close(period, clock=lambda: NOW, queue=RecordingQueue())
