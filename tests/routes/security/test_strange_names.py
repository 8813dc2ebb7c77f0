"""Cameras to which Watcher gives the strangest names, from a reading to the pages of three portals.

Each is read, billed and listed; its page is opened from the link that the list renders, as a
browser follows it; it is corrected and suspended by portal and API; and nothing of it is another's.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import quote, urljoin, urlsplit

import httpx
import pytest

from portal.access import SYSTEM
from portal.accounts.actions import api_keys
from portal.demo.simulator import create_simulator
from portal.demo.simulator.seed import Seed, SeedCamera, SeedOrganization, SeedPreset, SeedUser
from portal.kit.queries import tenancy
from portal.values.external_id import complaint_of_id
from portal.watcher.actions.mappings import follow_mappings
from tests.cast import ADA, NORA, NORTH, SUE
from tests.routes.conftest import ORIGIN, Site, Visitor
from tests.routes.watched_clouds import PATH, made, watching, workers_read
from tests.routes.worked_example import words
from tests.services import TestServices
from tests.simulator.watchers import NOON, served

STRANGE = (
    *("site/gate", "/first", "last/", "a//b", "a/../b", "..", ".", "...", "100%", "50%25", "%2F"),
    *("what?", "#1", "two words", " led", "\"both\" 'kinds'", "<b>bold</b>", "🎥 cam", "a\\b"),
    *(
        "1+1",
        "this&that",
        "a=b;c",
        "caf\u00e9",
        "cafe\u0301",
        "SessionConfig",
        "session_config",
        "DOOR",
        "tab\there",
    ),
    *("line\nfeed", "return\r", "esc\x1b[0m", "nul\0nul", "para\u2028graph", "turn\u202eed"),
    *("n" * 255, "n" * 304, "con", "nul", "شرفة", "מצלמה", "gate@1", "null", "0", "-1"),
    *("{{ 7*7 }}", "%00", "\u200bunseen", "\ufeff", "id=1&month=2020-01", "suspend", "a@b", "~"),
)
# Each takes seven pages, or as many requests.
SOME = (
    "/first",
    "a/../b",
    "..",
    "100%",
    "#1",
    " led",
    "a\\b",
    "1+1",
    "this&that",
    "tab\there",
    "<b>bold</b>",
)
MONTH = "2026-11"


def watcher_of(names: tuple[str, ...]) -> Any:
    seed = Seed(
        system_key="north-key",
        organizations=[SeedOrganization(6, "House")],
        presets=[SeedPreset(7, "7 days", dvr_depth=7, alg="plates")],
        users=[SeedUser("nora", "nora-password", 1, is_admin=True, apikey="nora-key")],
        cameras=[SeedCamera(name, 6, 7, title=f"No. {n}") for n, name in enumerate(names)],
    )
    return create_simulator(seed, now=NOON)


@pytest.fixture(scope="module")
async def site(
    services: TestServices, template: str, worker_id: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Site]:
    directory: Path = tmp_path_factory.mktemp("strange")
    async with watching(services, template, f"{template}_{worker_id}_strange", directory) as it:
        yield it


@pytest.fixture(scope="module")
async def read_cameras(site: Site) -> dict[str, str]:
    """External ids by Watcher's name, read, mapped to Sue and billed since 5 November."""
    nora = await site.as_(NORA)
    async with served(watcher_of(STRANGE)) as url:
        one = await made(nora, url=url, decides="watcher")
        number = one.rpartition("/")[2]
        await nora.post(f"{one}/read")
        await workers_read(site)
        for path, target in (("organizations/6", "1"), ("presets/7", "home-7")):
            answer = await nora.post(f"{PATH}/mappings/{number}/{path}", {"target": target})
            assert answer.status_code == 303, words(answer.text)
        async with site.database.as_worker():
            await follow_mappings(NORTH, now=site.clock())
        site.clock.forward(days=1)
        nora = await site.as_(NORA)
        await nora.get(one)
        await nora.post(f"{one}/read")
        await workers_read(site)
    states = await site.rows("select state, message, warnings from reading where cloud = 1")
    assert [tuple(row) for row in states] == [("complete", "", [])] * 2
    found = await site.rows(
        "select c.name, c.external_id from camera c where c.cloud = 1 and watcher = $1", int(number)
    )
    by_title = {row["name"]: row["external_id"] for row in found}
    return {name: by_title[f"No. {n}"] for n, name in enumerate(STRANGE)}


@pytest.fixture(scope="module")
async def key(site: Site) -> dict[str, str]:
    async with site.database.as_worker():
        token = await api_keys.create(
            SYSTEM,
            name="nora@north.test",
            role="administrator",
            cloud=await tenancy.get(SYSTEM, "north"),
        )
    return {"authorization": f"Bearer {token}"}


