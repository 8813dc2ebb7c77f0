"""What a Watcher showed, by the pages of two portals: mapped, reconciled, suspended, and by whom."""

from __future__ import annotations

from collections.abc import AsyncIterator
from html import unescape
from pathlib import Path

import httpx
import pytest

from portal.access import Actor
from tests.cast import ADA, ANN, CARL, MAX, NORA, PAUL, SAM, SUE
from tests.routes.conftest import Site, Visitor
from tests.routes.watched_clouds import (
    ABOVE,
    NEW,
    PATH,
    SOUTHS,
    end_all,
    made,
    watcher,
    watching,
    workers_read,
)
from tests.routes.worked_example import HTMX, read, rows, words
from tests.services import TestServices

SOUTHS_PAGE = f"{PATH}/{SOUTHS}"


@pytest.fixture(scope="module")
async def site(
    services: TestServices, template: str, worker_id: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Site]:
    directory: Path = tmp_path_factory.mktemp("watched")
    async with watching(services, template, f"{template}_{worker_id}_watched", directory) as it:
        yield it


@pytest.fixture(scope="module")
async def nora(site: Site) -> Visitor:
    return await site.as_(NORA)


@pytest.fixture(scope="module")
async def url() -> AsyncIterator[str]:
    async with watcher() as address:
        yield address


@pytest.fixture(scope="module")
async def watched(site: Site, nora: Visitor, url: str) -> str:
    """North's Watcher has been read once, completely."""
    one = await made(nora, url=url)
    await nora.post(f"{one}/read")
    await workers_read(site)
    return one


async def test_the_worklist_comes_first_and_shrinks(site: Site, nora: Visitor, watched: str):
    text = await read(nora, PATH)
    assert "Waiting for a mapping 6" in text
    assert "2 organizations and 4 presets" in text
    html = (await nora.get(f"{PATH}/mappings")).text
    table = rows(html, "rows")
    assert [row[0].split(" Organization")[0] for row in table[1:3]] == ["Sue's house", "Default"]
    assert table[1][1] == "2"
    assert "Preset 7 · 7 days continuous, plates" in table[4][0]
    assert "<select" not in html.partition('id="rows"')[2], "a field is opened where it is needed"

    mapped = f"{PATH}/mappings/{watched.rpartition('/')[2]}"
    path = f"{mapped}/organizations/6"
    assert "Sue's house" in await read(nora, path)
    for sent, why in (("99", "No subscriber fits 99"), ("", "is required"), ("x", "No subscriber")):
        wrong = await nora.post(path, {"target": sent})
        assert wrong.status_code == 422
        assert why in words(wrong.text)
        assert 'id="error-target"' in wrong.text
    wrong = await nora.post(path, {"target": "99"}, headers=HTMX)
    assert (wrong.status_code, wrong.text.lstrip()[:15]) == (422, '<form id="form"')

    done = await nora.post(path, {"target": "sue"})
    assert (done.status_code, done.headers["location"]) == (303, f"{PATH}/mappings")
    text = await read(nora, done.headers["location"])
    assert "Organization 6 is mapped to customer 1." in text
    table = rows((await nora.get(f"{PATH}/mappings")).text, "mappings")
    assert table[1][0].startswith("Sue's house")
    assert "Sue Customer 1 · Change" in table[1][3]
    done = await nora.post(f"{mapped}/presets/7", {"target": "home-7"}, headers=HTMX)
    assert done.headers["HX-Redirect"] == f"{PATH}/mappings"
    found = rows((await nora.get(f"{PATH}/mappings?state=mapped")).text, "mappings")
    assert [row[2] for row in found[1:]] == ["Mapped", "Mapped"]
    for words_, count in (("q=sue", 1), ("q=home-7", 1), ("q=7", 2), ("q=days", 1), ("state=x", 6)):
        found = rows((await nora.get(f"{PATH}/mappings?{words_}", headers=HTMX)).text, "mappings")
        assert len(found) - 1 == count, words_
    assert "Nothing matches" in await read(nora, f"{PATH}/mappings?q=nothing%00")
    for path in ("organizations/7", "presets/99", "presets/x"):
        assert (await nora.post(f"{PATH}/mappings/{path}", {"target": "1"})).status_code == 404


