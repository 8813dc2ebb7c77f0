"""Any list is a workbook of exactly its rows, any total leads to its rows."""

from __future__ import annotations

import re
from zipfile import ZipFile

import pytest

from portal.access import Actor
from tests.browser.conftest import Window
from tests.cast import ADA, NORA, SUE

pytestmark = pytest.mark.browser

LISTS: dict[Actor, tuple[str, ...]] = {
    NORA: (
        "/cloud/subscribers",
        "/cloud/cameras?tariff=home-7",
        "/cloud/tariffs",
        "/cloud/referrals",
        "/cloud/invoices?side=retail&month=2026-10",
        "/cloud/periods",
    ),
    ADA: ("/system/clouds", "/system/clouds/south/cameras", "/system/invoices?state=open"),
    SUE: ("/my/invoices", "/my/cameras?month=2026-10"),
}


@pytest.mark.parametrize("who", LISTS, ids=lambda who: str(who.role))
async def test_a_list_is_a_workbook_of_exactly_its_rows(window: Window, who: Actor) -> None:
    page = window.page
    await window.sign_in(who)
    for path in LISTS[who]:
        await window.go(path)
        rows = await page.locator("main tbody tr").count()
        async with page.expect_download() as saving:
            await page.get_by_role("link", name="XLSX").first.click()
        download = await saving.value
        assert re.fullmatch(r"(north|south|platform)-[\w-]+\.xlsx", download.suggested_filename)
        with ZipFile(await download.path()) as book:
            sheet = book.read("xl/worksheets/sheet1.xml").decode()
        assert rows > 0
        assert sheet.count("<row ") == rows + 1, path


async def test_a_total_by_state_leads_to_its_rows(window: Window) -> None:
    page = window.page
    await window.sign_in(NORA)
    await window.go("/cloud/invoices")
    await page.evaluate("window.same = true")
    total = page.get_by_role("navigation", name="Totals by state").get_by_role("link").first
    count = int((await total.locator(".num").inner_text()).split()[0])
    await total.click()
    await page.wait_for_url("**state=*")
    await page.locator("#rows tbody tr").nth(count - 1).wait_for()
    assert await page.locator("#rows tbody tr").count() == count
    assert await page.evaluate("window.same"), "in place"
