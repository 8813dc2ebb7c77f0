"""Sue saves a card at the gateway and pays with it; Nora sets the gateway up and charges."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from portal.books.actions.cards import working
from portal.db import atomic
from portal.demo.card_gateway.delivery import signature
from portal.gateways.cards import card_gateways
from tests.card_gateway.cards import NORTH_KEY, gateway, type_card
from tests.cast import ANN, BOB, CARL, NORA, SAM, SUE
from tests.conftest import NOW
from tests.queues import RecordingQueue
from tests.routes.conftest import Site
from tests.routes.worked_example import words, worked
from tests.services import TestServices

NUMBER = "NORTH-2026-000001"
INVOICE = f"/my/invoices/{NUMBER}"
SECRET = "whsec_pages_of_the_tests"


@pytest.fixture(scope="module")
async def site(
    services: TestServices, template: str, worker_id: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Site]:
    directory: Path = tmp_path_factory.mktemp("cards")
    name = f"{template}_{worker_id}_cards"
    async with worked(services, template, name, directory) as it, gateway() as (url, _):
        kept = it.app.state.cards
        it.app.state.cards = card_gateways(
            kept.vault,
            installation=kept.installation,
            public_url=kept.public_url,
            stripe_url=url,
        )
        it.app.state.queue = RecordingQueue()
        yield it


async def work(site: Site) -> None:
    """What a worker does with the charges that were asked for."""
    queue = site.app.state.queue
    async with site.database.as_worker():
        for _name, ids in queue.enqueued:
            await working.work_on_charge(
                ids[0], cards=site.app.state.cards, now=NOW, wall=datetime.now(UTC)
            )
    queue.enqueued.clear()


async def test_an_administrator_sets_the_gateway_up_and_sees_no_secret(site: Site) -> None:
    nora = await site.as_(NORA)
    page = await nora.get("/cloud/settings/cards")
    assert "/api/v1/clouds/north/gateways/stripe/events" in page.text
    wrong = await nora.post(
        "/cloud/settings/cards", {"secret_key": "pk_live_1", "charge_on": "due"}
    )
    assert wrong.status_code == 422
    assert "must be a secret key of Stripe" in words(wrong.text)
    form = {"secret_key": NORTH_KEY, "webhook_secret": SECRET, "charge_on": "manual"}
    assert (await nora.post("/cloud/settings/cards", form)).status_code == 303
    again = (await nora.get("/cloud/settings/cards")).text
    assert NORTH_KEY not in again
    assert SECRET not in again
    kept = await site.rows("select secret from card_account")
    assert NORTH_KEY.encode() not in kept[0]["secret"]
    for who in (CARL, ANN):
        assert (await (await site.as_(who)).get("/cloud/settings/cards")).status_code == 403


async def test_a_subscriber_saves_a_card_and_pays_with_it(site: Site) -> None:
    sue = await site.as_(SUE)
    assert "No card is saved" in words((await sue.get("/my/cards")).text)
    made = await sue.post("/my/cards/new")
    url = re.findall(r'href="(http://127[^"]+)"', made.text)[0]
    back = (await type_card(url)).headers["location"]
    path = back.partition("/my/")[2]
    assert (await (await site.as_(BOB)).get(f"/my/{path}")).status_code == 404, "it is Sue's"
    assert (await sue.get(f"/my/{path}")).status_code == 303
    assert "Visa ending in 4242" in words((await sue.get("/my/cards")).text)
    page = words((await sue.get(INVOICE)).text)
    assert "Pay with Visa ending in 4242" in page
    assert (await sue.post(f"{INVOICE}/charge")).status_code == 303
    assert "The card is being charged" in words((await sue.get(INVOICE)).text)
    await work(site)
    page = words((await sue.get(INVOICE)).text)
    assert "Visa 4242 charged" in page
    assert "Pay with" not in page
    assert (await sue.post(f"{INVOICE}/charge")).status_code == 303
    assert site.app.state.queue.enqueued == [], "nothing is left"
    rows = await site.rows("select amount, gateway, method from payment")
    assert [tuple(row) for row in rows] == [(1648, "stripe", "card")]


async def test_an_operator_invites_charges_and_removes(site: Site) -> None:
    nora, sam = await site.as_(NORA), await site.as_(SAM)
    made = await nora.post("/cloud/subscribers/1/cards/new")
    assert "Send this address to" in words(made.text)
    assert re.findall(r'value="(http://127[^"]+)"', made.text)
    assert (await sam.post("/cloud/subscribers/1/cards/new")).status_code in {303, 404}
    assert (await (await site.as_(CARL)).get("/cloud/subscribers/1/cards")).status_code == 200
    await nora.get("/cloud/invoices")
    assert (await nora.post("/cloud/periods/2026-10/send/charge")).status_code == 303
    assert site.app.state.queue.enqueued == [], "all is paid"
    card = (await site.rows("select id from payment_method where removed_at is null"))[0]["id"]
    asked = await nora.get(f"/cloud/subscribers/1/cards/{card}/remove")
    assert "Keep this card no more?" in words(asked.text)
    for _ in range(2):
        await nora.post(f"/cloud/subscribers/1/cards/{card}/remove")
    assert "No card is saved" in words((await nora.get("/cloud/subscribers/1/cards")).text)


async def test_an_event_has_no_key_and_a_signature(site: Site) -> None:
    visitor = await site.visitor()
    path = "/api/v1/clouds/north/gateways/stripe/events"
    body = b'{"id": "evt_page", "type": "payout.paid", "data": {"object": {"id": "po_1"}}}'
    now = int(datetime.now(UTC).timestamp())

    async def send(content: bytes, header: str, to: str = path) -> int:
        answer: httpx.Response = await visitor.client.post(
            to, content=content, headers={"stripe-signature": header}
        )
        return answer.status_code

    good = signature(body, SECRET, now)
    assert await send(body + b" ", good) == 400
    assert await send(body, signature(body, "whsec_somebody_elses", now)) == 400
    assert await send(body, signature(body, SECRET, now - 400)) == 400
    assert await send(body, "") == 400
    assert await send(b"x" * 600_000, "") == 413
    assert await send(body, good, path.replace("north", "south")) == 404
    assert await send(body, good, path.replace("north", "nowhere")) == 404
    assert await site.rows("select id from gateway_event") == []
    assert [await send(body, good), await send(body, good)] == [200, 200]
    assert len(await site.rows("select id from gateway_event")) == 1


async def test_policies_keep_cards_apart(site: Site) -> None:
    """Bob sees nothing of Sue's; a subscriber asks for nobody else, and finishes nothing himself."""
    from asyncpg import PostgresError

    from portal.db import bound_by_policies

    with bound_by_policies():
        async with atomic(BOB) as tx:
            for table in ("payment_method", "card_charge", "card_customer", "card_set_up"):
                assert await tx.fetchval(f"select count(*) from {table}") == 0, table
        async with atomic(SUE) as tx:
            assert await tx.fetchval("select count(*) from card_charge") == 1
        for statement in (
            "select secret from card_account",
            "update card_charge set state = 'failed'",
            "delete from card_charge",
        ):
            with pytest.raises(PostgresError):
                async with atomic(SUE) as tx:
                    await tx.execute(statement)
