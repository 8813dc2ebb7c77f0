"""Referrals of a cloud: what they are owed, taking one on with its invitation, terms and levels."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.cast import ADA, ANN, CARL, MAX, NORA, SAM, SUE
from tests.routes.conftest import Site, Visitor
from tests.routes.worked_example import HTMX, read, rows, words, worked
from tests.services import TestServices

PATH = "/cloud/referrals"
ABOVE = "/system/clouds/north/referrals"
TESS = {
    "name": "Tess Conti",
    "email": "tess@agents.test",
    "code": "",
    "percent": "7,5",
    "basis": "collected",
    "hold_days": "30",
    "sponsor": "rex",
}


@pytest.fixture(scope="module")
async def site(
    services: TestServices, template: str, worker_id: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Site]:
    directory: Path = tmp_path_factory.mktemp("referrals")
    async with worked(services, template, f"{template}_{worker_id}_referrals", directory) as it:
        yield it


@pytest.fixture(scope="module")
async def nora(site: Site) -> Visitor:
    return await site.as_(NORA)


def wrong_fields(html: str) -> set[str]:
    return set(re.findall(r'id="error-([\w-]+)"', html))


async def test_the_list_says_what_each_is_owed(site: Site, nora: Visitor):
    for visitor, path in ((nora, PATH), (await site.as_(ADA), ABOVE), (await site.as_(CARL), PATH)):
        html = (await visitor.get(path)).text
        table = rows(html, "rows")
        assert table[1][1:] == [
            "15%",
            "when invoiced",
            "–",
            "1",
            "€2.03",
            "€0.00",
            "€2.03",
            "€0.00",
        ]
        assert table[2] == ["Total", "", "", "", "1", "€2.03", "€0.00", "€2.03", "€0.00"]
        assert f'href="{path}/rex"' in html
    sheet = (await nora.get(f"{PATH}?format=csv&q=rex")).text
    assert next(csv.DictReader(io.StringIO(sheet)))["Code"] == "rex"
    for query, count in (("q=nobody", 0), ("basis=invoiced", 1), ("basis=x&sort=-payable", 1)):
        found = rows((await nora.get(f"{PATH}?{query}", headers=HTMX)).text, "rows")
        assert len([row for row in found[1:] if row[0] != "Total"]) == count, query


async def test_its_page_leads_to_customer_and_invoice(site: Site, nora: Visitor):
    for visitor, base in ((nora, "/cloud"), (await site.as_(ADA), "/system/clouds/north")):
        html = (await visitor.get(f"{base}/referrals/rex")).text
        text = words(html)
        assert "Payable €0.00 on no statement yet Pending €2.03 younger than 30 days" in text
        assert "Earned this year €2.03 2026" in text
        assert "15% of what its subscribers are invoiced, before tax; earns when invoiced." in text
        table = rows(html, "rows")
        assert table[1][1:] == [
            "Sue Customer 1", "October 2026", "1", "€13.51", "15%", "Pending", "€2.03",
        ]  # fmt: skip
        if base == "/cloud":
            assert f'href="{base}/subscribers/1"' in html
        documents = "/cloud" if base == "/cloud" else "/system"
        assert f'href="{documents}/invoices/NORTH-2026-000001"' in html
        assert "rex@agents.test" in text
    for query, count in (("month=2026-10", 1), ("month=2026-09", 0), ("level=2", 0), ("q=sue", 1)):
        found = rows((await nora.get(f"{PATH}/rex?{query}", headers=HTMX)).text, "rows")
        assert len([row for row in found[1:] if row[0] != "Total"]) == count, query
    assert (await nora.get(f"{PATH}/rex?month=x&level=99999999999&state=x")).status_code == 200
    for path in (f"{PATH}/liz", f"{PATH}/nobody", "/system/clouds/south/referrals/rex"):
        who = nora if path.startswith("/cloud") else await site.as_(ADA)
        assert (await who.get(path)).status_code == 404, path


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"name": ""}, {"name"}),
        ({"email": "no address"}, {"email"}),
        ({"email": "", "invite": "on"}, {"email"}),
        ({"code": "no spaces"}, {"code"}),
        ({"percent": "101"}, {"percent"}),
        ({"percent": "1.234"}, {"percent"}),
        ({"basis": "never", "percent": ""}, {"basis", "percent"}),
        ({"sponsor": "nobody"}, {"sponsor"}),
        ({"sponsor": "nobody", "percent": "x"}, {"sponsor", "percent"}),
    ],
)
async def test_what_is_wrong_is_told_at_its_field(site: Site, nora: Visitor, fields, wrong):
    await nora.get(f"{PATH}/new")
    answer = await nora.post(f"{PATH}/new", {**TESS, **fields})
    assert (answer.status_code, wrong_fields(answer.text)) == (422, wrong)
    block = await nora.post(f"{PATH}/new", {**TESS, **fields}, headers=HTMX)
    assert block.text.lstrip().startswith('<form id="form"')
    assert await site.rows("select code from referral where cloud = 1") == [("rex",)]


async def test_one_is_taken_on_with_its_invitation_once(site: Site, nora: Visitor):
    html = (await nora.get(f"{PATH}/new")).text
    assert "Each payment earns its share" in words(html)
    made = await nora.post(f"{PATH}/new", {**TESS, "invite": "on"})
    assert made.status_code == 200, "no mail server: the link is shown, once"
    assert "/invite/" in made.text or "/welcome/" in made.text or "http" in made.text
    again = await nora.post(f"{PATH}/new", {**TESS, "invite": "on"})
    assert (again.status_code, wrong_fields(again.text)) == (422, {"code"})
    assert "is taken; tess-conti-2 is free" in words(again.text)
    taken = await nora.post(f"{PATH}/new", {**TESS, "code": "tess-2", "invite": "on"})
    assert (taken.status_code, wrong_fields(taken.text)) == (422, {"email"})
    assert await site.rows("select code from referral where cloud = 1 order by code") == [
        ("rex",),
        ("tess-conti",),
    ], "an address that is taken takes on nobody"
    text = await read(nora, f"{PATH}/tess-conti")
    assert "7.5% of what its subscribers are invoiced, before tax; earns as paid." in text
    assert "Sponsor: Rex" in text
    assert "tess@agents.test" in text
    assert "Invited" in text


async def test_a_sponsor_that_it_brought_itself_is_refused_at_the_field(nora: Visitor):
    form = {"name": "Rex", "email": "", "percent": "15", "basis": "invoiced", "hold_days": "30"}
    await nora.get(f"{PATH}/rex/edit")
    for sponsor in ("tess-conti", "rex"):
        answer = await nora.post(f"{PATH}/rex/edit", {**form, "sponsor": sponsor})
        assert (answer.status_code, wrong_fields(answer.text)) == (422, {"sponsor"}), sponsor
    text = await read(nora, f"{PATH}/rex/edit")
    assert "count as they are when a month is closed, for that whole month" in text
    done = await nora.post(f"{PATH}/rex/edit", {**form, "percent": "12,5"})
    assert (done.status_code, done.headers["location"]) == (303, f"{PATH}/rex")
    text = await read(nora, f"{PATH}/rex")
    assert "12.5% of what its subscribers are invoiced" in text
    assert "Pending €2.03" in text, "what was earned stays"
    await nora.post(f"{PATH}/rex/edit", {**form, "percent": "15"})


async def test_levels_are_worked_while_typed_and_stored(site: Site, nora: Visitor):
    await nora.get(f"{PATH}/new")
    await nora.post(f"{PATH}/new", TESS)  # an agent of Rex, unless she is there already
    path = f"{PATH}/levels"
    await nora.get(path)
    rest = {"agent_percent": "10", "statement_day": "5", "payout_threshold": "20"}
    two = {**rest, "level_percents-0": "2", "level_percents-1": "1"}
    worked_out = await nora.post(path, {**two, "intent": "recalculate"}, headers=HTMX)
    assert worked_out.text.lstrip().startswith('<div id="computed"')
    line = "On €100.00 before tax: €15.00 + €2.00 + €1.00 = €18.00 (18%)"
    assert line in words(worked_out.text)
    more = await nora.post(path, {**two, "intent": "add-level_percents"})
    assert 'name="level_percents-2"' in more.text
    less = await nora.post(path, {**two, "intent": "remove-level_percents-0"})
    assert 'name="level_percents-1"' not in less.text
    wrong = await nora.post(path, {**two, "level_percents-1": "x"})
    assert (wrong.status_code, wrong_fields(wrong.text)) == (422, {"level_percents-1"})
    assert (await nora.post(path, two)).status_code == 303
    assert line in await read(nora, path)
    below = rows((await nora.get(f"{PATH}/rex")).text, "agents")[1]
    assert below[0].startswith("Tess Conti Agent below")
    assert below[1:4] == ["2", "2%", "0"]
    stored = await site.rows("select level_percents::text as text from cloud where id = 1")
    assert [row["text"] for row in stored] == ["{2.000000,1.000000}"]
    assert (await nora.post(path, rest)).status_code == 303
    assert "Only the referral of a subscriber is paid." in await read(nora, path)


async def test_who_may_not_write_sees_no_buttons_and_others_nothing(site: Site):
    for who, base in ((CARL, PATH), (MAX, ABOVE)):
        visitor = await site.as_(who)
        html = (await visitor.get(base)).text
        assert f'href="{base}/new"' not in html
        await visitor.get("/account")
        for path in ("new", "levels", "rex/edit"):
            assert (await visitor.get(f"{base}/{path}")).status_code == 403, path
            assert (await visitor.post(f"{base}/{path}", TESS)).status_code == 403, path
    for who in (ANN, SUE):
        assert (await (await site.as_(who)).get(PATH)).status_code == 403
    sam = await site.as_(SAM)
    assert "Rex" not in await read(sam, PATH)
    await sam.get("/account")
    assert (await sam.post(f"{PATH}/rex/edit", TESS)).status_code == 404
    theirs = await sam.post(f"{PATH}/new", TESS)
    assert (theirs.status_code, wrong_fields(theirs.text)) == (422, {"sponsor"})
