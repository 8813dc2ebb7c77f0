"""Cards are charged once and only once, whatever happens to answers, workers and events."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from portal.access import SYSTEM
from portal.books.actions.cards import events
from portal.books.actions.money import payments, refunds
from portal.books.forms.payments import NewPayment, NewRefund
from portal.books.queries.cards import methods
from portal.books.queries.cards.charges import Charge
from portal.books.queries.money import payments as stored
from portal.db import atomic
from portal.errors import Conflict, Invalid, NotFound
from tests.books.charged import Shop, shop
from tests.books.issued import broken_laws, issue
from tests.cast import BOB, CARL, NORTH, SOUTH, SUE, TIM
from tests.conftest import NOW, Database
from tests.factories import two_clouds
from tests.patience import until


@pytest.fixture
async def at(worker: Database) -> AsyncIterator[Shop]:
    await two_clouds()
    async with shop() as one:
        yield one


async def invoice(
    taxable: int = 1351, tax: int = 297, cloud: int = NORTH, subscriber: int = 1
) -> str:
    async with atomic(SYSTEM) as tx:
        return await issue(tx, cloud, subscriber, taxable, tax=tax)


async def balances(book: int = NORTH) -> dict[str, int]:
    async with atomic(SYSTEM) as tx:
        rows = await tx.fetch(
            "select account, sum(amount)::bigint as amount from entry where book = $1 group by 1",
            book,
        )
    return {row["account"]: row["amount"] for row in rows if row["amount"]}


async def test_a_card_is_saved_and_charged_and_the_books_say_so(at: Shop, worker: Database) -> None:
    """Sue's 16.48: cash comes when the gateway pays it out, less the fee of 0.49."""
    number, souths = await invoice(), await invoice(cloud=SOUTH, subscriber=3)
    with pytest.raises(Conflict, match="has not saved a card"):
        await at.ask(number)
    await at.save()
    (card,) = await methods.list_of(SUE, at.north, None)
    assert (card.brand, card.last4, card.expires, card.preferred) == (
        "visa",
        "4242",
        "2034-12",
        True,
    )
    done = await at.charged(number)
    assert (done.state, done.amount, done.attempt) == ("succeeded", 1648, 1)
    found = await balances()
    assert found == {"clearing": 1648 - 49, "fees": 49, "revenue": -1351, "tax": -297}
    with pytest.raises(Conflict, match="Nothing is left"):
        await at.ask(number)

    made = (await at.control.post("/_sim/payouts")).json()["payouts"][0]
    for _ in range(2):
        await at.tell("payout.paid", made)
    assert await balances() == {"cash": 1599, "fees": 49, "revenue": -1351, "tax": -297}
    # South's people see nothing of it, and charge nothing of North's.
    with pytest.raises(NotFound):
        await at.ask(number, TIM)
    with pytest.raises(Conflict):
        await at.ask(souths, TIM, by_hand=True)
    assert (await balances(SOUTH)).keys() == {"receivable", "revenue", "tax"}
    assert await broken_laws(worker.owner_url) == []


async def test_eight_workers_charge_an_invoice_once(at: Shop, worker: Database) -> None:
    await at.save()
    number = await invoice()
    asked = await asyncio.gather(*(at.ask(number) for _ in range(8)))
    assert len({one.id for one, _ in asked}) == 1
    assert [before for _, before in asked].count(False) == 1
    row = asked[0][0].id
    await asyncio.gather(*(at.charge(row) for _ in range(8)))
    assert len(await at.truth()) == 1
    assert (await at.seen(row)).state == "succeeded"
    assert (await balances())["clearing"] == 1599
    assert await broken_laws(worker.owner_url) == []


