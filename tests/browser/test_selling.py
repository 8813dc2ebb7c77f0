"""From the first sign-in to a cloud with prices, manager and invited administrator, in few words."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from playwright.async_api import Browser

from portal.accounts.actions import setup
from tests.browser.conftest import PHONE, WIDE, Window, _open, served
from tests.conftest import Database
from tests.services import TestServices

PASSWORD = "seven green herons argue quietly"
TYPED_MAX = 15

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture
async def empty(
    database: Database, services: TestServices, tmp_path: Path
) -> AsyncIterator[tuple[str, str]]:
    """An installation without people: its address, and the code that `up` prints."""
    async with database.as_worker():
        code = await setup.new_code()
    assert code is not None
    async with served(database, services, tmp_path) as url:
        yield url, code


class Typist:
    """Types into fields, and counts them."""

    def __init__(self, window: Window) -> None:
        self.window = window
        self.typed = 0

    async def put(self, name: str, text: str) -> None:
        await self.window.page.fill(f"[name={name}]", text)
        self.typed += 1

    async def type(self, **fields: str) -> None:
        for name, text in fields.items():
            await self.put(name, text)


async def looked_at(window: Window, scripts: bool) -> None:
    """Nothing is wider than the window, wide or on a phone; with scripts axe finds nothing."""
    for size in (PHONE, WIDE):
        await window.page.set_viewport_size(size)
        assert await window.overflow() == 0
    if scripts:
        assert await window.violations() == []


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "plain"])
async def test_a_cloud_with_prices_and_an_administrator_takes_few_words(
    empty: tuple[str, str], chromium: Browser, scripts: bool
) -> None:
    url, code = empty
    async with AsyncExitStack() as stack:
        window = await _open(stack, chromium, url, java_script_enabled=scripts)
        page, ada = window.page, Typist(window)
        await window.go(f"/setup?code={code}")
        await ada.type(name="Ada", email="ada@platform.test")
        await ada.type(password=PASSWORD, company="Camera Cloud")
        await page.click("main button[type=submit]")
        await page.wait_for_url(f"{url}/system")
        assert await next_step(window) == "1. Company details"
        await (
            page.get_by_role("region", name="The first hour")
            .get_by_role("link", name="Add services")
            .click()
        )
        await page.wait_for_url(f"{url}/system/services")
        await page.get_by_role("link", name="Add the six usual ones").last.click()
        await page.wait_for_url(f"{url}/system/services/usual")
        await looked_at(window, scripts)
        await page.get_by_role("button", name="Add services").click()
        await page.wait_for_url(f"{url}/system/services")
        assert await page.locator("#rows tbody tr").count() == 6
        await looked_at(window, scripts)
        await page.get_by_role("link", name="Clouds", exact=True).first.click()
        await page.get_by_role("link", name="New cloud").first.click()
        await page.wait_for_url(f"{url}/system/clouds/new")
        await ada.put("cloud-name", "North Video")
        await page.select_option("[name=country]", "IT")
        await page.get_by_role("button", name="Fill in", exact=True).click()
        await page.locator("[name=cloud-slug][value=north-video]").wait_for()
        assert await page.input_value("[name=cloud-currency]") == "EUR"
        assert await page.input_value("[name=cloud-timezone]") == "Europe/Rome"
        await ada.put("cloud-wholesale_discount_percent", "5")
        if not scripts:
            await page.get_by_role("button", name="Recalculate").click()
        await page.locator("#computed", has_text="€7.13").wait_for()
        await page.select_option("[name=cloud-manager]", "ada@platform.test")
        await ada.type(administrator_name="Nora Nord", administrator_email="nora@north.test")
        await looked_at(window, scripts)
        await page.get_by_role("button", name="Create cloud").click()
        link = await page.input_value("[name=secret]")
        assert link.startswith(f"{url}/invite/")
        await page.get_by_role("link", name="Done").click()
        await page.wait_for_url(f"{url}/system/clouds/north-video")
        assert "Nora Nord" in await page.inner_text("main")
        await looked_at(window, scripts)
        await page.get_by_role("link", name="Prices", exact=True).click()
        await page.wait_for_url(f"{url}/system/clouds/north-video/prices")
        assert "€0.50 per day" in await page.inner_text("#rows")
        await looked_at(window, scripts)
        await page.get_by_role("link", name="New prices").click()
        await page.wait_for_url(f"{url}/system/clouds/north-video/prices/new")
        await looked_at(window, scripts)
        assert ada.typed <= TYPED_MAX
        nora = await accepted(stack, chromium, url, link, scripts)
        assert "North Video" in await nora.page.inner_text("body")
        assert await next_step(nora) == "1. Azienda", "in the language of her cloud"
        await looked_at(nora, scripts)
        await window.go("/system")
        steps = page.get_by_role("region", name="The first hour").get_by_role("listitem")
        done = [
            await steps.nth(n).get_by_label("Done", exact=True).count()
            for n in range(await steps.count())
        ]
        assert done == [0, 0, 1, 1, 1, 0, 0, 0], "services, a cloud, and its administrator is in"
        for one in (window, nora):
            assert one.surprises == []


async def next_step(window: Window) -> str:
    """The one step of the first hour that is to be done now."""
    found = window.page.locator("[aria-current=step] .fw-medium")
    return await found.inner_text()


async def accepted(
    stack: AsyncExitStack, chromium: Browser, url: str, link: str, scripts: bool
) -> Window:
    """The invited person's own browser: the link, a password and nothing else, and the portal."""
    window = await _open(stack, chromium, url, java_script_enabled=scripts)
    await window.go(link.removeprefix(url))
    assert "Ada invites you to North Video" in await window.page.inner_text("h1")
    assert await window.page.input_value("[name=name]") == "Nora Nord"
    await window.page.fill("[name=password]", PASSWORD)
    await window.page.click("main button[type=submit]")
    await window.page.wait_for_url(f"{url}/cloud")
    return window
