"""Rex brings a customer by one form; Nora looks at it; nobody learns of others."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.cast import ADA, ANN, CARL, LIZ, NORA, REX, SAM, SUE
from tests.routes.conftest import Site, Visitor
from tests.routes.worked_example import read, words, worked
from tests.services import TestServices

NEW = "/referral/subscribers/new"
SOLE = {
    "name": "Bar Sole", "email": "sole@bar.test", "phone": "+39 06 555", "address": "Via Sole 1\nRoma",
    "tax_number": "IT 77", "wanted": "4", "wanted_tariff": "home-7", "brought_note": "at noon",
    "agreed": "on",
}  # fmt: skip


@pytest.fixture(scope="module")
async def site(
    services: TestServices, template: str, worker_id: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Site]:
    """One for the file."""
    directory: Path = tmp_path_factory.mktemp("bringing")
    async with worked(services, template, f"{template}_{worker_id}_bring", directory) as it:
        yield it


@pytest.fixture(scope="module")
async def rex(site: Site) -> Visitor:
    return await site.as_(REX)


async def key_of(visitor: Visitor) -> str:
    html = (await visitor.get(NEW)).text
    found = re.search(r'name="idempotency_key" value="([0-9a-f]{32})"', html)
    assert found
    return found[1]


async def bring(visitor: Visitor, **other: str) -> str:
    """The page that the form leads to."""
    sent = {**SOLE, "idempotency_key": await key_of(visitor), **other}
    answer = await visitor.post(NEW, data=sent)
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"])


async def test_the_form_offers_tariffs_with_what_they_earn(rex: Visitor) -> None:
    text = await read(rex, NEW)
    assert "Home 7 · €9.90 a month" in text
    assert "Your commission: about €1.49 a month each" in text


async def test_what_is_wrong_is_said_at_its_field_and_nothing_is_stored(
    rex: Visitor, site: Site
) -> None:
    before = await site.rows("select count(*) as n from subscriber")
    for wrong, field in (
        ({"name": ""}, "name"),
        ({"email": "nobody"}, "email"),
        ({"email": ""}, "email"),
        ({"phone": "x" * 65}, "phone"),
        ({"wanted": "0"}, "wanted"),
        ({"wanted": "many"}, "wanted"),
        ({"wanted_tariff": "south-7"}, "wanted_tariff"),
        ({"agreed": ""}, "agreed"),
    ):
        sent = {**SOLE, "idempotency_key": await key_of(rex), **wrong}
        answer = await rex.post(NEW, data=sent)
        assert answer.status_code == 422, wrong
        assert f'href="#field-{field}"' in answer.text, wrong
        assert 'value="+39 06 555' in answer.text or "phone" in wrong
    assert await site.rows("select count(*) as n from subscriber") == before


async def test_one_form_is_one_subscriber_however_often_it_is_sent(
    rex: Visitor, site: Site
) -> None:
    key = await key_of(rex)
    first = await bring(rex, idempotency_key=key)
    assert await bring(rex, idempotency_key=key) == first
    number = int(first.rpartition("/")[2])
    (row,) = await site.rows(f"select * from subscriber where number = {number} and cloud = 1")
    assert (row["name"], row["referral"], row["wanted"], row["address"]) == (
        "Bar Sole", 1, 4, ["Via Sole 1", "Roma"],
    )  # fmt: skip
    assert "With the operator" in await read(rex, first)
    listed = await read(rex, "/referral/subscribers?state=with_operator")
    assert "Bar Sole" in listed
    assert "Sue" not in listed
    (entry,) = await site.rows("select actor from audit where action = 'subscriber.bring'")
    assert entry["actor"] == REX.name


async def test_an_agent_reads_the_same_whoever_else_is_known(rex: Visitor, site: Site) -> None:
    await site.rows("update subscriber set email = 'sue@home.test' where id = 1 returning id")
    pages, number = [], ""
    for email in ("fresh@bar.test", "sue@home.test"):
        path = await bring(rex, email=email, tax_number="", address="", name="Bar Uno")
        number = path.rpartition("/")[2]
        page = (await read(rex, path)).replace(f"Customer {number}", "Customer N")
        told = await read(rex, "/referral/subscribers?q=Bar+Uno&state=with_operator")
        pages.append((page, told.count("With the operator") >= 1))
        assert "sue@home.test" not in page
        assert "Nothing" not in told
    assert pages[0] == pages[1]
    assert "Nothing fits" in await read(rex, "/referral/search?q=sue@home.test")
    nora = await site.as_(NORA)
    text = await read(nora, f"/cloud/subscribers/{number}")
    assert "Somebody else has the same, too: look before you go on. E-mail address" in text
    assert "Referred by rex, " in text


async def test_the_operator_checks_it_once(rex: Visitor, site: Site) -> None:
    path = await bring(rex, name="Bar Due", email="due@bar.test")
    number = path.rpartition("/")[2]
    nora = await site.as_(NORA)
    page = f"/cloud/subscribers/{number}"
    assert "4 cameras wanted" in await read(nora, page)
    for _again in range(2):
        answer = await nora.post(f"{page}/check")
        assert (answer.status_code, answer.headers["location"]) == (303, page)
    assert "brought it" not in await read(nora, page)
    assert "No cameras" in await read(rex, path)
    entries = await site.rows("select object from audit where action = 'subscriber.check'")
    assert [row["object"] for row in entries] == [f"subscriber {number}"]
    for who, status in ((CARL, 403), (ANN, 404), (SAM, 404), (SUE, 403), (REX, 403)):
        visitor = await site.as_(who)
        await visitor.get("/account")
        assert (await visitor.post(f"{page}/check")).status_code == status, who.name


async def test_only_referrals_bring_and_each_its_own(rex: Visitor, site: Site) -> None:
    for who in (NORA, SUE, ADA):
        visitor = await site.as_(who)
        await visitor.get("/account")
        assert (await visitor.get(NEW)).status_code == 403
        assert (await visitor.post(NEW, data=SOLE)).status_code == 403
    path = await bring(rex, name="Bar Tre", email="tre@bar.test")
    assert (await (await site.as_(LIZ)).get(path)).status_code == 404
    assert "Bar Tre" not in words((await (await site.as_(LIZ)).get("/referral/subscribers")).text)
