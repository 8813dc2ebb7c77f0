"""Mail as workers send it: once, also where a server keeps it waiting or a worker is killed."""

from __future__ import annotations

import asyncio
import re
from datetime import UTC, datetime, timedelta

import pytest

from portal.access import SYSTEM
from portal.accounts.actions import (
    accept,
    deliveries,
    invitations,
    resets,
    sending,
    sign_in_links,
    users,
)
from portal.accounts.actions.sessions import Visit
from portal.accounts.actions.sign_in import Browser
from portal.accounts.queries import deliveries as reads
from portal.accounts.queries import people
from portal.crypto.devices import Devices
from portal.db import atomic, snapshot
from portal.errors import Conflict, Forbidden, NotFound
from portal.gateways.mail.smtp import SmtpMail
from portal.kit.actions.mail import Post
from portal.kit.queries import tenancy
from portal.values.mail.server import server_of
from tests.cast import ADA, ANN, NORA, SAM, SUE
from tests.conftest import Database
from tests.factories import two_clouds
from tests.mail.servers import Mailbox, server

NOW = datetime(2026, 11, 5, 12, tzinfo=UTC)
POST = Post(is_set_up=True)
URL = "https://portal.test"
LINK = re.compile(rf"{URL}/(?:invite|reset)/([\w-]{{43}})")
VISIT = Visit("203.0.113.7", "Firefox", NOW)
BROWSER = Browser(Devices(b"d" * 32))
FRESH = "seven green herons argue quietly"


def smtp(port: int) -> SmtpMail:
    found = server_of(f"smtp://127.0.0.1:{port}", "billing@portal.test")
    assert found is not None
    return SmtpMail(found, lambda: NOW)


async def send_due(port: int, now: datetime) -> int:
    """What a worker does until nothing is due; how many letters went."""
    sent = 0
    while (found := await sending.claim_next(now)) is not None:
        sent += await sending.send(found, server=smtp(port), now=now, public_url=URL)
    return sent


async def invite(email: str = "new@north.test", cloud: str = "north") -> int:
    person, link = await invitations.invite(
        NORA if cloud == "north" else SAM,
        email=email,
        role="accountant",
        cloud=await tenancy.get(SYSTEM, cloud),
        now=NOW,
        post=POST,
    )
    assert link.mailed
    assert link.token == "", "who invites is not told the link"
    return person.id


async def state() -> list[tuple[str, int, str]]:
    async with snapshot(SYSTEM) as tx:
        rows = await tx.fetch("select state, attempts, error from delivery order by id")
    return [tuple(row) for row in rows]


def token_of(mailbox: Mailbox, number: int = -1) -> str:
    body = mailbox.letters[number].get_body(("plain",))
    assert body is not None
    found = LINK.search(body.get_content())
    assert found
    return found[1]


async def test_an_invitation_is_greylisted_and_arrives_later_once(worker: Database) -> None:
    await two_clouds()
    async with atomic(SYSTEM) as tx:
        await tx.execute("update cloud set locale = 'it_IT', name = 'Nord Video' where id = 1")
    mailbox = Mailbox()
    mailbox.recipients = ["450 4.2.0 Come back later"]
    async with server(mailbox) as port:
        user = await invite()
        assert await send_due(port, NOW) == 0
        ((first, attempts, error),) = await state()
        assert (first, attempts) == ("waiting", 1)
        assert error.startswith("450")
        assert await send_due(port, NOW + timedelta(seconds=30)) == 0, "not before it is due"
        assert await send_due(port, NOW + timedelta(minutes=2)) == 1
        assert await send_due(port, NOW + timedelta(days=1)) == 0, "sent once"
    assert await state() == [("sent", 2, "")]
    (letter,) = mailbox.letters
    assert letter["From"] == "Nord Video <billing@portal.test>"
    assert letter["To"] == "new@north.test"
    assert letter["Subject"] == "Invito di Nora a Nord Video"
    entered = await accept.accept_invitation(token_of(mailbox), "Newton", FRESH, VISIT, BROWSER)
    assert entered.session.person.actor.user == user
    async with snapshot(SYSTEM) as tx:
        kept = await tx.fetchval("select to_json(d)::text from delivery d")
    assert token_of(mailbox) not in kept, "only its hash is in the database"


async def test_a_worker_that_is_killed_between_sending_and_marking_sends_it_again(
    worker: Database,
) -> None:
    """Both letters lead to the same invitation, and it is accepted once."""
    await two_clouds()
    mailbox = Mailbox()
    async with server(mailbox) as port:
        await invite()
        claimed = await sending.claim_next(NOW)
        assert claimed is not None
        assert await sending.claim_next(NOW) is None, "nobody else sends it meanwhile"
        await sending.send(claimed, server=smtp(port), now=NOW, public_url=URL)
        async with atomic(SYSTEM) as tx:  # as it is where the mark was never made
            await tx.execute("update delivery set state = 'sending', sent_at = null")
        later = NOW + sending.CLAIMED_FOR
        assert await send_due(port, later) == 1
    assert len({letter["Message-ID"] for letter in mailbox.letters}) == 1
    first, second = token_of(mailbox, 0), token_of(mailbox, 1)
    answers = await asyncio.gather(
        *(accept.accept_invitation(one, "N", FRESH, VISIT, BROWSER) for one in (first, second)),
        return_exceptions=True,
    )
    assert sorted(type(answer).__name__ for answer in answers) == ["Entered", "LinkOver"]


