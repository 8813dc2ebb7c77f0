"""The daily digest: once a morning, to whoever wants it, what needs exactly them."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage

from portal.access import SYSTEM
from portal.db import atomic, snapshot
from portal.kit.actions.mail import NO_POST, Post
from portal.overview.actions import digest
from portal.routes.shared.attention import said_of
from tests.cast import ANN, NORA, NORTH, SAM
from tests.conftest import Database
from tests.factories import World, camera, subscribe, worked_example
from tests.mail.servers import Mailbox, server
from tests.mail.test_deliveries import URL, send_due

BEFORE = datetime(2026, 11, 5, 5, 59, tzinfo=UTC)
"""06:59 in Rome; in New York it is night."""
MORNING = BEFORE + timedelta(minutes=1)
NOON = datetime(2026, 11, 5, 17, tzinfo=UTC)
POST = Post(is_set_up=True)


async def _world() -> World:
    """Everybody can sign in; Sue (Ann's) and Bob (nobody's) have cameras and no e-mail address."""
    world = await worked_example()
    async with atomic(SYSTEM) as tx:
        await tx.execute("update portal_user set password = 'x'")
        porch = await camera(tx, NORTH, "porch", 2)
        await subscribe(tx, NORTH, porch, 2, world.tariffs["home-7"], "2026-10-01")
    return world


async def write(now: datetime, post: Post = POST) -> int:
    """What every sweep does."""
    return await digest.write_due(now=now, wall=now, post=post, say=said_of)


async def to() -> list[str]:
    """Whom digests were written to."""
    async with snapshot(SYSTEM) as tx:
        rows = await tx.fetch("select recipient from delivery where kind = 'digest' order by 1")
    return [row["recipient"] for row in rows]


def text_of(letter: EmailMessage) -> str:
    """Its plain text, on one line."""
    body = letter.get_body(("plain",))
    assert body is not None
    return " ".join(str(body.get_content()).split())


async def test_it_comes_in_the_morning_of_whoever_gets_it(worker: Database) -> None:
    await _world()
    async with atomic(SYSTEM) as tx:
        await tx.execute("update platform set timezone = 'Asia/Tokyo'")
        await tx.execute("update portal_user set zone = 'Asia/Tokyo' where id = $1", SAM.user)
    await write(BEFORE)
    assert NORA.name not in await to(), "it is 6:59 in Rome"
    assert SAM.name in await to(), "who lives in Tokyo has slept"
    await write(MORNING)
    found = await to()
    assert NORA.name in found
    assert not {"sue@home.test", "rex@agents.test"} & set(found), "customers have none"


async def test_it_is_written_once_a_day_whoever_looks(worker: Database) -> None:
    """Ten workers look at the same moment, and again all day; the next morning there is one more."""
    await _world()
    await asyncio.gather(*(write(NOON) for _ in range(10)))
    await write(NOON + timedelta(hours=3))
    first = await to()
    assert len(first) == len(set(first))
    assert {NORA.name, ANN.name, SAM.name} <= set(first)
    await write(NOON + timedelta(days=1))
    assert sorted(await to()) == sorted([*first, *first])


async def test_it_says_what_each_person_sees_with_a_link_each(worker: Database) -> None:
    await _world()
    async with atomic(SYSTEM) as tx:
        await tx.execute("update portal_user set language = 'it' where id = $1", SAM.user)
    mailbox = Mailbox()
    async with server(mailbox) as port:
        await write(NOON)
        await send_due(port, NOON)
        assert await send_due(port, NOON + timedelta(days=2)) == 0, "sent once"
    letters = {letter["To"]: letter for letter in mailbox.letters}
    nora, ann, sam = (text_of(letters[who.name]) for who in (NORA, ANN, SAM))
    assert "2 subscribers with cameras have no e-mail or no postal address." in nora
    assert f"{URL}/cloud/subscribers?state=unreachable" in nora
    assert "1 subscriber with cameras has no e-mail or no postal address." in ann, (
        "of her own subscribers"
    )
    assert "1 abbonato" in sam
    assert "South" not in nora
    assert letters[NORA.name]["From"] == "North Telecom <billing@portal.test>"
    assert "North Telecom: " in letters[NORA.name]["Subject"]
    assert f"{URL}/login/north?next=/cloud" in nora
    html = letters[NORA.name].get_body(("html",))
    assert html is not None
    assert f'<a href="{URL}/cloud/subscribers?state=unreachable">' in html.get_content()
    ada = text_of(letters["ada@platform.test"])
    assert f"{URL}/system/settings" in ada, "the platform's invoices do not say where to pay"


async def test_nobody_gets_it_who_does_not_want_it_or_has_nothing_to_do(worker: Database) -> None:
    await _world()
    async with atomic(SYSTEM) as tx:
        await tx.execute("update portal_user set digest = false where id = $1", NORA.user)
        await tx.execute("update portal_user set active = false where id = $1", SAM.user)
        await tx.execute("update subscriber set account_manager = null")
    await write(NOON)
    assert not {NORA.name, SAM.name, ANN.name} & set(await to())
    async with atomic(SYSTEM) as tx:
        await tx.execute("update subscriber set account_manager = $1 where id = 1", ANN.user)
    await write(NOON + timedelta(hours=1))
    assert ANN.name not in await to(), "her day was looked at"
    await write(NOON + timedelta(days=1))
    assert ANN.name in await to()


async def test_an_installation_without_mail_writes_none_and_loses_none(worker: Database) -> None:
    await _world()
    assert await write(NOON, NO_POST) == 0
    assert await write(NOON) > 0, "where a server is set up the same day, it comes"


async def test_who_is_new_begins_tomorrow(worker: Database) -> None:
    """A person who was added on this day of the machine is told from the next one on."""
    await _world()
    today = datetime.now(UTC).replace(hour=12)
    async with atomic(SYSTEM) as tx:
        await tx.execute("update portal_user set zone = 'UTC'")
    assert await write(today) == 0
    assert await write(today + timedelta(days=1)) > 0