async def test_a_month_is_reconciled_by_kind_and_one_by_one(nora: Visitor, watched: str):
    html = (await nora.get("/cloud/watcher/reconciliation?month=2026-10")).text
    assert "October 2026. What Watcher shows against what is billed." in words(html)
    assert "1 difference, together €0.23" in words(html)
    assert "A camera records and nobody is charged for it." in words(html)
    table = rows(html, "differences")
    assert table[0] == ["Camera", "Difference", "Days", "Value"]
    assert table[1][1:] == ["Recording but not billed", "2", "€0.23"]
    assert table[2] == ["Total", "", "2", "€0.23"]
    assert 'href="/cloud/camera?id=shed&amp;month=2026-10"' in html

    group = rows(html, "groups")[1]
    assert group[0].startswith("Sue Customer 1")
    assert group[1:] == ["1", "1", "€0.23"]
    sheet = await nora.get("/cloud/watcher/reconciliation?month=2026-10&format=csv&list=groups")
    assert sheet.text.splitlines()[1].startswith("Sue,1,1,1,0.23")
    html = (await nora.get("/cloud/watcher/reconciliation")).text
    assert "Not mapped" in words(html)
    assert f'href="{PATH}/mappings?state=waiting"' in html
    block = await nora.get("/cloud/watcher/reconciliation?kind=not_mapped&q=lobby", headers=HTMX)
    assert block.text.lstrip().startswith('<div id="report"')
    assert [row[0].split()[0] for row in rows(block.text, "differences")[1:]] == [
        "lobby-0000000003",
        "Total",
    ]
    for sort in ("camera", "-days", "worth", "-kind", "x"):
        assert (
            await nora.get(f"/cloud/watcher/reconciliation?sort={sort}&page=9")
        ).status_code == 200
    assert "They" not in (
        worth := await read(nora, "/cloud/watcher/reconciliation/worth?month=2026-10")
    )
    assert worth == "€0.23 1 difference between Watcher and the books"
    for path in ("/cloud/watcher/reconciliation/worth", "/cloud/watcher/reconciliation"):
        assert "nothing yet in 2026-09" in await read(nora, f"{path}?month=2026-09", 404)


async def test_days_that_were_not_read_lead_to_the_readings(site: Site):
    sam = await site.as_(SAM)
    html = (await sam.get("/cloud/watcher/reconciliation?kind=day_not_read")).text
    table = rows(html, "differences")
    assert table[1][:2] == [
        "All cameras no complete reading on 1 Nov 2026 · Readings Day not read · Days 1",
        "Day not read",
    ]  # fmt: skip
    assert f'href="{PATH}"' in html


async def test_before_a_close_the_month_says_what_differs(site: Site, nora: Visitor, watched: str):
    for path in ("/cloud/periods/2026-10", "/cloud/periods/2026-10/close"):
        html = (await nora.get(path)).text
        assert 'hx-get="/cloud/watcher/reconciliation/worth?month=2026-10"' in html, path
        assert 'href="/cloud/watcher/reconciliation?month=2026-10"' in html, path
    ann = await site.as_(ANN)
    assert "econciliation" not in (await ann.get("/cloud/periods/2026-10")).text