def followed(link: str, base: str) -> str:
    """Where a browser goes that is shown a link: dots are climbed, tabs and ends of lines dropped."""
    url = urljoin(f"{ORIGIN}{base}", re.sub(r"[\t\r\n]", "", unescape(link)))
    parts = urlsplit(url)
    climbed: list[str] = []
    for segment in parts.path.split("/")[1:]:
        plain = re.sub("%2e", ".", segment, flags=re.IGNORECASE)
        if plain == "..":
            climbed = climbed[:-1]
        elif plain != ".":
            climbed.append(segment)
    return "/" + "/".join(climbed) + (f"?{parts.query}" if parts.query else "")


async def links(visitor: Visitor, path: str) -> dict[str, str]:
    """The links of a list's rows, by the text that they show, page after page."""
    found: dict[str, str] = {}
    for page in range(1, 5):
        sign = "&" if "?" in path else "?"
        here = f"{path}{sign}page={page}"
        answer = await visitor.get(here)
        assert answer.status_code == 200
        for link, text in re.findall(
            r'<a class="row-link[^"]*" href="([^"]*)"[^>]*>(.*?)</a>', answer.text, re.DOTALL
        ):
            found[unescape(re.sub("<[^>]*>", "", text)).strip()] = followed(link, here)
    return found


async def api(site: Site, key: dict[str, str], method: str, path: str, **sent: Any) -> Any:
    visitor = await site.visitor()
    answer = await visitor.client.request(
        method, f"/api/v1/clouds/north{path}", headers=key, **sent
    )
    assert answer.status_code in {200, 201}, (path, answer.text)
    return answer.json()


def test_ids_are_fit_for_every_place_and_each_is_its_own(read_cameras: dict[str, str]) -> None:
    assert len(set(read_cameras.values())) == len(STRANGE)
    for name, external_id in read_cameras.items():
        assert complaint_of_id(external_id) is None, name
    for name in (
        "site/gate",
        "100%",
        "🎥 cam",
        "cafe\u0301",
        "caf\u00e9",
        "session_config",
        "DOOR",
        "شرفة",
    ):
        assert read_cameras[name] == name, "what an id may hold stays"
    assert read_cameras["tab\there"] == "tab%09here"


@pytest.mark.parametrize(
    ("who", "listed", "opened"),
    [
        (NORA, f"/cloud/reports?by=camera&subscriber=1&show=quantities&month={MONTH}", STRANGE),
        (
            ADA,
            f"/system/clouds/north/reports?by=camera&show=quantities&month={MONTH}",
            STRANGE[::2],
        ),
        (SUE, f"/my/cameras?month={MONTH}", STRANGE[1::2]),
    ],
    ids=["operator", "platform", "subscriber"],
)
async def test_a_page_is_opened_from_the_link_of_the_list(
    site: Site, read_cameras: dict[str, str], who: Any, listed: str, opened: tuple[str, ...]
) -> None:
    visitor = await site.as_(who)
    shown = await links(visitor, listed)
    for name in opened:
        n = STRANGE.index(name)
        answer = await visitor.get(shown[f"No. {n}"])
        assert answer.status_code == 200, (name, shown[f"No. {n}"])
        text = unescape(answer.text)
        assert read_cameras[name] in text, name
        assert f"No. {n}" in words(answer.text), name
        # The month is chosen by a form that names the camera: it comes back to the same one.
        if found := re.search(r'name="id" value="([^"]*)"', answer.text):
            assert unescape(found[1]) == read_cameras[name]


async def test_each_is_suspended_and_goes_on_by_the_portal(
    site: Site, read_cameras: dict[str, str]
) -> None:
    nora = await site.as_(NORA)
    shown = await links(
        nora, f"/cloud/reports?by=camera&subscriber=1&show=quantities&month={MONTH}"
    )
    query = "select external_id from camera where suspended"
    for name in SOME:
        n = STRANGE.index(name)
        page = await nora.get(shown[f"No. {n}"])
        (link,) = re.findall(r'href="([^"]*/camera/suspension[^"]*)"', page.text)
        asked = await nora.get(followed(link, shown[f"No. {n}"]))
        assert asked.status_code == 200, name
        (action,) = re.findall(r'<form[^>]*action="([^"]*suspension[^"]*)"', asked.text)
        for sent, suspended in (({"suspended": "on"}, [read_cameras[name]]), ({}, [])):
            done = await nora.post(followed(action, shown[f"No. {n}"]), sent)
            assert done.status_code == 303, name
            assert [row[0] for row in await site.rows(query)] == suspended
            back = await nora.get(followed(done.headers["location"], "/"))
            assert back.status_code == 200, name


