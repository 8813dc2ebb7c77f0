"""The four portals in a browser: nothing breaks, nothing sticks out, everybody can use them."""

from __future__ import annotations

import pytest

from portal.access import Actor
from tests.browser.conftest import COLOURS, FRAME, PHONE, WIDE, Window
from tests.cast import ADA, NORA, REX, SUE

pytestmark = pytest.mark.browser

# The pages of each side, and the way to one thing of each kind by its first row.
PAGES: dict[Actor, tuple[str, ...]] = {
    ADA: (
        "/system",
        "/system/invoices",
        "/system/reports",
        "/system/clouds/north/reports?month=2026-10&by=service",
        "/system/people",
        "/system/people/1",
        "/system/keys",
        "/system/keys/new",
        "/system/audit",
        "/system/audit/1",
        "/system/settings",
        "/system/settings/second-factor",
    ),
    NORA: (
        "/cloud",
        "/cloud/invoices",
        "/cloud/invoices/NORTH-2026-000004",
        "/cloud/reports?month=2026-10",
        "/cloud/reports?month=2026-10&show=quantities&by=camera",
        "/cloud/commissions?month=2026-10",
        "/cloud/periods",
        "/cloud/periods/2026-10",
        "/cloud/people",
        "/cloud/people/6",
        "/cloud/people/6/deactivate",
        "/cloud/people/new",
        "/cloud/keys",
        "/cloud/audit",
        "/cloud/audit?object=user",
        "/cloud/settings",
        "/cloud/settings/second-factor",
        "/cloud/settings/look",
        "/cloud/tariffs/new",
    ),
    SUE: (
        "/my",
        "/my/invoices",
        "/my/invoices/NORTH-2026-000004",
        "/my/invoices/NORTH-2026-000004/lines/0",
        "/my/profile",
        "/my/cameras?month=2026-10",
        "/my/camera?id=canary-north%2Fyard&month=2026-10",
        "/account",
    ),
    REX: (
        "/referral",
        "/referral/subscribers",
        "/referral/subscribers/1",
        "/referral/subscribers/new",
        "/referral/agents",
        "/referral/commissions",
        "/referral/profile",
    ),
}


def _name(who: Actor) -> str:
    return str(who.role)


@pytest.mark.parametrize("who", PAGES, ids=_name)
async def test_the_pages_of_a_side_are_sound_wide_and_narrow_light_and_dark(
    window: Window, who: Actor
) -> None:
    await window.sign_in(who)
    assert window.path == PAGES[who][0]
    found: dict[str, object] = {}
    for number, path in enumerate(PAGES[who]):
        besides = FRAME if number else ()
        await window.page.set_viewport_size(WIDE)
        await window.page.emulate_media(color_scheme="light")
        assert await window.go(path) == 200, path
        if over := await window.overflow():
            found[f"{path}, wide"] = f"{over} px too wide"
        if wrong := await window.violations(besides):
            found[f"{path}, light"] = wrong
        await window.page.set_viewport_size(PHONE)
        await window.page.emulate_media(color_scheme="dark")
        if over := await window.overflow():
            found[f"{path}, 360 px"] = f"{over} px too wide"
        if wrong := await window.violations(besides, COLOURS if number else ()):
            found[f"{path}, dark, 360 px"] = wrong
    assert found == {}


async def test_the_way_in_is_sound(window: Window) -> None:
    await window.go("/login")
    for scheme in ("light", "dark"):
        await window.page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
        assert await window.violations() == [], scheme
    await window.page.set_viewport_size(PHONE)
    assert await window.overflow() == 0


async def test_a_page_that_is_not_there_is_sound_too(window: Window) -> None:
    window.expect(404)
    await window.sign_in(SUE)
    assert await window.go("/my/invoices/NORTH-2026-000005") == 404
    assert await window.violations() == []
