"""People, settings and prices: what is set up once, and changed with care."""

from __future__ import annotations

import pytest

from tests.browser.conftest import PHONE, Window
from tests.cast import ADA, NORA

pytestmark = pytest.mark.browser


async def test_a_colleague_is_invited_and_takes_over_anns_subscribers(window: Window) -> None:
    page = window.page
    window.expect(422)
    await window.sign_in(NORA)
    await page.get_by_role("link", name="People", exact=True).first.click()
    await page.get_by_role("link", name="Invite a person").click()
    await page.fill("[name=name]", "Anton")
    await page.get_by_role("button", name="Invite person").click()
    await page.locator("#error-email").wait_for()
    assert "alert-danger" in await page.evaluate("document.activeElement.className")
    assert await window.violations() == []
    await page.fill("[name=email]", "anton@north.test")
    await page.check("[name=role][value=account-manager]")
    await page.get_by_role("button", name="Invite person").click()
    assert (await page.input_value("[name=secret]")).startswith(f"{window.url}/invite/")
    await page.get_by_role("link", name="Done").click()
    await page.get_by_role("link", name="People", exact=True).first.click()
    await page.get_by_role("link", name="Ann", exact=True).click()
    await page.get_by_role("link", name="Hand over subscribers").click()
    await page.get_by_role("button", name="Hand over").click()
    await page.locator("#error-account_manager").wait_for()
    await page.select_option("[name=account_manager]", "anton@north.test")
    assert await window.violations() == []
    await page.get_by_role("button", name="Hand over").click()
    await page.get_by_text("Hand over all subscribers of Ann").wait_for()
    await page.get_by_role("button", name="Hand over").click()
    await page.wait_for_url(lambda at: not at.endswith("/hand-over"))
    await page.wait_for_load_state()
    await window.go("/cloud/subscribers/1")
    assert "anton@north.test" in await page.inner_text("main")


async def test_a_sample_follows_what_is_typed_and_settings_are_kept(
    window: Window, plain_window: Window
) -> None:
    page = window.page
    await window.sign_in(NORA)
    await page.get_by_role("link", name="Settings", exact=True).first.click()
    await page.fill("[name=address]", "Canal 1\nVenice")
    await page.locator("#computed", has_text="Venice").wait_for()
    assert await window.violations() == []
    await page.get_by_role("button", name="Save").click()
    await page.locator(".toast").first.wait_for()
    assert await page.input_value("[name=address]") == "Canal 1\nVenice"

    page = plain_window.page
    await page.set_viewport_size(PHONE)
    await plain_window.sign_in(NORA)
    await plain_window.go("/cloud/settings/closing")
    await page.fill("[name=margin_target]", "120")
    await page.get_by_role("button", name="Save").click()
    assert await page.locator("#error-margin_target").is_visible()
    assert await page.input_value("[name=margin_target]") == "120"
    await page.fill("[name=margin_target]", "25")
    await page.get_by_role("button", name="Save").click()
    assert await page.input_value("[name=margin_target]") == "25"
    assert await plain_window.overflow() == 0


async def test_new_prices_show_their_effect_before_they_are_set(window: Window) -> None:
    """The last closed month at these prices; days of closed months are refused in place."""
    page = window.page
    window.expect(409, 422)
    await window.sign_in(ADA)
    await window.go("/system/clouds/south/prices")
    await page.get_by_role("link", name="New prices").click()
    await page.fill("[name=valid_from]", "2026-10-01")
    await page.locator("[name$=-unit_price]").first.fill("0,60")
    await page.locator("#computed", has_text="October would have cost").wait_for()
    assert await window.violations() == []
    await page.get_by_role("button", name="Set prices").click()
    await (
        page.locator("#error-valid_from").or_(page.locator("#form .alert-danger")).first.wait_for()
    )
    assert await page.locator("[name$=-unit_price]").first.input_value() == "0,60"
    await page.fill("[name=valid_from]", "2026-12-01")
    await page.get_by_role("button", name="Set prices").click()
    await page.wait_for_url("**/system/clouds/south/prices")
    assert "$0.60" in await page.inner_text("#rows")
