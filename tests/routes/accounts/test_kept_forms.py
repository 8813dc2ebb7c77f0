"""A session that ends in the middle of a form: nothing that was typed is lost, and nobody else gets it."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, urlsplit

import pytest

from portal.access import Actor
from portal.routes.refill import refill
from tests.cast import NORA, SAM, SUE
from tests.routes.conftest import ORIGIN, PASSWORD, Site, Visitor

FORM = {"email": "new@north.test", "name": 'Newton "N" <b>', "role": "accountant"}
PATH = "/cloud/people/new"


async def ended(site: Site) -> Visitor:
    """Nora with an open form, whose session has ended."""
    nora = await site.as_(NORA)
    await nora.get(PATH)
    site.clock.forward(hours=13)
    return nora


def page_asked_for(location: str) -> str:
    parts = urlsplit(location)
    assert parts.path == "/login"
    return parse_qs(parts.query)["next"][0]


async def test_the_form_is_shown_again_filled_after_signing_in(site: Site) -> None:
    nora = await ended(site)
    referer = {"referer": f"{ORIGIN}{PATH}?from=list"}
    refused = await nora.post(PATH, FORM, headers=referer)
    assert refused.status_code == 303
    back = page_asked_for(refused.headers["location"])
    assert back.startswith(f"{PATH}?from=list&_kept=")
    assert "shown again with what you typed" in (await nora.get(refused.headers["location"])).text
    entered = await nora.post("/login", {"email": NORA.name, "password": PASSWORD, "next": back})
    assert entered.headers["location"] == back
    page = await nora.get(back)
    assert 'value="new@north.test"' in page.text
    assert 'value="Newton &quot;N&quot; &lt;b&gt;"' in page.text
    assert re.search(r'value="accountant"[^>]* checked', page.text)
    assert "What you typed is here again" in page.text
    assert await site.rows("select 1 from portal_user where email = 'new@north.test'") == []
    assert (await nora.post(PATH, FORM)).status_code == 200
    assert "new@north.test" not in (await nora.get(back)).text, "once"


async def test_what_is_kept_is_encrypted_and_holds_no_password(site: Site) -> None:
    nora = await ended(site)
    form = {"current": PASSWORD, "new": "quiet green herons", "again": "quiet green herons"}
    refused = await nora.post("/account/password", form)
    assert refused.status_code == 303
    await nora.post(PATH, FORM)
    rows = await site.rows("select data from kept_form")
    assert len(rows) == 2
    for row in rows:
        for secret in (PASSWORD, "herons", "Newton"):
            assert secret.encode() not in row["data"]


@pytest.mark.parametrize("how", ["another browser", "later", "another person"])
async def test_nobody_else_gets_it(site: Site, how: str) -> None:
    nora = await ended(site)
    back = page_asked_for((await nora.post(PATH, FORM)).headers["location"])
    visitor = await site.visitor() if how == "another browser" else nora
    if how == "later":
        site.clock.forward(minutes=15, seconds=1)
    who = SUE if how == "another person" else NORA
    await visitor.get("/login")
    entered = await visitor.post("/login", {"email": who.name, "password": PASSWORD, "next": back})
    if how == "another person":
        assert entered.headers["location"] == "/my"
    assert "new@north.test" not in (await visitor.get(back)).text


async def test_whoever_signs_in_next_at_the_same_browser_sees_nothing_of_it(site: Site) -> None:
    """Sam of South sits down where Nora of North was: the form's address is his, too."""
    nora = await ended(site)
    back = page_asked_for((await nora.post(PATH, FORM)).headers["location"])
    await nora.get("/login")
    entered = await nora.post("/login", {"email": SAM.name, "password": PASSWORD, "next": back})
    assert entered.headers["location"] == back
    assert "new@north.test" not in (await nora.get(back)).text


