"""A month's documents leave the house by pages: sent, corrected, tried again, and handed over."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

import httpx
import pytest

from portal.accounts.actions import sending
from portal.books.actions.sending import letters
from portal.kit.actions.mail import NO_POST, Post
from portal.routes.page import HEADERS
from tests.cast import ADA, ANN, CARL, MAX, NORA, SAM, SUE
from tests.mail.servers import Mailbox, server
from tests.mail.test_deliveries import URL, smtp
from tests.routes.conftest import Site, Visitor
from tests.routes.story import two_closed_months
from tests.routes.worked_example import HTMX, read, words
from tests.services import TestServices

SUES, BOBS, DEEPS = "NORTH-2026-000004", "NORTH-2026-000005", "NORTH-2026-000006"
OCTOBER = "/cloud/periods/2026-10"
SEND = f"{OCTOBER}/send"
LATER = datetime(2027, 1, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
async def told(
    services: TestServices, template: str, worker_id: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Site]:
    folder: Path = tmp_path_factory.mktemp("sending")
    async with two_closed_months(
        services, template, f"{template}_{worker_id}_pages", folder
    ) as site:
        yield site


@pytest.fixture
async def site(told: Site) -> Site:
    """Nothing is sent yet; Sue and Bob have an address, Deep has none."""
    told.app.state.post = Post(is_set_up=True)
    for statement in (
        "delete from hand_over_document",
        "delete from hand_over",
        "delete from delivery",
        "delete from sending_sum",
        "delete from document_opening",
        "update subscriber set email = '' where cloud = 1",
        "update subscriber set email = 'sue@home.test' where id = 1",
        "update subscriber set email = 'bob@shop.test' where id = 2",
        "update cloud set invoice_text = '{}', reply_to = '', send_after_close = false",
    ):
        await told.rows(statement)
    return told


async def workers_send(site: Site, mailbox: Mailbox) -> None:
    """What workers do until nothing is due."""
    async with server(mailbox) as port, site.database.as_worker():
        while (found := await sending.claim_next(LATER)) is not None:
            await sending.send(
                found, server=smtp(port), now=LATER, public_url=URL, others=letters.COMPOSED
            )


async def post(visitor: Visitor, path: str, **boxes: str) -> httpx.Response:
    answer = await visitor.post(path, boxes)
    assert answer.status_code in {200, 303}, answer.text
    return answer


async def test_a_month_is_sent_and_a_bad_address_is_corrected_and_tried_again(site: Site) -> None:
    carl, mailbox = await site.as_(CARL), Mailbox()
    month = await read(carl, OCTOBER)
    assert "2 documents can go by e-mail. 1 has no address." in month
    asked = await read(carl, f"{SEND}/confirm")
    assert "Send 2 documents of October 2026 by e-mail?" in asked
    answer = await carl.post(SEND)
    assert (answer.status_code, answer.headers["location"]) == (303, SEND)
    assert (await carl.post(SEND)).status_code == 303, "a second click sends nothing twice"
    assert "0 of 2" in await read(carl, SEND)
    progress = await carl.get(f"{SEND}/progress", headers=HTMX)
    assert 'hx-trigger="every 2s"' in progress.text
    mailbox.recipients = ["250 OK", "550 5.1.1 No such user here"]
    await workers_send(site, mailbox)
    ended = await carl.get(f"{SEND}/progress", headers=HTMX)
    assert "every 2s" not in ended.text
    assert 'hx-target="#send"' in ended.text
    html = (await carl.get(SEND)).text
    text = words(html)
    assert "1 of 3 documents are sent. 1 has no address. 1 could not be delivered." in text
    assert "bob@shop.test 550 5.1.1 No such user here" in text
    assert "subscribers/2/edit" not in html, "an accountant changes no customers"
    nora = await site.as_(NORA)
    (edit,) = re.findall(r'href="([^"]*/subscribers/2/edit[^"]*)"', (await nora.get(SEND)).text)
    form = (await nora.get(edit)).text
    assert f'href="{SEND}"' in form, "Cancel leads back"
    boxes = {"name": "Canary-North-Bob", "email": "robert@shop.test"}
    saved = await nora.post(edit.replace("&amp;", "&"), boxes)
    assert (saved.status_code, saved.headers["location"]) == (303, SEND)
    again = await nora.post(f"{SEND}/again", {"number": BOBS})
    assert again.status_code == 303
    await workers_send(site, mailbox)
    assert [letter["To"] for letter in mailbox.letters] == ["sue@home.test", "robert@shop.test"]
    assert "2 of 3 documents are sent. 1 has no address." in await read(nora, SEND)
    months = await read(nora, "/cloud/periods")
    assert "2 of 3" in months


async def test_needs_you_names_what_is_not_sent_until_it_is_handed_over(site: Site) -> None:
    nora = await site.as_(NORA)
    assert "October 2026: 3 invoices are not sent." in await read(nora, "/cloud?needs=all")
    await site.rows(
        "insert into delivery (cloud, key, kind, document, recipient, recipients, subject, facts,"
        " due_at, state) select 1, 'document ' || id, 'invoice', id, 'x@y.z', '{x@y.z}', '', '{}',"
        " now(), 'failed' from invoice where number = $1",
        BOBS,
    )
    home = await read(nora, "/cloud?needs=all")
    assert "October 2026: 1 invoice could not be sent." in home
    assert "October 2026: 2 invoices are not sent." in home
    assert "1 e-mail could not be sent" not in home, "it is told once"
    await post(nora, f"{SEND}/hand-over", kind="csv")
    assert "are not sent" not in await read(nora, "/cloud?needs=all")
    sam = await site.as_(SAM)
    assert "could not be sent" not in await read(sam, "/cloud?needs=all")


async def test_documents_are_chosen_in_the_list_or_all_that_match(site: Site) -> None:
    ann, nora, mailbox = await site.as_(ANN), await site.as_(NORA), Mailbox()
    path = "/cloud/invoices/selected?month=2026-10"
    asked = await post(nora, path, **{f"pick-{BOBS}": "on", "intent": "send"})
    assert "Send 1 document by e-mail?" in words(asked.text)
    await post(nora, path, **{f"pick-{BOBS}": "on", "intent": "send-now"})
    listed = (await nora.get("/cloud/invoices?month=2026-10&sent=not_sent")).text
    assert (BOBS in listed, SUES in listed, DEEPS in listed) == (False, True, True)
    waiting = (await nora.get("/cloud/invoices?sent=waiting")).text
    assert (BOBS in waiting, SUES in waiting) == (True, False)
    everything = "/cloud/invoices/selected?month=2026-10&sent=not_sent"
    asked = await post(nora, everything, everything="on", intent="send")
    assert "Send 2 documents by e-mail?" in words(asked.text)
    await post(nora, everything, everything="on", intent="send-now")
    await workers_send(site, mailbox)
    assert len(mailbox.letters) == 2, "Deep has no address, and September was not meant"
    made = await post(nora, path, **{f"pick-{SUES}": "on", "intent": "zip"})
    file = await nora.get(made.headers["location"] + "/file")
    assert ZipFile(BytesIO(file.content)).namelist() == [f"{SUES}.pdf"]
    # An account manager chooses among their own: another's number is not there.
    for number in (BOBS, "SOUTH-2026-000002"):
        answer = await ann.post(path, {f"pick-{number}": "on", "intent": "send-now"})
        assert answer.status_code == 422, number
    assert "Send 2 documents" in words(
        (await post(ann, "/cloud/invoices/selected", everything="on", intent="send")).text
    ), "Sue's of two months"
    none = await nora.post(path, {"intent": "send"})
    assert none.status_code == 303


async def test_one_document_is_sent_from_its_page_and_its_story_is_told(site: Site) -> None:
    nora, sue, mailbox = await site.as_(NORA), await site.as_(SUE), Mailbox()
    page = f"/cloud/invoices/{SUES}"
    await post(nora, f"{page}/send", idempotency_key="one")
    assert "On its way to sue@home.test" in await read(nora, page)
    await workers_send(site, mailbox)
    await sue.get(f"/my/invoices/{SUES}")
    await sue.get(f"/my/invoices/{SUES}")
    story = await read(nora, page)
    assert "Sent to sue@home.test" in story
    assert story.count(f"Opened in the portal by {SUE.name}") == 1
    assert "Opened" not in await read(sue, f"/my/invoices/{SUES}")
    # Whoever looks at the portal as Sue has not opened it for her.
    await site.rows("delete from document_opening")
    why = {"reason": "a question", "minutes": "15"}
    begun = await nora.post("/cloud/view-as?kind=subscriber&key=1", why)
    assert begun.headers["location"].startswith("/my"), begun.text
    assert SUES in await read(nora, f"/my/invoices/{SUES}")
    assert not await site.rows("select 1 from document_opening")
    await nora.get("/my")
    await nora.post("/stop-viewing")
    asked = (await nora.get(f"{page}/send")).text
    assert "This sends another copy." in words(asked)
    assert 'name="copy" value="on"' in asked
    for _ in range(2):
        await post(nora, f"{page}/send", copy="on", idempotency_key="two")
    await workers_send(site, mailbox)
    assert len(mailbox.letters) == 2
    assert "Copy sent to sue@home.test" in await read(nora, page)
    assert "no e-mail address for documents" in await read(nora, f"/cloud/invoices/{DEEPS}/send")
    assert (await nora.get("/cloud/invoices/PLAT-2026-000001/send")).status_code == 404


async def test_what_was_handed_over_before_is_asked_first(site: Site) -> None:
    carl = await site.as_(CARL)
    made = await post(carl, f"{SEND}/hand-over", kind="csv")
    first = made.headers["location"]
    text = await read(carl, first)
    assert f"Handed over by {CARL.name}" in text
    assert "Documents 3" in text
    warned = await post(carl, f"{SEND}/hand-over", kind="json")
    assert warned.status_code == 200
    assert f"3 of these documents were handed over before: {SUES}" in words(warned.text)
    again = await post(carl, f"{SEND}/hand-over", kind="json", again="on")
    file = await carl.get(again.headers["location"] + "/file")
    assert [one["number"] for one in file.json()["items"]] == [SUES, BOBS, DEEPS]
    listed = (await carl.get(f"{SEND}?list=hand-overs&format=csv")).text
    assert listed.count(CARL.name) == 2
    sam = await site.as_(SAM)
    for path in (first, f"{first}/file"):
        assert (await sam.get(path)).status_code == 404
    assert (await carl.post(f"{SEND}/hand-over", {"kind": "pdf"})).status_code == 404


async def test_the_text_of_the_mail_is_tried_before_it_is_saved(site: Site) -> None:
    carl, mailbox = await site.as_(CARL), Mailbox()
    path = "/cloud/settings/email"
    wrong = {"invoice_text": "Dear {customer}\nPay {amount}", "reply_to": "nobody"}
    answer = await carl.post(path, wrong)
    assert answer.status_code == 422
    text = words(answer.text)
    assert "there is no placeholder {amount}" in text
    assert "Pay {amount}" in text, "what was typed is kept"
    drawn = await carl.post(
        path, {"invoice_text": "Dear {customer}", "intent": "recalculate"}, headers=HTMX
    )
    assert "Dear Canary-" in drawn.text
    boxes = {"invoice_text": "Dear {customer}\n{number}", "reply_to": "billing@north.test"}
    assert (await carl.post(path, {**boxes, "intent": "test"})).status_code == 303
    await workers_send(site, mailbox)
    (letter,) = mailbox.letters
    assert letter["To"] == CARL.name
    assert letter["Subject"].startswith("Test: Invoice NORTH-")
    stored = "select invoice_text, reply_to, send_after_close from cloud where id = 1"
    assert tuple((await site.rows(stored))[0]) == ([], "", False), "a test keeps nothing"
    assert (await carl.post(path, {**boxes, "send_after_close": "on"})).status_code == 303
    kept = (await site.rows(stored))[0]
    assert tuple(kept) == (["Dear {customer}", "{number}"], "billing@north.test", True)
    assert "Dear Canary-North-Sue" in await read(carl, f"{SEND}/preview")
    ann = await site.as_(ANN)
    assert (await ann.get(path)).status_code == 403


async def test_who_sends_what(site: Site) -> None:
    ann, max_, sue = await site.as_(ANN), await site.as_(MAX), await site.as_(SUE)
    assert "1 document can go by e-mail." in await read(ann, SEND)
    (count,) = re.findall(r"Send (\d)\b", await read(ann, f"{SEND}/confirm"))[:1]
    assert count == "1", "their own customer's alone"
    looked = await read(max_, f"/system/clouds/north/{SEND.removeprefix('/cloud/')}")
    assert "2 documents can go by e-mail." in looked
    assert "Send 2" not in looked
    for path in ("", "/again", "/hand-over"):
        at = f"/system/clouds/north/periods/2026-10/send{path}"
        assert (await max_.post(at, {"kind": "csv"})).status_code == 403, path
    assert (await sue.post(SEND)).status_code == 403
    ada = await site.as_(ADA)
    answer = await ada.post("/system/clouds/north/periods/2026-10/send")
    assert answer.headers["location"] == "/system/clouds/north/periods/2026-10/send"
    assert {row[0] for row in await site.rows("select cloud from delivery")} == {1}
    sam = await site.as_(SAM)
    assert SUES not in (await sam.get(SEND)).text
    assert (await sam.get("/cloud/periods/2026-13/send")).status_code == 404


async def test_without_a_mail_server_documents_are_handed_over(site: Site) -> None:
    site.app.state.post = NO_POST
    carl = await site.as_(CARL)
    text = await read(carl, SEND)
    assert "No mail server is set up" in text
    assert "Send 2" not in text
    await carl.post(SEND)
    assert not await site.rows("select 1 from delivery")
    assert (await post(carl, f"{SEND}/hand-over", kind="zip")).status_code == 303


async def test_the_page_of_documents_is_no_page_of_a_month_without_any(site: Site) -> None:
    carl = await site.as_(CARL)
    assert (await carl.get("/cloud/periods/2026-11/send")).status_code == 404
    answer = await carl.get(SEND, headers=HTMX)
    assert answer.text.lstrip().startswith('<div id="send"')
    assert answer.headers["vary"] == HEADERS["Vary"]