async def test_each_is_read_changed_suspended_and_corrected_by_the_api(
    site: Site, read_cameras: dict[str, str], key: dict[str, str]
) -> None:
    listed: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        page = await api(
            site,
            key,
            "GET",
            "/cameras",
            params={"limit": 20} | ({"cursor": cursor} if cursor else {}),
        )
        listed += [one["external_id"] for one in page["items"]]
        cursor = page["next"]
    assert set(read_cameras.values()) <= set(listed)
    assert len(listed) == len(set(listed))
    for n, (name, external_id) in enumerate(read_cameras.items()):
        path = f"/cameras/{quote(external_id, safe='')}"
        told = await api(site, key, "GET", path)
        assert (told["external_id"], told["name"], told["subscriber"]) == (
            external_id,
            f"No. {n}",
            1,
        ), name
        (one,) = (await api(site, key, "GET", f"{path}/subscriptions"))["items"]
        assert (one["tariff"], one["starts_on"], one["ends_on"]) == ("home-7", "2026-11-05", None)
        assert (await api(site, key, "GET", f"{path}/intervals"))["items"], name
        if name not in SOME:
            continue
        assert (await api(site, key, "POST", f"{path}/suspend"))["suspended"] is True
        assert (await api(site, key, "POST", f"{path}/resume"))["suspended"] is False
        assert (await api(site, key, "PATCH", path, json={"name": f"No. {n}"}))[
            "name"
        ] == f"No. {n}"
        row = {"camera": external_id, "day": "2026-11-05", "meter": "archive.stored"}
        sent = await api(site, key, "POST", "/usage", json=[{**row, "quantity": 10**9 + n}])
        assert sent["accepted"] == 1, name
        fixed = {**row, "quantity": n, "reason": "Recorder was misconfigured"}
        assert (await api(site, key, "POST", "/usage/corrections", json=fixed))["quantity"] == str(
            n
        )
        used = await api(
            site,
            key,
            "GET",
            "/usage",
            params={"period": MONTH, "camera": external_id, "limit": 100},
        )
        assert {item["camera"] for item in used["items"]} == {external_id}
        stored = {i["day"]: i["quantity"] for i in used["items"] if i["meter"] == "archive.stored"}
        assert stored["2026-11-05"] == str(n), name


NOBODYS = (
    *("", ".", "..", "no such", "%00", "a%00b", "%FF", "%ED%A0%80", "a%0Ab", "a%09b", "%E2%80%AE"),
    *("n" * 256, "n" * 5000, "%3Cb%3E", "..%2f..%2fetc", "%2525", "gate%20", "GATE"),
)


async def test_what_no_camera_is_called_is_404_and_said_so_on_a_page(
    site: Site, read_cameras: dict[str, str], key: dict[str, str]
) -> None:
    nora, ada, sue = [await site.as_(who) for who in (NORA, ADA, SUE)]
    machine = (await site.visitor()).client
    for sent in NOBODYS:
        asked: list[tuple[Visitor, str]] = [
            (nora, f"/cloud/camera?id={sent}"),
            (nora, f"/cloud/camera/suspension?id={sent}"),
            (ada, f"/system/clouds/north/camera?id={sent}"),
        ]
        if sent not in {"", ".", ".."}:  # of a path these are another one
            asked.append((sue, f"/my/camera?id={sent}"))
            told: httpx.Response = await machine.get(
                f"/api/v1/clouds/north/cameras/{sent}", headers=key
            )
            assert told.status_code == 404, told.text
            assert told.headers["content-type"].startswith("application/problem+json")
        for visitor, path in asked:
            answer = await visitor.get(path)
            assert answer.status_code == 404, path
            text = words(answer.text)
            assert re.search("no camera|no such (camera|page)", text), path
            assert "<b>" not in answer.text
            assert not set(text) & {"\0", "\u202e", "\x1b"}
            if "?" in path:
                assert "<!doctype html>" in answer.text, "a page of the portal"


async def test_reconciliation_leads_to_each_that_is_not_billed(
    site: Site, read_cameras: dict[str, str]
) -> None:
    """Their subscriptions are gone: each records and is in the list, with a link to its page."""
    await site.rows("delete from subscription where follows is not null returning id")
    nora = await site.as_(NORA)
    shown = await links(
        nora, f"/cloud/watcher/reconciliation?month={MONTH}&kind=recorded_not_billed&sort=camera"
    )
    assert {one.strip() for one in read_cameras.values()} <= set(shown)
    for external_id in map(read_cameras.__getitem__, SOME):
        answer = await nora.get(shown[external_id.strip()])
        assert answer.status_code == 200, external_id
        assert external_id in unescape(answer.text)
