"""The stand-in on a real socket, and what a person does at its pages."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
from stripe import StripeClient

from portal.demo.card_gateway import create_gateway
from portal.demo.card_gateway.state import State
from portal.embedded.process import free_port
from portal.gateways.cards import card_gateways
from portal.gateways.stripe.http import BoundedHttp
from portal.ports import Cards, Vault
from tests.simulator.watchers import served

NORTH_KEY = "sk_test_north_of_the_tests"
SOUTH_KEY = "sk_test_south_of_the_tests"
TAKEN = "4242 4242 4242 4242"


def cards_nowhere(vault: Vault) -> Cards:
    """The gateways of a story in which nobody has a card."""
    where = {"public_url": "http://portal.test", "stripe_url": "http://127.0.0.1:9"}
    return card_gateways(vault, installation="tests", **where)


@asynccontextmanager
async def gateway() -> AsyncIterator[tuple[str, State]]:
    """The address of a stand-in, and what it knows."""
    port = free_port()
    app = create_gateway(f"http://127.0.0.1:{port}", f"http://localhost:{port}")
    async with served(app, lifespan="on", port=port) as url:
        yield url, app.state["gateway"]


@asynccontextmanager
async def stripe(url: str, key: str = NORTH_KEY) -> AsyncIterator[Any]:
    """Stripe's own client, which does not ask again by itself."""
    http = BoundedHttp(10)
    client = StripeClient(key, base_addresses={"api": url}, http_client=http, max_network_retries=0)
    try:
        yield client.v1
    finally:
        await http.close_async()


async def type_card(
    url: str, number: str = TAKEN, *, expires: str = "12/34", says: str = "yes"
) -> httpx.Response:
    """A person types a card at Checkout, and answers their bank; where they are sent in the end."""
    async with httpx.AsyncClient() as browser:
        answer = await browser.post(url, data={"number": number, "expires": expires, "cvc": "123"})
        if answer.status_code == 303 and "/bank/" in answer.headers["location"]:
            bank = answer.headers["location"]
            answer = await browser.post(bank, data={"says": says})
        return answer
