"""Connecting, testing and reading a Watcher, changing and removing a connection, by the pages."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from portal.gateways.vault import Vault
from tests.cast import ADA, CARL, NORA, SAM
from tests.routes.conftest import Site, Visitor
from tests.routes.watched_clouds import (
    ABOVE,
    NEW,
    PATH,
    SECRET,
    SOUTHS,
    end_all,
    made,
    watcher,
    watching,
    workers_read,
)
from tests.routes.worked_example import HTMX, read, rows, words
from tests.services import TestServices


@pytest.fixture(scope="module")
async def site(
    services: TestServices, template: str, worker_id: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Site]:
    directory: Path = tmp_path_factory.mktemp("watcher")
    async with watching(services, template, f"{template}_{worker_id}_watcher", directory) as it:
        yield it


@pytest.fixture(scope="module")
async def nora(site: Site) -> Visitor:
    return await site.as_(NORA)


@pytest.fixture(scope="module")
async def url() -> AsyncIterator[str]:
    async with watcher() as address:
        yield address


def wrong_fields(html: str) -> set[str]:
    return set(re.findall(r'id="error-(\w+)"', html))


@pytest.mark.parametrize("number", ["-1", "0", "9" * 19, "9" * 40, "9" * 5000])
async def test_a_number_that_no_database_holds_is_not_there(nora: Visitor, number: str):
    for path in (f"{PATH}/{number}", f"{PATH}/{number}/edit", f"{PATH}/{number}/progress"):
        assert (await nora.get(path)).status_code in {404, 422}, path
    for path in (f"{PATH}/mappings/1/organizations/{number}", f"/account/sessions/{number}/end"):
        assert (await nora.post(path)).status_code in {400, 404, 422}, path


async def test_before_the_first_connection_there_is_one_thing_to_do(site: Site, nora: Visitor):
    html = (await nora.get(PATH)).text
    assert "No Watcher is connected" in html
    assert f'href="{PATH}/new"' in html
    carl = await site.as_(CARL)
    html = (await carl.get(PATH)).text
    assert "Your cloud's administrator connects one" in words(html)
    assert f"{PATH}/new" not in html
    assert "There is nothing to compare the books with" in await read(
        nora, "/cloud/watcher/reconciliation"
    )
    assert "Nothing to map yet" in await read(nora, f"{PATH}/mappings")


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"url": ""}, {"url"}),
        ({"url": "nonsense"}, {"url"}),
        ({"url": "http://0.0.0.0"}, {"url"}),
        ({"api": "v4"}, {"api"}),
        ({"password": ""}, {"password"}),
        ({"login": "", "password": ""}, {"api_key"}),
        ({"api": "v3", "login": "", "password": "", "api_key": "key"}, {"login"}),
        ({"organizations": "6, x"}, {"organizations"}),
        ({"organizations": ","}, {"organizations"}),
        ({"read_every_minutes": "0", "url": ""}, {"read_every_minutes", "url"}),
        ({"decides": "both", "url": ""}, {"decides", "url"}),
    ],
)
async def test_what_cannot_be_a_connection_is_told_at_its_field(nora: Visitor, fields, wrong):
    await nora.get(f"{PATH}/new")
    before = {**NEW, "organizations": "6", "api_key": "the-key", **fields}
    if "api_key" in wrong:
        before["api_key"] = ""
    answer = await nora.post(f"{PATH}/new", before)
    assert answer.status_code == 422
    assert wrong_fields(answer.text) == wrong
    assert answer.text.startswith("<!doctype html>")
    block = await nora.post(f"{PATH}/new", before, headers=HTMX)
    assert block.status_code == 422
    assert block.text.lstrip().startswith('<form id="form"')
    assert f'value="{before["organizations"]}"' in block.text
    assert f'value="{before["login"]}"' in block.text
    for text in (answer.text, block.text):
        assert SECRET not in text
        assert "the-key" not in text


async def test_a_watcher_is_connected_tested_and_read(site: Site, nora: Visitor, url: str):
    one = await made(nora, url=url, organizations="6, 1")
    html = (await nora.get(one)).text
    text = words(html)
    assert "is connected. Test it, then let it be read." in text
    assert "It has not been read yet" in text
    assert "Stored credentials Login and password Organizations 6, 1 Read every 60 min" in text
    assert SECRET not in html

    whole = await nora.post(f"{one}/test")
    assert "Everything works Tested 5 Nov 2026, 13:00 OK Organizations" in words(whole.text)
    assert whole.text.startswith("<!doctype html>")
    block = await nora.post(f"{one}/test", headers=HTMX)
    assert block.text.lstrip().startswith('<div id="checks"')
    assert "OK Recorded time" in words(block.text)

    asked = await nora.post(f"{one}/read", headers=HTMX)
    assert "A reading has been asked for" in asked.headers["HX-Trigger"]
    assert asked.text.lstrip().startswith('<div id="report"')
    assert f'hx-get="{one}/progress" hx-trigger="every 2s"' in asked.text
    assert "0 cameras, 0 pages so far" in await read(nora, f"{one}/progress")
    again = await nora.post(f"{one}/read")
    assert (again.status_code, again.headers["location"]) == (303, one)
    assert "Running" in await read(nora, PATH)

    await workers_read(site)
    done = (await nora.get(f"{one}/progress")).text
    assert "every 2s" not in done
    assert f'hx-get="{one}" hx-trigger="load" hx-target="#report"' in done
    text = await read(nora, one)
    assert "Last complete reading Just now 5 Nov 2026, 13:00 Cameras in Watcher 3" in text
    assert "Next reading In 60 minutes 5 Nov 2026, 14:00" in text
    site.clock.forward(minutes=25)
    listed = rows((await nora.get(PATH)).text, "rows")
    assert listed[1][1:] == [
        "Complete", "5 Nov 2026, 13:00 25 minutes ago", "3", "In 35 minutes every 60 min",
    ]  # fmt: skip
    site.clock.forward(hours=3)
    assert "It was due 5 Nov 2026, 14:00" in await read(nora, one)
    await end_all(site)


async def test_secrets_that_are_left_empty_stay_and_can_be_forgotten(
    site: Site, nora: Visitor, url: str
):
    async def stored() -> dict[str, str]:
        row, *_ = await site.rows("select secret from connection where cloud = 1 order by id desc")
        vault: Vault = site.app.state.integrations.vault
        return vault.open(row["secret"])

    one = await made(nora, url=url, api_key="north-key", decides="camledger")
    html = (await nora.get(f"{one}/edit")).text
    assert "A key is stored; leave this empty to keep it." in html
    for value in ("north-key", SECRET, 'value="nora"'):
        assert value not in html
    assert re.search(r'value="camledger" [^>]*checked', html)
    form = {"url": url, "read_every_minutes": "15", "organizations": "", "decides": "compare"}
    answer = await nora.post(f"{one}/edit", form)
    assert (answer.status_code, answer.headers["location"]) == (303, one)
    text = await read(nora, one)
    assert "Stored credentials Key, login and password Organizations All Read every 15 min" in text
    assert "Which system decides Neither: they are only compared" in text
    assert await stored() == {"api_key": "north-key", "login": "nora", "password": SECRET}
    await nora.post(f"{one}/edit", {**form, "forget_key": "on"})
    assert await stored() == {"login": "nora", "password": SECRET}
    wrong = await nora.post(f"{one}/edit", {**form, "forget_login": "on", "url": ""})
    assert (wrong.status_code, wrong_fields(wrong.text)) == (422, {"url"})
    wrong = await nora.post(f"{one}/edit", {**form, "forget_login": "on"})
    assert (wrong.status_code, wrong_fields(wrong.text)) == (422, {"api_key"})
    await nora.post(f"{one}/edit", {**form, "password": "not this one"})
    failed = words((await nora.post(f"{one}/test", headers=HTMX)).text)
    assert "4 checks failed" in failed
    assert "Failed Cameras" in failed
    await end_all(site)


async def test_another_servers_address_asks_for_the_credentials_anew(
    site: Site, nora: Visitor, url: str
):
    one = await made(nora, url=url, api_key="north-key")
    form = {"url": "https://evil.example.com", "read_every_minutes": "60", "decides": "watcher"}
    wrong = await nora.post(f"{one}/edit", form)
    assert wrong.status_code == 422
    assert wrong_fields(wrong.text) == {"api_key", "login", "password"}
    assert "what is stored is not sent there" in words(wrong.text)
    assert SECRET not in wrong.text
    wrong = await nora.post(f"{one}/edit", {**form, "login": "ned", "password": "new"})
    assert (wrong.status_code, wrong_fields(wrong.text)) == (422, {"api_key"})
    assert await site.rows("select url from connection where id = $1", int(one.split("/")[-1])) == [
        (url,)
    ]
    entered = {**form, "login": "ned", "password": "new", "forget_key": "on"}
    assert (await nora.post(f"{one}/edit", entered)).status_code == 303
    await end_all(site)


async def test_what_goes_wrong_is_said_in_the_list_and_on_its_page(site: Site, nora: Visitor):
    one = await made(nora, decides="camledger")
    number = int(one.rpartition("/")[2])
    await site.rows(
        "insert into reading (cloud, connection, started_at, finished_at, state, message)"
        " values (1, $1, $2, $2, 'failed', 'It answers 503.') returning id",
        number,
        site.clock(),
    )
    await site.rows(
        "update connection set provision_message = 'no right to write', provision_failed_at = $2"
        " where id = $1 returning id",
        number,
        site.clock(),
    )
    for path in (PATH, one, "/system/watchers", ABOVE, one.replace(PATH, ABOVE)):
        visitor = nora if path.startswith("/cloud") else await site.as_(ADA)
        text = await read(visitor, path)
        assert "It answers 503." in text, path
        assert "no right to write" in text, path
    await end_all(site)


async def test_credentials_that_cannot_be_read_are_no_reason_to_hide_the_page(site: Site):
    sam = await site.as_(SAM)
    for path in (f"{PATH}/{SOUTHS}", f"{PATH}/{SOUTHS}/edit"):
        assert "The credentials cannot be read with this installation's" in await read(sam, path)
    answer = await sam.post(f"{PATH}/{SOUTHS}/test")
    assert (answer.status_code, "enter them again" in answer.text) == (409, True)


async def test_readings_are_paged(site: Site, nora: Visitor):
    one = await made(nora)
    await site.rows(
        "insert into reading (cloud, connection, started_at, finished_at, state, cameras, pages)"
        " select 1, $1, d, d + interval '95 seconds', 'complete', 1200, 7"
        " from generate_series($2::timestamptz - interval '29 hours', $2, interval '1 hour') d"
        " returning id",
        int(one.rpartition("/")[2]),
        site.clock(),
    )
    first = rows((await nora.get(one)).text, "readings")
    assert len(first) == 21
    assert first[1][1:] == ["Complete", "1 min 35 s", "7", "1,200"]
    second = await nora.get(f"{one}?page=2", headers=HTMX)
    assert second.text.lstrip().startswith('<div id="report"')
    assert len(rows(second.text, "readings")) == 11
    await end_all(site)


async def test_removing_asks_first_and_what_was_read_stays(site: Site, nora: Visitor):
    one = await made(nora)
    assert "Read this Watcher no more?" in await read(nora, f"{one}/remove")
    answer = await nora.post(f"{one}/remove", headers=HTMX)
    assert answer.headers["HX-Redirect"] == PATH
    assert "is read no more" in await read(nora, PATH)
    for path in (one, f"{one}/edit", f"{one}/remove", f"{one}/progress"):
        assert (await nora.get(path)).status_code == 404, path
    for path in ("test", "read", "edit", "remove"):
        assert (await nora.post(f"{one}/{path}", NEW)).status_code == 404, path


async def test_a_connection_is_tried_before_it_is_made_and_nothing_is_stored(
    site: Site, nora: Visitor, url: str
):
    await nora.get(f"{PATH}/new")
    before = await site.rows("select id from connection")
    sent = {**NEW, "url": url, "intent": "test"}
    block = await nora.post(f"{PATH}/new", sent, headers=HTMX)
    assert (block.status_code, block.text.lstrip()[:17]) == (200, '<div id="checks" ')
    assert "Everything works Tested 5 Nov 2026, " in words(block.text)
    whole = await nora.post(f"{PATH}/new", {**sent, "decides": "watcher"})
    assert "Nothing is stored yet." in words(whole.text)
    assert f'value="{url}"' in whole.text
    assert re.search(r'value="watcher" [^>]*checked', whole.text)
    wrong = await nora.post(f"{PATH}/new", {**sent, "password": "not this one"}, headers=HTMX)
    assert "4 checks failed" in words(wrong.text)
    for text in (block.text, whole.text, wrong.text):
        assert SECRET not in text
    refused = await nora.post(f"{PATH}/new", {**sent, "url": "http://0.0.0.0"}, headers=HTMX)
    assert (refused.status_code, wrong_fields(refused.text)) == (422, {"url"})
    assert refused.headers["HX-Retarget"] == "#form", "the whole form says what is wrong"
    assert await site.rows("select id from connection") == before
    carl = await site.as_(CARL)
    await carl.get("/account")
    assert (await carl.post(f"{PATH}/new", sent)).status_code == 403


async def test_credentials_of_the_other_api_are_ignored(site: Site, nora: Visitor, url: str):
    html = (await nora.get(f"{PATH}/new")).text
    assert re.search(r'value="v3" selected', html), "the current one stands first"
    assert re.search(r'value="compare" [^>]*checked', html)
    await made(nora, url=url, api="v3", api_key="typed before v3 was chosen")
    row, *_ = await site.rows("select secret from connection where cloud = 1 order by id desc")
    vault: Vault = site.app.state.integrations.vault
    assert vault.open(row["secret"]) == {"login": "nora", "password": SECRET}
    await end_all(site)


async def test_what_camledger_would_write_is_counted_before_it_decides(
    site: Site, nora: Visitor, url: str
):
    text = await read(nora, f"{PATH}/new")
    assert "1 preset is made; its cameras are known after the first reading." in text
    one = await made(nora, url=url)
    month = "/cloud/periods/2026-11"  # a month's page has all of a cloud's Watchers read
    asked = await nora.post(f"{month}/read")
    assert (asked.status_code, asked.headers["location"]) == (303, month)
    await workers_read(site)
    text = await read(nora, f"{one}/edit")
    assert "Watcher is written to: 1 preset is made." in text
    number = int(one.rpartition("/")[2])
    await site.rows(
        "insert into subscription (cloud, camera, subscriber, tariff, starts_on)"
        " select 1, camera, 1, 1, '2026-11-01' from camera_interval where connection = $1"
        " and until is null returning id",
        number,
    )
    text = await read(nora, f"{one}/edit")
    assert "1 preset is made, 3 cameras get the preset of their tariff." in text
    await end_all(site)
