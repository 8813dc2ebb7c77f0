"""Operators' systems are told what happened: at least once, signed, and nobody else's events."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from standardwebhooks import Webhook

from portal.access import SYSTEM, Actor
from portal.books.actions.money import claims, payments
from portal.books.forms.payments import DisputeForm, NewPayment
from portal.customers.actions import subscribers
from portal.customers.forms.subscriber import NewSubscriber
from portal.db import atomic, bound_by_policies
from portal.errors import Conflict, Forbidden, Invalid, NotFound
from portal.gateways.vault import Vault
from portal.gateways.watcher.address import AddressRules
from portal.gateways.webhooks import WebhookSender
from portal.kit.actions.mail import Post
from portal.kit.queries import tenancy
from portal.overview.actions.webhooks import endpoints, overdue, replaying
from portal.overview.actions.webhooks.delivering import Tools, claim_next, deliver
from portal.overview.forms.webhook import NewWebhook, WebhookChange
from portal.overview.queries.webhooks import deliveries
from portal.overview.queries.webhooks import endpoints as stored
from portal.ports import SendWebhook
from portal.routes.api.webhooks.data import data_of
from portal.values.webhooks import GIVEN_UP_AFTER, Answered, Outgoing
from tests.books.issued import issue
from tests.cast import ANN, CARL, NORA, NORTH, SAM
from tests.conftest import NOW, Database
from tests.factories import two_clouds
from tests.overview.receiver import Receiver, receiver

OPEN = AddressRules(allow_private=True)
SHUT = AddressRules(allow_private=False)
VAULT = Vault(["a key of the tests, of any length"])


@dataclass
class House:
    """North with one endpoint at `there`, and the machine's clock, which goes on by `later`."""

    there: Receiver
    endpoint: int
    secret: str
    wall: datetime

    async def work(self, send: SendWebhook | None = None) -> int:
        """Tell all that is due, as a worker does; how many deliveries that was."""
        sender = send or WebhookSender(OPEN, partial(datetime.now, UTC))
        tools = Tools(sender, VAULT, data_of, Post(is_set_up=True), lambda: self.wall, lambda: 0.5)
        self.wall, done = max(self.wall, datetime.now(UTC)), 0
        while (found := await claim_next(self.wall)) is not None:
            await deliver(found, tools)
            done += 1
        return done

    def told(self) -> list[dict[str, Any]]:
        """What came, each verified with the secret."""
        return [Webhook(self.secret).verify(body, sent) for sent, body in self.there.got]


async def north():
    return await tenancy.get(SYSTEM, "north")


async def made(who: Actor, url: str, *types: str) -> tuple[stored.Endpoint, str]:
    cloud = await tenancy.get_by_id(SYSTEM, who.cloud or NORTH)
    with bound_by_policies():
        new = NewWebhook(url=url, types=types or ("*",))
        return await endpoints.create(who, cloud, new, vault=VAULT, addresses=OPEN)


@pytest.fixture
async def at(worker: Database) -> AsyncIterator[House]:
    await two_clouds()
    async with receiver() as there:
        endpoint, secret = await made(NORA, there.url)
        yield House(there, endpoint.id, secret, datetime.now(UTC) + timedelta(seconds=1))


async def invoice(total: int = 1000) -> str:
    async with atomic(SYSTEM) as tx:
        return await issue(tx, NORTH, 1, total)


async def paid(number: str, amount: str, reference: str) -> None:
    form = NewPayment(
        invoice=number, amount=amount, paid_on=NOW.date(), reference=reference, method="bank"
    )
    with bound_by_policies():
        await payments.receive(CARL, await north(), form, now=NOW)


