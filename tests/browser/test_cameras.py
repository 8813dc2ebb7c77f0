"""A camera that loses money is found, understood and cured; what is done with one by hand."""

from __future__ import annotations

import re

import pytest

from tests.browser.conftest import PHONE, Window, reach
from tests.browser.lobby import LOBBY
from tests.cast import NORA

pytestmark = pytest.mark.browser


async def test_a_camera_that_loses_is_found_explained_and_cured_in_three_clicks(
    window: Window,
) -> None:
    """The overview names it; its page says why and what cures it; the form is filled."""
    page = window.page
    await window.sign_in(NORA)
    row = page.locator("#margin tbody tr").first
    assert re.search(r"Lobby.*−€8\.15.*Keeps more than sold", await row.inner_text(), re.DOTALL)
    await row.get_by_role("link", name="Lobby").click()
    await page.get_by_text("Keeps 30 days of archive on a tariff of 7 days").wait_for()
    assert "930 camera-days ÷ 31" in await page.inner_text("#cost")
    assert "€18.05" in await page.locator("#cost .bridge dd").last.inner_text()
    assert await window.violations() == []
    await page.get_by_role("link", name="Change to Long 30 (+€22.00 a month)").click()
    await page.wait_for_url("**/cloud/camera/tariff?*")
    assert await page.input_value("[name=tariff]") == "long-30"
    assert "€31.90" in await page.inner_text("#computed")
    assert await window.violations() == []
    await page.get_by_role("button", name="Change tariff").click()
    await page.wait_for_url(f"**/cloud/camera?id={LOBBY}*")
    assert "Long 30" in await page.inner_text("#tariffs li[aria-current]")


async def test_a_camera_is_moved_and_suspended_by_keyboard_alone(window: Window) -> None:
    page = window.page
    await window.sign_in(NORA)
    await window.go("/cloud/cameras")
    await page.keyboard.press("/")
    await page.keyboard.type("yard")
    await page.locator("#found a", has_text="Yard").wait_for()
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/cloud/camera?id=canary-north%2Fyard*")

    await reach(page, "Move")
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/cloud/camera/move?*")
    await reach(page, "subscriber")
    await page.keyboard.type("Canary-North-Bob")
    await reach(page, "tariff")
    await page.keyboard.type("Canary-North-Home")
    await page.locator("#computed", has_text="€9.90").wait_for()
    assert await page.evaluate("document.activeElement.name") == "tariff", "the focus stays"
    await reach(page, "Move")
    await page.keyboard.press("Space")
    await page.wait_for_url("**/cloud/camera?id=canary-north%2Fyard*")
    assert "Canary-North-Bob" in await page.inner_text("#tariffs li[aria-current]")

    await reach(page, "Suspend")
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/cloud/camera/suspension?*")
    await reach(page, "Suspend")
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/cloud/camera?id=canary-north%2Fyard*")
    await page.locator("main .badge", has_text="Suspended").first.wait_for()
    assert await window.violations() == []


async def test_a_day_is_corrected_on_a_phone_without_javascript(plain_window: Window) -> None:
    """Wrong at first: what was typed is kept. What it changes is told before it is done."""
    page = plain_window.page
    await page.set_viewport_size(PHONE)
    await plain_window.sign_in(NORA)
    await page.get_by_role("link", name="Cameras", exact=True).first.click()
    await page.get_by_role("link", name="Canary-North-Shop").first.click()
    assert await plain_window.overflow() == 0
    await page.get_by_role("link", name="Correct usage").click()
    await page.fill("[name=day]", "2026-10-03")
    await page.fill("[name=quantity]", "5")
    await page.get_by_role("button", name="Go on").click()
    assert await page.locator("#error-meter").is_visible()
    assert await page.input_value("[name=quantity]") == "5"
    await page.select_option("[name=meter]", "recording.motion.depth")
    await page.fill("[name=reason]", "The clock of the camera was wrong")
    assert await plain_window.overflow() == 0
    await page.get_by_role("button", name="Go on").click()
    assert "October 2026" in await page.inner_text("main")
    assert await plain_window.overflow() == 0
    await page.locator("main button[type=submit]").click()
    await page.wait_for_url("**/cloud/camera?id=canary-north-shop*")
