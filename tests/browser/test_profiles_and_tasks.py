"""Profiles of both kinds of customers, and work that a page waits for: with scripts and without."""

from __future__ import annotations

import pytest
from playwright.async_api import FilePayload

from tests.browser.conftest import PHONE, Window, reach
from tests.cast import NORA, REX, SUE
from tests.routes.conftest import PASSWORD

pytestmark = pytest.mark.browser

IBAN = "AT61 1904 3002 3457 3201"
HEADING = (
    "name,number,email,address,tax_number,discount,account_manager,referral,camera,camera_name,"
    "tariff,from"
)


@pytest.mark.parametrize("scripts", [True, False])
async def test_a_subscriber_says_where_invoices_go(
    window: Window, plain_window: Window, scripts: bool
) -> None:
    here = window if scripts else plain_window
    page = here.page
    here.expect(422)
    await here.sign_in(SUE)
    await here.go("/my/profile")
    await page.fill("[name=document_emails]", "nobody")
    await reach(page, "Save")
    await page.keyboard.press("Enter")
    await page.locator("#error-document_emails").wait_for()
    assert await page.input_value("[name=document_emails]") == "nobody"
    if scripts:
        assert await here.violations() == []
    await page.fill("[name=document_emails]", "books@home.test")
    await page.get_by_role("button", name="Save").click()
    await page.get_by_text("Saved.").first.wait_for()
    assert await page.input_value("[name=document_emails]") == "books@home.test"


@pytest.mark.parametrize("scripts", [True, False])
async def test_a_referral_says_where_it_is_paid(
    window: Window, plain_window: Window, scripts: bool
) -> None:
    here = window if scripts else plain_window
    page = here.page
    here.expect(422)
    await page.set_viewport_size(PHONE)
    await here.sign_in(REX)
    await here.go("/referral/profile")
    assert await here.overflow() == 0
    await page.fill("[name=payee]", "Rex")
    await page.fill("[name=iban]", IBAN.replace("61", "62"))
    await page.fill("[name=password]", PASSWORD)
    await page.get_by_role("button", name="Save").click()
    await page.locator("#error-iban").wait_for()
    assert await page.input_value("[name=password]") == ""
    if scripts:
        assert await here.violations() == []
    await page.fill("[name=iban]", IBAN)
    await page.fill("[name=password]", PASSWORD)
    await page.get_by_role("button", name="Save").click()
    await page.get_by_text("Your payout details are saved.").first.wait_for()


async def test_a_page_of_running_work_stays_one_page_however_often_it_asks(
    window: Window,
) -> None:
    """Nobody does the work here, so that the page goes on asking."""
    page = window.page
    await window.sign_in(NORA)
    await window.go("/cloud/subscribers/import")
    lines = [f"Bar {number},,,,,,,,,,," for number in range(30)]
    content = "\n".join([HEADING, *lines]).encode()
    file: FilePayload = {"name": "bars.csv", "mimeType": "text/csv", "buffer": content}
    await page.set_input_files("[name=file]", file)
    await page.get_by_role("button", name="Look at it").click()
    async with page.expect_navigation(url="**/cloud/tasks/*"):
        await page.get_by_role("button", name="Import", exact=False).first.click()
    for _poll in range(2):
        async with page.expect_response("**/cloud/tasks/*"):
            pass
    assert await page.get_by_role("progressbar").count() == 1
    assert await page.locator("main .card").count() == 1
    ids = await page.evaluate("[...document.querySelectorAll('[id]')].map(one => one.id)")
    assert len(ids) == len(set(ids)), "no id is there twice"
    assert await window.violations() == []
    await page.set_viewport_size(PHONE)
    assert await window.overflow() == 0
