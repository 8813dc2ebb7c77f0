"""Quick and slow hands: keys, double clicks, two tabs, the way back, and paper."""

from __future__ import annotations

from contextlib import AsyncExitStack

import pytest
from playwright.async_api import Browser, Route

from tests.browser.conftest import PHONE, WIDE, Window, _open, reach
from tests.cast import NORA, SUE

pytestmark = pytest.mark.browser

COVERED = """() => {
  const one = document.activeElement.getBoundingClientRect();
  const top = document.querySelector('header').getBoundingClientRect().bottom;
  return document.activeElement.closest('main') && one.top < top - 1
}"""


async def test_the_search_is_used_without_a_mouse(window: Window) -> None:
    page = window.page
    await window.sign_in(NORA)
    await page.keyboard.press("Control+k")
    assert await page.evaluate("document.activeElement.id") == "search"
    await page.keyboard.type("canary-north-b")
    found = page.locator("#found a")
    await found.first.wait_for()
    await page.keyboard.press("ArrowDown")
    assert await found.first.evaluate("one => one === document.activeElement")
    assert await window.violations() == []
    await page.keyboard.press("Escape")
    assert await found.count() == 0
    assert await page.evaluate("document.activeElement.id") == "search"
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/cloud/search?q=*")
    await page.get_by_role("link", name="Canary-North-Bob").first.wait_for()


async def test_escape_closes_a_menu_and_gives_the_focus_back(window: Window) -> None:
    page = window.page
    await window.sign_in(NORA)
    menu = page.locator("header .menu")
    await menu.locator("summary").focus()
    await page.keyboard.press("Enter")
    assert await menu.get_attribute("open") is not None
    await page.keyboard.press("Tab")
    await page.keyboard.press("Escape")
    assert await menu.get_attribute("open") is None
    assert await menu.locator("summary").evaluate("one => one === document.activeElement")


async def test_what_has_the_focus_is_never_below_the_top(window: Window) -> None:
    page = window.page
    await page.set_viewport_size(PHONE)
    await window.sign_in(NORA)
    await window.go("/cloud/subscribers/new")
    await page.locator("main button[type=submit]:visible").last.focus()
    for _press in range(12):
        await page.keyboard.press("Shift+Tab")
        assert not await page.evaluate(COVERED)


@pytest.mark.parametrize(
    ("path", "name", "button"),
    [
        ("/cloud/referrals/new", "Twice Agent", "Add referral"),
        ("/cloud/subscribers/new", "Twice Customer", "Add subscriber"),
    ],
    ids=["form", "live form"],
)
async def test_a_double_click_makes_one_and_the_way_back_leaves_a_free_form(
    window: Window, path: str, name: str, button: str
) -> None:
    """The answer takes its time, and the finger clicks again."""
    page, sent = window.page, 0

    async def slow(route: Route) -> None:
        nonlocal sent
        if route.request.method == "POST" and "recalculate" not in (route.request.post_data or ""):
            sent += 1
        await route.continue_()

    await window.sign_in(NORA)
    await window.go(path)
    await page.route("**/new", slow)
    await page.fill("[name=name]", name)
    if "referrals" in path:
        await page.fill("[name=percent]", "5")
        await page.uncheck("[name=invite]")
    await page.get_by_role("button", name=button).dblclick(no_wait_after=True)
    await page.wait_for_url(lambda at: not at.endswith("/new"))
    await page.wait_for_load_state()
    assert sent == 1
    await page.reload()
    assert name in await page.inner_text("h1"), "a result that is loaded again sends nothing"
    await page.go_back()
    if page.url.endswith("/new"):
        assert await page.get_by_role("button", name=button).is_enabled()
    await window.go(path.removesuffix("/new") + "?q=Twice")
    assert await page.locator("#rows tbody tr").count() == 1


async def test_the_same_form_in_two_tabs_makes_one(url: str, chromium: Browser) -> None:
    """The second tab is told what stands in its way, and keeps what was typed."""
    async with AsyncExitStack() as stack:
        window = await _open(stack, chromium, url)
        window.expect(409, 422)
        await window.sign_in(NORA)
        tabs = [window.page, await window.context.new_page()]
        for tab in tabs:
            await tab.goto(f"{url}/cloud/referrals/new")
            await tab.fill("[name=name]", "Two Tabs")
            await tab.fill("[name=code]", "two-tabs")
            await tab.fill("[name=percent]", "5")
            await tab.uncheck("[name=invite]")
        first, second = tabs
        await first.get_by_role("button", name="Add referral").click()
        await first.wait_for_url("**/cloud/referrals/two-tabs")
        await second.get_by_role("button", name="Add referral").click()
        await second.locator(".alert-danger").wait_for()
        assert await second.input_value("[name=name]") == "Two Tabs"


async def test_a_page_on_paper_is_its_content(window: Window) -> None:
    page = window.page
    await window.sign_in(SUE)
    await window.go("/my/invoices/NORTH-2026-000004")
    await page.emulate_media(media="print")
    assert not await page.locator("header").is_visible()
    assert not await page.locator("aside").is_visible()
    assert await page.locator("h1").is_visible()
    assert not await page.get_by_role("link", name="CSV").first.is_visible()
    await page.set_viewport_size(WIDE)
    assert await window.overflow() == 0


async def test_a_form_is_sent_by_the_keyboard_and_its_problems_are_reached(window: Window) -> None:
    page = window.page
    window.expect(422)
    await window.sign_in(NORA)
    await window.go("/cloud/referrals/new")
    await reach(page, "percent")
    await page.keyboard.type("120")
    await page.keyboard.press("Enter")
    await page.locator(".alert-danger").wait_for()
    assert "alert-danger" in await page.evaluate("document.activeElement.className")
    await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")
    assert await page.evaluate("document.activeElement.id") == "field-name"
    assert not await page.evaluate(COVERED)