async def test_a_mail_is_given_up_after_a_bounded_number_of_tries(worker: Database) -> None:
    await two_clouds()
    mailbox = Mailbox()
    mailbox.recipients = ["451 4.3.0 Not now"] * 50
    now = NOW
    async with server(mailbox) as port:
        await invite()
        for _ in range(20):
            await send_due(port, now)
            now += timedelta(hours=13)
        ((last, attempts, error),) = await state()
        assert last == "failed" or "expired" in error
        assert attempts <= len(sending.BACK_OFF) + 1
        (row,) = await reads.list_page(NORA, await tenancy.get(SYSTEM, "north"))
        assert (await people.get_by_email(SYSTEM, "new@north.test")).mail_error == row.error


async def test_a_recipient_that_is_refused_is_not_tried_again_unless_somebody_asks(
    worker: Database,
) -> None:
    await two_clouds()
    mailbox = Mailbox()
    mailbox.recipients = ["550 5.1.1 Nobody of that name"]
    async with server(mailbox) as port:
        await invite()
        await send_due(port, NOW)
        assert [one[0] for one in await state()] == ["failed"]
        assert await send_due(port, NOW + timedelta(days=1)) == 0
        (row,) = await reads.list_page(NORA, await tenancy.get(SYSTEM, "north"))
        with pytest.raises(Forbidden):
            await deliveries.send_again(ANN, row, now=NOW, post=POST)
        await deliveries.send_again(NORA, row, now=NOW, post=POST)
        assert await send_due(port, NOW) == 1
        with pytest.raises(Conflict):
            await deliveries.send_again(NORA, row, now=NOW, post=POST)


async def test_what_is_worth_nothing_any_more_is_not_sent(worker: Database) -> None:
    await two_clouds()
    mailbox = Mailbox()
    async with server(mailbox) as port:
        user = await invite()
        await invitations.resend_invitation(NORA, user, now=NOW, post=POST)
        assert await send_due(port, NOW) == 1
        assert [one[0] for one in await state()] == ["dropped", "sent"]
        await users.change(NORA, user, active=False)
        with pytest.raises(NotFound):
            await sign_in_links.find_open(token_of(mailbox), "invitation", NOW)
        await invite("gone@north.test")
        await users.change(NORA, user + 1, active=False)
        assert await send_due(port, NOW) == 0
    assert len(mailbox.letters) == 1


async def test_a_reset_for_an_unknown_address_leaves_no_letter_and_no_trace(
    worker: Database,
) -> None:
    await two_clouds()
    mailbox = Mailbox()
    async with server(mailbox) as port:
        for address in (SUE.name, "nobody@home.test"):
            await resets.ask_reset(address, VISIT, post=POST)
        async with snapshot(SYSTEM) as tx:
            rows = await tx.fetch("select cloud, user_id, link, kind, facts from delivery")
        assert len({tuple(map(str, row)) for row in rows}) == 1, "asked for alike"
        assert await send_due(port, NOW) == 1
    (letter,) = mailbox.letters
    assert letter["To"] == SUE.name
    assert [one[0] for one in await state()] == ["sent"]
    owner = await accept.set_password(token_of(mailbox), FRESH, VISIT, post=POST)
    assert owner.user == SUE.user
    with pytest.raises(sign_in_links.LinkOver):
        await accept.set_password(token_of(mailbox), f"{FRESH} too", VISIT, post=POST)


async def test_an_address_gets_a_bounded_number_of_resets_and_no_answer_says_so(
    worker: Database,
) -> None:
    await two_clouds()
    for number in range(resets.RESETS_AN_ADDRESS + 3):
        visit = Visit(f"203.0.{number}.7", "Firefox", NOW)
        await resets.ask_reset(SUE.name, visit, post=POST)
    assert len(await state()) == resets.RESETS_AN_ADDRESS


async def test_each_clouds_mail_is_its_own(worker: Database) -> None:
    await two_clouds()
    await invite()
    await invite("other@south.test", "south")
    await deliveries.send_test(ADA, None, now=NOW, post=POST)
    async with worker.as_web():
        north = await reads.list_page(NORA, await tenancy.get(NORA, "north"))
        assert [row.recipient for row in north] == ["new@north.test"]
        (south,) = await reads.list_page(SAM, await tenancy.get(SAM, "south"))
        with pytest.raises(NotFound):
            await reads.get(NORA, south.id)
        assert await reads.list_page(SUE, None) == []
        assert [row.kind for row in await reads.list_page(ADA, None)] == ["test"]


async def test_without_a_server_nothing_is_written_and_the_link_is_told(worker: Database) -> None:
    await two_clouds()
    _, link = await invitations.invite(
        NORA,
        email="new@north.test",
        role="accountant",
        cloud=await tenancy.get(SYSTEM, "north"),
        now=NOW,
    )
    assert not link.mailed
    assert link.address(URL) == f"{URL}/invite/{link.token}"
    assert link.expires_at == NOW + timedelta(days=7)
    assert await state() == []
    with pytest.raises(Conflict, match="No mail server"):
        await deliveries.send_test(ADA, None, now=NOW, post=Post(is_set_up=False))
