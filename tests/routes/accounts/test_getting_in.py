"""Getting in: the first person, invitations, resets, sign-in pages, and what others may try there."""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from portal.access import SYSTEM
from portal.accounts.actions import invitations, sending, setup
from portal.app import create_app
from portal.gateways.mail.smtp import SmtpMail
from portal.kit.actions.mail import Post
from portal.kit.queries import tenancy
from portal.settings import is_host
from portal.values.mail_server import server_of
from tests.cast import CARL, NORA, SAM, SUE
from tests.conftest import Database
from tests.mail.servers import Mailbox, server
from tests.routes.conftest import (
    ORIGIN,
    PASSWORD,
    Clock,
    Site,
    running,
    settings_of,
)
from tests.services import TestServices

FRESH = "seven green herons argue quietly"
FORM = {
    "name": "Ada Love",
    "email": "Ada@Platform.test",
    "password": FRESH,
    "company": "Camera Cloud Ltd",
}
LINK = re.compile(r"https://portal.test(/(?:invite|reset|confirm)/[\w-]{43})")


@pytest.fixture
async def empty(
    database: Database, services: TestServices, tmp_path: Path
) -> AsyncIterator[tuple[Site, str]]:
    """An installation without people, and the code that `up` prints."""
    async with database.as_worker():
        code = await setup.new_code()
    assert code is not None
    clock, settings = Clock(), settings_of(database, services, tmp_path)
    app = create_app(settings, clock=clock)
    async with running(app), AsyncExitStack() as stack:
        yield Site(app, database, clock, settings, stack), code


async def test_the_first_person_comes_in_by_the_code_once(empty: tuple[Site, str]) -> None:
    site, code = empty
    first = await site.visitor()
    closed = await first.get("/setup")
    assert closed.status_code == 403
    assert "Open the address that `camledger up` printed." in closed.text
    wrong = await first.get("/setup?code=" + "x" * 43)
    assert wrong.status_code == 403
    assert 'name="password"' not in wrong.text
    await first.get(f"/setup?code={code}")
    missing = await first.post("/setup", {"code": code, "email": "x"})
    assert missing.status_code == 422
    for field in ("name", "email", "password", "company"):
        assert f'href="#field-{field}"' in missing.text
    weak = await first.post("/setup", {"code": code, **FORM, "password": "camera cloud ltd"})
    assert weak.status_code == 422
    assert 'value="Ada Love"' in weak.text
    done = await first.post("/setup", {"code": code, **FORM})
    assert (done.status_code, done.headers["location"]) == (303, "/system")
    assert (await first.get("/system")).status_code == 200
    rows = await site.rows("select email, name, role, cloud from portal_user")
    assert [tuple(row) for row in rows] == [
        ("ada@platform.test", "Ada Love", "administrator", None)
    ]
    ((name, left),) = await site.rows("select name, setup_hash from platform")
    assert (name, left) == ("Camera Cloud Ltd", None)
    second = await site.visitor()
    await second.get("/login")
    for again in (
        await second.get(f"/setup?code={code}"),
        await second.post("/setup", {"code": code, **FORM, "email": "eve@evil.test"}),
    ):
        assert again.status_code == 404
        assert "set up already" in again.text
    async with site.database.as_worker():
        assert await setup.new_code() is None


async def test_of_two_who_set_up_at_once_one_does(empty: tuple[Site, str]) -> None:
    site, code = empty
    visitors = [await site.visitor() for _ in range(3)]
    for visitor in visitors:
        await visitor.get(f"/setup?code={code}")
    answers = await asyncio.gather(
        *(
            visitor.post("/setup", {"code": code, **FORM, "email": f"a{number}@b.test"})
            for number, visitor in enumerate(visitors)
        )
    )
    assert Counter(answer.status_code for answer in answers) == {303: 1, 404: 2}
    assert len(await site.rows("select 1 from portal_user")) == 1


async def test_the_code_is_not_guessed_and_a_new_one_ends_it(empty: tuple[Site, str]) -> None:
    site, code = empty
    guesser = await site.visitor()
    tried = [(await guesser.get(f"/setup?code=guess{n}")).status_code for n in range(12)]
    assert tried == [403] * 10 + [429] * 2
    async with site.database.as_worker():
        newer = await setup.new_code()
    other = await site.visitor("198.51.100.9")
    assert (await other.get(f"/setup?code={code}")).status_code == 403
    assert (await other.get(f"/setup?code={newer}")).status_code == 200