async def test_a_cameras_history_is_told_and_it_can_be_suspended(
    site: Site, nora: Visitor, watched: str
):
    path = "/cloud/camera?id=gate-0000000001"
    text = await read(nora, path)
    assert "Now Sue's house 6 7 days 7 Enabled" in text
    assert "Not seen in a Watcher" in await read(nora, "/cloud/camera?id=shed")
    ask = "/cloud/camera/suspension?id=gate-0000000001"
    text = await read(nora, ask)
    assert "No connection provisions its Watcher, so nothing is switched off there" in text
    answer = await nora.post(ask, {"suspended": "on"})
    assert (answer.status_code, answer.headers["location"]) == (303, path)
    text = await read(nora, path)
    assert "Gate is suspended." in text
    assert "This camera is suspended No connection provisions" in text
    await site.rows(
        "update connection set provision = true where cloud = 1 and ended_at is null returning id"
    )
    assert "No connection provisions" not in await read(nora, path)
    ada = await site.as_(ADA)
    above = "/system/clouds/north/camera"
    assert "This camera is suspended" in await read(ada, f"{above}?id=gate-0000000001")
    assert "Resume this camera?" in await read(ada, f"{above}/suspension?id=gate-0000000001")
    answer = await ada.post(f"{above}/suspension?id=gate-0000000001", headers=HTMX)
    assert answer.headers["HX-Redirect"] == f"{above}?id=gate-0000000001"
    assert "is suspended" not in await read(nora, path)
    ann, sam = await site.as_(ANN), await site.as_(SAM)
    assert "Suspend" in await read(ann, "/cloud/camera?id=gate")
    assert "Where the portal provisions" in await read(ann, "/cloud/camera/suspension?id=gate")
    assert (await sam.get(ask)).status_code == 404
    await sam.get("/cloud")
    assert (await sam.post(ask, {"suspended": "on"})).status_code == 404
    for who, base in ((CARL, "/cloud"), (PAUL, "/system/clouds/north")):
        visitor = await site.as_(who)
        html = (await visitor.get(f"{base}/camera?id=gate")).text
        assert "suspension" not in html
        assert (await visitor.get(f"{base}/camera/suspension?id=gate")).status_code == 403
        assert (await visitor.post(f"{base}/camera/suspension?id=gate")).status_code == 403


# --- Who may see and do what -----------------------------------------------------------------------


async def test_what_is_anothers_is_not_there(site: Site, nora: Visitor, watched: str):
    sam, max_ = await site.as_(SAM), await site.as_(MAX)
    await sam.get("/account")
    await max_.get("/account")
    answers: dict[str, httpx.Response] = {}
    for page in ("", "/edit", "/remove", "/progress"):
        answers[page] = await sam.get(f"{watched}{page}")
    for verb in ("test", "read", "edit", "remove"):
        answers[verb] = await sam.post(f"{watched}/{verb}", NEW)
        answers[f"nora {verb}"] = await nora.post(f"{PATH}/{SOUTHS}/{verb}", NEW)
    answers["map"] = await sam.post(
        f"{PATH}/mappings/{watched.rpartition('/')[2]}/organizations/6", {"target": "1"}
    )
    for path in ("", f"/{SOUTHS}", "/mappings", "/reconciliation", "/reconciliation/worth"):
        answers[f"max {path}"] = await max_.get(f"/system/clouds/south/watcher{path}")
    ada = await site.as_(ADA)
    number = watched.rpartition("/")[2]
    answers["crossed"] = await ada.get(f"/system/clouds/south/watcher/{number}")
    assert {name: answer.status_code for name, answer in answers.items()} == dict.fromkeys(
        answers, 404
    )
    text = await read(sam, PATH)
    assert "south.example.net" in text
    assert "127.0.0.1" not in text
    assert "Sue's house" not in await read(sam, f"{PATH}/mappings")


@pytest.mark.parametrize("who", [CARL, PAUL, MAX], ids=lambda who: who.name)
async def test_who_only_reads_sees_no_buttons(site: Site, watched: str, who: Actor):
    base = PATH if who is CARL else ABOVE
    one = watched.replace(PATH, base)
    visitor = await site.as_(who)
    for path in (base, one, f"{base}/mappings"):
        html = (await visitor.get(path)).text
        assert "127.0.0.1" in html or "Sue's house" in unescape(html), path
        main = html.partition("<main")[2]
        assert 'method="post"' not in main, path
        assert "/edit" not in main, path
    for path in (f"{base}/new", f"{one}/edit", f"{one}/remove"):
        assert (await visitor.get(path)).status_code == 403, path
    for path in (
        *(f"{base}/new", f"{base}/mappings/1/organizations/6", f"{base}/mappings/1/presets/7"),
        *(f"{one}/{verb}" for verb in ("test", "read", "edit", "remove")),
    ):
        assert (await visitor.post(path, NEW)).status_code == 403, path


