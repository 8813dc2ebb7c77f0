"""Tokens of forms belong to one session; a session has another key when it is worth more."""

from __future__ import annotations

from tests.cast import REX, SUE
from tests.routes.conftest import PASSWORD, Site

FRESH = "seven quiet otters swim"


async def test_a_token_is_of_one_session(site: Site) -> None:
    one, other = await site.as_(SUE), await site.as_(SUE)
    await one.get("/account")
    await other.get("/account")
    assert one.token != other.token, "of the same person, too"
    stolen = await one.client.post(
        "/account/theme", data={"_csrf_token": other.token, "theme": "dark"}
    )
    assert stolen.status_code == 403
    planted = other.client.cookies["__Host-csrf"]
    one.client.cookies.set("__Host-csrf", planted, domain="portal.test", path="/")
    assert (await one.client.post("/logout", data={"_csrf_token": other.token})).status_code == 403


async def test_a_token_from_before_signing_in_is_worth_nothing_after(site: Site) -> None:
    visitor = await site.visitor()
    await visitor.get("/login")
    before = visitor.token
    await visitor.sign_in(SUE)
    sent = {"_csrf_token": before, "theme": "dark"}
    assert (await visitor.client.post("/account/theme", data=sent)).status_code == 403


async def test_a_session_has_another_key_with_another_password(site: Site) -> None:
    sue = await site.as_(SUE)
    key, token = sue.key, sue.token
    form = {"current": PASSWORD, "new": FRESH, "again": FRESH}
    assert (await sue.post("/account/password", form)).status_code == 303
    assert sue.key != key
    await sue.get("/account")
    assert sue.token != token
    thief = await site.visitor()
    thief.client.cookies.set("__Host-session", key or "", domain="portal.test", path="/")
    assert (await thief.get("/account")).status_code == 303
    sent = {"_csrf_token": token, "theme": "dark"}
    assert (await sue.client.post("/account/theme", data=sent)).status_code == 403


async def test_a_page_in_another_tab_goes_on_with_the_same_session(site: Site) -> None:
    sue = await site.as_(SUE)
    await sue.get("/account")
    first = sue.token
    await sue.get("/my")
    sent = {"_csrf_token": first, "theme": "dark"}
    assert (await sue.client.post("/account/theme", data=sent)).status_code == 303


async def test_what_was_typed_is_sent_again_once_a_person_says_so(site: Site) -> None:
    sue = await site.as_(SUE)
    old = sue.token
    await sue.post("/logout")
    expired = await sue.client.post(
        "/account/theme", data={"_csrf_token": old, "theme": "dark", "note": '<b>"x"</b>'}
    )
    assert expired.status_code == 303
    assert expired.headers["location"].startswith("/login?next=/account%3F_kept%3D")
    await sue.sign_in(SUE)
    again = await sue.client.post("/account/theme", data={"_csrf_token": old, "theme": "dark"})
    assert 'name="theme" value="dark"' in again.text
    assert f'name="_csrf_token" value="{sue.token}"' in again.text
    sent = {"_csrf_token": sue.token, "theme": "dark"}
    assert (await sue.client.post("/account/theme", data=sent)).status_code == 303


async def test_passwords_are_not_sent_back(site: Site) -> None:
    visitor = await site.visitor()
    await visitor.get("/login")
    sent = {"_csrf_token": "0" * 64, "email": SUE.name, "password": PASSWORD}
    answer = await visitor.client.post("/login", data=sent)
    assert answer.status_code == 403
    assert PASSWORD not in answer.text
    assert "Send again" not in answer.text.partition("<main")[2]


async def test_a_refused_form_is_told_with_whose_session_it_was(site: Site) -> None:
    rex = await site.as_(REX)
    await rex.client.post("/logout", data={"_csrf_token": "0"})
    ((user, session, address, obj),) = await site.rows(
        "select user_id, session, address, object from audit where action = 'refused'"
    )
    assert (user, address, obj) == (REX.user, "203.0.113.7", "POST /logout")
    assert session is not None
