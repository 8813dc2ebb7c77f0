"""A tariff is composed, seen below cost, tried on a closed month and saved: with htmx, without any
script, and by keyboard alone.
"""

from __future__ import annotations

import pytest

from tests.browser.conftest import PHONE, WIDE, Window
from tests.cast import NORA

pytestmark = pytest.mark.browser

NEW = "/cloud/tariffs/new"
PRESSES = 60
FOCUSED = "document.activeElement.name || document.activeElement.value || ''"


async def compose(window: Window, name: str) -> None:
    """Seven days and plates at 9,90, in the form as it stands."""
    page = window.page
    await page.fill("[name=name]", name)
    await page.select_option("[name=items-0-service]", "motion-day")
    await page.fill("[name=items-0-quantity]", "7")
    await page.get_by_role("button", name="Add a service").click()
    await page.select_option("[name=items-1-service]", "plates")
    await page.fill("[name=items-1-quantity]", "1")
    await page.fill("[name=monthly_price]", "9,90")


async def figures(window: Window, text: str) -> None:
    """Wait until the figures beside the form say so."""
    await window.page.locator("#computed", has_text=text).wait_for()


async def test_a_tariff_is_composed_tried_and_saved_with_figures_beside_it(window: Window) -> None:
    page = window.page
    await window.sign_in(NORA)
    await page.get_by_role("link", name="Tariffs", exact=True).first.click()
    await page.get_by_role("link", name="New tariff").click()
    await page.evaluate("window.same = true")
    await compose(window, "Plates 7")
    await figures(window, "€1.28 · 13%")
    assert "costs €3.50" in await page.inner_text("#cost-0"), "beside its row, too"
    guard = page.get_by_role("checkbox", name="Sell below cost")
    assert not await guard.is_visible()
    assert await window.violations() == []

    window.expect(422)
    await page.fill("[name=monthly_price]", "5,00")
    await figures(window, "This tariff loses €2.88 per camera and month.")
    assert await guard.is_visible()
    await page.get_by_role("button", name="Save").click()
    await page.locator("#error-sell_below_cost").wait_for()
    assert "alert-danger" in await page.evaluate("document.activeElement.className")
    assert await page.input_value("[name=monthly_price]") == "5,00"
    assert await window.violations() == []

    await page.fill("[name=target]", "30")
    await page.get_by_role("button", name="Use this price").click()
    await figures(window, "· 30%")
    await page.fill("[name=monthly_price]", "9,90")
    await figures(window, "€1.28 · 13%")
    await page.get_by_role("button", name="Try on October").click()
    await page.get_by_text("Who would pay what").first.wait_for()
    assert await page.evaluate("window.same"), "all of it on one page"
    assert await window.violations() == []
    async with page.expect_download() as saving:
        await page.get_by_role("button", name="CSV").click()
    assert (await saving.value).suggested_filename == "north-try-2026-10.csv"
    await page.select_option("[name=try_show]", "more")
    await page.get_by_role("button", name="Try", exact=True).click()
    await page.wait_for_load_state()
    await page.get_by_role("button", name="Back to the tariff").click()
    assert await page.input_value("[name=name]") == "Plates 7"
    assert await page.input_value("[name=items-1-service]") == "plates"
    await page.get_by_role("button", name="Save").click()
    await page.wait_for_url("**/cloud/tariffs/plates-7")
    assert "€9.90 a month" in await page.inner_text("main")


async def test_the_same_without_javascript_on_a_phone(plain_window: Window) -> None:
    page = plain_window.page
    await page.set_viewport_size(PHONE)
    await plain_window.sign_in(NORA)
    await plain_window.go(NEW)
    await compose(plain_window, "Plain 7")
    assert await plain_window.overflow() == 0
    await page.fill("[name=monthly_price]", "5,00")
    await page.get_by_role("button", name="Recalculate").click()
    assert "€5.00 → margin" in await page.inner_text("#result"), "in one line"
    await page.locator("#result").click()
    assert await page.get_by_text("This tariff loses €2.88").first.is_visible()
    await page.get_by_role("button", name="Save").click()
    assert await page.locator("#error-sell_below_cost").is_visible()
    await page.fill("[name=monthly_price]", "9,90")
    await page.get_by_role("button", name="Try on October").click()
    assert await plain_window.overflow() == 0
    assert "would pay more" in await page.inner_text("main")
    await page.get_by_role("button", name="Back to the tariff").click()
    assert await page.input_value("[name=monthly_price]") == "9,90"
    await page.get_by_role("button", name="Save").click()
    assert plain_window.path == "/cloud/tariffs/plain-7"


async def test_a_version_is_made_by_keyboard_alone(window: Window) -> None:
    page = window.page
    await page.set_viewport_size(WIDE)
    await window.sign_in(NORA)
    await window.go("/cloud/tariffs/home-7/versions/new")

    async def tab_to(name: str) -> None:
        for _press in range(PRESSES):
            if await page.evaluate(FOCUSED) == name:
                return
            await page.keyboard.press("Tab")
        pytest.fail(f"the keyboard does not reach {name}")

    await tab_to("monthly_price")
    await page.keyboard.press("Control+A")
    await page.keyboard.type("12,90")
    await figures(window, "€12.90")
    assert await page.evaluate(FOCUSED) == "monthly_price", "the focus stays while it recalculates"
    await page.keyboard.press("Enter")
    await page.get_by_text("pay €12.90 instead of €9.90").wait_for()
    assert await window.violations() == []
    for _press in range(PRESSES):
        if await page.evaluate("document.activeElement.value") == "confirm":
            break
        await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/cloud/tariffs/home-7")
    assert "€12.90" in await page.inner_text("main")
