"""Customers come as a file: looked at line by line, then imported whole, each or not at all."""

from __future__ import annotations

import json

import pytest

from portal.words import Sentence, stored
from tests.cast import ANN, CARL, NORA, NORTH, SAM
from tests.routes.conftest import Site, Visitor
from tests.routes.worked_example import HTMX, words

PATH = "/cloud/subscribers/import"
HEAD = (
    "name,number,email,address,tax_number,discount,account_manager,referral,"
    "camera,camera_name,tariff,from"
)
GOOD = """
Bar Sole,,bar@sole.test,"Via Roma 1
Torino",IT1,10,ann@north.test,rex,bar-1,Counter,home-7,2026-11-01
Bar Sole,,bar@sole.test,,IT1,,,,bar-2,,home-7,2026-11-01

Cleo,70,,,,,,,,,,
"""


def file(rows: str, head: str = HEAD) -> dict[str, tuple[str, bytes, str]]:
    return {"file": ("customers.csv", (head + "\n" + rows.strip("\n")).encode(), "text/csv")}


async def look(visitor: Visitor, rows: str, head: str = HEAD):
    await visitor.get(PATH)
    return await visitor.post(PATH, files=file(rows, head))


async def send(visitor: Visitor, rows: str, intent: str, **more: str):
    data = {"_csrf_token": visitor.token, "content": HEAD + "\n" + rows, "intent": intent, **more}
    parts = {name: (None, value) for name, value in data.items()}
    return await visitor.client.post(PATH, files=parts)


async def made(site: Site) -> list[tuple[str, int]]:
    rows = await site.rows(
        "select s.name, count(x.id)::int as cameras from subscriber s"
        " left join subscription x on x.subscriber = s.id where s.id > 100 group by s.id order by 1"
    )
    return [tuple(row) for row in rows]


async def test_a_file_is_looked_at_and_then_imported_once(site: Site):
    nora = await site.as_(NORA)
    seen = await look(nora, GOOD)
    assert "New subscribers 2" in words(seen.text)
    assert await made(site) == [], "nothing is stored by looking"
    assert await site.rows("select 1 from audit where action = 'subscriber.create'") == []
    for _ in range(2):
        done = await send(nora, GOOD, "import")
        assert "2 of 2" in words(done.text)
        assert await made(site) == [("Bar Sole", 2), ("Cleo", 0)]
    again = await look(nora, GOOD)
    assert "Imported before 2" in words(again.text)
    (row,) = await site.rows(
        "select address, discount_percent from subscriber where name = 'Bar Sole'"
    )
    assert (row["address"], int(row["discount_percent"])) == (["Via Roma 1", "Torino"], 10)
    template = await nora.get(f"{PATH}/template")
    assert template.text.splitlines()[0] == HEAD


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (",,,,,,,,,,,x", "name"),
        ("Dora,,nobody,,,,,,,,,", "email"),
        ("Dora,,,,,200,,,,,,", "discount"),
        ("Dora,1,,,,,,,,,,", "already"),
        ("Dora,,,,,,,nobody,,,,", "referral"),
        ("Dora,,,,,,sam@south.test,,,,,", "account manager"),
        ("Dora,,,,,,,,,,home-7,", "required with a tariff"),
        ("Dora,,,,,,,,d-1,,south-7,2026-11-01", "tariff"),
        ("Dora,,,,,,,,d-1,,home-7,2025-01-01", "first version"),
        ("Dora,,,,,,,,d-1,,home-7,soon", "from"),
        ("Dora,,,,,,,,bar-1,,home-7,2026-11-01", "bar-1"),
        ("Dora,,,,,,,,..,,home-7,2026-11-01", "dot"),
    ],
)
async def test_a_bad_line_is_named_and_the_good_ones_come_if_asked(site: Site, row, said):
    nora = await site.as_(NORA)
    rows = GOOD.strip() + "\n" + row
    seen = await look(nora, rows)
    page = words(seen.text)
    assert " 7 " in page.partition("What is wrong")[2], page
    assert said in page.partition("What is wrong")[2]
    refused = await send(nora, rows, "import")
    if "first version" not in said and await made(site) == []:
        assert "What is wrong" in words(refused.text)
    await send(nora, rows, "good")
    assert await made(site) == [("Bar Sole", 2), ("Cleo", 0)]


