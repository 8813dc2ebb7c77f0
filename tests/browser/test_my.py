"""Subscribers and agents in a browser: to a day in three clicks, a customer by one form."""

from __future__ import annotations

import re

import pytest

from tests.browser.conftest import PHONE, WIDE, Window
from tests.cast import REX, SUE

pytestmark = pytest.mark.browser


async def test_an_invoice_leads_to_a_day_in_three_clicks(window: Window) -> None:
    """The sums are equal on each page: the line, its cameras, the camera's month."""
    page = window.page
    await window.sign_in(SUE)
    await window.go("/my/invoices/NORTH-2026-000004")
    line = page.locator("tbody tr").first
    amount = await line.locator("td").last.inner_text()
    await line.locator("a").click()
    await page.wait_for_url("**/lines/0")
    assert await page.locator("tfoot td").last.inner_text() == amount
    row = page.locator("tbody tr").filter(has_text="Canary-North/Yard")
    charged = await row.locator("td").last.inner_text()
    await row.locator("a").click()
    await page.wait_for_url("**/my/camera?**")
    assert charged in await page.locator("main").inner_text()
    await page.locator("main").get_by_text("16 Oct 2026").first.wait_for(state="attached")
    assert not window.surprises


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without"])
async def test_an_agent_brings_a_customer(
    window: Window, plain_window: Window, scripts: bool
) -> None:
    here = window if scripts else plain_window
    page = here.page
    await page.set_viewport_size(PHONE)
    await here.sign_in(REX)
    await page.get_by_role("link", name="Subscribers", exact=True).first.click()
    await page.get_by_role("link", name="New subscriber").first.click()
    await page.wait_for_url("**/referral/subscribers/new")
    name = f"Bar {'Uno' if scripts else 'Due'}"
    await page.fill("[name=name]", name)
    await page.fill("[name=email]", "wrong")
    here.expect(422)
    await page.get_by_role("button", name="Bring the subscriber").click()
    await page.locator(".alert-danger").wait_for()
    assert await page.input_value("[name=name]") == name
    await page.fill("[name=email]", f"{name[-3:].lower()}@bar.test")
    await page.fill("[name=wanted]", "4")
    await page.check("[name=agreed]")
    await page.get_by_role("button", name="Bring the subscriber").click()
    await page.wait_for_url(re.compile(r"/referral/subscribers/\d+$"))
    assert "With the operator" in await page.locator("main").inner_text()
    assert await here.overflow() == 0
    assert await here.violations() == [] if scripts else True


async def test_a_phone_shows_the_pages_as_a_row_below_the_top(window: Window) -> None:
    page = window.page
    await page.set_viewport_size(PHONE)
    await window.sign_in(SUE)
    assert not await page.get_by_role("button", name="Menu", exact=True).is_visible()
    tabs = page.get_by_role("navigation", name="Pages")
    await tabs.get_by_role("link", name="Profile").click()
    await page.wait_for_url("**/my/profile")
    assert await tabs.locator("[aria-current=page]").inner_text() == "Profile"
    await page.set_viewport_size(WIDE)
    assert not await tabs.is_visible()
