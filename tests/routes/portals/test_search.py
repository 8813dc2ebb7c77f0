"""The search finds what its reader may see, by whatever it is called, and leads there."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from html import unescape
from pathlib import Path

import pytest

from portal.access import Actor
from portal.routes import interface_of
from tests.bank_files import camt, entry, transaction
from tests.cast import ADA, ANN, CARL, EVERYONE, MAX, NORA, REX, SAM, SUE
from tests.routes.conftest import Site, Visitor
from tests.routes.worked_example import HTMX, worked
from tests.services import TestServices


@pytest.fixture(scope="module")
async def site(
    services: TestServices, template: str, worker_id: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Site]:
    directory: Path = tmp_path_factory.mktemp("search")
    async with worked(services, template, f"{template}_{worker_id}_search", directory) as it:
        yield it


async def found(site: Site, who: Actor, text: str, visitor: Visitor | None = None) -> list[str]:
    """The addresses that a text finds, as one types."""
    visitor = visitor or await site.as_(who)
    path = f"{interface_of(who.role).prefix}/search"
    answer = await visitor.get(path, params={"q": text}, headers=HTMX)
    assert answer.status_code == 200, answer.text
    return [unescape(one) for one in re.findall(r'class="found[^"]*" href="([^"]+)"', answer.text)]


async def test_each_portal_finds_its_own(site: Site) -> None:
    assert "/cloud/subscribers/1" in await found(site, NORA, "sue")
    assert "/cloud/subscribers/1" in await found(site, ANN, "SUE")
    assert await found(site, SAM, "sue") == []
    assert "/referral/subscribers/1" in await found(site, REX, "sue")
    assert "/cloud/invoices/NORTH-2026-000001" in await found(site, NORA, "000001")
    assert "/my/invoices/NORTH-2026-000001" in await found(site, SUE, "000001")
    assert "/system/clouds/north" in await found(site, ADA, "north")
    assert "/system/clouds/south" not in await found(site, MAX, "south")


async def test_a_customer_is_found_by_all_that_its_reader_may_know(site: Site) -> None:
    """By name, number, e-mail address and tax number, from where a word begins."""
    sue = "/cloud/subscribers/1"
    await site.rows(
        "update subscriber set tax_number = 'IT 0456-7', email = 'sue@home.test'"
        " where cloud = 1 and number = 1"
    )
    for text in ("sue", "sue@", "home.test", "it 04", "it0456", "456"):
        assert sue in await found(site, NORA, text), text
        assert sue in await found(site, ANN, text), text
    assert sue not in await found(site, NORA, "ue@")
    for text in ("sue@", "home.test", "it 04", "456"):
        assert await found(site, REX, text) == [], "an agent is told neither"


async def test_a_camera_is_found_by_its_words_and_number(site: Site) -> None:
    camera = "/cloud/camera?id=gate"
    for text in ("gate", "GA"):
        assert camera in await found(site, NORA, text), text
        assert "/my/camera?id=gate" in await found(site, SUE, text), text
        assert await found(site, SAM, text) == []
    assert camera not in await found(site, NORA, "ate")


async def test_money_is_found_by_reference_payer_and_amount(site: Site) -> None:
    carl, ada = await site.as_(CARL), await site.as_(ADA)
    content = camt(entry("7.77", transaction("", "who", name="Rita Moro"), reference="LINE-9"))
    for visitor, base, cloud in ((carl, "/cloud", ""), (ada, "/system", "north")):
        await visitor.get(f"{base}/payments")
        form = {"amount": "12,34", "paid_on": "2026-11-05", "reference": "PAY-77", "method": "bank"}
        form |= {"cloud": cloud} if cloud else {"subscriber": "1"}
        assert (await visitor.post(f"{base}/payments", form)).status_code == 303
        answer = await visitor.post(f"{base}/payments/bank", {}, files={"file": ("x", content)})
        assert (await visitor.post(answer.headers["location"], {})).status_code == 303
        path = f"{base}/payments/"
        who = CARL if base == "/cloud" else ADA
        for text in ("pay-7", "12,34", "12.34", "rita", "7.77"):
            hits = await found(site, who, text)
            assert any(one.startswith(path) for one in hits), (text, hits)
        assert any("/payments/lines/" in one for one in await found(site, who, "LINE-9"))
    refund = {"amount": "1", "refunded_on": "2026-11-05", "reference": "BACK-5", "method": "bank"}
    sent = await carl.post("/cloud/payments/refund?customer=1", {**refund, "intent": "save"})
    assert sent.status_code in {303, 409}
    for who in (SAM, SUE, REX):
        for text in ("pay-7", "12,34", "rita", "LINE-9"):
            assert not any("/payments" in one for one in await found(site, who, text)), who
    assert any("/payments/" in one for one in await found(site, ANN, "pay-77")), "Sue is hers"
    assert not any("/lines/" in one for one in await found(site, ANN, "rita"))


async def test_everything_that_is_found_is_there(site: Site) -> None:
    for who in EVERYONE:
        visitor = await site.as_(who)
        for text in ("sue", "gate", "north", "00000", "in", "re"):
            for href in await found(site, who, text, visitor):
                assert (await visitor.get(href)).status_code == 200, (who.name, text, href)


async def test_pages_are_found_by_what_they_are_called(site: Site) -> None:
    assert "/cloud/periods" in await found(site, CARL, "close")
    assert "/cloud/keys" in await found(site, NORA, "tokens")
    assert "/cloud/keys" not in await found(site, CARL, "tokens")


async def test_a_document_number_leads_to_the_document(site: Site) -> None:
    nora = await site.as_(NORA)
    answer = await nora.get("/cloud/search?q=north-2026-000001")
    assert answer.status_code == 303
    assert answer.headers["location"] == "/cloud/invoices/NORTH-2026-000001"
    assert (await nora.get("/cloud/search?q=PLAT-2026-000009")).status_code == 200


@pytest.mark.parametrize(
    "text", ["", "s", "%", "%%", "__", "'", "\\\\", "a" * 9_000, "\u202e\u202e"]
)
async def test_odd_and_short_texts_find_nothing(site: Site, text: str) -> None:
    for who in (NORA, REX):
        assert await found(site, who, text) == []
