"""Rex is paid in the browser: Carl drafts, approves and pays; Rex reads what he got."""

from __future__ import annotations

from collections.abc import AsyncIterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
import sepaxml
from lxml import etree
from pypdf import PdfReader

from portal.access import SYSTEM
from portal.books.actions.payouts.papers import render_statements
from portal.books.actions.payouts.telling import tell_due
from portal.books.queries.payouts.transfers import NAMESPACE, SCHEMA
from portal.db import atomic
from portal.gateways.documents.pool import DocumentPool
from portal.kit.actions.mail import NO_POST, Post
from tests.cast import ADA, ANN, CARL, LIZ, REX, SAM, SUE
from tests.conftest import NOW
from tests.earnings import earn
from tests.routes.conftest import Site, Visitor
from tests.routes.worked_example import read, rows, words, worked
from tests.services import TestServices

PATH = "/cloud/statements"
MAILED: dict[str, Any] = {"now": NOW, "wall": NOW, "post": Post(is_set_up=True)}


@pytest.fixture(scope="module")
async def site(
    services: TestServices, template: str, worker_id: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Site]:
    """Rex earned 25.00 in August, and 9.00 in September on a customer with his own tax number."""
    directory: Path = tmp_path_factory.mktemp("statements")
    async with worked(services, template, f"{template}_{worker_id}_statements", directory) as it:
        async with it.database.as_worker(), atomic(SYSTEM) as tx:
            await earn(tx, 2500, "2026-08", "2026-09-02")
            await tx.execute("update referral set tax_number = 'IT 07' where id = 1")
            await tx.execute("update subscriber set tax_number = 'it07' where id = 2")
            await earn(tx, 900, "2026-09", "2026-10-03", subscriber=2)
        yield it


async def pays_out(site: Site, carl: Visitor, number: str) -> None:
    """The file for the bank, refused with the reason until both accounts are known."""
    out = f"{PATH}/payouts"
    assert "€25.00" in await read(carl, out)
    for told in ("The cloud has no IBAN", "1 without an IBAN: Rex"):
        refused = await carl.get(f"{out}/file?on=2026-11-20", follow_redirects=True)
        assert told in words(refused.text)
        async with site.database.as_worker(), atomic(SYSTEM) as tx:
            await tx.execute(
                "update cloud set bank = '{IBAN IT60 X054 2811 1010 0000 0123 456}' where id = 1"
            )
    async with site.database.as_worker(), atomic(SYSTEM) as tx:
        await tx.execute("update referral set iban = 'IT60X0542811101000000123456' where id = 1")
    late = await carl.get(f"{out}/file?on=2026-11-01")
    assert (late.status_code, "is over" in late.text) == (422, True)
    files = [await carl.get(f"{out}/file?on=2026-11-20") for _ in range(2)]
    assert files[0].content == files[1].content, "a bank refuses the second of two equal files"
    schema = etree.XMLSchema(file=Path(sepaxml.__file__).parent / "schemas" / f"{SCHEMA}.xsd")
    document = etree.fromstring(files[0].content)
    schema.assertValid(document)
    at = {"p": NAMESPACE}
    told_of = {
        name: document.xpath(f"//p:{name}", namespaces=at)[0].text
        for name in ("EndToEndId", "InstdAmt", "CtrlSum", "ReqdExctnDt")
    }
    assert told_of == {
        "EndToEndId": number, "InstdAmt": "25.00", "CtrlSum": "25.00", "ReqdExctnDt": "2026-11-20",
    }  # fmt: skip
    sams = await (await site.as_(SAM)).get(f"{out}/file?on=2026-11-20", follow_redirects=True)
    assert number not in sams.text


