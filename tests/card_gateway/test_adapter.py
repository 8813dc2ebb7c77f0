"""Stripe behind our port: what is known for sure, what is not, and whose bytes are believed."""

from __future__ import annotations

import time
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.billing.cards.trying import next_try, to_charge
from portal.billing.cards.units import from_units, to_units
from portal.billing.money import CURRENCIES
from portal.demo.card_gateway.delivery import signature
from portal.errors import Conflict
from portal.gateways.stripe import open_stripe, read_event
from portal.values.cards import GatewayRefused, GatewaySecrets, NoAnswer, Outcome, ToCharge
from tests.card_gateway.cards import NORTH_KEY, gateway, type_card

BACK = "http://portal.test/my/cards"


def asked(customer: str, method: str, key: str = "clk-1-charge-1", **more: Any) -> ToCharge:
    facts = {"currency": "EUR", "metadata": {"charge": key}, "description": "N-2026-000001"}
    return ToCharge(
        **{"key": key, "customer": customer, "method": method, "amount": 1648, **facts, **more}
    )


async def test_a_charge_whose_answer_was_lost_is_found_and_made_once():
    """With the same key, and when the key is too old, by what was said with it."""
    async with gateway() as (url, state), open_stripe(GatewaySecrets(NORTH_KEY), address=url) as at:
        customer = await at.make_customer("k1", "Sue", {"subscriber": "1"})
        begun = await at.begin_set_up("k2", customer, "EUR", back=BACK, cancel=BACK)
        assert (await at.read_set_up(begun.session)).card is None
        await type_card(str(begun.url))
        card = (await at.read_set_up(begun.session)).card
        assert card is not None
        assert (card.brand, card.last4, card.month, card.year) == ("visa", "4242", 12, 2034)

        async with httpx.AsyncClient(base_url=url) as control:
            drop = {"match": "/v1/payment_intents", "truncate_body": "connection"}
            strange = {"match": "/v1/payment_intents", "status": 503}
            await control.post("/_sim/fault", json=strange)
            with pytest.raises(NoAnswer):  # some proxy's, not Stripe's
                await at.charge(asked(customer, card.method))
            await control.post("/_sim/fault", json=drop)
            with pytest.raises(NoAnswer):
                await at.charge(asked(customer, card.method))
            again = await at.charge(asked(customer, card.method))
            assert (again.outcome, again.amount, again.fee) == (Outcome.SUCCEEDED, 1648, 49)
            with pytest.raises(NoAnswer):  # nobody knows what the key did before
                await at.charge(asked(customer, card.method, amount=1649))
            state.clock.ahead += 25 * 3600
            found = await at.find_charge(customer, {"charge": "clk-1-charge-1"})
            assert found == again
            assert await at.find_charge(customer, {"charge": "clk-1-charge-2"}) is None
            truth = (await control.get("/_sim/truth")).json()
        assert len(truth["charge"]) == 1

        with pytest.raises(GatewayRefused, match="greater than unrefunded"):
            await at.refund("k3", again.intent, 1649, "EUR", {"refund": "1"})
        await at.forget(card.method)
        await at.forget(card.method)
        with pytest.raises(GatewayRefused, match="not attached"):
            await at.charge(asked(customer, card.method, "clk-1-charge-3"))
        async with open_stripe(GatewaySecrets("rk_not_one_of_ours"), address=url) as wrong:
            with pytest.raises(NoAnswer, match="does not take the secret key"):
                await wrong.read_charge(again.intent)


def test_only_bytes_that_a_secret_vouches_for_are_read():
    body = (
        b'{"id": "evt_1", "type": "payment_intent.succeeded", "data": {"object": {"id": "pi_1"}}}'
    )
    now = int(time.time())
    found = read_event(body, signature(body, "whsec_new", now), ("whsec_new", "whsec_old"))
    assert found is not None
    assert (found.id, found.kind, found.object) == ("evt_1", "payment_intent.succeeded", "pi_1")
    assert read_event(body, signature(body, "whsec_old", now), ("whsec_new", "whsec_old"))
    for content, header in (
        (body, signature(body, "whsec_else", now)),
        (body, signature(body, "whsec_new", now - 400)),
        (body + b" ", signature(body, "whsec_new", now)),
        (body, ""),
        (body, "t=1,v1="),
        (b"\xff", signature(b"\xff", "whsec_new", now)),
        (b"[]", signature(b"[]", "whsec_new", now)),
    ):
        assert read_event(content, header, ("whsec_new", "whsec_old")) is None
    assert read_event(body, signature(body, "whsec_new", now), ()) is None


@given(st.integers(1, 10**9), st.sampled_from(sorted(CURRENCIES)))
def test_an_amount_is_charged_as_it_is_or_not_at_all(minor, currency):
    try:
        units = to_units(minor, currency)
    except Conflict:
        assert CURRENCIES[currency] > 2 or currency == "MGA"
        return
    assert from_units(units, currency) == minor


def test_amounts_in_the_gateways_units():
    cases = {
        ("EUR", 1648): 1648,
        ("JPY", 105): 105,
        ("ISK", 105): 10500,
        ("UGX", 7): 700,
        ("KWD", 1500): 1500,
    }
    assert {case: to_units(case[1], case[0]) for case in cases} == cases
    for currency, minor in (("KWD", 1501), ("CLF", 10000), ("MGA", 150)):
        with pytest.raises(Conflict):
            to_units(minor, currency)


def test_failures_are_tried_again_by_rule():
    from datetime import date

    day = date(2026, 3, 1)
    tries = [next_try(attempt, "insufficient_funds", day) for attempt in (1, 2, 3, 4)]
    assert tries == [date(2026, 3, 4), date(2026, 3, 6), date(2026, 3, 8), None]
    for code in ("lost_card", "stolen_card", "expired_card", "authentication_required"):
        assert next_try(1, code, day) is None
    assert [
        to_charge(*of)
        for of in ((1648, 1648, 0), (1648, 1648, 1648), (500, 1648, 1648), (900, 1648, 1000))
    ] == [1648, 0, 0, 648]