async def test_who_may_not_read_connections_has_none_of_it(site: Site, watched: str):
    for who in (ANN, SUE):
        visitor = await site.as_(who)
        assert "Watcher" not in await read(visitor, "/cloud" if who is ANN else "/my")
        for path in (PATH, watched, f"{PATH}/mappings", "/cloud/watcher/reconciliation"):
            assert (await visitor.get(path)).status_code == 403, path


# --- The platform ----------------------------------------------------------------------------------


async def test_the_platform_sees_all_clouds_and_works_in_each(site: Site, watched: str, url: str):
    ada = await site.as_(ADA)
    table = rows((await ada.get("/system/watchers")).text, "rows")
    north, south = table[2], table[1]  # the list begins with those in trouble
    assert north[0].startswith("North Telecom")
    assert south[0] == (
        "South Networks south.example.net · API v3"
        " Nov 5, 2026, 06:02 · Cameras in Watcher 41 · To map 1"
    )
    # In South's own time.
    assert south[2] == "Nov 5, 2026, 06:02 57 minutes ago"
    assert south[5].split()[0] == "1"
    for query, names in (
        ("cloud=south", ["South"]),
        ("state=running", []),
        ("state=complete", ["South", "North"]),
        ("sort=-cameras", ["South", "North"]),
        ("sort=complete", ["South", "North"]),
        ("sort=-waiting", ["North", "South"]),
    ):
        html = (await ada.get(f"/system/watchers?{query}", headers=HTMX)).text
        assert [row[0].split()[0] for row in rows(html, "rows")[1:]] == names, query
    base = "/system/clouds/south/watcher"
    one = await made(ada, base, url=url)
    assert one.startswith(f"{base}/")
    assert "Everything works" in words((await ada.post(f"{one}/test")).text)
    wrong = await ada.post(f"{one}/edit", {"url": ""})
    assert wrong.status_code == 422
    await ada.post(f"{base}/mappings/{SOUTHS}/organizations/9", {"target": "1"})
    assert "Tim" in await read(ada, f"{base}/mappings?state=mapped")
    assert "Reconciliation" in await read(ada, f"{base}/reconciliation?month=2026-11")
    answer = await ada.post(f"{one}/remove")
    assert answer.headers["location"] == base
    max_ = await site.as_(MAX)
    text = await read(max_, "/system/watchers")
    assert "North Telecom" in text
    assert "South" not in text


async def test_warnings_of_a_reading_are_shown_on_its_page_and_marked_in_lists(
    site: Site, watched: str
):
    """South's last reading met something odd: South's people and the platform see it, North not."""
    said = "Camera <dock> has a value that cannot be read: preset"
    await site.rows(
        "update reading set warnings = array[$1] where connection = 900 returning id", said
    )
    sam, ada, nora = await site.as_(SAM), await site.as_(ADA), await site.as_(NORA)
    html = (await sam.get(SOUTHS_PAGE)).text
    assert "Warnings of the last reading" in words(html)
    assert html.count("Camera &lt;dock&gt; has a value") == 2, "above, and at its reading"
    assert "Read with warnings" in await read(sam, PATH)
    table = rows((await ada.get("/system/watchers?cloud=south", headers=HTMX)).text, "rows")
    assert "Read with warnings" in table[1][1]
    for page in (PATH, watched):
        assert "arning" not in await read(nora, page)
    await site.rows("update reading set warnings = '{}' where connection = 900 returning id")
    assert "arning" not in await read(sam, SOUTHS_PAGE)


async def test_a_cloud_without_a_watcher_is_listed_with_what_to_do(site: Site):
    await end_all(site)
    ada = await site.as_(ADA)
    html = (await ada.get("/system/watchers?state=unconnected")).text
    assert rows(html, "rows")[1][1] == "Not connected Connect a Watcher : North Telecom"
    assert f'href="{ABOVE}/new"' in html
    paul = await site.as_(PAUL)
    assert "Connect a Watcher" not in await read(paul, "/system/watchers")