async def test_what_happened_is_told_as_it_was_and_to_nobody_else(at: House) -> None:
    """Two payments: the invoice is told as paid once, by the second; South is told its own."""
    async with receiver() as souths:
        south, secret = await made(SAM, souths.url, "subscriber.created")
        number = await invoice()
        await paid(number, "4.00", "first")
        await paid(number, "6.00", "second")
        with bound_by_policies():
            await claims.dispute(
                CARL, await north(), number, DisputeForm(reason="too much"), now=NOW
            )
            cloud = await tenancy.get_by_id(SYSTEM, SAM.cloud or 0)
            await subscribers.create(SAM, cloud, NewSubscriber(name="Tilda"))
        assert await at.work() == 5
        ((head, body),) = souths.got
        told = Webhook(secret).verify(body, head)
        assert (told["type"], told["data"]["name"]) == ("subscriber.created", "Tilda")
        with pytest.raises(NotFound):
            await deliveries.list_page(NORA, await north(), south.id)
    told = at.told()
    by_type = {one["type"]: one["data"] for one in told}
    assert sorted(one["type"] for one in told) == [
        *("invoice.disputed", "invoice.paid", "payment.received", "payment.received"),
    ]
    assert by_type["invoice.paid"]["number"] == number
    assert (by_type["invoice.paid"]["left"], by_type["invoice.paid"]["status"]) == ("0.00", "paid")
    assert by_type["invoice.disputed"]["disputed"] is True
    first = next(one["data"] for one in told if one["data"].get("reference") == "first")
    assert first["allocations"] == [{"invoice": number, "amount": "4.00"}]
    assert len({head["webhook-id"] for head, _ in at.there.got}) == len(told)


async def test_what_did_not_happen_is_not_told(at: House) -> None:
    """An event is of the transaction of its cause: one that is undone tells nothing."""
    with pytest.raises(RuntimeError):  # noqa: PT012 - what is undone is made first
        async with atomic(NORA):
            await subscribers.create(NORA, await north(), NewSubscriber(name="Nobody"))
            raise RuntimeError("killed")
    assert await at.work() == 0


async def test_one_that_was_killed_before_it_was_stored_is_told_again(at: House) -> None:
    """Under the same id and in the same bytes."""
    await subscribers.create(NORA, await north(), NewSubscriber(name="Tilda"))
    sender = WebhookSender(OPEN, partial(datetime.now, UTC))

    async def killed(hook: Outgoing) -> Answered:
        await sender(hook)
        raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        await at.work(killed)
    assert await at.work() == 0
    at.wall += timedelta(minutes=2)
    assert await at.work() == 1
    (one, first), (two, second) = at.there.got
    assert (one["webhook-id"], first) == (two["webhook-id"], second)
    assert await at.work() == 0


async def test_a_failure_is_tried_again_and_replayed(at: House) -> None:
    """A redirect is a failure and is not followed; Retry-After is kept; ten tries, then a person."""
    made = await endpoints.test(NORA, await north(), at.endpoint, now=NOW)
    at.there.status, at.there.more = 302, f"Location: {at.there.url}\r\nRetry-After: 60\r\n"
    assert await at.work() == 1
    at.wall += timedelta(seconds=59)
    assert await at.work() == 0
    for _ in range(9):
        at.wall += timedelta(hours=11) if _ < 6 else timedelta(hours=25)
        await at.work()
    found = await deliveries.get(NORA, await north(), at.endpoint, made)
    assert (found.state, len(found.tries)) == ("failed", 10)
    assert {one.status for one in found.tries} == {302}
    assert len(found.tries[0].answer) == 1024
    at.there.status = 200
    cloud, since = await north(), datetime.now(UTC) - timedelta(days=1)
    if not (await stored.get(NORA, cloud, at.endpoint)).enabled:
        with pytest.raises(Conflict):
            await replaying.replay_since(NORA, cloud, at.endpoint, since, now=at.wall)
        change = WebhookChange(enabled=True)
        await endpoints.change(NORA, cloud, at.endpoint, change, addresses=OPEN)
    with bound_by_policies():
        assert await replaying.replay_since(NORA, cloud, at.endpoint, since, now=at.wall) == 1
    assert await at.work() == 1
    assert (await deliveries.get(NORA, cloud, at.endpoint, made)).state == "delivered"


