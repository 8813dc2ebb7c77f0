"""Getting in by mail: resets, invitations, new places, another address, and who is told what."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from urllib.parse import parse_qs, urlsplit

import pytest

from portal.access import SYSTEM
from portal.accounts.actions import sending
from portal.gateways.mail.smtp import SmtpMail
from portal.kit.actions.mail import Post
from portal.kit.queries import tenancy
from portal.values.mail.server import server_of
from tests.cast import CARL, NORA, SAM, SUE
from tests.mail.servers import Mailbox, server
from tests.routes.conftest import (
    ORIGIN,
    PASSWORD,
    Site,
)

FRESH = "seven green herons argue quietly"
FORM = {
    "name": "Ada Love",
    "email": "Ada@Platform.test",
    "password": FRESH,
    "company": "Camera Cloud Ltd",
}
LINK = re.compile(r"https://portal.test(/(?:invite|reset|confirm)/[\w-]{43})")


@pytest.fixture
async def mailed(site: Site) -> AsyncIterator[tuple[Site, Mailbox, int]]:
    """The site with a mail server that takes everything."""
    site.app.state.post = Post(is_set_up=True)
    mailbox = Mailbox()
    async with server(mailbox) as port:
        yield site, mailbox, port


async def post_all(site: Site, port: int) -> None:
    """What workers do."""
    found = server_of(f"smtp://127.0.0.1:{port}", "billing@portal.test")
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
    sam, nora = await site.as_(SAM), await site.as_(NORA)
    listed = (await sam.get("/cloud/settings/mail")).text
    assert "new@south.test" in listed
    assert "550" in listed
    assert "new@south.test" not in (await nora.get("/cloud/settings/mail")).text
    own = f"/cloud/settings/mail/{row['id']}/again"
    assert (await nora.post(own)).status_code == 404
    assert (await (await site.as_(CARL)).get("/cloud/settings/mail")).status_code == 403
    assert (await sam.post(own)).status_code == 303
    await sam.get("/cloud/settings/mail")
    assert (await sam.post(own)).status_code == 409, "it waits already"
    mailbox.recipients = ["550 nobody of that name"]
    await post_all(site, port)
    again = await api.post(f"/api/v1/clouds/south{path}", headers=bearer)
    assert again.json()["state"] == "waiting"
    await post_all(site, port)
    assert mailbox.letters[-1]["To"] == "new@south.test"
    assert (await api.post(f"/api/v1/clouds/south{path}", headers=bearer)).status_code == 409
