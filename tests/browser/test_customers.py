"""Customers are taken on: referred by an agent, by a form, or by a file; and they sign in."""

from __future__ import annotations

import re
from contextlib import AsyncExitStack

import pytest
from playwright.async_api import Browser, FilePayload

from tests.browser.conftest import PHONE, Window, _open
from tests.cast import NORA, REX

pytestmark = pytest.mark.browser
SECRET = "seven green herons argue quietly"
HEADING = (
    "name,number,email,address,tax_number,discount,account_manager,referral,"
    "camera,camera_name,tariff,from"
)


async def accepts(window: Window, link: str) -> None:
    """Somebody who was invited opens the link and chooses a password."""
    await window.go(link.removeprefix(window.url))
    await window.page.fill("[name=password]", SECRET)
    await window.page.get_by_role("button", name="Accept the invitation").click()
    await window.page.wait_for_url("**/my")


async def test_an_agent_brings_one_the_operator_adds_its_cameras_and_it_signs_in(
    url: str, chromium: Browser
) -> None:
    """Three people; nothing is typed twice: the operator finds what the agent wrote."""
    name, code = "Bar Tre", "bar-tre"
    async with AsyncExitStack() as stack:
        windows = [await _open(stack, chromium, url) for _ in range(3)]
        rex, nora, guest = windows
        await rex.sign_in(REX)
        await rex.go("/referral/subscribers/new")
        await rex.page.fill("[name=name]", name)
        await rex.page.fill("[name=email]", f"{code}@bars.test")
        await rex.page.fill("[name=wanted]", "4")
        await rex.page.check("[name=wanted_tariff][value=long-30]")
        await rex.page.check("[name=agreed]")
        await rex.page.get_by_role("button", name="Bring the subscriber").click()
        await rex.page.wait_for_url(re.compile(r"/referral/subscribers/\d+$"))

        await nora.sign_in(NORA)
        await nora.page.get_by_role("link", name="Subscribers", exact=True).first.click()
        await nora.page.get_by_role("link", name=name).click()
        await nora.page.get_by_role("button", name="Checked").click()
        await (
            nora.page.get_by_text("On tariff long-30")
            .or_(nora.page.get_by_text("On tariff Long 30"))
            .wait_for()
        )
        await nora.page.get_by_role("link", name="Add cameras").first.click()
        assert await nora.page.input_value("[name=tariff]") == "long-30"
        lines = "\n".join(f"{code}-{number}; Room {number}" for number in range(1, 5))
        await nora.page.fill("[name=cameras]", lines)
        await nora.page.locator("#computed", has_text="127.60").wait_for()
        await nora.page.get_by_role("button", name="Add cameras").click()
        await nora.page.locator("#cameras", has_text="Room 4").wait_for()
        await nora.page.get_by_role("link", name="Invite").first.click()
        assert await nora.page.input_value("[name=email]") == f"{code}@bars.test"
        await nora.page.get_by_role("button", name="Invite person").click()
        link = await nora.page.input_value("[name=secret]")

        await guest.page.set_viewport_size(PHONE)
        await accepts(guest, link)
        await guest.page.get_by_role("link", name="Cameras", exact=True).first.click()
        for room in range(1, 5):
            await guest.page.get_by_role("link", name=f"Room {room}").first.wait_for()
        assert await guest.overflow() == 0
        for window in windows:
            assert window.surprises == []


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "plain"])
async def test_one_form_makes_a_customer_with_cameras_a_tariff_and_an_invitation(
    window: Window, plain_window: Window, scripts: bool
) -> None:
    here = window if scripts else plain_window
    here.expect(422)
    page, code = here.page, "hotel" if scripts else "locanda"
    await page.set_viewport_size(PHONE)
    await here.sign_in(NORA)
    await here.go("/cloud/subscribers/new")
    await page.fill("[name=email]", f"{code}@inns.test")
    await page.fill("[name=cameras]", f"{code}-1; Door\n{code}-1; Door again")
    await page.select_option("[name=tariff]", "long-30")
    await page.check("[name=invite]")
    await page.get_by_role("button", name="Add subscriber").click()
    await page.locator("#error-name").wait_for()
    await page.fill("[name=name]", code.title())
    await page.get_by_role("button", name="Add subscriber").click()
    await page.locator("#error-cameras", has_text="more than once").wait_for()
    assert await page.input_value("[name=tariff]") == "long-30", "what was chosen is kept"
    if scripts:
        assert "alert-danger" in await page.evaluate("document.activeElement.className")
        assert await here.violations() == []
    assert await here.overflow() == 0
    await page.fill("[name=cameras]", f"{code}-1; Door\n{code}-2; Stairs")
    if not scripts:
        await page.get_by_role("button", name="Recalculate").click()
    await page.locator("#computed", has_text="63.80").wait_for()
    await page.get_by_role("button", name="Add subscriber").click()
    link = await page.input_value("[name=secret]")
    assert link.startswith(f"{here.url}/invite/")
    assert await here.overflow() == 0
    await page.get_by_role("link", name="Done").click()
    assert await page.locator("h1").inner_text() == code.title()
    assert "Stairs" in await page.inner_text("#cameras")


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "plain"])
async def test_a_file_of_customers_is_looked_at_and_imported(
    window: Window, plain_window: Window, scripts: bool
) -> None:
    here = window if scripts else plain_window
    page, code = here.page, "cafe" if scripts else "pub"
    await here.sign_in(NORA)
    await here.go("/cloud/subscribers")
    await page.get_by_role("link", name="Import").click()
    rows = [
        (
            "name,number,email,address,tax_number,discount,account_manager,referral,"
            "camera,camera_name,tariff,from"
        ),
        *(f"{code} A,,,,,,,,{code}-a{n},Room {n},long-30,2026-11-02" for n in (1, 2)),
        f"{code} B,,,,,,,,{code}-b,Bar,no-such-tariff,2026-11-02",
    ]
    file = FilePayload(name="new.csv", mimeType="text/csv", buffer="\n".join(rows).encode())
    await page.set_input_files("[name=file]", files=[file])
    await page.get_by_role("button", name="Look at it").click()
    await page.locator("#preview").wait_for()
    assert "no-such-tariff" in await page.inner_text("main")
    if scripts:
        assert await here.violations() == []
    await page.get_by_role("button", name="Import the good one").click()
    await page.get_by_role("link", name="Back to the list").click()
    await page.locator("[name=q]").last.fill(code)
    if scripts:
        await page.wait_for_url(f"**q={code}*")
    else:
        await page.get_by_role("button", name="Apply").click()
    names = await page.locator("#rows tbody th").all_inner_texts()
    assert [one.split("\n")[0] for one in names] == [f"{code} A"]
