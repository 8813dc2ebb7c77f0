"""What is confirmed is done once: a second click, and Back and the button, change nothing more."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from html import unescape
from pathlib import Path

import httpx
import pytest

from portal.kit.actions.mail import Post
from tests.cast import ADA, CARL, NORA, SAM, SUE
from tests.routes.conftest import Site, Visitor
from tests.routes.november import november
from tests.routes.worked_example import worked
from tests.services import TestServices

CORRECTION = {
    "day": "2026-10-16",
    "meter": "recording.motion.depth",
    "quantity": "5",
    "reason": "The recorder was off",
}
CORRECT = "/cloud/camera/correct?id=gate"


@pytest.fixture(scope="module")
async def site(
    services: TestServices, template: str, worker_id: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Site]:
    directory: Path = tmp_path_factory.mktemp("twice")
    async with worked(services, template, f"{template}_{worker_id}_twice", directory) as it:
        await november(it)
        it.app.state.post = Post(is_set_up=True)
        yield it


@pytest.fixture(scope="module")
async def nora(site: Site) -> Visitor:
    return await site.as_(NORA)


async def deeds(site: Site) -> tuple[int, ...]:
    """How much is written down, corrected and sent so far."""
    (row,) = await site.rows(
        "select (select count(*) from audit), (select count(*) from usage_correction),"
        " (select count(*) from subscription), (select count(*) from delivery)"
    )
    return tuple(row)


def confirmed(page: httpx.Response) -> tuple[str, dict[str, str]]:
    """Where a page's form is sent, and what it sends by itself."""
    assert page.status_code == 200, page.text
    form = page.text.partition('<form id="form"')[2].partition("</form>")[0]
    (action,) = re.findall(r'action="([^"]+)"', form)
    boxes = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', form)
    return unescape(action), {
        unescape(name): unescape(value) for name, value in boxes if name != "_csrf_token"
    }


async def asked_to_correct(visitor: Visitor, quantity: str) -> tuple[str, dict[str, str]]:
    await visitor.get(CORRECT)
    return confirmed(await visitor.post(CORRECT, {**CORRECTION, "quantity": quantity}))


async def quantity(site: Site) -> int:
    (row,) = await site.rows(
        "select u.quantity from usage_day u join camera c on c.id = u.camera join meter m on m.id = u.meter"
        " where u.day = '2026-10-16' and m.key = $1 and c.external_id = 'gate' and c.cloud = 1",
        CORRECTION["meter"],
    )
    return int(row[0])


async def test_a_second_click_corrects_nothing_and_says_the_same(nora: Visitor, site: Site) -> None:
    action, boxes = await asked_to_correct(nora, "5")
    first = await nora.post(action, boxes)
    after = await deeds(site)
    second = await nora.post(action, boxes)
    assert (first.status_code, second.status_code) == (303, 303)
    assert first.headers["location"] == second.headers["location"]
    assert await deeds(site) == after
    assert await quantity(site) == 5


async def test_back_and_the_button_do_not_undo_what_came_later(nora: Visitor, site: Site) -> None:
    early = await asked_to_correct(nora, "4")
    await nora.post(*early)
    await nora.post(*await asked_to_correct(nora, "6"))
    after = await deeds(site)
    assert (await nora.post(*early)).status_code == 303
    assert await quantity(site) == 6
    assert await deeds(site) == after


async def test_a_correction_to_what_is_there_is_none(nora: Visitor, site: Site) -> None:
    before = await deeds(site)
    await nora.post(*await asked_to_correct(nora, str(await quantity(site))))
    assert await deeds(site) == before


async def test_a_key_is_ones_own(nora: Visitor, site: Site) -> None:
    """Whoever learns somebody's key keeps nobody from anything."""
    action, boxes = await asked_to_correct(nora, "3")
    ada = await site.as_(ADA)
    await ada.get("/account")
    theirs = action.replace("/cloud/", "/system/clouds/north/")
    assert (await ada.post(theirs, {**boxes, "quantity": "2"})).status_code == 303
    await nora.post(action, boxes)
    assert await quantity(site) == 3
    sam = await site.as_(SAM)
    await sam.get("/account")
    assert (await sam.post(action, boxes)).status_code == 404, "gate is North's"


SUSPENSION = "/cloud/camera/suspension?id=gate"
EXCESS = "/cloud/camera/excess?id=attic&meter=recording.motion.depth"
# Each with what it is taken back by, or what it leaves to do.
PAGES = {
    "a camera waits and goes on": [SUSPENSION, SUSPENSION],
    "an excess is accepted and is not": [EXCESS, f"{EXCESS}&withdraw=on"],
    "a subscriber waits and goes on": ["/cloud/subscribers/1/suspension"] * 2,
    "another tariff is usual, and the old one stops": [
        "/cloud/tariffs/home-30/default",
        "/cloud/tariffs/home-7/stop",
    ],
    "sessions end": [f"/cloud/people/{SUE.user}/end-sessions"],
    "a person goes, comes back and has a new password": [
        f"/cloud/people/{CARL.user}/{deed}"
        for deed in ("deactivate", "reactivate", "reset-password")
    ],
}


@pytest.mark.parametrize("pages", PAGES.values(), ids=PAGES)
async def test_every_page_that_asks_may_be_sent_twice(
    nora: Visitor, site: Site, pages: list[str]
) -> None:
    for page in pages:
        before = await deeds(site)
        action, boxes = confirmed(await nora.get(page))
        boxes["reason"] = "The police asked for it"
        first = await nora.post(action, boxes)
        after = await deeds(site)
        assert first.status_code == 303, first.text
        assert after != before or "end-sessions" in page, "the first click does it"
        second = await nora.post(action, boxes)
        assert second.status_code == 303, second.text
        assert second.headers["location"] == first.headers["location"]
        assert await deeds(site) == after


async def test_cameras_that_are_changed_at_once_are_changed_once(nora: Visitor, site: Site) -> None:
    page = "/cloud/cameras/selected?state=on_tariff"
    chosen = {"everything": "on", "intent": "end-save", "ends_on": "2026-11-20"}
    await nora.get("/cloud/cameras")
    action, boxes = confirmed(await nora.post(page, chosen))
    assert (await nora.post(action, boxes)).status_code == 303
    after = await deeds(site)
    again = await nora.post(action, boxes)
    assert again.status_code == 303
    assert await deeds(site) == after
    assert "changed already" in (await nora.get("/cloud/cameras")).text


async def test_a_cloud_is_suspended_once(site: Site) -> None:
    ada = await site.as_(ADA)
    for _step in ("suspended", "goes on"):
        action, boxes = confirmed(await ada.get("/system/clouds/south/suspension"))
        await ada.post(action, boxes)
        after = await deeds(site)
        assert (await ada.post(action, boxes)).status_code == 303
        assert await deeds(site) == after