async def invited(site: Site, **whose: object) -> str:
    """The path of an invitation that Nora made."""
    async with site.database.as_worker():
        given = {"email": "new@north.test", "role": "accountant", **whose}
        _, link = await invitations.invite(
            NORA if "by" not in given else SYSTEM,
            **{name: value for name, value in given.items() if name != "by"},  # type: ignore[arg-type]
            cloud=await tenancy.get(SYSTEM, "north"),
            now=site.clock.now,
        )
    return urlsplit(link.address(ORIGIN)).path


async def test_a_subscribers_invitation_leads_to_its_own_portal_and_no_further(site: Site) -> None:
    path = await invited(site, email="son@home.test", role="subscriber", subscriber=1)
    visitor = await site.visitor()
    page = await visitor.get(path)
    assert "Nora invites you to North" in page.text
    form = {"name": "Son", "password": FRESH, "role": "cloud-administrator", "email": "x@evil.test"}
    done = await visitor.post(path, form)
    assert done.headers["location"] == "/my"
    assert (await visitor.get("/my")).status_code == 200
    for others in ("/cloud", "/system", "/referral"):
        assert (await visitor.get(others)).status_code == 403
    ((email, role),) = await site.rows("select email, role from portal_user where name = 'Son'")
    assert (email, role) == ("son@home.test", "subscriber")
    replay = await visitor.get(path)
    assert replay.status_code == 410
    assert "used before" in replay.text


async def test_where_a_second_factor_is_required_it_comes_before_the_portal(site: Site) -> None:
    await site.rows("update cloud set second_factor = true where slug = 'north'")
    path = await invited(site, email="two@north.test", role="administrator")
    visitor = await site.visitor()
    await visitor.get(path)
    done = await visitor.post(path, {"name": "Two", "password": FRESH})
    assert done.headers["location"] == "/account/second-factor"
    page = (await visitor.get("/account/second-factor")).text
    assert "data:image/svg+xml" in page
    assert (await visitor.get("/cloud")).status_code == 303


async def test_an_expired_invitation_has_one_button_that_tells_who_invited(site: Site) -> None:
    path = await invited(site)
    site.clock.forward(days=7, seconds=1)
    visitor = await site.visitor()
    page = await visitor.get(path)
    assert page.status_code == 410
    assert "Ask Nora to send it again" in page.text
    refused = await visitor.post(path, {"name": "N", "password": FRESH})
    assert refused.status_code == 410
    for _ in range(3):
        told = await visitor.post(f"{path}/again")
        assert told.status_code == 200
        assert "Nora has been told" in told.text
    ((asked,),) = await site.rows("select count(*) from sign_in_link where asked_at is not null")
    assert asked == 1
    entries = await site.rows("select 1 from audit where action = 'invitation.ask-again'")
    assert len(entries) == 1
    nora = await site.as_(NORA)
    ((user,),) = await site.rows("select id from portal_user where email = 'new@north.test'")
    assert "asks for a new invitation" in (await nora.get(f"/cloud/people/{user}")).text


async def test_a_token_of_one_kind_opens_nothing_of_another(site: Site) -> None:
    token = (await invited(site)).rpartition("/")[2]
    visitor = await site.visitor()
    for path in ("/reset/", "/confirm/"):
        assert (await visitor.get(path + token)).status_code == 404
    for made_up in ("x" * 43, "x", "%00" * 4, "x" * 5000):
        assert (await visitor.get(f"/invite/{made_up}")).status_code in {404, 400}


@pytest.fixture
async def mailed(site: Site) -> AsyncIterator[tuple[Site, Mailbox, int]]:
    """The site with a mail server that takes everything."""
    site.app.state.post = Post(is_set_up=True)
    mailbox = Mailbox()
    async with server(mailbox) as port:
        yield site, mailbox, port


async def post_all(site: Site, port: int) -> None:
    """What workers do."""
    found = server_of(f"smtp://127.0.0.1:{port}", "billing@portal.test", is_host)
    assert found is not None
    async with site.database.as_worker():
        while (one := await sending.claim_next(site.clock.now)) is not None:
            mail = SmtpMail(found, site.clock)
            await sending.send(one, server=mail, now=site.clock.now, public_url=ORIGIN)


def link_in(mailbox: Mailbox) -> str:
    body = mailbox.letters[-1].get_body(("plain",))
    assert body is not None
    found = LINK.search(body.get_content())
    assert found
    return found[1]


