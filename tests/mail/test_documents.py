"""Documents as subscribers get them: each once, also where servers refuse and workers are killed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from typing import Any

import pytest

from portal.access import SYSTEM
from portal.accounts.actions import invitations, sending
from portal.billing.period import Period
from portal.books.actions.sending import documents, due, letters
from portal.books.actions.sending.documents import Which
from portal.books.queries.sending import deliveries, refused
from portal.books.queries.sending.deliveries import Sending
from portal.customers.actions import clouds
from portal.customers.forms.cloud import CloudChange
from portal.db import atomic, bound_by_policies, snapshot
from portal.errors import Conflict, Forbidden, Invalid, NotFound
from portal.gateways.queue import NullQueue
from portal.kit.actions.mail import NO_POST
from portal.kit.forms.form import parse
from portal.kit.queries import tenancy
from portal.kit.queries.tenancy import CloudFacts
from tests.cast import ANN, CARL, MAX, NORA, PAUL, SAM, SUE
from tests.conftest import Database
from tests.mail.servers import Mailbox, server
from tests.mail.test_deliveries import POST, URL, smtp
from tests.routes.story import DEEP, told
from tests.services import TestServices

NOW = datetime(2026, 11, 5, 12, tzinfo=UTC)
OCTOBER = Period.month("2026-10")
MONTH = Which(OCTOBER)
SUES, BOBS, DEEPS = "NORTH-2026-000004", "NORTH-2026-000005", "NORTH-2026-000006"
QUEUE = NullQueue()


EMAILS = {1: "sue@home.test", 2: "bob@shop.test", 3: "tim@south.test", DEEP: ""}
AS_BEFORE = (
    "delete from delivery",
    "delete from sending_sum",
    "delete from sign_in_link",
    "delete from portal_user where id > 100",
    "update cloud set email = 'office@north.test', reply_to = '', invoice_text = '{}'",
)


@pytest.fixture(scope="module")
async def story(services: TestServices, template: str, worker_id: str) -> AsyncIterator[Database]:
    """Two clouds with closed months."""
    async with told(services, template, f"{template}_{worker_id}_sending") as database:
        yield database


@pytest.fixture
async def closed(story: Database) -> AsyncIterator[CloudFacts]:
    """North with October closed and nothing sent: Sue and Bob have an address, Deep has none."""
    async with story.as_worker():
        async with atomic(SYSTEM) as tx:
            for statement in AS_BEFORE:
                await tx.execute(statement)
            for subscriber, email in EMAILS.items():
                await tx.execute(
                    "update subscriber set email = $2, document_emails = '{}' where id = $1",
                    subscriber,
                    email,
                )
        yield await tenancy.get(SYSTEM, "north")


async def send_due(port: int, now: datetime) -> int:
    """What workers do until nothing is due; how many letters went."""
    sent = 0
    while (found := await sending.claim_next(now)) is not None:
        sent += await sending.send(
            found, server=smtp(port), now=now, public_url=URL, others=letters.COMPOSED
        )
    return sent


async def rows(query: str, *values: object) -> list[tuple[Any, ...]]:
    async with snapshot(SYSTEM) as tx:
        return [tuple(row) for row in await tx.fetch(query, *values)]


def text_of(letter: EmailMessage, kind: str = "plain") -> str:
    body = letter.get_body((kind,))
    assert body is not None
    return str(body.get_content())


def attached(letter: EmailMessage) -> list[tuple[str | None, bytes]]:
    return [(part.get_filename(), part.get_content()) for part in letter.iter_attachments()]


async def of_october(cloud: CloudFacts, actor: Any = CARL) -> Sending:
    return await deliveries.of_month(actor, cloud, OCTOBER.start)


async def test_a_month_is_sent_once_to_everybody_who_has_an_address(closed: CloudFacts) -> None:
    before = await of_october(closed)
    assert before == Sending(3, sent=0, waiting=0, failed=0, without_address=1)
    assert (before.unsent, before.to_send) == (3, 2)
    mailbox = Mailbox()
    with bound_by_policies():
        assert await documents.send(CARL, closed, MONTH, now=NOW, post=POST) == 2
        assert await documents.send(NORA, closed, MONTH, now=NOW, post=POST) == 0, "a second click"
    assert await of_october(closed) == Sending(3, 0, waiting=2, failed=0, without_address=1)
    async with server(mailbox) as port:
        assert await send_due(port, NOW) == 2
        assert await send_due(port, NOW + timedelta(days=30)) == 0
    assert await of_october(closed) == Sending(3, sent=2, waiting=0, failed=0, without_address=1)
    first = mailbox.letters[0]
    assert first["Subject"] == f"Invoice {SUES} for October 2026"
    assert first["From"] == "Canary-North <billing@portal.test>"
    assert first["Reply-To"] == "office@north.test"
    assert first["To"] == "sue@home.test"
    text, html = text_of(first), text_of(first, "html")
    link = f"{URL}/login/north?next=/my/invoices/{SUES}"
    assert text.count("http") == 1
    assert link in text
    assert link in html
    for said in ("Hello Canary-North-Sue,", SUES, "October 2026", "19 November 2026"):
        assert said in text
        assert said in html
    assert attached(first) == [(f"{SUES}.pdf", f"%PDF-1.7 {SUES}".encode())]
    assert not await rows("select 1 from delivery where cloud = 2"), "South sends its own"


async def test_sums_of_months_are_those_of_their_deliveries(closed: CloudFacts) -> None:
    """A list of months reads a kept row; copies that are sent again by hand are none of it."""
    mailbox = Mailbox()
    mailbox.recipients = ["550 5.1.1 No such user", "250 OK"]
    async with server(mailbox) as port:
        for month in ("2026-09", "2026-10"):
            await documents.send(CARL, closed, Which(Period.month(month)), now=NOW, post=POST)
        await send_due(port, NOW)
        await documents.send_one(CARL, closed, SUES, copy=True, now=NOW, post=POST)
    kept = await rows("select cloud, month, waiting, sent, failed from sending_sum order by month")
    counted = await rows(
        "select d.cloud, i.month,"
        " count(*) filter (where d.state in ('waiting', 'sending'))::int,"
        " count(*) filter (where d.state = 'sent')::int,"
        " count(*) filter (where d.state = 'failed')::int"
        " from delivery d join invoice i on i.id = d.document where d.copy = 0"
        " group by 1, 2 order by 2"
    )
    assert kept == counted
    assert sum(row[4] for row in kept) == 1


async def test_a_refused_address_is_corrected_and_tried_again(closed: CloudFacts) -> None:
    mailbox = Mailbox()
    mailbox.recipients = ["250 OK", "550 5.1.1 No such user here"]
    async with server(mailbox) as port:
        await documents.send(CARL, closed, MONTH, now=NOW, post=POST)
        await send_due(port, NOW)
        assert await of_october(closed) == Sending(3, 1, 0, failed=1, without_address=1)
        with bound_by_policies():
            found, _more = await deliveries.troubles(CARL, closed, OCTOBER)
        assert [(one.number, one.name, one.subscriber) for one in found] == [
            (BOBS, "Canary-North-Bob", 2),
            (DEEPS, "Canary-North-Deep", 3),
        ]
        assert found[0].error.startswith("550")
        assert (found[1].recipients, found[1].error) == ([], "")
        async with atomic(SYSTEM) as tx:
            await tx.execute("update subscriber set email = 'robert@shop.test' where id = 2")
            await tx.execute(
                "update subscriber set document_emails = '{deep@d.test,books@d.test}'"
                " where id = $1",
                DEEP,
            )
        with bound_by_policies():
            assert await documents.send(CARL, closed, MONTH, now=NOW, post=POST) == 1, "Deep's"
            assert await documents.try_again(CARL, closed, MONTH, now=NOW, post=POST) == 1
        assert await send_due(port, NOW) == 2
    assert [letter["To"] for letter in mailbox.letters] == [
        "sue@home.test",
        "robert@shop.test",
        "deep@d.test, books@d.test",
    ]
    assert await of_october(closed) == Sending(3, sent=3, waiting=0, failed=0, without_address=0)


async def test_a_refused_address_is_named_before_it_is_used_again(closed: CloudFacts) -> None:
    """Bob's address was refused in September; October's invoice goes nowhere else."""
    async with atomic(SYSTEM) as tx:
        await tx.execute(
            "insert into delivery (cloud, key, kind, document, recipient, recipients, subject, facts,"
            " state, error, due_at) select cloud, 's', 'invoice', id, 'bob@shop.test',"
            " '{bob@shop.test}', '', '{}', 'failed', '550', now() from invoice"
            " where subscriber = 2 and cloud = 1 and month = '2026-09-01'"
        )
    with bound_by_policies():
        (found,) = await refused.refused(CARL, closed, OCTOBER.start)
        assert (found.number, found.recipients, found.error) == (BOBS, ["bob@shop.test"], "550")
        assert await refused.refused(ANN, closed, OCTOBER.start) == [], "Bob is not hers"
        assert (await of_october(closed)).refused_before == 1
    async with atomic(SYSTEM) as tx:
        await tx.execute("update subscriber set email = 'robert@shop.test' where number = 2")
    assert (await of_october(closed)).refused_before == 0


async def test_of_two_recipients_one_is_refused_and_the_other_gets_it_once(
    closed: CloudFacts,
) -> None:
    """Temporarily first, then for good: whoever has it is not written to again."""
    async with atomic(SYSTEM) as tx:
        await tx.execute(
            "update subscriber set document_emails = '{sue@home.test,books@home.test}' where id = 1"
        )
        found = await tx.fetchval("select id from invoice where number = $1", SUES)
    mailbox = Mailbox()
    mailbox.recipients = ["250 OK", "450 4.2.0 Come back later", "550 5.1.1 No such user"]
    async with server(mailbox) as port:
        await documents.send(CARL, closed, Which(ids=[found]), now=NOW, post=POST)
        await send_due(port, NOW)
        state = "select state, taken, error from delivery"
        ((first, taken, error),) = await rows(state)
        assert (first, taken) == ("waiting", ["sue@home.test"])
        assert error.startswith("books@home.test: 450")
        await send_due(port, NOW + timedelta(minutes=2))
        ((last, taken, error),) = await rows(state)
        assert (last, taken, error[:3]) == ("failed", ["sue@home.test"], "550")
        assert len(mailbox.letters) == 1
        async with atomic(SYSTEM) as tx:
            await tx.execute("update subscriber set document_emails = '{}' where id = 1")
        again = Which(ids=[found])
        assert await documents.try_again(CARL, closed, again, now=NOW, post=POST) == 1
        assert await send_due(port, NOW) == 0
    assert [row[0] for row in await rows(state)] == ["sent"], "all who are left have it"
    assert len(mailbox.letters) == 1


async def test_killed_between_the_server_and_the_mark_it_goes_twice_and_can_be_told(
    closed: CloudFacts,
) -> None:
    mailbox = Mailbox()
    async with server(mailbox) as port:
        await documents.send(CARL, closed, MONTH, now=NOW, post=POST)
        await send_due(port, NOW)
        async with atomic(SYSTEM) as tx:  # as it is where the mark was never made
            await tx.execute("update delivery set state = 'sending', taken = '{}', sent_at = null")
        assert await send_due(port, NOW + sending.CLAIMED_FOR) == 2
    assert len(mailbox.letters) == 4
    assert len({letter["Message-ID"] for letter in mailbox.letters}) == 2


async def test_two_workers_and_two_people_at_once_send_each_document_once(
    closed: CloudFacts,
) -> None:
    mailbox = Mailbox()
    written = await asyncio.gather(
        *(documents.send(who, closed, MONTH, now=NOW, post=POST) for who in (CARL, NORA) * 3)
    )
    assert sum(written) == 2
    async with server(mailbox) as port:
        assert sum(await asyncio.gather(*(send_due(port, NOW) for _ in range(4)))) == 2
    assert sorted(letter["To"] for letter in mailbox.letters) == ["bob@shop.test", "sue@home.test"]


async def test_a_document_waits_for_its_pdf_and_holds_nobody_up(closed: CloudFacts) -> None:
    async with atomic(SYSTEM) as tx:
        await tx.execute("alter table invoice_file disable trigger user")
        kept = await tx.fetch(
            "delete from invoice_file f using invoice i where i.id = f.invoice"
            " and i.number = $1 returning f.cloud, f.subscriber, f.invoice, f.sha256, f.content",
            SUES,
        )
        await tx.execute("alter table invoice_file enable trigger user")
    mailbox = Mailbox()
    async with server(mailbox) as port:
        await documents.send(CARL, closed, MONTH, now=NOW, post=POST)
        assert await send_due(port, NOW + timedelta(days=9)) == 1
        ((state, due_at),) = await rows(
            "select state, isfinite(due_at) from delivery where state <> 'sent'"
        )
        assert (state, due_at) == ("waiting", False)
        (waiting,), _more = await deliveries.list_page(CARL, closed, state="waiting")
        assert waiting.due_at is None
        assert await due.release(now=NOW, queue=QUEUE) == 0
        # One that was let go too early waits again, and that is no try.
        async with atomic(SYSTEM) as tx:
            await tx.execute("update delivery set due_at = $1 where state = 'waiting'", NOW)
        assert await send_due(port, NOW) == 0
        assert await rows("select attempts from delivery where state = 'waiting'") == [(0,)]
        async with atomic(SYSTEM) as tx:
            await tx.execute(
                "insert into invoice_file (cloud, subscriber, invoice, sha256, size, content)"
                " values ($1, $2, $3, $4, 9, $5)",
                *kept[0],
            )
        assert await due.release(now=NOW, queue=QUEUE) == 1
        assert await send_due(port, NOW) == 1
    assert attached(mailbox.letters[1])[0][0] == f"{SUES}.pdf"


async def test_people_are_written_to_before_documents_and_each_cloud_has_its_turn(
    closed: CloudFacts,
) -> None:
    await documents.send(CARL, closed, MONTH, now=NOW, post=POST)
    south = await tenancy.get(SYSTEM, "south")
    await documents.send(SAM, south, MONTH, now=NOW + timedelta(seconds=1), post=POST)
    await invitations.invite(
        NORA,
        email="new@north.test",
        role="accountant",
        cloud=closed,
        now=NOW + timedelta(seconds=2),
        post=POST,
    )
    first = await sending.claim_next(NOW + timedelta(seconds=9))
    assert await rows("select kind from delivery where id = $1", first) == [("invitation",)]


async def test_a_copy_is_sent_by_hand_and_is_a_delivery_of_its_own(closed: CloudFacts) -> None:
    mailbox = Mailbox()
    async with server(mailbox) as port:
        with bound_by_policies():
            made = await documents.send_one(ANN, closed, SUES, copy=False, now=NOW, post=POST)
            assert (made.copy, made.state, made.recipients) == (0, "waiting", ["sue@home.test"])
            with pytest.raises(Conflict, match="on its way"):
                await documents.send_one(ANN, closed, SUES, copy=True, now=NOW, post=POST)
        await send_due(port, NOW)
        with bound_by_policies():
            with pytest.raises(Conflict, match="was sent already"):
                await documents.send_one(ANN, closed, SUES, copy=False, now=NOW, post=POST)
            again = await documents.send_one(ANN, closed, SUES, copy=True, now=NOW, post=POST)
            assert again.copy == 1
            assert await documents.send(CARL, closed, MONTH, now=NOW, post=POST) == 1, "Bob's"
        await send_due(port, NOW)
        story = await deliveries.of_document(CARL, closed, SUES)
    assert [(one.copy, one.state) for one in story] == [(0, "sent"), (1, "sent")]
    assert [letter["To"] for letter in mailbox.letters].count("sue@home.test") == 2
    assert len({letter["Message-ID"] for letter in mailbox.letters}) == 3
    with pytest.raises(Conflict, match="no e-mail address"):
        await documents.send_one(CARL, closed, DEEPS, copy=False, now=NOW, post=POST)


async def test_who_may_send_which(closed: CloudFacts) -> None:
    """An account manager sends those of their own customers; the other tenant sees nothing."""
    south = await tenancy.get(SYSTEM, "south")
    with bound_by_policies():
        assert await documents.send(ANN, closed, MONTH, now=NOW, post=POST) == 1, "Sue's alone"
        assert await of_october(closed, ANN) == Sending(1, 0, 1, 0, 0)
        with pytest.raises(NotFound):
            await documents.send_one(ANN, closed, BOBS, copy=False, now=NOW, post=POST)
        for nobody in (MAX, SUE):
            with pytest.raises(Forbidden):
                await documents.send(nobody, closed, MONTH, now=NOW, post=POST)
        with pytest.raises(Conflict, match="is not closed"):
            await documents.send(SAM, closed, MONTH, now=NOW, post=POST)
        assert await of_october(closed, SAM) == Sending(0, 0, 0, 0, 0)
        assert await deliveries.list_page(SAM, closed) == ([], None)
        with pytest.raises(NotFound):
            await deliveries.of_document(SAM, closed, SUES)
        assert await documents.send(PAUL, south, MONTH, now=NOW, post=POST) == 1
        seen = {
            who.name: len((await deliveries.list_page(who, closed))[0])
            for who in (NORA, CARL, MAX, PAUL, SUE)
        }
    assert seen == {NORA.name: 1, CARL.name: 1, MAX.name: 1, PAUL.name: 1, SUE.name: 0}
    with pytest.raises(Conflict, match="No mail server"):
        await documents.send(CARL, closed, MONTH, now=NOW, post=NO_POST)


async def test_the_operators_text_has_its_placeholders_and_is_checked(closed: CloudFacts) -> None:
    own = ["Dear {customer},", "{number} of {month}, issued {issued}, is due {due}. {operator}"]
    with pytest.raises(Invalid) as wrong:
        parse(CloudChange, {"invoice_text": ["Hello {customer}", "Pay {amount} now"]})
    assert list(wrong.value.fields) == ["invoice_text[1]"]
    assert "{amount}" in wrong.value.fields["invoice_text[1]"]
    for torn in ("Hello {customer", "Hello }", "{}", "{customer }"):
        with pytest.raises(Invalid):
            parse(CloudChange, {"invoice_text": [torn]})
    change = parse(CloudChange, {"invoice_text": own, "reply_to": "billing@north.test"})
    with bound_by_policies():
        await clouds.change(CARL, closed, change)
    mailbox = Mailbox()
    async with server(mailbox) as port:
        await documents.send(CARL, closed, MONTH, now=NOW, post=POST)
        await send_due(port, NOW)
    text = text_of(mailbox.letters[0])
    assert "Dear Canary-North-Sue," in text
    assert f"{SUES} of October 2026, issued 5 November 2026, is due 19 November 2026." in text
    assert "due 19 November 2026. Canary-North\r\n" in text
    assert mailbox.letters[0]["Reply-To"] == "billing@north.test"


async def test_mail_of_documents_is_kept_for_good(closed: CloudFacts) -> None:
    """It says that a document was sent: without it, it would be sent again."""
    await documents.send(CARL, closed, MONTH, now=NOW, post=POST)
    await sending.purge(NOW + timedelta(days=4000))
    assert await rows("select count(*)::int from delivery") == [(2,)]