async def test_from_the_draft_to_the_payment(site: Site) -> None:
    carl, rex = await site.as_(CARL), await site.as_(REX)
    home = await read(rex, "/referral")
    assert "Payable now €25.00" in home
    assert "Pending €2.03" in home
    assert "Held €9.00" in home
    empty = await read(carl, PATH)
    assert "No statements yet" in empty
    assert "Draft statements of October 2026" in empty
    drafted = await carl.post(f"{PATH}/draft", {})
    assert (drafted.status_code, drafted.headers["location"]) == (303, PATH)
    assert "1 statement of October 2026 to approve." in await read(carl, PATH)
    (draft,) = await site.rows("select id from statement")
    page = f"{PATH}/{draft[0]}"
    assert "Draft of Rex" in await read(carl, page)
    assert (await rex.get(f"/referral/statements/{draft[0]}")).status_code == 404
    overview = await read(carl, "/cloud")
    assert "1 statement of a referral waits for your approval: €25.00." in overview
    assert "Rex seems to have referred itself: 1 commission is held." in overview

    approved = await carl.post(f"{page}/approve", {})
    number = "NORTH-C-2026-000001"
    assert approved.headers["location"] == f"{PATH}/{number}"
    waiting = await carl.get(f"{PATH}/{number}.pdf")
    assert waiting.status_code == 409, "it is printed next"
    async with site.database.as_worker():
        pool = DocumentPool(1)
        async with pool:
            assert await render_statements(renderer=pool, clock=lambda: NOW) == 1
            assert await render_statements(renderer=pool, clock=lambda: NOW) == 0
        assert await tell_due(now=NOW, wall=NOW, post=NO_POST) == 0
        assert [await tell_due(**MAILED) for _ in range(2)] == [1, 0], "Rex is told once"
    printed = await rex.get(f"/referral/statements/{number}.pdf")
    assert printed.headers["content-type"] == "application/pdf"
    assert printed.content == (await carl.get(f"{PATH}/{number}.pdf")).content
    text = " ".join(
        "\n".join(one.extract_text() for one in PdfReader(BytesIO(printed.content)).pages).split()
    )
    for told in ("Commission statement", number, "Carried from earlier months", "€25.00", "Rex"):
        assert told in text, told
    for who in (SAM, SUE, LIZ):
        elsewhere = await site.as_(who)
        for path in (f"{PATH}/{number}.pdf", f"/referral/statements/{number}.pdf"):
            assert (await elsewhere.get(path)).status_code in {403, 404}, (who, path)
    again = await carl.post(f"{page}/approve", {})
    assert again.headers["location"] == f"{PATH}/{number}"
    assert "Rex has not said where it is paid." in await read(carl, f"{PATH}/{number}")
    await pays_out(site, carl, number)
    wrong = await carl.post(f"{PATH}/{number}/pay", {"paid_on": "2027-01-01", "reference": "1"})
    assert wrong.status_code == 422
    assert "is a day to come" in wrong.text
    assert 'value="2027-01-01"' in wrong.text
    paid = {"paid_on": "2026-11-05", "reference": "SEPA 9"}
    assert (await carl.post(f"{PATH}/{number}/pay", paid)).status_code == 303
    listed = (await carl.get(PATH)).text
    assert rows(listed, "rows")[1] == [
        f"{number} Rex · October 2026 · Paid", "Rex", "October 2026", "Paid", "1", "€25.00", "€25.00",
    ]  # fmt: skip
    sheet = (await carl.get(f"{PATH}?format=csv")).text
    assert f"{number},Rex,2026-10,paid,1,25.00" in sheet
    mine = (await rex.get("/referral/statements")).text
    assert number in mine
    assert "SEPA 9" in await read(rex, f"/referral/statements/{number}")
    assert "Payable now €0.00" in await read(rex, "/referral")
    async with site.database.as_worker():
        assert [await tell_due(**MAILED) for _ in range(2)] == [1, 0]
        async with atomic(SYSTEM) as tx:
            mails = await tx.fetch(
                "select kind, facts->>'number' as number from delivery order by id"
            )
    assert [tuple(row) for row in mails] == [
        ("statement-approved", number), ("statement-paid", number),
    ]  # fmt: skip


async def test_what_is_held_is_released_with_a_reason(site: Site) -> None:
    carl = await site.as_(CARL)
    page = (await carl.get("/cloud/referrals/rex?state=held")).text
    (held,) = await site.rows("select id from commission where amount = 900")
    release = f"/cloud/referrals/rex/commissions/{held[0]}/release"
    assert f'href="{release}"' in page
    assert "Pay Rex for" in await read(carl, release)
    refused = await carl.post(release, {"reason": ""})
    assert refused.status_code == 422
    assert (await carl.post(release, {"reason": "His sister"})).status_code == 303
    assert "Payable €9.00" in await read(carl, "/cloud/referrals/rex")
    named = await carl.post(f"{PATH}/draft", {"referral": "rex"})
    assert "/cloud/statements/" in named.headers["location"]
    asked = await read(carl, f"{named.headers['location']}")
    assert "NORTH-C-2026-000001" in asked, "one of a referral and month"


async def test_nobody_else_sees_or_does_it(site: Site) -> None:
    for who, status in ((ANN, 403), (SUE, 403), (SAM, 404), (LIZ, 403)):
        visitor = await site.as_(who)
        answer = await visitor.get(f"{PATH}/NORTH-C-2026-000001")
        assert answer.status_code in {status, 303}, who
        assert "25.00" not in words(answer.text)
    liz = await site.as_(LIZ)
    assert (await liz.get("/referral/statements/NORTH-C-2026-000001")).status_code == 404
    ada = await site.as_(ADA)
    above = await read(ada, "/system/clouds/north/statements")
    assert "NORTH-C-2026-000001" in above