async def test_a_forgotten_password_is_answered_alike_for_everybody(
    mailed: tuple[Site, Mailbox, int],
) -> None:
    site, mailbox, port = mailed
    sue = await site.as_(SUE)
    visitor = await site.visitor()
    await visitor.get("/reset")
    texts = []
    for address in (SUE.name, "nobody@home.test", " SUE@home.test ", "not an address"):
        answer = await visitor.post("/reset", {"email": address})
        assert answer.status_code == 200
        texts.append(answer.text)
    assert len(set(texts)) == 1
    assert "If the address is known, a link is on its way." in texts[0]
    await post_all(site, port)
    assert {letter["To"] for letter in mailbox.letters} == {SUE.name}
    path = link_in(mailbox)
    await visitor.get(path)
    same = await visitor.post(path, {"password": "sue"})
    assert same.status_code == 422
    done = await visitor.post(path, {"password": FRESH})
    assert (done.status_code, done.headers["location"]) == (303, "/login/north?done=password")
    assert "Your password is set" in (await visitor.get("/login/north?done=password")).text
    assert (await sue.get("/my")).status_code == 303, "every session has ended"
    assert (await visitor.sign_in(SUE, FRESH)).status_code == 303
    assert (await visitor.get(path)).status_code == 410
    await post_all(site, port)
    assert "Your password was changed" in {letter["Subject"] for letter in mailbox.letters}


async def test_a_link_to_a_new_password_ends_after_an_hour(
    mailed: tuple[Site, Mailbox, int],
) -> None:
    site, mailbox, port = mailed
    visitor = await site.visitor()
    await visitor.get("/reset")
    await visitor.post("/reset", {"email": SUE.name})
    await post_all(site, port)
    site.clock.forward(hours=1, seconds=1)
    page = await visitor.get(link_in(mailbox))
    assert page.status_code == 410
    assert "has expired" in page.text
    assert (await visitor.post(link_in(mailbox), {"password": FRESH})).status_code == 410


async def test_who_asks_too_often_is_slowed_down(mailed: tuple[Site, Mailbox, int]) -> None:
    site, _, _ = mailed
    visitor = await site.visitor()
    await visitor.get("/reset")
    codes = [
        (await visitor.post("/reset", {"email": f"x{n}@home.test"})).status_code for n in range(22)
    ]
    assert codes == [200] * 20 + [429] * 2


async def test_an_invitation_by_mail_is_shown_to_nobody_who_invites(
    mailed: tuple[Site, Mailbox, int],
) -> None:
    site, mailbox, port = mailed
    nora = await site.as_(NORA)
    await nora.get("/cloud/people/new")
    form = {"email": "new@north.test", "name": "Newton\r\nBcc: x@evil.test", "role": "accountant"}
    assert (await nora.post("/cloud/people/new", form)).status_code == 422
    done = await nora.post("/cloud/people/new", {**form, "name": "Newton"})
    assert done.status_code == 303
    page = await nora.get(done.headers["location"])
    assert "A link is on its way to new@north.test." in page.text
    assert LINK.search(page.text) is None
    await post_all(site, port)
    (letter,) = mailbox.letters
    assert letter["From"] == "North Telecom <billing@portal.test>"
    visitor = await site.visitor()
    await visitor.get(link_in(mailbox))
    entered = await visitor.post(link_in(mailbox), {"name": "Newton", "password": FRESH})
    assert entered.headers["location"] == "/cloud"


async def test_a_sign_in_from_a_new_place_is_told_and_from_a_known_one_not(
    mailed: tuple[Site, Mailbox, int],
) -> None:
    site, mailbox, port = mailed
    visitor = await site.visitor()
    await visitor.sign_in(CARL)  # for the first time at all
    await visitor.post("/logout")
    await visitor.sign_in(CARL)
    await post_all(site, port)
    assert mailbox.letters == []
    await (await site.visitor("198.51.100.7")).sign_in(CARL)
    await post_all(site, port)
    (letter,) = mailbox.letters
    assert (letter["To"], letter["Subject"]) == (CARL.name, "New sign-in")
    text = letter.get_body(("plain",))
    assert text is not None
    assert "Firefox on Linux, address 198.51.100.7" in text.get_content()
    assert f"{ORIGIN}/login/north?next=/account" in text.get_content()


async def test_an_address_is_changed_by_a_link_to_the_new_one(
    mailed: tuple[Site, Mailbox, int],
) -> None:
    site, mailbox, port = mailed
    sue = await site.as_(SUE)
    await sue.get("/account")
    wrong = await sue.post("/account/email", {"email": "sue@new.test", "email_password": "x"})
    assert wrong.status_code == 422
    form = {"email_password": PASSWORD}
    taken = await sue.post("/account/email", {**form, "email": NORA.name})
    free = await sue.post("/account/email", {**form, "email": "sue@new.test"})
    assert taken.status_code == free.status_code == 303, "whose address it is, is not said"
    assert "sue@new.test waits for its confirmation" in (await sue.get("/account")).text
    await post_all(site, port)
    assert [letter["To"] for letter in mailbox.letters] == ["sue@new.test"]
    visitor = await site.visitor()
    path = link_in(mailbox)
    assert "sue@new.test" in (await visitor.get(path)).text
    ((before,),) = await site.rows("select email from portal_user where id = 8")
    assert before == SUE.name, "opening the link changes nothing"
    assert (await visitor.post(path)).status_code == 303
    assert (await visitor.post(path)).status_code == 410
    assert (await visitor.sign_in("sue@new.test")).status_code == 303
    assert (await sue.get("/my")).status_code == 200
    await post_all(site, port)
    told = {letter["Subject"]: letter["To"] for letter in mailbox.letters}
    assert told["Your e-mail address was changed"] == SUE.name