async def test_htmx_is_told_above_the_untouched_form_and_goes_on_after_another_sign_in(
    site: Site,
) -> None:
    nora = await ended(site)
    htmx = {"HX-Request": "true", "HX-Current-URL": f"{ORIGIN}{PATH}"}
    told = await nora.post(PATH, FORM, headers=htmx)
    assert told.status_code == 401
    assert told.headers["HX-Reswap"] == "beforebegin"
    assert "Sign in again in another tab" in told.text
    assert "Newton" not in told.text
    stale = nora.token
    await nora.sign_in(NORA)
    again = await nora.client.post(
        PATH, data={**FORM, "_csrf_token": stale}, headers={**htmx, "X-CSRFToken": stale}
    )
    assert again.status_code == 403
    found = re.search(r'"form-token": \{"token": "([0-9a-f]{64})"', again.headers["HX-Trigger"])
    assert found
    assert NORA.name in again.headers["HX-Trigger"], "it says as whom"
    sent = await nora.client.post(
        PATH, data={**FORM, "_csrf_token": found[1]}, headers={**htmx, "X-CSRFToken": found[1]}
    )
    assert sent.status_code == 200


async def signed_in_again(nora: Visitor, refused: str, who: Actor = NORA) -> str:
    """The page that is shown after signing in with where a refused form had led to."""
    back = page_asked_for(refused)
    await nora.get("/login")
    entered = await nora.post("/login", {"email": who.name, "password": PASSWORD, "next": back})
    return (await nora.get(entered.headers["location"])).text


async def test_codes_and_keys_of_the_trade_are_no_secrets(site: Site) -> None:
    """A tariff's code, a referral's and a meter's key are typed by people as names are."""
    nora = await ended(site)
    typed = {"name": "Agent", "code": "agent-7", "percent": "1"}
    refused = await nora.post("/cloud/referrals/new", typed)
    assert 'value="agent-7"' in await signed_in_again(nora, refused.headers["location"])


