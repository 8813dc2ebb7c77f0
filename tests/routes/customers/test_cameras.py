"""A camera of an operator through its pages: explained, and cured."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from html import unescape
from pathlib import Path

import pytest

from portal.access import SYSTEM
from portal.db import atomic
from tests.cast import ADA, ANN, CARL, NORA, NORTH, SAM
from tests.factories import days, use
from tests.routes.conftest import Site, Visitor
from tests.routes.november import november, subscriptions
from tests.routes.worked_example import HTMX, read, rows, words, worked
from tests.services import TestServices

ATTIC = "/cloud/camera?id=attic"


@pytest.fixture(scope="module")
async def site(
    services: TestServices, template: str, worker_id: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Site]:
    directory: Path = tmp_path_factory.mktemp("cameras")
    async with worked(services, template, f"{template}_{worker_id}_cameras", directory) as it:
        await november(it)
        yield it


@pytest.fixture(scope="module")
async def nora(site: Site) -> Visitor:
    return await site.as_(NORA)


# --- The page of one ------------------------------------------------------------------------------


async def test_what_is_off_is_said_first_with_its_cost_and_its_cure(nora: Visitor) -> None:
    html = (await nora.get(ATTIC)).text
    text = words(html)
    # 23 days too many on 4 of 30 days at 0.50 are 1.53.
    assert (
        "Keeps 30 days of archive on a tariff of 7 days In November so far that cost €1.53." in text
    )
    assert "Change to Home 30 (+€10.00 a month)" in text
    assert "Set the preset" not in text, "Camledger decides about presets nowhere here"
    assert "Accept for this camera" in text
    assert 'href="/cloud/camera/tariff?id=attic&amp;tariff=home-30"' in html
    # Whoever comes from a list that names the cause alone finds the same tariff chosen.
    form = (await nora.get("/cloud/camera/tariff?id=attic")).text
    assert '<option value="home-30" selected>' in form
    fits = (await nora.get("/cloud/camera/tariff?id=gate")).text
    assert "selected>" not in fits.partition('name="tariff"')[2].partition("</select>")[0]
    asked = await read(nora, "/cloud/camera/preset?id=attic")
    assert "30 days kept, 7 sold" in asked
    assert "Archive from before 29 Oct 2026 is deleted." in asked


async def test_lists_of_why_sum_to_the_cards(nora: Visitor) -> None:
    html = (await nora.get("/cloud/camera?id=gate&month=2026-10")).text
    text = words(html)
    for card in ("Charged €8.91", "Cost €7.12", "Commission €1.34", "Margin €0.45"):
        assert card in text
    assert [row[-1] for row in rows(html, "why")[1:]] == ["€9.90"]
    assert [row[-1] for row in rows(html, "cost")[1:]] == ["€3.50", "€4.00"]
    assert "Charges €9.90 Discounts and credit notes −€0.99 Charged €8.91" in text
    assert "Charges €7.50 Discount −€0.38 Cost €7.12" in text
    assert "differ" not in text


async def test_a_charge_that_nothing_explains_is_red_and_names_verify(
    nora: Visitor, site: Site
) -> None:
    await site.rows("alter table charge disable trigger user")
    change = (
        "update charge set amount = amount {} where side = 'wholesale' and camera ="
        " (select id from camera where external_id = 'yard' and cloud = 1)"
    )
    await site.rows(change.format("+ 7"))
    text = await read(nora, "/cloud/camera?id=yard&month=2026-10")
    await site.rows(change.format("- 7"))
    await site.rows("alter table charge enable trigger user")
    assert "The books differ from what usage and prices come to" in text
    assert "camledger verify" in text
    assert "differ" not in await read(nora, "/cloud/camera?id=yard&month=2026-10")


async def test_an_account_manager_reads_no_cost_of_hers(site: Site) -> None:
    ann = await site.as_(ANN)
    for path in ("/cloud/camera?id=gate&month=2026-10", ATTIC):
        text = await read(ann, path)
        for word in ("Cost", "Margin", "ommission", "platform", "cost €"):
            assert word not in text, (path, word)
    assert "Keeps 30 days of archive on a tariff of 7 days" in await read(ann, ATTIC)
    assert (await ann.get("/cloud/camera?id=loft")).status_code == 404
    assert (await ann.get("/cloud/camera/correct?id=gate")).status_code == 403


async def test_the_platform_has_the_same_pages_below_the_cloud(site: Site) -> None:
    ada, sam = await site.as_(ADA), await site.as_(SAM)
    text = await read(ada, "/system/clouds/north/camera?id=attic")
    assert "Keeps 30 days of archive on a tariff of 7 days" in text
    assert "Clouds" in text
    assert (await ada.get("/system/clouds/north/camera/move?id=attic")).status_code == 200
    for page in ("", "/tariff", "/move", "/correct", "/excess", "/preset"):
        assert (await sam.get(f"/cloud/camera{page}?id=attic")).status_code == 404, page


# --- Another tariff -------------------------------------------------------------------------------


async def test_a_tariff_is_tried_while_one_types_and_then_changed(
    nora: Visitor, site: Site
) -> None:
    path = "/cloud/camera/tariff?id=attic"
    text = await read(nora, f"{path}&tariff=home-30")
    # November 5th is today: 4 days of the old, 26 of the new.
    assert "November: €9.90 × 4⁄30 + €19.90 × 26⁄30 = €18.57" in text
    assert "A full month: €19.90 instead of €9.90 (+€10.00)" in text
    form = {"tariff": "home-30", "starts_on": "2026-11-16"}
    part = await nora.post(path, {**form, "intent": "recalculate"}, headers=HTMX)
    assert part.text.strip().startswith('<div id="computed">')
    assert "November: €9.90 × 15⁄30 + €19.90 × 15⁄30 = €14.90" in words(part.text)
    assert await subscriptions(site, "attic") == ["home-7 1 2026-11-01..None"]
    for _click in range(2):
        answer = await nora.post(path, form)
        assert (answer.status_code, answer.headers["location"]) == (303, ATTIC)
    after = ["home-7 1 2026-11-01..2026-11-16", "home-30 1 2026-11-16..None"]
    assert await subscriptions(site, "attic") == after


async def test_what_begins_on_the_day_itself_is_set_anew(nora: Visitor, site: Site) -> None:
    path = "/cloud/camera/tariff?id=attic"
    answer = await nora.post(path, {"tariff": "home-7", "starts_on": "2026-11-16"})
    assert answer.status_code == 303
    after = ["home-7 1 2026-11-01..2026-11-16", "home-7 1 2026-11-16..None"]
    assert await subscriptions(site, "attic") == after
    await nora.post(path, {"tariff": "home-30", "starts_on": "2026-11-16"})
    logged = await site.rows(
        "select action from audit where action like 'subscription.%' order by seq"
    )
    assert [one[0] for one in logged] == [
        "subscription.end", "subscription.create", "subscription.change", "subscription.change",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"tariff": "home-30", "starts_on": "2026-10-31"}, "October 2026 is closed. The first day that is possible is 1 November 2026."),
        ({"tariff": "home-30", "starts_on": "2025-12-31"}, "is before the tariff's first version"),
        ({"tariff": "no such", "starts_on": "2026-11-20"}, "No tariff fits no such."),
        ({"tariff": "", "starts_on": "2026-11-20"}, "Tariff"),
        ({"tariff": "home-30", "starts_on": "tomorrow"}, "must be a day like"),
        ({"tariff": "home", "starts_on": "2026-11-20"}, "Several fit. Choose one."),
    ],
)  # fmt: skip
async def test_a_wrong_change_is_refused_at_its_field(
    nora: Visitor, site: Site, form: dict[str, str], said: str
) -> None:
    before = await subscriptions(site, "attic")
    answer = await nora.post("/cloud/camera/tariff?id=attic", form)
    assert answer.status_code == 422
    assert said in words(answer.text)
    assert await subscriptions(site, "attic") == before


async def test_accountants_change_nothing(site: Site) -> None:
    carl = await site.as_(CARL)
    text = await read(carl, ATTIC)
    for word in ("Change tariff", "Move", "Suspend", "Correct usage", "Accept for"):
        assert word not in text
    for page in ("tariff", "move", "correct", "excess", "preset"):
        path = f"/cloud/camera/{page}?id=attic"
        assert (await carl.get(path)).status_code == 403, page
        assert (await carl.post(path, {})).status_code == 403, page


# --- Another subscriber ---------------------------------------------------------------------------


async def test_a_camera_changes_hands_on_a_day(nora: Visitor, site: Site) -> None:
    path = "/cloud/camera/move?id=loft"
    form = {"subscriber": "2", "tariff": "home-7", "starts_on": "2026-11-03"}
    assert "November: €9.90 × 28⁄30 = €9.24" in words(
        (await nora.post(path, {**form, "intent": "recalculate"})).text
    )
    for _click in range(2):
        assert (await nora.post(path, form)).status_code == 303
    assert await subscriptions(site, "loft") == ["home-7 2 2026-11-03..None"]
    on = {"subscriber": "1", "tariff": "home-30", "starts_on": "2026-11-05"}
    assert (await nora.post(path, on)).status_code == 303
    after = ["home-7 2 2026-11-03..2026-11-05", "home-30 1 2026-11-05..None"]
    assert await subscriptions(site, "loft") == after
    owner = await site.rows("select subscriber from camera where external_id = 'loft'")
    assert owner[0][0] == 1
    for wrong, said in (
        ({**on, "subscriber": "99"}, "No subscriber fits 99."),
        ({**on, "subscriber": "2", "starts_on": "2026-11-07"}, "a camera changes hands at once"),
        ({**on, "subscriber": "2", "starts_on": "2026-10-07"}, "October 2026 is closed"),
    ):
        answer = await nora.post(path, wrong)
        assert answer.status_code == 422, wrong
        assert said in words(answer.text)
    assert await subscriptions(site, "loft") == after


# --- What was read wrong --------------------------------------------------------------------------


async def test_a_correction_says_what_it_changes_before_it_is_done(
    nora: Visitor, site: Site
) -> None:
    path = "/cloud/camera/correct?id=gate"
    form = {
        "day": "2026-10-16",
        "meter": "recording.motion.depth",
        "quantity": "0",
        "reason": "The recorder was off",
    }
    quantity = "select quantity from usage_day where day = '2026-10-16' and meter = (select id from meter where key = 'recording.motion.depth') and camera = (select id from camera where external_id = 'gate' and cloud = 1)"
    await nora.get(path)
    asked = await nora.post(path, form)
    text = words(unescape(asked.text))
    assert asked.status_code == 200
    assert "Value now 7 Value then 0" in text
    # 7 ÷ 31 × 0.50 = 0.11
    assert "Paid to the platform about −€0.11" in text
    assert "October 2026 is closed. The next close corrects it" in text
    assert (await site.rows(quantity))[0][0] == 7, "nothing is done yet"
    hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', asked.text))
    assert hidden.pop("confirmed") == "on"
    answer = await nora.post(path, {**form, "confirmed": "on"})
    assert answer.headers["location"] == "/cloud/camera?id=gate&month=2026-10"
    assert (await site.rows(quantity))[0][0] == 0
    text = await read(nora, "/cloud/camera?id=gate&month=2026-10")
    assert "Usage has changed since. The next close corrects it." in text
    await nora.post(path, {**form, "quantity": "7", "confirmed": "on"})


async def test_a_wrong_correction_is_refused_at_every_field(nora: Visitor) -> None:
    path = "/cloud/camera/correct?id=gate"
    answer = await nora.post(path, {"day": "2026-12-24", "quantity": "many"})
    assert answer.status_code == 422
    text = words(answer.text)
    for said in ("choose a meter", "must be a number", "has not come yet", "is required"):
        assert said in text
    form = {"day": "2026-10-16", "reason": "so"}
    for meter, quantity, said in (
        ("camera.enabled", "2", "is a flag, 0 or 1"),
        ("recording.motion.depth", "-1", "must"),
        ("recording.motion.depth", "1.234", "may be read in two ways"),
        ("recording.time", "25", "86400 seconds"),
    ):
        sent = {**form, "meter": meter, "quantity": quantity, "confirmed": "on"}
        answer = await nora.post(path, sent)
        assert answer.status_code == 422, meter
        assert said in words(answer.text), words(answer.text)


# --- What somebody accepts ------------------------------------------------------------------------


async def test_an_excess_is_accepted_with_a_reason_and_told_again(nora: Visitor) -> None:
    path = "/cloud/camera/excess?id=attic&meter=recording.motion.depth"
    await nora.get(path)
    refused = await nora.post(path, {"reason": ""})
    assert refused.status_code == 422
    for _click in range(2):
        assert (await nora.post(path, {"reason": "The police asked"})).status_code == 303
    text = await read(nora, ATTIC)
    assert "Keeps 30 days" not in text
    assert "The police asked" in text
    for _click in range(2):
        assert (await nora.post(f"{path}&withdraw=on", {})).status_code == 303
    assert "Keeps 30 days" in await read(nora, ATTIC)


async def test_a_preset_is_set_only_where_camledger_decides(nora: Visitor) -> None:
    await nora.get("/cloud/camera/preset?id=attic")
    answer = await nora.post("/cloud/camera/preset?id=attic", {})
    assert answer.status_code == 303
    assert "Camledger does not decide about presets" in await read(nora, ATTIC)


async def test_what_cures_an_excess_stands_beside_the_row(nora: Visitor, site: Site) -> None:
    """Where one archive is too deep, it is accepted from there, and set where Camledger decides."""
    await _gate_keeps(site, 30)
    accept = 'href="/cloud/camera/excess?id=gate&amp;meter=recording.motion.depth">Accept</a>'
    preset = 'href="/cloud/camera/preset?id=gate">Set the preset</a>'
    for page in ("/cloud?by=cameras", "/cloud/subscribers/1", "/cloud/cameras?off=keeps"):
        html = (await nora.get(page)).text
        assert "ore than sold" in html
        assert accept in html, page
        assert preset not in html, "Camledger decides about presets nowhere here"
    await site.rows(
        "insert into connection (cloud, api, url, read_every_minutes, secret, provision) values"
        " (1, 'v3', 'https://watcher.test', 60, '', true) returning id"
    )
    assert preset in (await nora.get("/cloud?by=cameras")).text
    carl = (await (await site.as_(CARL)).get("/cloud?by=cameras")).text
    assert "Keeps more than sold" in carl
    assert "/cloud/camera/excess" not in carl
    await site.rows("delete from connection where url = 'https://watcher.test' returning id")


async def _gate_keeps(site: Site, depth: int) -> None:
    """Gate lost money in October, and kept more than is sold yesterday."""
    async with site.database.as_worker(), atomic(SYSTEM) as tx:
        meter = await tx.fetchval("select id from meter where key = 'recording.motion.depth'")
        gate = await tx.fetchval("select id from camera where cloud = 1 and external_id = 'gate'")
        await use(tx, NORTH, gate, meter, days("2026-11-04", "2026-11-05"), depth)
        for table, row in (("margin", f"camera = {gate}"), ("subscriber_month", "subscriber = 1")):
            await tx.execute(f"alter table {table} disable trigger user")
            await tx.execute(f"update {table} set cost = cost + 2000 where cloud = 1 and {row}")
            await tx.execute(f"alter table {table} enable trigger user")


async def test_a_camera_that_lost_money_says_why_and_what_cures_that(site: Site) -> None:
    """Sue has 10 % off: without it, without the commission, or at no price gate earns again."""
    nora, gate = await site.as_(NORA), "/cloud/camera?id=gate&month=2026-10"
    row = "camera = (select id from camera where cloud = 1 and external_id = 'gate')"
    (kept,) = await site.rows(f"select cost, commission from margin where {row}")
    discount = 'href="/cloud/subscribers/1/edit">Change discount'
    tariff = 'href="/cloud/camera/tariff?id=gate">Change tariff'
    try:
        for cost, commission, told, cures in (
            ("revenue + 1", "0", "Discount of 10%", (discount, tariff)),
            ("revenue - 1", "150", "Commission", (tariff,)),
            ("revenue + 900", "0", "more than its subscriber pays after discount", (tariff,)),
        ):
            await _margin(site, row, cost, commission)
            html = (await nora.get(gate)).text
            notice = html.partition("this camera lost")[2].partition("alert")[0]
            assert told in words(notice), told
            assert [cure in notice for cure in cures] == [True] * len(cures), notice
            assert (discount in notice) == (discount in cures)
    finally:
        await _margin(site, row, str(kept["cost"]), str(kept["commission"]))


async def _margin(site: Site, row: str, cost: str, commission: str) -> None:
    async with site.database.as_worker(), atomic(SYSTEM) as tx:
        await tx.execute("alter table margin disable trigger user")
        await tx.execute(
            f"update margin set cost = {cost}, commission = {commission} where cloud = 1 and {row}"
        )
        await tx.execute("alter table margin enable trigger user")