async def test_an_operators_sign_in_page_lets_everybody_in_to_their_own(site: Site) -> None:
    await site.rows(
        "update cloud set name = 'North Video', colour = '#1f6feb' where slug = 'north'"
    )
    visitor = await site.visitor()
    page = await visitor.get("/login/north")
    assert "North Video" in page.text
    assert "/look/north/style.css" in page.text
    assert "#1f6feb" in (await visitor.get("/look/north/style.css")).text
    assert "No account? Ask your operator." in page.text
    assert (await visitor.get("/login/nowhere")).status_code == 404
    form = {"email": SAM.name, "password": PASSWORD}
    for evil in ("//evil.test", "https://evil.test", "/\\evil.test", "/my/../../x", "/system"):
        other = await site.visitor()
        await other.get("/login/north")
        answer = await other.post("/login/north", {**form, "next": evil})
        assert answer.headers["location"] == "/cloud", evil
    led = await (await site.visitor()).get("/login/north?next=//evil.test")
    assert "evil.test" not in led.text


async def test_a_profile_is_ones_own_and_its_zone_is_for_pages_about_oneself(site: Site) -> None:
    nora = await site.as_(NORA)
    form = {"name": "Nora N", "zone": "Asia/Tokyo", "locale": "it_CH", "digest": "on"}
    await nora.get("/account")
    assert (await nora.post("/account/profile", {**form, "zone": "Mars/Sea"})).status_code == 422
    assert (await nora.post("/account/profile", form)).status_code == 303
    ((name, zone, locale, keys, digest),) = await site.rows(
        "select name, zone, locale, shortcuts, digest from portal_user where id = 4"
    )
    assert (name, zone, locale, keys, digest) == ("Nora N", "Asia/Tokyo", "it_CH", False, True)
    page = (await nora.get("/account")).text
    assert "data-no-shortcuts" in page
    assert 'lang="it"' in page
    assert "21:0" in page, "12:00 in London is 21:00 in Tokyo"
    others = await site.rows("select 1 from portal_user where zone is not null and id <> 4")
    assert others == []


def test_where_the_page_asked_for_is_kept_in_the_address() -> None:
    """What a sign-in page is handed as `next` is read as one value."""
    assert parse_qs(urlsplit("/login?next=/cloud%3Fa%3D1&done=kept").query)["next"] == [
        "/cloud?a=1"
    ]


async def test_ada_sees_the_platforms_mail_and_sends_it_again_by_the_api(
    mailed: tuple[Site, Mailbox, int],
) -> None:
    site, mailbox, port = mailed
    from portal.accounts.actions import api_keys

    async with site.database.as_worker():
        key = await api_keys.create(SYSTEM, name="ops", role="administrator")
        north = await tenancy.get(SYSTEM, "north")
        other = await api_keys.create(SYSTEM, name="n", role="administrator", cloud=north)
    api = (await site.visitor()).client
    bearer = {"Authorization": f"Bearer {key}"}
    mailbox.recipients = ["550 nobody of that name"]
    made = await api.post(
        "/api/v1/clouds/south/users",
        json={"email": "new@south.test", "role": "accountant"},
        headers=bearer,
    )
    assert made.status_code == 201
    assert "link" not in made.json()
    assert made.json()["invited_until"] == made.json()["link_expires_at"]
    await post_all(site, port)
    (row,) = (await api.get("/api/v1/clouds/south/deliveries", headers=bearer)).json()["items"]
    assert (row["state"], row["kind"]) == ("failed", "invitation")
    assert row["error"].startswith("550")
    path = f"/deliveries/{row['id']}/send-again"
    foreign = await api.post(
        f"/api/v1/clouds/north{path}", headers={"Authorization": f"Bearer {other}"}
    )
    assert foreign.status_code == 404
    again = await api.post(f"/api/v1/clouds/south{path}", headers=bearer)
    assert again.json()["state"] == "waiting"
    await post_all(site, port)
    assert mailbox.letters[-1]["To"] == "new@south.test"
    assert (await api.post(f"/api/v1/clouds/south{path}", headers=bearer)).status_code == 409
