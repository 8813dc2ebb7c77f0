"""The page of a month, step by step: South's October is open, North's closed."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path

import pytest

from portal.access import SYSTEM
from portal.books.actions.closing.work import work_on_close
from portal.books.actions.estimates import estimate_cloud
from portal.db import atomic
from tests.cast import ADA, ANN, CARL, MAX, NORA, SAM, SOUTH
from tests.conftest import NOW
from tests.factories import camera, days, forget, subscribe, use
from tests.queues import RecordingQueue
from tests.routes.conftest import Site
from tests.routes.worked_example import read, words, worked
from tests.services import TestServices

OCTOBER = "/cloud/periods/2026-10"


@pytest.fixture(scope="module")
async def site(
    services: TestServices, template: str, worker_id: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Site]:
    directory: Path = tmp_path_factory.mktemp("month")
    async with worked(services, template, f"{template}_{worker_id}_month", directory) as it:
        yield it


def fine_paths(html: str) -> list[str]:
    return re.findall(r'action="([^"]*/surprises/[^"]*/fine)"', html)


async def test_an_open_month_shows_usage_draft_and_what_surprises(site: Site) -> None:
    text = await read(await site.as_(SAM), OCTOBER)
    assert "31 of 31 days complete" in text
    assert "Draft made" in text
    assert "Revenue US$9.90" in text
    assert "First invoice" in text
    assert "Document incomplete" in text
    assert "Issues 1 invoice, US$9.90 before tax, from SOUTH-2026-000001 on" in text
    assert "The month before is not closed" in text
    assert "was due to close automatically on 4 Nov 2026" in text
    assert (
        "Was due on 4 Nov 2026 Open Usage is complete. You can close October 2026 now. Issues"
        in text
    )


async def test_a_month_that_waits_for_its_close_has_its_bar(site: Site) -> None:
    """Of two months none is closed: October stands as it is drafted, beside November so far."""
    html = (await (await site.as_(SAM)).get("/cloud/reports?chart=months")).text
    assert "Oct US$7.50 US$0.99 US$1.41 Nov" in words(html)
    assert html.count("chart-hatched") >= 2


async def test_what_is_fine_leads_on_to_the_next(site: Site) -> None:
    """A plain form: the focus goes to the next surprise, and who, when and note are told."""
    sam = await site.as_(SAM)
    paths = fine_paths((await sam.get(OCTOBER)).text)
    answer = await sam.post(paths[0], {"note": "agreed", "next": ""})
    assert answer.status_code == 303
    assert answer.headers["location"].startswith(OCTOBER)
    html = (await sam.get(OCTOBER)).text
    assert len(fine_paths(html)) == len(paths) - 1
    assert "fine: sam@south.test" in words(html)
    assert "agreed" in words(html)
    twice = await sam.post(paths[0], {"note": "again"})
    assert twice.status_code == 303
    assert "again" not in words((await sam.get(OCTOBER)).text)
    follow = fine_paths(html)[0]
    key = follow.split("/")[-2]
    assert f'id="surprise-{key}"' in html
    assert "data-focus" in (await sam.get(f"{OCTOBER}?at={key}")).text
    gone = await sam.post(f"{OCTOBER}/surprises/0000/fine", {}, follow_redirects=True)
    assert (gone.status_code, "not in it any more" in gone.text) == (200, True)


async def test_drafts_are_a_list_with_files_and_documents_with_reasons(site: Site) -> None:
    sam = await site.as_(SAM)
    assert "Tim" in await read(sam, f"{OCTOBER}/draft")
    assert "Tim" not in await read(sam, f"{OCTOBER}/draft?q=nobody")
    file = await sam.get(f"{OCTOBER}/draft?format=csv")
    assert 'filename="south-draft-invoices-2026-10.csv"' in file.headers["content-disposition"]
    heading, row = file.text.removeprefix("\ufeff").strip().splitlines()
    assert heading.split(",")[:2] == ["Customer", "Number"]
    assert row.split(",")[-2] == "10.78"
    text = await read(sam, f"{OCTOBER}/draft/1")
    assert "Draft, not a document" in text
    assert "Home 7" in text
    lines = await read(sam, f"{OCTOBER}/draft/1/lines/0")
    assert "Sum of the cameras = the line" in lines
    assert "US$9.90" in lines
    for path in ("draft/99", "draft/x", "draft/1/lines/9", "draft/1/lines/x"):
        assert (await sam.get(f"{OCTOBER}/{path}")).status_code == 404, path


async def test_a_close_names_what_nobody_has_found_fine(site: Site) -> None:
    text = await read(await site.as_(SAM), f"{OCTOBER}/close")
    assert "First number SOUTH-2026-000001" in text
    assert "not found fine" in text


async def test_a_closed_month_shows_what_was_issued(site: Site) -> None:
    text = await read(await site.as_(NORA), OCTOBER)
    assert "Results" in text
    assert "Charges €15.01 − discounts €1.50 = revenue €13.51" in text
    carl = await site.as_(CARL)
    assert (await carl.post(f"{OCTOBER}/draft", {})).headers["location"] == OCTOBER


async def test_what_cannot_be_done_is_said_on_the_page_of_the_month(site: Site) -> None:
    """A month that runs is not closed, what is not issued is not sent: no page of errors."""
    sam, november = await site.as_(SAM), "/cloud/periods/2026-11"
    for path, told in (
        (f"{november}/close", "has not ended"),
        (f"{november}/issued", "is not closed"),
    ):
        answer = await sam.get(path, follow_redirects=True)
        assert (answer.status_code, answer.url.path, told in answer.text) == (200, november, True)
    for path in ("close", "send", "send/again", "send/hand-over"):
        sent = {"kind": "csv", "accept_gaps": "on"}
        answer = await sam.post(f"{november}/{path}", sent, follow_redirects=True)
        assert (answer.status_code, answer.url.path) == (200, november), path
    assert (await sam.get("/cloud/periods/2027-01/close")).status_code == 404


async def test_who_may_do_what(site: Site) -> None:
    """Accountant and administrator act; an account manager sees own subscribers without cost."""
    ann = await site.as_(ANN)
    november = "/cloud/periods/2026-11"
    text = await read(ann, november)
    assert "Revenue" not in text
    assert "Draft invoices" in text
    documents = await read(ann, f"{november}/draft")
    assert "Sue" in documents
    assert "Margin" not in documents
    assert (await ann.post(f"{november}/draft", {})).status_code == 403
    carl = await site.as_(CARL)
    assert (await carl.post(f"{november}/draft", {})).status_code == 303
    max_ = await site.as_(MAX)
    page = (await max_.get("/system/clouds/north/periods/2026-11")).text
    assert "Make anew" not in page
    assert "Draft made" in words(page)
    assert (await max_.get("/system/clouds/south/periods/2026-10")).status_code == 404
    ada = await site.as_(ADA)
    assert "Make anew" in (await ada.get("/system/clouds/south/periods/2026-10")).text


CLOSE = f"{OCTOBER}/close"
FILE = """camera,day,meter,quantity
roof,2026-10-18,recording.motion.depth,7
roof,2026-10-18,no.such,7
nowhere,2026-10-18,recording.motion.depth,7
roof,2026-10-99,recording.motion.depth,7
"""


async def missing_days(site: Site) -> None:
    """Tim has a camera more: its usage of 18 and 20 October never came."""
    async with site.database.as_worker():
        async with atomic(SYSTEM) as tx:
            roof = await camera(tx, SOUTH, "roof", 3)
            sold = await tx.fetchval("select id from tariff where code = 'south-7'")
            await subscribe(tx, SOUTH, roof, 3, sold, "2026-10-01")
            depth = await tx.fetchval("select id from meter where key = 'recording.motion.depth'")
            await use(tx, SOUTH, roof, depth, days("2026-10-01", "2026-11-01"), 7)
            for day in (18, 20):
                await forget(tx, SOUTH, date(2026, 10, day), roof)
        await estimate_cloud(SOUTH, now=NOW)


async def test_days_that_are_missing_lead_to_exactly_their_cameras(site: Site) -> None:
    await missing_days(site)
    sam = await site.as_(SAM)
    html = (await sam.get(OCTOBER)).text
    assert "29 of 31 days complete" in words(html)
    assert 'name="day-2026-10-18"' in html
    assert 'href="/cloud/cameras?missing=2026-10-18"' in html
    listed = await sam.get("/cloud/cameras?missing=2026-10-18&format=csv")
    assert [line.split(",")[1] for line in listed.text.splitlines()[1:]] == ["roof"]
    assert "Dock" in await read(sam, "/cloud/cameras?missing=never")
    assert "Dock" not in await read(
        await site.as_(ADA), "/system/clouds/south/cameras?missing=2026-10-20"
    )


async def test_usage_is_sent_by_file_after_it_was_looked_at(site: Site) -> None:
    """Lines that are wrong are named by number; nothing is stored before one asks for it."""
    sam, path = await site.as_(SAM), f"{OCTOBER}/usage"
    assert "Choose a file." in (await sam.post(path, {}, files={"x": (None, b"")})).text
    refused = await sam.post(path, files={"file": ("u.csv", b"camera,day\n", "text/csv")})
    assert (refused.status_code, "the first line must be" in refused.text) == (422, True)
    looked = await sam.post(path, files={"file": ("u.csv", FILE.encode(), "text/csv")})
    text = words(looked.text)
    assert "Rows 4 Good 1" in text
    for line, told in ((3, "no.such"), (4, "nowhere"), (5, "day:")):
        assert re.search(rf"{line} [^0-9]*{re.escape(told)}", text), line
    assert "Send the good row" in text
    stored = "select count(*)::int as days from usage_day d join camera c on c.id = d.camera"
    stored += " where c.external_id = 'roof'"
    assert (await site.rows(stored))[0]["days"] == 29
    parts = {name: (None, value) for name, value in {"content": FILE, "intent": "send"}.items()}
    assert (await sam.post(path, files=parts)).status_code == 200, "not all of it is good"
    assert (await site.rows(stored))[0]["days"] == 29
    parts["intent"] = (None, "good")
    assert (await sam.post(path, files=parts)).status_code == 303
    assert (await sam.post(path, files=parts)).status_code == 303, "twice is once"
    assert (await site.rows(stored))[0]["days"] == 30
    assert (await (await site.as_(CARL)).get(path)).status_code == 403
    nora = await site.as_(NORA)
    assert "nowhere" not in (await nora.get(OCTOBER)).text


async def test_days_are_accepted_at_their_boxes_and_a_draft_that_changed_is_looked_at_again(
    site: Site,
) -> None:
    """The 20th is missing still; and while Sam looks, somebody else changes Tim's discount."""
    async with site.database.as_worker():
        await estimate_cloud(SOUTH, now=NOW)
    sam = await site.as_(SAM)
    asked = (await sam.get(f"{CLOSE}?day-2026-10-20=on&reason=Usage+follows+later")).text
    assert re.search(r'name="day-2026-10-20" checked', asked)
    assert re.search(r'value="Usage follows later" selected', asked)
    (looked,) = re.findall(r'name="looked" value="(\w+)"', asked)
    wrong = await sam.post(CLOSE, {"looked": looked, "day-2026-10-18": "on"})
    assert wrong.status_code == 422
    assert "Accept this day, or send its usage first." in wrong.text
    await site.rows("update subscriber set discount_percent = 50 where name = 'Tim' returning id")
    async with site.database.as_worker():
        await estimate_cloud(SOUTH, now=NOW)
    boxes = {"looked": looked, "day-2026-10-20": "on", "reason": "Power cut"}
    told = await sam.post(CLOSE, boxes)
    assert (told.status_code, told.headers["location"]) == (
        303,
        f"{CLOSE}?day-2026-10-20=on&reason=Power+cut",
    )
    again = (await sam.get(told.headers["location"])).text
    assert "has changed since you looked at it" in words(again)
    (anew,) = re.findall(r'name="looked" value="(\w+)"', again)
    done = await sam.post(CLOSE, {**boxes, "looked": anew})
    assert (done.status_code, done.headers["location"]) == (303, OCTOBER)
    assert "It had begun already." in words(
        (await sam.post(CLOSE, {**boxes, "looked": anew}, follow_redirects=True)).text
    )
    (kept,) = await site.rows(
        f"select accepted_gaps, accepted_reason from period where cloud = {SOUTH}"
    )
    assert (kept["accepted_gaps"], kept["accepted_reason"]) == ('["2026-10-20"]', "Power cut")
    async with site.database.as_worker():
        (closing,) = await site.rows("select id from period where state = 'closing'")
        await work_on_close(closing["id"], clock=lambda: NOW, queue=RecordingQueue())
    issued = await read(sam, f"{OCTOBER}/issued")
    assert "Every document is as it was drafted." in issued
    await site.rows(
        f"update draft set wholesale = wholesale + 38 where cloud = {SOUTH}"
        " and month = '2026-10-01' returning id"
    )
    issued = await read(sam, f"{OCTOBER}/issued")
    assert "Every document to subscribers is as it was drafted." in issued
    assert re.search(r"The platform's invoice comes to \S+ before tax; \S+ were drafted", issued)
