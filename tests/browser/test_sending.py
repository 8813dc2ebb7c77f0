"""A month is closed and its invoices are sent: by clicks alone, and the page tells when it is done."""

from __future__ import annotations

from contextlib import AsyncExitStack
from pathlib import Path

import asyncpg
import pytest
from playwright.async_api import Browser

from portal.access import SYSTEM
from portal.db import atomic
from tests.browser.conftest import PHONE, WIDE, Window, _open, served
from tests.browser.test_month import OCTOBER, _work
from tests.cast import NORA
from tests.conftest import Database
from tests.factories import World
from tests.routes.story import tell, told
from tests.services import TestServices

pytestmark = pytest.mark.browser
MAIL = {"CAMLEDGER_SMTP_URL": "smtp://127.0.0.1:9"}
"""A server that nobody asks: what workers do with it has stories of its own."""


async def october_is_open() -> None:
    """North closes by hand; Sue and Bob have an address, Deep has none."""

    async def also(_world: World) -> None:
        async with atomic(SYSTEM) as tx:
            await tx.execute("update cloud set close_mode = 'hand', close_automatically = false")
            await tx.execute("update subscriber set email = 'sue@home.test' where id = 1")
            await tx.execute("update subscriber set email = 'bob@shop.test' where id = 2")

    await tell(also, months=["2026-09"])


async def looked_at(window: Window) -> None:
    """Nothing is wider than the window, and axe finds nothing."""
    for size in (PHONE, WIDE):
        await window.page.set_viewport_size(size)
        assert await window.overflow() == 0
    assert await window.violations() == []


async def test_a_month_is_closed_and_sent_without_a_typed_field(
    chromium: Browser, services: TestServices, template: str, worker_id: str, tmp_path: Path
) -> None:
    name = f"{template}_{worker_id}_sent"
    async with (
        told(services, template, name, october_is_open) as database,
        served(database, services, tmp_path, **MAIL) as url,
        AsyncExitStack() as stack,
    ):
        window = await _open(stack, chromium, url)
        page = window.page
        await window.sign_in(NORA)
        await window.go(f"{OCTOBER}/close")
        await page.get_by_role("button", name="Close October 2026").click()
        await page.wait_for_url(f"**{OCTOBER}")
        await page.goto("about:blank")
        await _work(database)
        await window.go(OCTOBER)
        await looked_at(window)
        await page.get_by_role("link", name="Send 2").click()
        await looked_at(window)
        await page.get_by_role("button", name="Send 2").click()
        await page.get_by_text("0 of 2").wait_for()
        await looked_at(window)
        await worker_sends(database)
        await page.get_by_text("1 of 3 documents are sent. 1 has no address.").wait_for()
        await page.locator("#troubles", has_text="550 No such user").wait_for()
        await looked_at(window)
        await page.get_by_role("button", name="Try again").click()
        await page.get_by_text("1 of 2").wait_for()
        assert window.surprises == []


async def worker_sends(database: Database) -> None:
    """What becomes of two letters: one is taken, the other's address is refused."""
    owner = await asyncpg.connect(database.owner_url)
    await owner.execute(
        "update delivery set state = case recipient when 'sue@home.test' then 'sent'"
        " else 'failed' end, error = case recipient when 'sue@home.test' then ''"
        " else '550 No such user' end"
    )
    await owner.close()
