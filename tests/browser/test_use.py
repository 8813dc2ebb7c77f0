"""Using the portals by keyboard, on a phone, with htmx and without any script."""

from __future__ import annotations

import pytest

from tests.browser.conftest import PHONE, Window
from tests.cast import ADA, NORA, REX, SUE

pytestmark = pytest.mark.browser

FOCUSED = "document.activeElement.className"


async def test_a_wrong_password_leads_to_the_summary_of_errors(window: Window) -> None:
    window.expect(422)
    await window.enter(SUE, "not the password")
    assert "alert-danger" in await window.page.evaluate(FOCUSED)
    assert await window.violations() == []
    await window.page.keyboard.press("Tab")
    await window.page.keyboard.press("Enter")
    assert await window.page.evaluate("document.activeElement.id") == "field-password"
    # What was typed is kept, but for the password.
    assert await window.page.input_value("[name=email]") == SUE.name


async def test_the_first_stop_of_the_keyboard_skips_to_the_content(window: Window) -> None:
    await window.sign_in(SUE)
    await window.page.keyboard.press("Tab")
    assert await window.page.locator(":focus").get_attribute("href") == "#content"
    assert await window.page.locator(".skip-link").evaluate(
        "one => one.getBoundingClientRect().top >= 0"
    )
    await window.page.keyboard.press("Enter")
    assert await window.page.evaluate("document.activeElement.id") == "content"


async def test_the_menu_of_a_phone_opens_and_leads_on(window: Window) -> None:
    await window.page.set_viewport_size(PHONE)
    await window.sign_in(NORA)
    button = window.page.get_by_role("button", name="Menu", exact=True)
    assert await button.get_attribute("aria-expanded") == "false"
    await button.focus()
    await window.page.keyboard.press("Enter")
    assert await button.get_attribute("aria-expanded") == "true"
    await window.page.get_by_role("link", name="Invoices", exact=True).first.click()
    await window.page.wait_for_url("**/cloud/invoices")
    current = await window.page.locator("#menu [aria-current=page]").text_content()
    assert (current or "").split() == ["Invoices"]


async def test_a_filter_changes_the_rows_and_the_address_but_not_the_page(window: Window) -> None:
    await window.sign_in(REX)
    await window.go("/referral/commissions")
    await window.page.evaluate("window.same = true")
    await window.page.select_option("[name=month]", "2026-10")
    await window.page.wait_for_url("**/referral/commissions?*month=2026-10*")
    await window.page.locator("tfoot", has_text="€2.66").wait_for()
    assert await window.page.evaluate("window.same")
    await window.page.get_by_role("link", name="Commission").last.click()
    await window.page.wait_for_url("**sort=amount*")
    assert await window.page.evaluate("window.same")
    assert "month=2026-10" in window.path
    # The address is the whole state: opened anew it says the same.
    await window.page.reload()
    assert "€2.66" in await window.page.locator("tfoot").inner_text()
    assert await window.page.input_value("[name=month]") == "2026-10"


async def test_a_line_of_an_invoice_opens_its_days_and_the_way_back_leads_home(
    window: Window,
) -> None:
    await window.sign_in(SUE)
    await window.page.get_by_role("link", name="NORTH-2026-000004", exact=True).click()
    await window.page.wait_for_url("**/my/invoices/NORTH-2026-000004")
    await window.page.get_by_role("link", name="Canary-North-Home").first.click()
    await window.page.wait_for_url("**/my/invoices/NORTH-2026-000004/lines/0*")
    await window.page.get_by_role("link", name="Canary-North/Yard").first.click()
    await window.page.wait_for_url("**/my/camera?id=canary-north%2Fyard*month=2026-10*")
    await window.page.get_by_role("main").get_by_role("link", name="Cameras").first.click()
    await window.page.wait_for_url("**/my/cameras*")


async def test_a_file_is_saved_under_its_number(window: Window) -> None:
    await window.sign_in(SUE)
    await window.go("/my/invoices")
    async with window.page.expect_download() as saving:
        await window.page.get_by_role("link", name="PDF of NORTH-2026-000004").click()
    download = await saving.value
    assert download.suggested_filename == "NORTH-2026-000004.pdf"
    assert (await download.path()).read_bytes() == b"%PDF-1.7 NORTH-2026-000004"


async def test_dark_is_kept_on_every_page(window: Window) -> None:
    await window.sign_in(SUE)
    await window.page.locator("header .menu > summary").click()
    await window.page.locator("[data-theme-choice=dark]").click()
    await window.go("/my/cameras")
    assert await window.page.locator("html").get_attribute("data-bs-theme") == "dark"


async def test_everything_works_without_javascript(plain_window: Window) -> None:
    page = plain_window.page
    await page.set_viewport_size(PHONE)
    await plain_window.enter(SUE)
    assert plain_window.path == "/my"
    await page.get_by_role("link", name="Cameras", exact=True).first.click()
    await page.get_by_role("link", name="October 2026").first.click()
    await page.wait_for_url("**/my/cameras?month=2026-10*")
    assert "€18.20" in await page.locator("tfoot").inner_text()
    await page.get_by_role("link", name="Canary-North-Gate").click()
    assert await page.locator("h1").inner_text() == "Canary-North-Gate"
    await page.locator("header .menu > summary").click()
    await page.get_by_role("button", name="Sign out").click()
    assert plain_window.path == "/login"


async def test_the_audit_log_is_narrowed_in_place_and_an_entry_opened_by_keyboard(
    window: Window,
) -> None:
    page = window.page
    await window.sign_in(NORA)
    await page.get_by_role("link", name="Audit log", exact=True).click()
    await page.evaluate("window.same = true")
    await page.select_option("[name=action]", "sign-in")
    await page.wait_for_url("**/cloud/audit?*action=sign-in*")
    row = page.locator("#entries tbody tr", has_text="Signed in").first
    await row.wait_for()
    assert await page.evaluate("window.same")
    await row.get_by_role("link").first.focus()
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/cloud/audit/*")
    assert await page.locator("h1").inner_text() == "Signed in"
    await page.get_by_role("link", name="History").click()
    await page.wait_for_url("**/cloud/audit?object=user*")
    async with page.expect_download() as saving:
        await page.get_by_role("link", name="Chain head").click()
    download = await saving.value
    assert download.suggested_filename.startswith("audit-heads-")


async def test_a_second_factor_is_required_and_waived_without_javascript(
    plain_window: Window,
) -> None:
    page = plain_window.page
    await page.set_viewport_size(PHONE)
    await plain_window.sign_in(ADA)
    await plain_window.go("/system/clouds/south/settings/security")
    for verb, state in (("Require second factor", "Required"), ("Require no longer", "Optional")):
        await page.get_by_role("link", name=verb).click()
        await page.get_by_role("button", name=verb).click()
        await page.wait_for_url("**/system/clouds/south/settings/security")
        assert await page.locator("main .badge").inner_text() == state
    await plain_window.go("/system/audit?action=second-factor.require")
    assert await page.locator("#entries tbody tr").count() == 2
