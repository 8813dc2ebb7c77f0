"""Cameras of an operator as a list: found, added, and changed several at once."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.cast import ADA, ANN, CARL, NORA, SAM
from tests.routes.conftest import Site, Visitor
from tests.routes.november import november, subscriptions
from tests.routes.worked_example import read, rows, words, worked
from tests.services import TestServices


@pytest.fixture(scope="module")
async def site(
    services: TestServices, template: str, worker_id: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Site]:
    directory: Path = tmp_path_factory.mktemp("camera_list")
    async with worked(services, template, f"{template}_{worker_id}_camera_list", directory) as it:
        await november(it)
        yield it


@pytest.fixture(scope="module")
async def nora(site: Site) -> Visitor:
    return await site.as_(NORA)


# --- The list -------------------------------------------------------------------------------------


async def test_the_list_says_where_a_camera_is_and_whether_it_is_paid_for(nora: Visitor) -> None:
    html = (await nora.get("/cloud/cameras?q=attic")).text
    assert 'href="/cloud/camera?id=attic"' in html
    row = rows(html, "rows")[1]
    assert row[0].startswith("Select") or "Attic" in " ".join(row)
    text = words(html)
    assert "30 / 7 days More than sold" in text
    assert "Margin of October 2026." in text
    found = words((await nora.get("/cloud/cameras")).text)
    for name in ("Attic", "Gate", "Loft", "Yard"):
        assert name in found
    assert "€0.45" in found, "the margin of gate"


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("q=ATT", ["attic"]),
        ("subscriber=1&state=on_tariff", ["attic", "gate", "yard"]),
        ("tariff=-", ["loft"]),
        ("off=keeps", ["attic"]),
        ("off=loses", []),
        ("state=suspended", []),
        ("state=odd&off=odd&sort=odd&page=9", ["attic", "gate", "loft", "yard"]),
        ("subscriber=2", []),
        ("sort=-name", ["yard", "loft", "gate", "attic"]),
    ],
)
async def test_filters_leave_what_they_name_also_in_the_file(
    nora: Visitor, query: str, names: list[str]
) -> None:
    file = (await nora.get(f"/cloud/cameras?{query}&format=csv")).text
    lines = file.removeprefix("\ufeff").strip().splitlines()[1:]
    assert [line.split(",")[1] for line in lines] == names
    html = (await nora.get(f"/cloud/cameras?{query}")).text
    shown = re.findall(r'class="row-link[^"]*" href="/cloud/camera\?id=([a-z]+)"', html)
    assert shown == names


async def test_the_list_is_read_by_role(site: Site) -> None:
    ann, sam, ada = await site.as_(ANN), await site.as_(SAM), await site.as_(ADA)
    text = await read(ann, "/cloud/cameras")
    assert "Margin" not in text
    assert "Gate" in text
    assert "Gate" not in await read(sam, "/cloud/cameras")
    assert "Gate" in await read(ada, "/system/clouds/north/cameras")
    assert (await (await site.as_(NORA)).get("/system/clouds/north/cameras")).status_code == 403


# --- Several at once ------------------------------------------------------------------------------


async def test_cameras_are_added_all_or_none(nora: Visitor, site: Site) -> None:
    path = "/cloud/cameras/new"
    await nora.get(path)
    form = {"subscriber": "2", "tariff": "home-7", "starts_on": "2026-11-05"}
    answer = await nora.post(path, {**form, "cameras": "pier; Pier\ngate; Gate\n\0"})
    assert answer.status_code == 422
    assert "line 3" in words(answer.text)
    answer = await nora.post(path, {**form, "cameras": "pier; Pier\ngate; Gate"})
    assert answer.status_code == 422
    assert "line 2: gate belongs to customer 1: move it first" in words(answer.text)
    answer = await nora.post(path, {**form, "subscriber": "", "cameras": ""})
    assert "choose a subscriber" in words(answer.text)
    assert "type at least one camera" in words(answer.text)
    closed = {**form, "starts_on": "2026-10-05", "cameras": "pier"}
    assert (await nora.post(path, closed)).status_code == 422
    assert await site.rows("select from camera where external_id = 'pier'") == []
    answer = await nora.post(path, {**form, "cameras": "pier; Pier\n\nquay; Quay"})
    assert answer.headers["location"] == "/cloud/cameras?subscriber=2"
    for name in ("pier", "quay"):
        assert await subscriptions(site, name) == ["home-7 2 2026-11-05..None"]


async def test_a_choice_of_cameras_is_put_on_a_tariff_once_that_is_confirmed(
    nora: Visitor, site: Site
) -> None:
    path = "/cloud/cameras/selected"
    await nora.get("/cloud/cameras")
    chosen = {"pick-pier": "on", "pick-quay": "on"}
    asked = await nora.post(path, {**chosen, "intent": "tariff"})
    assert "2 cameras are selected." in words(asked.text)
    form = {**chosen, "intent": "tariff-save", "tariff": "home-30", "starts_on": "2026-11-20"}
    told = words((await nora.post(path, form)).text)
    assert "Price a month now €19.80" in told
    assert "Price a month then €39.80" in told
    assert await subscriptions(site, "pier") == ["home-7 2 2026-11-05..None"]
    for _click in range(2):
        assert (await nora.post(path, {**form, "confirmed": "on"})).status_code == 303
    for name in ("pier", "quay"):
        after = ["home-7 2 2026-11-05..2026-11-20", "home-30 2 2026-11-20..None"]
        assert await subscriptions(site, name) == after


async def test_of_several_none_is_changed_where_one_cannot_be(nora: Visitor, site: Site) -> None:
    path = "/cloud/cameras/selected"
    before = await subscriptions(site, "gate")
    form = {"pick-gate": "on", "pick-pier": "on", "intent": "end-save", "confirmed": "on"}
    refused = await nora.post(path, {**form, "ends_on": "2026-11-10"})
    assert refused.status_code == 422
    assert "pier: A subscription to home-30 begins on 20 November 2026" in words(refused.text)
    assert await subscriptions(site, "gate") == before, "it came first, and nothing of it is done"
    done = await nora.post(path, {"pick-pier": "on", **form, "ends_on": "2026-12-01"})
    assert done.status_code == 303
    assert (await subscriptions(site, "pier"))[-1] == "home-30 2 2026-11-20..2026-12-01"
    assert (await subscriptions(site, "gate"))[-1].endswith("..2026-12-01")


async def test_all_that_match_are_chosen_by_the_filters(nora: Visitor, site: Site) -> None:
    everything = await nora.post("/cloud/cameras/selected?q=quay", {"intent": "everything"})
    assert everything.headers["location"] == "/cloud/cameras?q=quay&everything=on"
    form = {"everything": "on", "intent": "move-save", "confirmed": "on"}
    form |= {"subscriber": "1", "tariff": "home-7", "starts_on": "2026-11-05"}
    answer = await nora.post("/cloud/cameras/selected?q=quay", form)
    assert answer.status_code == 422, "a later subscription is in the way"
    end = {"everything": "on", "intent": "end-save", "confirmed": "on", "ends_on": "2026-11-21"}
    assert (await nora.post("/cloud/cameras/selected?q=quay", end)).status_code == 303
    assert (await subscriptions(site, "quay"))[-1] == "home-30 2 2026-11-20..2026-11-21"
    none = await nora.post("/cloud/cameras/selected", {"intent": "end"})
    assert none.status_code == 303
    assert "Select at least one camera." in await read(nora, "/cloud/cameras")
    assert (await nora.post("/cloud/cameras/selected", {"intent": "odd"})).status_code == 404


async def test_others_cameras_are_not_chosen(site: Site) -> None:
    sam = await site.as_(SAM)
    await sam.get("/cloud/cameras")
    form = {"pick-gate": "on", "intent": "end-save", "ends_on": "2026-11-21", "confirmed": "on"}
    assert (await sam.post("/cloud/cameras/selected", form)).status_code == 404
    carl = await site.as_(CARL)
    await carl.get("/cloud/cameras")
    assert (await carl.post("/cloud/cameras/selected", form)).status_code == 403
    assert (await carl.get("/cloud/cameras/new")).status_code == 403