@pytest.mark.parametrize(
    ("rows", "head", "said"),
    [
        ("x", "name,number", "first line must be"),
        ("", HEAD, "nothing in it"),
        ("a,b", HEAD, "line 2 has 2 columns"),
        ('"a', HEAD, "no CSV"),
        ("x,,,,,,,,,,,\n" * 2_001, HEAD, "at most 2000 lines"),
    ],
)
async def test_what_is_no_such_file_is_refused(site: Site, rows, head, said):
    nora = await site.as_(NORA)
    answer = await look(nora, rows, head)
    assert answer.status_code == 422
    assert said in words(answer.text)


@pytest.mark.parametrize("between", [";", "\t"])
async def test_spreadsheets_of_other_countries_write_other_marks(site: Site, between: str):
    """With an order mark, a comma in a name, and a percentage as it is typed there."""
    nora = await site.as_(NORA)
    row = between.join(['"Bar, Sole"', "", "", "", "", "7,5", "", "", "bar-1", "", "", ""])
    head = "\ufeff" + HEAD.replace(",", between)
    assert "New subscribers 1" in words((await look(nora, row, head)).text)
    parts = {"_csrf_token": nora.token, "content": f"{head}\n{row}", "intent": "import"}
    await nora.client.post(PATH, files={name: (None, value) for name, value in parts.items()})
    query = "select discount_percent from subscriber where name = 'Bar, Sole'"
    assert [float(one[0]) for one in await site.rows(query)] == [7.5]


async def test_who_may_import(site: Site):
    ann, carl = await site.as_(ANN), await site.as_(CARL)
    assert (await carl.get(PATH)).status_code == 403
    await look(ann, "Dora,,,,,,,,d-1,,home-7,2026-11-01")
    await send(ann, "Dora,,,,,,,,d-1,,home-7,2026-11-01", "import")
    (row,) = await site.rows("select account_manager from subscriber where name = 'Dora'")
    assert row["account_manager"] == ANN.user
    before = ann.token
    ann.token = "0" * 64
    assert (await send(ann, "Zoe,,,,,,,,,,,", "import")).status_code == 403
    ann.token = before
    nora = await site.as_(NORA)
    assert (await nora.post(PATH, {"intent": "import"})).status_code == 422


async def test_what_workers_imported_is_told_as_what_a_page_imported(site: Site):
    """Numbers and lines stand on the page of the task; nobody of another cloud finds it."""
    taken = Sentence("Camera %(camera)s is there already.") % {"camera": "bar-1"}
    result = {"customers": 2, "cameras": 1, "before": [3], "problems": [[7, stored(taken)]]}
    ((task,),) = await site.rows(
        "insert into task (cloud, kind, asked_by, digest, wanted, asked_at, state, done, total,"
        " result) values ($1, 'import', $2, 'x', '{}', now(), 'done', 4, 4, $3) returning id",
        NORTH,
        NORA.user,
        json.dumps(result),
    )
    page = await (await site.as_(NORA)).get(f"/cloud/tasks/{task}")
    told = words(page.text)
    for sentence in (
        "2 subscribers are imported.",
        "1 camera is added.",
        "1 was imported before.",
        "7 Camera bar-1 is there already.",
    ):
        assert sentence in told
    assert (await (await site.as_(SAM)).get(f"/cloud/tasks/{task}")).status_code == 404


async def test_a_page_of_running_work_asks_for_itself_whole(site: Site):
    """Also for an account manager, who imports and writes no tariffs; nobody else sees it."""
    ((task,),) = await site.rows(
        "insert into task (cloud, kind, asked_by, digest, wanted, asked_at, state, done, total)"
        " values ($1, 'import', $2, 'y', '{}', now(), 'running', 25, 60) returning id",
        NORTH,
        ANN.user,
    )
    path, ann = f"/cloud/tasks/{task}", await site.as_(ANN)
    answer = await ann.get(path)
    assert "25 of 60" in words(answer.text)
    assert answer.text.count(f'id="task-{task}"') == 1
    part = (await ann.get(path, headers=HTMX)).text
    assert part.lstrip().startswith(f'<div id="task-{task}"')
    assert f'hx-target="#task-{task}"' in part, "what comes takes the place of what asked for it"
    assert (await (await site.as_(NORA)).get(path)).status_code == 404