async def test_an_answer_that_was_lost_is_asked_for_again(at: Shop, worker: Database) -> None:
    """With the same key within a day; then it is looked for, and never made a second time."""
    await at.save()
    first, second, third = [await invoice() for _ in range(3)]
    drop = {"match": "/v1/payment_intents", "truncate_body": "connection", "method": "POST"}
    await at.control.post("/_sim/fault", json=drop)
    lost = await at.charged(first)
    assert lost.state == "unknown"
    assert (await at.ask(first)) == (lost, True)
    assert not await at.charge(lost.id), "somebody else is at it"
    at.later(minutes=2)
    await at.charge(lost.id)
    assert (await at.seen(lost.id)).state == "succeeded"

    await at.control.post("/_sim/fault", json=drop)
    lost = await at.charged(second)
    refuse = {"match": "/v1/payment_intents", "status": 503, "times": None}
    await at.control.post("/_sim/fault", json=refuse)
    never = await at.charged(third)
    await at.control.delete("/_sim/fault")
    at.later(days=2)
    for one in (lost, never):
        await at.charge(one.id)
    assert (await at.seen(lost.id)).state == "succeeded"
    # The gateway knows nothing of it: a new attempt may be made, with a key of its own.
    assert (await at.seen(never.id)).failure == "no_trace"
    assert (await at.charged(third)).attempt == 2
    assert len(await at.truth()) == 3
    assert await broken_laws(worker.owner_url) == []


async def test_a_worker_that_is_killed_leaves_nothing_half_done(at: Shop, worker: Database) -> None:
    """After the request, before its answer is stored: the next one stores it."""
    await at.save()
    number = await invoice()
    asked, _ = await at.ask(number)
    at.state.faults.clear()
    slow = {"match": "/v1/payment_intents", "delay_ms": 60_000, "method": "POST"}
    await at.control.post("/_sim/fault", json=slow)
    killed = asyncio.create_task(at.charge(asked.id))
    asked_for = at.state.faults.armed[0]
    await until(lambda: asked_for.met == 1, "the gateway is asked")
    killed.cancel()
    await asyncio.gather(killed, return_exceptions=True)
    await at.control.delete("/_sim/fault")
    assert (await at.seen(asked.id)).state == "created"
    at.later(minutes=3)
    assert await at.charge(asked.id)
    assert (await at.seen(asked.id)).state == "succeeded"
    assert len(await at.truth()) == 1
    assert await broken_laws(worker.owner_url) == []


async def test_what_was_paid_meanwhile_is_credit(at: Shop, worker: Database) -> None:
    """Sue pays 10.00 by bank while her card is charged 16.48: the rest is hers."""
    await at.save()
    number = await invoice()
    asked, _ = await at.ask(number)
    paid = NewPayment(
        amount="10.00", paid_on=NOW.date(), reference="bank", subscriber=1, invoice=number
    )
    await payments.receive(CARL, at.north, paid, now=NOW)
    await at.work()
    assert (await at.seen(asked.id)).state == "succeeded"
    assert (await balances())["credit"] == -1000
    assert await broken_laws(worker.owner_url) == []


async def test_failures_are_tried_again_by_rule_and_told(at: Shop) -> None:
    await at.save(number="4000009999009995")
    number = await invoice()
    seen: list[Charge] = []
    for _ in range(5):
        if not seen or seen[-1].retry_on is not None:
            seen.append(await at.charged(number))
    assert [one.attempt for one in seen] == [1, 2, 3, 4]
    today = NOW.date()
    assert [(one.retry_on - today).days if one.retry_on else None for one in seen] == [
        3,
        5,
        7,
        None,
    ]
    assert {one.failure for one in seen} == {"insufficient_funds"}
    await at.save(number="4000009999009987")
    assert (await at.charged(await invoice())).retry_on is None, "a lost card is not tried again"
    await at.save(BOB, "4000002760003184")
    bobs = await invoice(subscriber=2)
    asks = await at.charged(bobs)
    assert (asks.failure, asks.retry_on) == ("authentication_required", None)
    # Bob pays by hand: his bank asks him, and he says yes.
    waiting = await at.charged(bobs, BOB, by_hand=True)
    assert (waiting.state, waiting.url.startswith("http://localhost")) == ("pending", True)
    import httpx

    async with httpx.AsyncClient() as browser:
        await browser.post(waiting.url, data={"says": "yes"})
    at.later(minutes=16)
    await at.charge(waiting.id)
    assert (await at.seen(waiting.id)).state == "succeeded"


