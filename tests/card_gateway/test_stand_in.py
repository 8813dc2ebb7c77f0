"""The stand-in as Stripe's own client sees it: keys that repeat, declines, banks, disputes."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from stripe import (
    CardError,
    IdempotencyError,
    InvalidRequestError,
    SignatureVerificationError,
    Webhook,
)

from portal.demo.card_gateway.cards import CARDS, digits_of
from portal.demo.card_gateway.delivery import signature
from tests.card_gateway.cards import SOUTH_KEY, gateway, stripe, type_card

BACK = "http://portal.test/my/cards?session={CHECKOUT_SESSION_ID}"


async def saved(client: Any, number: str) -> tuple[str, str]:
    """A customer who saved a card at Checkout: their id and the card's."""
    customer = await client.customers.create_async({"metadata": {"subscriber": "1"}})
    session = await client.checkout.sessions.create_async(
        {"mode": "setup", "customer": customer.id, "currency": "eur", "success_url": BACK}
    )
    answer = await type_card(session.url, number)
    assert answer.headers["location"] == BACK.replace("{CHECKOUT_SESSION_ID}", session.id)
    found = await client.checkout.sessions.retrieve_async(
        session.id, {"expand": ["setup_intent.payment_method"]}
    )
    assert found.status == "complete"
    return customer.id, found.setup_intent.payment_method.id


def asked(customer: str, method: str, amount: int = 1648, **more: Any) -> Any:
    return {
        "amount": amount,
        "currency": "eur",
        "customer": customer,
        "payment_method": method,
        "off_session": True,
        "confirm": True,
        "metadata": {"charge": "7"},
        **more,
    }


async def test_a_card_is_saved_and_charged_once_however_often_a_key_asks():
    async with gateway() as (url, state), stripe(url) as client:
        customer, method = await saved(client, "4242 4242 4242 4242")
        key = {"idempotency_key": "clk-1-charge-7"}
        first = await client.payment_intents.create_async(asked(customer, method), key)
        again = await client.payment_intents.create_async(asked(customer, method), key)
        assert (first.id, first.status) == (again.id, "succeeded")
        with pytest.raises(IdempotencyError, match="same parameters"):
            await client.payment_intents.create_async(asked(customer, method, 1649), key)

        entry = await client.payment_intents.retrieve_async(
            first.id, {"expand": ["latest_charge.balance_transaction"]}
        )
        assert entry.latest_charge.balance_transaction.fee == 49
        found = await client.payment_intents.list_async({"customer": customer})
        assert [one.metadata["charge"] for one in found.data] == ["7"]
        async with stripe(url, SOUTH_KEY) as south:
            with pytest.raises(InvalidRequestError, match="No such payment_intent"):
                await south.payment_intents.retrieve_async(first.id)

        # After a day a key is forgotten: it would charge again, so nobody asks with it then.
        state.clock.ahead += 24 * 3600
        late = await client.payment_intents.create_async(asked(customer, method), key)
        assert late.id != first.id


async def test_a_decline_is_repeated_and_says_why():
    async with gateway() as (url, _), stripe(url) as client:
        customer, method = await saved(client, "4000009999009995")
        codes = []
        for key in ("a", "a", "b"):
            with pytest.raises(CardError) as refused:
                await client.payment_intents.create_async(
                    asked(customer, method), {"idempotency_key": key}
                )
            error = refused.value.json_body["error"]  # type: ignore[index]
            codes.append((error["decline_code"], error["payment_intent"]["id"]))
        assert {code for code, _ in codes} == {"insufficient_funds"}
        assert codes[0] == codes[1] != codes[2], "a new key is a new try"

        session = await client.checkout.sessions.create_async(
            {"mode": "setup", "customer": customer, "currency": "eur", "success_url": BACK}
        )
        for number, expires in (("4000000000009987", "12/34"), ("4242424242424241", "12/34"),
                                ("4242424242424242", "12/19")):  # fmt: skip
            assert (await type_card(session.url, number, expires=expires)).status_code == 422
        with pytest.raises(InvalidRequestError, match="unknown parameter"):
            await client.customers.create_async({"colour": "red"})


async def test_a_bank_asks_the_holder_at_an_address_of_its_own():
    async with gateway() as (url, _), stripe(url) as client:
        customer, method = await saved(client, "4000002760003184")
        with pytest.raises(CardError) as refused:
            await client.payment_intents.create_async(asked(customer, method))
        assert refused.value.code == "authentication_required"
        by_hand = asked(customer, method, return_url="http://portal.test/my/invoices/1")
        del by_hand["off_session"]
        for says, status in (("no", "requires_payment_method"), ("yes", "succeeded")):
            waiting = await client.payment_intents.create_async(by_hand)
            bank = waiting.next_action.redirect_to_url.url
            assert (waiting.status, bank.startswith("http://localhost")) == (
                "requires_action",
                True,
            )
            async with httpx.AsyncClient() as browser:
                answer = await browser.post(bank, data={"says": says})
            assert answer.headers["location"] == by_hand["return_url"]
            after = await client.payment_intents.retrieve_async(waiting.id)
            assert after.status == status


async def test_money_goes_back_is_disputed_and_paid_out():
    async with gateway() as (url, _), stripe(url) as client:
        customer, method = await saved(client, "4242424242424242")
        made = await client.payment_intents.create_async(asked(customer, method))
        await client.refunds.create_async({"payment_intent": made.id, "amount": 648})
        with pytest.raises(InvalidRequestError, match="greater than unrefunded"):
            await client.refunds.create_async({"payment_intent": made.id, "amount": 1001})
        second = await client.payment_intents.create_async(asked(customer, method, 2000))
        async with httpx.AsyncClient(base_url=url) as control:
            disputed = (await control.post(f"/_sim/intents/{second.id}/dispute")).json()
            assert (disputed["amount"], disputed["status"]) == (2000, "needs_response")
            closed = await control.post(
                f"/_sim/disputes/{disputed['id']}/close", json={"status": "won"}
            )
            assert closed.json()["status"] == "won"
            paid = (await control.post("/_sim/payouts")).json()["payouts"]
        fees = 49 + 55 + 1500
        assert [one["amount"] for one in paid] == [1648 - 648 + 2000 - fees]
        entries = await client.balance_transactions.list_async({"payout": paid[0]["id"]})
        assert sum(one.net for one in entries.data) == paid[0]["amount"]


async def test_what_happened_is_kept_in_a_file(tmp_path):
    from portal.demo.card_gateway.state import State

    file = tmp_path / "cards.json"
    state = State("http://a", "http://b", file)
    customer = state.account("sk_test_kept_in_a_file").add("customer", "cus", metadata={})
    state.changed()
    again = State("http://a", "http://b", file)
    again.load()
    assert again.account("sk_test_kept_in_a_file").get("customer", customer["id"]) == customer


def test_events_are_signed_as_stripes_client_wants_it():
    import time

    body = b'{"id": "evt_1", "object": "event"}'
    now = int(time.time())
    assert (
        Webhook.construct_event(body, signature(body, "whsec_a", now), "whsec_a")["id"] == "evt_1"
    )
    for wrong in (signature(body, "whsec_b", now), signature(body, "whsec_a", now - 301)):
        with pytest.raises(SignatureVerificationError):
            Webhook.construct_event(body, wrong, "whsec_a")


def test_every_test_card_is_taken_as_a_number():
    assert all(digits_of(number) == number for number in CARDS)
    assert digits_of("4242 4242 4242 4241") is None
