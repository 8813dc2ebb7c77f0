"""A Watcher connected, tested, read and mapped in a browser, as an operator and the platform do it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from functools import partial

import asyncpg
import pytest
from playwright.async_api import Browser

from portal.gateways.vault import Vault
from portal.gateways.watcher import connect
from portal.settings import load
from portal.watcher.actions.sync.fetch import fetch
from tests.browser.conftest import FRAME, PHONE, WIDE, Window, served
from tests.cast import ADA, NORA
from tests.conftest import NOW, Database
from tests.routes.story import told
from tests.routes.watched_clouds import SOUTHS, happens, watcher
from tests.services import TestServices

pytestmark = pytest.mark.browser
ABOVE = "/system/clouds/south/watcher"


@pytest.fixture(scope="module")
async def database(
    services: TestServices, template: str, worker_id: str
) -> AsyncIterator[Database]:
    async with told(services, template, f"{template}_{worker_id}_watchers", happens) as it:
        yield it


@pytest.fixture(scope="module")
async def url(
    chromium: Browser,
    database: Database,
    services: TestServices,
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[str]:
    """A server that may call the network that it is in."""
    directory = tmp_path_factory.mktemp("watchers")
    async with served(
        database, services, directory, CAMLEDGER_ALLOW_PRIVATE_ADDRESSES="1"
    ) as address:
        yield address


async def read_it(database: Database) -> None:
    """Carry out the reading that was asked for, as workers do."""
    owner = await asyncpg.connect(database.owner_url)
    asked = await owner.fetchval("select id from reading where state = 'running'")
    await owner.close()
    vault = Vault(load({"CAMLEDGER_SECRET": "c" * 64}).vault_keys)
    async with database.as_worker():
        there = partial(connect, allow_private=True)
        assert await fetch(asked, connect=there, vault=vault, clock=lambda: NOW)


async def sound(window: Window, paths: tuple[str, ...]) -> dict[str, object]:
    """What is wrong with pages: whether they stick out wide or narrow, and what axe finds."""
    page = window.page
    await page.emulate_media(color_scheme="dark")
    found: dict[str, object] = {}
    for number, path in enumerate(paths):
        await page.set_viewport_size(WIDE)
        assert await window.go(path) == 200, path
        await page.locator("[hx-trigger=load]").wait_for(state="detached")
        wide = await window.overflow()
        await page.set_viewport_size(PHONE)
        if wide or await window.overflow():
            found[f"{path}, too wide"] = wide, await window.overflow()
        if wrong := await window.violations(FRAME if number else ()):
            found[f"{path}, axe"] = wrong
    return found


async def by_name(window: Window, database: Database, number: int) -> None:
    """What is called the same is listed, and mapped by one button."""
    owner = await asyncpg.connect(database.owner_url)
    await owner.execute(
        "insert into watcher_organization (cloud, watcher, organization, title)"
        " values (1, $1, 71, 'bob'), (1, $1, 72, 'Bar Sole')",
        number,
    )
    await owner.close()
    page = window.page
    await window.go("/cloud/watcher/mappings")
    await page.get_by_role("link", name="1 matches by name").click()
    await page.get_by_role("button", name="Map 1").click()
    await page.get_by_text("1 of 1 is mapped.").wait_for()
    assert await window.violations() == []
    paths = ("by-name", "new-subscribers", "new-tariffs")
    assert await sound(window, tuple(f"/cloud/watcher/mappings/{one}" for one in paths)) == {}


async def test_a_watcher_is_connected_tested_read_and_mapped(
    window: Window, database: Database
) -> None:
    page = window.page
    window.expect(422)
    async with watcher() as address:
        await window.sign_in(NORA)
        await page.get_by_role("link", name="Watcher", exact=True).click()
        await page.get_by_role("link", name="Connect a Watcher").click()
        await page.wait_for_url("**/cloud/watcher/new")
        assert not await page.is_visible("[name=api_key]"), "API v3 is chosen, and takes none"
        await page.select_option("[name=api]", "v2")
        assert await page.is_visible("[name=api_key]")
        await page.fill("[name=login]", "nora")
        await page.fill("[name=password]", "nora-password")
        await page.get_by_role("button", name="Connect").click()
        await page.locator("#error-url").wait_for()
        assert "alert-danger" in await page.evaluate("document.activeElement.className")
        assert await window.violations() == []
        assert await page.input_value("[name=login]") == "nora"
        assert await page.input_value("[name=password]") == ""
        await page.fill("[name=url]", address)
        await page.fill("[name=password]", "nora-password")
        await page.get_by_role("button", name="Test").click()
        await page.get_by_role("heading", name="Everything works").wait_for()
        assert await page.input_value("[name=password]") == "nora-password"
        assert await window.violations() == []
        await page.get_by_role("button", name="Connect").click()
        await page.locator(".toast", has_text="is connected").wait_for()
        one = window.path
        number = one.rpartition("/")[2]

        await page.get_by_role("button", name="Test").click()
        await page.get_by_role("heading", name="Everything works").wait_for()
        assert await page.locator("#checks li").count() == 4
        assert await window.violations() == []

        await page.get_by_role("button", name="Read now").click()
        await page.locator("#reading .progress").wait_for()
        assert await window.violations() == []
        await read_it(database)
        await page.locator("#reading").wait_for(state="detached")
        await page.locator("#readings tbody tr", has_text="Complete").wait_for()
        assert window.path == one

        await window.go("/cloud/watcher/mappings")
        await page.get_by_role("link", name="Map organization 6").click()
        await page.select_option("#field-target", "1")
        assert await window.violations() == []
        await page.get_by_role("button", name="Map", exact=True).click()
        await page.locator(".toast", has_text="is mapped to customer 1").wait_for()
        assert await page.get_by_role("link", name="Map organization 6").count() == 0
        await page.get_by_role("link", name="Map preset 8").click()
        await page.get_by_role("button", name="Map", exact=True).click()
        await page.locator("#error-target").wait_for()
        assert "alert-danger" in await page.evaluate("document.activeElement.className")
        await by_name(window, database, int(number))

        camera = "/camera?id=gate-0000000001"
        assert (
            await sound(
                window,
                (
                    *("/cloud/watcher", one, f"{one}/edit", f"{one}/remove"),
                    *(
                        "/cloud/watcher/mappings",
                        "/cloud/watcher/reconciliation",
                        f"/cloud{camera}",
                    ),
                    *(f"/cloud{camera}".replace("?", "/suspension?"), "/cloud/periods/2026-10"),
                ),
            )
            == {}
        )


async def test_the_platforms_pages_of_watchers_are_sound(window: Window) -> None:
    await window.sign_in(ADA)
    paths = ("/system/watchers", ABOVE, f"{ABOVE}/{SOUTHS}", f"{ABOVE}/new")
    assert await sound(window, (*paths, f"{ABOVE}/mappings")) == {}


async def test_among_many_subscribers_one_is_typed(window: Window, database: Database) -> None:
    owner = await asyncpg.connect(database.owner_url)
    await owner.execute(
        "insert into subscriber (cloud, number, name)"
        " select 2, n, 'Customer ' || n from generate_series(2, 60) n"
    )
    await owner.close()
    await window.sign_in(ADA)
    assert await sound(window, (f"{ABOVE}/mappings",)) == {}
    await window.page.get_by_role("link", name="Map organization 9").click()
    await window.page.fill("#field-target", "17")
    await window.page.get_by_role("button", name="Map", exact=True).click()
    await window.page.locator("#mappings", has_text="Customer 17").wait_for()


async def test_without_javascript_a_test_is_a_page(plain_window: Window) -> None:
    page = plain_window.page
    await plain_window.sign_in(NORA)
    async with watcher() as address:
        await plain_window.go("/cloud/watcher/new")
        await page.fill("[name=url]", address)
        await page.fill("[name=login]", "nora")
        assert not await page.is_visible("[name=api_key]"), "the style alone hides it"
        await page.fill("[name=password]", "nora-password")
        await page.get_by_role("button", name="Test").click()
        await page.get_by_role("heading", name="Everything works").wait_for()
        assert await page.input_value("[name=url]") == address
        assert await page.input_value("[name=password]") == ""
        await page.get_by_text("enter them once more to connect").wait_for()
        await page.fill("[name=password]", "nora-password")
        await page.get_by_role("button", name="Connect").click()
        await page.get_by_role("button", name="Test").click()
        await page.get_by_role("heading", name="Everything works").wait_for()
        await page.get_by_role("link", name="Back to the connection").click()
        await page.get_by_role("button", name="Read now").click()
        await page.locator("#reading").wait_for(state="attached")
    await page.get_by_role("link", name="Remove").click()
    await page.get_by_role("button", name="Remove").click()
    assert plain_window.path == "/cloud/watcher"