async def test_money_goes_back_at_the_gateway(at: Shop, worker: Database) -> None:
    """Out of the credit of that payment; pending until the gateway has done it, back if it fails."""
    await at.save()
    number = await invoice()
    done = await at.charged(number)
    of: Any = {"subscriber": 1, "payment": done.payment, "refunded_on": NOW.date()}
    with pytest.raises(Conflict):
        await refunds.refund(
            CARL, at.north, NewRefund(amount="1.00", reference="r1", **of), now=NOW
        )
    async with atomic(SYSTEM) as tx:
        payment = await stored.find(tx, NORTH, int(done.payment or 0))
    from portal.books.forms.payments import UnallocateForm

    off = UnallocateForm(invoice=number, amount="6.48")
    await payments.unallocate(CARL, at.north, payment.id, off, now=NOW)
    new = NewRefund(amount="6.48", reference="r1", **of)
    pending, _ = await refunds.refund(CARL, at.north, new, now=NOW, queue=at.queue)
    assert (pending.state, pending.method) == ("pending", "card")
    assert (await balances())["clearing"] == 1599, "nothing has gone yet"
    assert await broken_laws(worker.owner_url) == []
    await at.work()
    assert (await at.truth("refund"))[0]["amount"] == 648
    again, before = await refunds.refund(CARL, at.north, new, now=NOW, queue=at.queue)
    assert (again.state, before) == ("succeeded", True)
    assert (await balances())["clearing"] == 1599 - 648
    assert await broken_laws(worker.owner_url) == []
    # 6.48 are left to pay, and may be charged: they were given back.
    assert (await at.charged(number)).amount == 648

    # Days later the gateway could not give it back after all.
    made = (await at.truth("refund"))[0]
    await at.control.post(f"/_sim/refunds/{made['id']}/end", json={"status": "failed"})
    await at.tell("refund.failed", made)
    assert (await refunds.refund(CARL, at.north, new, now=NOW))[0].state == "failed"
    assert (await balances())["credit"] == -648
    assert await broken_laws(worker.owner_url) == []


async def test_a_refund_made_at_the_gateway_by_hand_is_noted(at: Shop, worker: Database) -> None:
    from tests.card_gateway.cards import stripe

    await at.save()
    number = await invoice()
    done = await at.charged(number)
    intent = (await at.truth("payment_intent"))[0]
    async with stripe(str(at.control.base_url).rstrip("/")) as client:
        await client.refunds.create_async({"payment_intent": intent["id"], "amount": 648})
    charge = (await at.truth())[0]
    for name in ("evt_1", "evt_2"):
        await at.tell("charge.refunded", charge, name=name)
    async with atomic(SYSTEM) as tx:
        payment = await stored.find(tx, NORTH, int(done.payment or 0))
    assert (payment.allocated, payment.refunded, payment.unallocated) == (1000, 648, 0)
    assert await broken_laws(worker.owner_url) == []


async def test_a_charge_is_disputed_and_won(at: Shop, worker: Database) -> None:
    """The payment is returned, the fee is North's, and a victory pays it anew."""
    await at.save()
    number = await invoice()
    await at.charged(number)
    intent = (await at.truth("payment_intent"))[0]
    made = (await at.control.post(f"/_sim/intents/{intent['id']}/dispute")).json()
    for _ in range(2):
        await at.tell("charge.dispute.created", made)
    assert (await balances())["receivable"] == 1648
    with pytest.raises(Conflict, match="disputed"):
        await at.ask(number)
    won = await at.control.post(f"/_sim/disputes/{made['id']}/close", json={"status": "won"})
    # Nobody was told that it was won: the sweep asks.
    await events.read_account(NORTH, at.hands)
    assert won.json()["status"] == "won"
    found = await balances()
    assert found == {"clearing": 1648 - 49 - 1500, "fees": 1549, "revenue": -1351, "tax": -297}
    with pytest.raises(Conflict, match="Nothing is left"):
        await at.ask(number)
    assert await broken_laws(worker.owner_url) == []


