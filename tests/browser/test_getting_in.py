"""Setting an installation up, and accepting an invitation, as people do.

Without JavaScript they do in `test_selling`, and what is refused is said in `tests/routes/accounts`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from playwright.async_api import Browser

from portal.accounts.actions import setup
from tests.browser.conftest import PHONE, Window, _open, served
from tests.conftest import Database
from tests.services import TestServices

PASSWORD = "seven green herons argue quietly"

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


async def test_the_first_person_sets_it_up_and_invites_another(
    empty: tuple[str, str], chromium: Browser
) -> None:
    url, code = empty
    async with AsyncExitStack() as stack:
        ada = await _open(stack, chromium, url)
        ada.expect(403, 422, 410)
        assert await ada.go("/setup") == 403
        await ada.go(f"/setup?code={code}")
        await looked_at(ada)
        await ada.page.fill("[name=name]", "Ada")
        await ada.page.fill("[name=email]", "ada@platform.test")
        await ada.page.fill("[name=password]", PASSWORD)
        await ada.page.click("button[type=submit]")
        assert await ada.page.input_value("[name=name]") == "Ada", "nothing typed is lost"
        await ada.page.fill("[name=password]", PASSWORD)
        await ada.page.fill("[name=company]", "Camera Cloud")
        await ada.page.click("button[type=submit]")
        await ada.page.wait_for_url(f"{url}/system")
        await ada.go("/system/people/new")
        await ada.page.fill("[name=email]", "paul@platform.test")
        await ada.page.fill("[name=name]", "Paul")
        await ada.page.check("[name=role][value=accountant]")
        await ada.page.click("main button[type=submit]")
        link = await ada.page.input_value("[name=secret]")
        assert link.startswith(f"{url}/invite/")
        paul = await _open(stack, chromium, url)
        paul.expect(410)
        await paul.page.set_viewport_size(PHONE)
        await paul.go(link.removeprefix(url))
        await looked_at(paul)
        assert "Ada invites you to Camera Cloud" in await paul.page.inner_text("h1")
        assert await paul.page.get_attribute("[name=email]", "readonly") is not None
        await paul.page.fill("[name=password]", PASSWORD)
        await paul.page.click("button[type=submit]")
        await paul.page.wait_for_url(f"{url}/system")
        again = await _open(stack, chromium, url)
        again.expect(410)
        assert await again.go(link.removeprefix(url)) == 410
        for window in (ada, paul, again):
            assert window.surprises == []


async def looked_at(window: Window) -> None:
    """No wider than its window, and nothing that axe complains about."""
    assert await window.overflow() == 0
    assert await window.violations() == []