@pytest.mark.parametrize("status", [410, 500])
async def test_one_that_is_gone_or_silent_for_days_is_switched_off(at: House, status: int) -> None:
    """410 at once, anything else after five days; its administrators are told by mail."""
    cloud = await north()
    await endpoints.test(NORA, cloud, at.endpoint, now=NOW)
    at.there.status = status
    await at.work()
    at.wall += GIVEN_UP_AFTER
    await at.work()
    assert (await stored.get(NORA, cloud, at.endpoint)).enabled is False
    async with atomic(SYSTEM) as tx:
        mails = await tx.fetch("select cloud, recipient from delivery where kind = 'webhook-off'")
    assert {(row["cloud"], row["recipient"]) for row in mails} <= {(NORTH, "nora@north.test")}
    before = len(at.there.got)
    await subscribers.create(NORA, cloud, NewSubscriber(name="Tilda"))
    assert (await at.work(), len(at.there.got)) == (0, before)


async def test_for_a_day_after_a_rotation_both_secrets_verify(at: House) -> None:
    """Then only the new one."""
    cloud, old = await north(), at.secret
    with bound_by_policies():
        _, new = await endpoints.rotate(NORA, cloud, at.endpoint, vault=VAULT, now=at.wall)
    await endpoints.test(NORA, cloud, at.endpoint, now=NOW)
    await at.work()
    at.wall += timedelta(hours=25)
    await endpoints.test(NORA, cloud, at.endpoint, now=NOW)
    await at.work()
    (early, body), (late, last) = at.there.got
    for secret in (old, new):
        assert Webhook(secret).verify(body, early)
    assert Webhook(new).verify(last, late)
    assert len(late["webhook-signature"].split()) == 1


async def test_overdue_invoices_are_told_once(at: House) -> None:
    """On the day after they were due, and not what was overdue before anybody wanted to know."""
    await invoice()
    await overdue.tell_due(now=NOW)
    async with atomic(SYSTEM) as tx:
        due = await tx.fetchval("select max(due_on) from invoice where cloud = $1", NORTH)
    after = datetime(due.year, due.month, due.day, 12, tzinfo=UTC) + timedelta(days=1)
    for _ in range(2):
        await overdue.tell_due(now=max(after, NOW + timedelta(days=1)))
    await at.work()
    (told,) = at.told()
    assert (told["type"], told["data"]["overdue"]) == ("invoice.overdue", True)


@pytest.mark.parametrize(
    "url", ["http://erp.test/", "https://127.0.0.1/", "https://169.254.169.254/", "ftp://x.test/"]
)
async def test_an_address_that_may_not_be_called_is_refused(at: House, url: str) -> None:
    """As it is entered; nothing is stored. Accountants enter none at all."""
    cloud, new = await north(), NewWebhook(url=url)
    with pytest.raises(Invalid) as refused:
        await endpoints.create(NORA, cloud, new, vault=VAULT, addresses=SHUT)
    assert set(refused.value.fields) == {"url"}
    for who in (CARL, ANN):
        with pytest.raises(Forbidden):
            await endpoints.create(who, cloud, new, vault=VAULT, addresses=OPEN)


async def test_a_name_that_leads_inside_is_not_called(at: House) -> None:
    """Each try resolves it anew, looks at every address, and calls the one it has looked at."""
    answers = iter([["93.184.215.14", "127.0.0.1"], ["10.0.0.5"]])

    async def look_up(_host: str, _port: int) -> list[str]:
        return next(answers)

    sender = WebhookSender(SHUT, partial(datetime.now, UTC), lookup=look_up)
    for _ in range(2):
        hook = Outgoing("north", "https://erp.test/", "evt_1", b"{}", (at.secret,))
        found = await sender(hook)
        assert found.status is None
        assert "not a public address" in found.error
    assert at.there.got == []