async def test_rows_that_were_added_are_there_again(site: Site) -> None:
    """Where the page has no place for all of it, it is shown, and leads on to the form."""
    nora = await ended(site)
    typed = {
        "name": "Evening",
        "intent": "save",
        **{f"items-{row}-service": "motion-day" for row in range(4)},
        **{f"items-{row}-quantity": f"4{row}" for row in range(4)},
    }
    path = "/cloud/tariffs/new"
    page = await signed_in_again(nora, (await nora.post(path, typed)).headers["location"])
    fields = dict(re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', page))
    assert fields["intent"] == "recalculate", "nothing is stored before it is looked at"
    assert "Evening" in page
    nora.token = fields.pop("_csrf_token")
    form = await nora.post(path, fields)
    assert form.status_code == 200
    assert 'value="Evening"' in form.text
    assert all(f'value="4{row}"' in form.text for row in range(4))


async def test_what_was_asked_before_it_is_done_is_shown_on_a_page_of_its_own(site: Site) -> None:
    """The page that asks came as an answer to a form: its address cannot be opened."""
    nora = await ended(site)
    referer = {"referer": f"{ORIGIN}/cloud/subscribers/selected"}
    asked = {"picked-1": "on", "intent": "end", "ends_on": "2026-11-30"}
    refused = await nora.post("/cloud/subscribers/selected", asked, headers=referer)
    assert page_asked_for(refused.headers["location"]).startswith("/account/form?_kept=")
    page = await signed_in_again(nora, refused.headers["location"])
    assert 'action="/cloud/subscribers/selected"' in page
    assert 'name="ends_on" value="2026-11-30"' in page
    once = await nora.get(page_asked_for(refused.headers["location"]))
    assert once.status_code == 303
    assert "is not kept any more" in (await nora.get("/cloud")).text


async def test_whoever_signs_in_in_between_sees_nothing_of_an_open_form(site: Site) -> None:
    """Nora's form is still open in one tab when Sam signs in in another one."""
    nora = await site.as_(NORA)
    await nora.get(PATH)
    stale = nora.token
    await nora.post("/logout")
    await nora.sign_in(SAM)
    for headers in ({}, {"HX-Request": "true"}):
        sent = {**FORM, "_csrf_token": stale}
        answer = await nora.client.post(PATH, data=sent, headers=headers)
        assert answer.status_code == 403
        told = answer.text + answer.headers.get("HX-Trigger", "")
        assert "new@north.test" not in told
        assert "form-token" not in told
        assert SAM.name in told
    assert await site.rows("select 1 from portal_user where email = 'new@north.test'") == []


async def test_a_form_from_before_signing_in_again_is_shown_with_its_values(site: Site) -> None:
    nora = await site.as_(NORA)
    await nora.get(PATH)
    stale = nora.token
    await nora.post("/logout")
    await nora.sign_in(NORA)
    answer = await nora.client.post(PATH, data={**FORM, "_csrf_token": stale})
    assert answer.status_code == 403
    assert f"You are signed in as {NORA.name}" in answer.text
    fields = dict(re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', answer.text))
    assert (fields["email"], fields["role"]) == (FORM["email"], FORM["role"])
    assert (await nora.client.post(PATH, data={**FORM, **fields})).status_code == 200


async def test_a_page_whose_session_has_ended_is_opened_again_with_its_query(site: Site) -> None:
    """Which camera, which month, which filters: all of it is in the address."""
    nora = await ended(site)
    asked = await nora.get("/cloud/invoices?state=open&month=2026-10")
    assert page_asked_for(asked.headers["location"]) == "/cloud/invoices?state=open&month=2026-10"


async def test_a_foreign_referer_leads_nowhere_else(site: Site) -> None:
    nora = await ended(site)
    for referer in ("https://evil.test/cloud", f"{ORIGIN}//evil.test", "javascript:x"):
        refused = await nora.post(PATH, FORM, headers={"referer": referer})
        assert page_asked_for(refused.headers["location"]).startswith(f"{PATH}?_kept=")


async def test_a_flood_of_forms_is_not_kept(site: Site) -> None:
    nora = await ended(site)
    for _ in range(40):
        await nora.post(PATH, FORM)
    ((kept,),) = await site.rows("select count(*) from kept_form")
    assert kept == 30


def test_every_kind_of_field_is_filled_and_the_rest_stays_to_the_letter() -> None:
    page = (
        '<!doctype html><p>Tom &amp; Ann &#39;</p><form method="get"><input name="a"></form>'
        '<form method="post" action="/x?c=1"><input type="hidden" name="t" value="new">'
        '<input name="a" value="old"><input type="checkbox" name="on" checked>'
        '<input type="checkbox" name="off"><input type="radio" name="r" value="1" checked>'
        '<input type="radio" name="r" value="2"><textarea name="n" rows="2">\nold</textarea>'
        '<select name="s"><option value="">–</option><option value="b" selected>B</option></select>'
        '<input type="password" name="p"></form><!-- end -->'
    )
    fields = {"t": "x", "a": "1 < 2", "off": "on", "r": "2", "n": "</textarea>", "s": "", "p": "y"}
    filled = refill(page, "/other", "/x?c=1", fields)
    assert filled == (
        '<!doctype html><p>Tom &amp; Ann &#39;</p><form method="get"><input name="a"></form>'
        '<form method="post" action="/x?c=1"><input type="hidden" name="t" value="new">'
        '<input name="a" value="1 &lt; 2"><input type="checkbox" name="on">'
        '<input type="checkbox" name="off" checked><input type="radio" name="r" value="1">'
        '<input type="radio" name="r" value="2" checked>'
        '<textarea name="n" rows="2">\n&lt;/textarea&gt;</textarea>'
        '<select name="s"><option value="" selected>–</option><option value="b">B</option></select>'
        '<input type="password" name="p"></form><!-- end -->'
    )
    assert refill(page, "/other", "/y", fields) is None
