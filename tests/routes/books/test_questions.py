"""Sue asks about her invoice, North answers, both are told by mail, and nobody else reads it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from portal.books.actions.money import questions as actions
from portal.books.actions.money import telling
from portal.kit.actions.mail import Post
from tests.cast import ANN, BOB, CARL, NORA, REX, SAM, SUE
from tests.conftest import NOW
from tests.routes.conftest import Site
from tests.routes.worked_example import read, words, worked
from tests.services import TestServices

SUES = "NORTH-2026-000001"


@pytest.fixture(scope="module")
async def site(
    services: TestServices, template: str, worker_id: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Site]:
    directory: Path = tmp_path_factory.mktemp("questions")
    async with worked(services, template, f"{template}_{worker_id}_questions", directory) as site:
        yield site


async def test_a_question_is_asked_on_a_line_answered_gone_on_with_and_closed(site: Site) -> None:
    sue, ann = await site.as_(SUE), await site.as_(ANN)
    assert (
        f'href="/my/questions/new?invoice={SUES}"' in (await sue.get(f"/my/invoices/{SUES}")).text
    )
    line = (await sue.get(f"/my/invoices/{SUES}/lines/0")).text
    assert f'href="/my/questions/new?invoice={SUES}&amp;line=0"' in line
    form = await read(sue, f"/my/questions/new?invoice={SUES}&line=0")
    assert "About line 1 of it." in form
    boxes = {"invoice": SUES, "line": "0", "text": "Why 31 days?\n<b>Really</b>"}
    for wrong, box in (
        ({"text": ""}, "text"),
        ({"text": "x" * 2_001}, "text"),
        ({"invoice": "NORTH-2026-999999"}, "invoice"),
        ({"line": "77"}, "invoice"),
    ):
        answer = await sue.post("/my/questions/new", {**boxes, **wrong})
        assert answer.status_code == 422, wrong
        assert f'id="error-{box}"' in answer.text, (wrong, words(answer.text)[400:1500])
    for _ in range(2):
        asked = await sue.post("/my/questions/new", {**boxes, "idempotency_key": "d" * 32})
        assert asked.status_code == 303
    listed = await read(sue, "/my/questions")
    assert listed.count("Why 31 days?") == 1
    assert "1 question of a subscriber waits for an answer." in await read(
        await site.as_(CARL), "/cloud"
    )

    page = (await ann.get("/cloud/questions?state=open")).text
    path = page.partition('href="/cloud/questions/')[2].partition('"')[0]
    thread = (await ann.get(f"/cloud/questions/{path}")).text
    assert "&lt;b&gt;Really&lt;/b&gt;" in thread
    assert f'href="/cloud/invoices/{SUES}/lines/0"' in thread
    empty = await ann.post(f"/cloud/questions/{path}", {"text": " "})
    assert empty.status_code == 422
    said = {"text": "October has 31 days.", "idempotency_key": "e" * 32}
    for _ in range(2):
        assert (await ann.post(f"/cloud/questions/{path}", said)).status_code == 303
    own = await read(sue, f"/my/questions/{path}")
    assert own.count("October has 31 days.") == 1
    assert "Answered" in own
    assert (await sue.post(f"/my/questions/{path}", {"text": "Thank you"})).status_code == 303
    assert "Open" in await read(sue, "/my/questions")
    for _ in range(2):
        assert (await sue.post(f"/my/questions/{path}/close", {})).status_code == 303
    assert "Closed" in await read(ann, f"/cloud/questions/{path}")
    assert "Why 31 days" in (await ann.get("/cloud/questions?format=csv")).text


async def test_nobody_else_reads_or_writes_it(site: Site) -> None:
    sue, sam, bob, rex, nora = [await site.as_(who) for who in (SUE, SAM, BOB, REX, NORA)]
    asked = await sue.post("/my/questions/new", {"text": "Only ours", "invoice": "", "line": ""})
    path = asked.headers["location"].rpartition("/")[2]
    assert "Only ours" in await read(nora, f"/cloud/questions/{path}")
    for other, base in ((sam, "/cloud"), (bob, "/my")):
        assert (await other.get(f"{base}/questions/{path}")).status_code == 404
        assert (await other.post(f"{base}/questions/{path}", {"text": "x"})).status_code == 404
        assert (await other.post(f"{base}/questions/{path}/close", {})).status_code == 404
        assert "Only ours" not in await read(other, f"{base}/questions")
    assert (await rex.get(f"/cloud/questions/{path}")).status_code == 403
    foreign = {"text": "Whose?", "invoice": SUES, "line": ""}
    assert (await bob.post("/my/questions/new", foreign)).status_code == 422


async def test_who_waits_is_told_by_mail_once(site: Site) -> None:
    """Sue is Ann's: her question goes to Ann alone; the answer goes to Sue."""
    await site.rows(
        "update question_message set told_at = now() where told_at is null returning id"
    )
    sue, ann = await site.as_(SUE), await site.as_(ANN)
    asked = await sue.post("/my/questions/new", {"text": "Mail?", "invoice": "", "line": ""})
    path = asked.headers["location"].rpartition("/")[2]
    await ann.post(f"/cloud/questions/{path}", {"text": "Yes"})
    async with site.database.as_worker():
        post = Post(is_set_up=True)
        assert await telling.tell_due(wall=NOW, post=post) == 2
        assert await telling.tell_due(wall=NOW, post=post) == 0
    rows = await site.rows("select kind, recipient from delivery order by id desc limit 2")
    assert {tuple(row) for row in rows} == {("question", ANN.name), ("answer", SUE.name)}


async def test_a_subscriber_writes_so_much_a_day_and_no_more(site: Site) -> None:
    sue = await site.as_(SUE)
    answer = await sue.post("/my/questions/new", {"text": "First", "invoice": "", "line": ""})
    path = answer.headers["location"]
    for number in range(actions.A_DAY_MAX):
        answer = await sue.post(path, {"text": f"And {number}"})
        if answer.status_code != 303:
            break
    assert answer.status_code == 422
    assert "write again tomorrow" in words(answer.text)


async def test_a_subscriber_sees_what_it_has_paid_and_its_credit(site: Site) -> None:
    carl, sue = await site.as_(CARL), await site.as_(SUE)
    await carl.get("/cloud/payments")
    paid = {"amount": "20,00", "paid_on": "2026-11-05", "reference": "BOX-7", "method": "cash"}
    assert (await carl.post("/cloud/payments", {**paid, "subscriber": "1"})).status_code == 303
    page = await read(sue, "/my/payments")
    assert "Credit €3.52" in page
    assert "BOX-7 5 Nov 2026 · Payment" in page
    assert f'href="/my/invoices/{SUES}"' in (await sue.get("/my/payments")).text
    assert "BOX-7" in (await sue.get("/my/payments?format=csv")).text
    assert 'href="/my/payments"' in (await sue.get("/my/invoices")).text
    assert "BOX-7" not in await read(await site.as_(BOB), "/my/payments")