async def test_events_may_be_forged_repeated_and_out_of_order(at: Shop, worker: Database) -> None:
    await at.save()
    number = await invoice()
    drop = {"match": "/v1/payment_intents", "truncate_body": "connection", "method": "POST"}
    await at.control.post("/_sim/fault", json=drop)
    lost = await at.charged(number)
    intent = (await at.truth("payment_intent"))[0]
    body = b'{"id":"evt_f","type":"payment_intent.succeeded","data":{"object":{"id":"pi_x"}}}'
    for header in ("", "t=1,v1=00"):
        with pytest.raises(Invalid):
            await events.receive(
                "north", "stripe", body, header, cards=at.cards, wall=at.wall, queue=at.queue
            )
    # South's signature vouches for nothing of North's; its gateway does not know the charge.
    await at.tell("payment_intent.succeeded", intent, "south")
    assert (await at.seen(lost.id)).state == "unknown"
    for kind in (
        "payment_intent.succeeded",
        "payment_intent.payment_failed",
        "payment_intent.created",
    ):
        assert await at.tell(kind, intent)
        assert not await at.tell(kind, intent), "once"
    assert (await at.seen(lost.id)).state == "succeeded"
    assert (await balances())["clearing"] == 1599
    async with atomic(SYSTEM) as tx:
        assert await tx.fetchval("select count(*) from gateway_event") == 4
    assert await broken_laws(worker.owner_url) == []


async def test_invoices_are_charged_by_themselves(at: Shop) -> None:
    """Those that are due, of subscribers with a card; the failed ones again on their day."""
    from portal.books.actions.cards import charging

    await at.save()
    await at.save(BOB, "4000009999009995")
    async with atomic(SYSTEM) as tx:
        due = await issue(tx, NORTH, 1, 1000, due="2026-11-01")
        await issue(tx, NORTH, 1, 2000, due="2026-12-01")
        bobs = await issue(tx, NORTH, 2, 3000, due="2026-11-01")
        await tx.execute("update card_account set charge_on = 'due' where cloud = $1", NORTH)

    async def sweep() -> int:
        asked = await charging.ask_due(now=at.at, wall=at.wall, queue=at.queue)
        await at.work()
        return asked

    assert [await sweep(), await sweep()] == [2, 0]
    at.later(days=1)
    assert await sweep() == 0
    at.later(days=2)
    assert await sweep() == 1
    async with atomic(SYSTEM) as tx:
        rows = await tx.fetch(
            "select i.number, c.attempt, c.state from card_charge c join invoice i on i.id = c.invoice"
            " order by c.id"
        )
    assert [tuple(row) for row in rows] == [
        (due, 1, "succeeded"), (bobs, 1, "failed"), (bobs, 2, "failed")
    ]  # fmt: skip
    # Bob saves another card: it is tried at once, though the rule has days to go.
    await at.save(BOB)
    at.later(minutes=2)
    assert await sweep() == 1
    assert (await balances())["receivable"] == 2000
    # What was charged by hand is tried again by rule as well, due or not.
    await at.save(number="4000009999009995")
    async with atomic(SYSTEM) as tx:
        await tx.execute("update card_account set charge_on = 'manual' where cloud = $1", NORTH)
        later = await tx.fetchval("select number from invoice where taxable = 2000")
    assert (await at.charged(later)).retry_on == NOW.date() + timedelta(days=6)
    at.later(days=3)
    assert await sweep() == 1
