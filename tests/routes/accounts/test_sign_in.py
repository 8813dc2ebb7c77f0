"""Signing in, sessions, one's own account."""

from __future__ import annotations

from datetime import timedelta

import httpx
import pytest
from argon2 import PasswordHasher

from portal.access import DOORKEEPER
from portal.accounts.actions import sessions
from portal.accounts.actions.throttle import FAILURES_A_PERSON, KEPT
from portal.accounts.queries.users import hash_of
from portal.crypto import passwords
from portal.db import snapshot
from portal.routes import INTERFACES
from portal.routes.accounts.auth import landing
from portal.values.browsers import device_of
from tests.cast import ADA, ANN, CARL, EVERYONE, MAX, NORA, PAUL, REX, SAM, SUE
from tests.routes.conftest import FIREFOX, PASSWORD, STARTED, Site, Visitor

HOMES = {
    ADA: "/system",
    PAUL: "/system",
    MAX: "/system",
    NORA: "/cloud",
    ANN: "/cloud",
    CARL: "/cloud",
    SUE: "/my",
    REX: "/referral",
}


async def test_each_is_led_to_their_own_portal(site: Site) -> None:
    for who, home in HOMES.items():
        visitor = await site.visitor()
        answer = await visitor.sign_in(who)
        assert answer.status_code == 303
        assert answer.headers["location"] == home
        assert (await visitor.get("/")).headers["location"] == home
        assert (await visitor.get("/login")).headers["location"] == home


async def test_who_is_not_signed_in_is_led_to_sign_in(site: Site) -> None:
    visitor = await site.visitor()
    assert (await visitor.get("/")).headers["location"] == "/login"
    answer = await visitor.get("/account")
    assert (answer.status_code, answer.headers["location"]) == (303, "/login?next=/account")
    fragment = await visitor.get("/account", headers={"HX-Request": "true"})
    assert fragment.headers["hx-redirect"] == "/login"


async def test_refusals_are_alike_and_keep_what_was_typed(site: Site) -> None:
    visitor = await site.visitor()
    answers = [
        await visitor.sign_in(SUE, "not the password"),
        await visitor.sign_in("nobody@home.test"),
        await visitor.sign_in("nul\0@home.test"),
        await visitor.sign_in("x" * 5000 + "@home.test"),
        await visitor.sign_in(SUE, "p" * 5000),
    ]
    for answer in answers:
        assert answer.status_code == 422
        assert "The e-mail address or the password is not right." in answer.text
        assert "__Host-session" not in answer.headers.get("set-cookie", "")
    assert f'value="{SUE.name}"' in answers[0].text
    assert PASSWORD not in answers[1].text


async def test_empty_fields_are_named_and_no_attempt(site: Site) -> None:
    visitor = await site.visitor()
    answer = await visitor.sign_in("", "")
    assert answer.status_code == 422
    assert "Type your e-mail address." in answer.text
    assert "Type your password." in answer.text
    assert await site.rows("select 1 from sign_in_attempt") == []


async def test_an_address_is_the_same_in_capitals_and_with_spaces(site: Site) -> None:
    visitor = await site.visitor()
    assert (await visitor.sign_in(" SUE@Home.test ")).status_code == 303


async def test_a_guessed_key_is_never_adopted(site: Site) -> None:
    visitor = await site.visitor()
    visitor.client.cookies.set("__Host-session", "planted", domain="portal.test", path="/")
    await visitor.get("/login")
    answer = await visitor.sign_in(SUE)
    assert answer.status_code == 303
    assert visitor.key != "planted"
    assert (
        await site.rows("select 1 from user_session where key_hash = $1", hash_of("planted")) == []
    )
    thief = await site.visitor()
    thief.client.cookies.set("__Host-session", "planted", domain="portal.test", path="/")
    assert (await thief.get("/account")).status_code == 303
    assert thief.key is None, "a cookie that opens nothing is taken away"


async def test_nobody_has_a_session_before_signing_in(site: Site) -> None:
    visitor = await site.visitor()
    for path in ("/", "/login", "/account", "/nowhere"):
        assert "session" not in (await visitor.get(path)).headers.get("set-cookie", "")
    assert await site.rows("select 1 from user_session") == []


async def test_signing_in_again_rotates_the_key(site: Site) -> None:
    visitor = await site.as_(SUE)
    first = visitor.key
    await visitor.sign_in(SUE)
    assert visitor.key
    assert visitor.key != first
    hashes = [row["key_hash"] for row in await site.rows("select key_hash from user_session")]
    assert hashes == [hash_of(visitor.key)], "the old session has ended; the key is not stored"


async def test_the_cookie_is_for_this_site_and_no_script(site: Site) -> None:
    visitor = await site.visitor()
    answer = await visitor.sign_in(SUE)
    (cookie,) = (
        c for c in answer.headers.get_list("set-cookie") if c.startswith("__Host-session=")
    )
    assert {part.strip().lower() for part in cookie.split(";")[1:]} >= {
        "httponly",
        "secure",
        "path=/",
        "samesite=lax",
    }
    assert "domain" not in cookie.lower()


async def test_signing_out_ends_the_session(site: Site) -> None:
    visitor = await site.as_(SUE)
    key = visitor.key
    answer = await visitor.post("/logout")
    assert (answer.status_code, answer.headers["location"]) == (303, "/login")
    assert visitor.key is None
    assert await site.rows("select 1 from user_session") == []
    assert key
    visitor.client.cookies.set("__Host-session", key, domain="portal.test", path="/")
    assert (await visitor.get("/account")).status_code == 303


async def test_a_blocked_person_is_out_at_once(site: Site) -> None:
    visitor = await site.as_(SUE)
    assert (await visitor.get("/account")).status_code == 200
    await site.rows("update portal_user set active = false where id = $1", SUE.user)
    assert (await visitor.get("/account")).status_code == 303
    answer = await visitor.sign_in(SUE)
    assert answer.status_code == 422
    assert "is not right" in answer.text


async def test_a_session_ends_when_it_is_idle(site: Site) -> None:
    visitor = await site.as_(SUE)
    for _ in range(3):
        site.clock.forward(hours=11)
        assert (await visitor.get("/account")).status_code == 200
    site.clock.forward(hours=12, seconds=1)
    assert (await visitor.get("/account")).status_code == 303


async def test_a_session_ends_after_thirty_days(site: Site) -> None:
    visitor = await site.as_(SUE)
    for _ in range(60 * 24 // 22 - 1):
        site.clock.forward(hours=11)
        assert (await visitor.get("/account")).status_code == 200
    site.clock.now = STARTED + sessions.LIFETIME
    assert (await visitor.get("/account")).status_code == 303


async def test_an_old_hash_is_renewed_at_sign_in(site: Site) -> None:
    weak = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)
    await site.rows("update portal_user set password = $1 where id = $2", weak, SUE.user)
    await site.enters(SUE)
    ((stored,),) = await site.rows("select password from portal_user where id = $1", SUE.user)
    assert not passwords.is_outdated(stored)
    assert await passwords.verify(PASSWORD, stored)


# --- Where it leads -------------------------------------------------------------------------------

OUTSIDE = (
    "https://evil.test/",
    "//evil.test/",
    "/\\evil.test",
    "/my\\..\\..",
    "javascript:alert(1)",
    "/my/../system",
    "/system",
    "/cloud/invoices",
    "/myself",
    "/admin/",
    "/my\nLocation: https://evil.test",
    "\t//evil.test",
    "",
)


@pytest.mark.parametrize("next_path", OUTSIDE)
async def test_only_ones_own_pages_are_led_to(next_path: str) -> None:
    assert landing(SUE, next_path) == "/my"


@pytest.mark.parametrize("next_path", ["/my", "/my/invoices?page=2", "/account", "/account#theme"])
async def test_the_page_asked_for_is_led_to(next_path: str) -> None:
    assert landing(SUE, next_path) == next_path


async def test_only_who_may_browse_is_led_to_the_tables() -> None:
    assert landing(ADA, "/admin/") == "/admin/"
    assert landing(PAUL, "/admin/") == "/system"


async def test_the_way_back_goes_through_the_form(site: Site) -> None:
    visitor = await site.visitor()
    page = await visitor.get("/login", params={"next": "/my/invoices"})
    assert 'name="next" value="/my/invoices"' in page.text
    foreign = await visitor.get("/login", params={"next": "https://evil.test"})
    assert "evil.test" not in foreign.text
    answer = await visitor.sign_in(SUE, next_path="/my/invoices")
    assert answer.headers["location"] == "/my/invoices"
    answer = await visitor.sign_in(SUE, next_path="//evil.test/my")
    assert answer.headers["location"] == "/my"


# --- One's account --------------------------------------------------------------------------------


async def test_sessions_are_listed_and_ended(site: Site) -> None:
    here, there = await site.as_(SUE), await site.visitor("198.51.100.9", "curl/8")
    await there.sign_in(SUE)
    outsider = await site.as_(SAM)
    page = await here.get("/account")
    assert "Firefox on Linux" in page.text
    assert "198.51.100.9" in page.text
    assert "curl" in page.text
    assert page.text.count("This one") == 1
    ids = {
        row["address"]: row["id"]
        for row in await site.rows(
            "select id, address from user_session where user_id = $1", SUE.user
        )
    }
    theirs = ids["198.51.100.9"]
    await outsider.get("/account")
    assert (await outsider.post(f"/account/sessions/{theirs}/end")).status_code == 404
    assert (await there.get("/account")).status_code == 200
    answer = await here.post(f"/account/sessions/{theirs}/end")
    assert answer.status_code == 303
    assert "That session has ended." in (await here.get("/account")).text
    assert (await there.get("/account")).status_code == 303
    assert (await here.post(f"/account/sessions/{theirs}/end")).status_code == 404
    assert (await here.post(f"/account/sessions/{2**80}/end")).status_code in {400, 404, 422}


async def test_all_other_sessions_are_ended(site: Site) -> None:
    here = await site.enters(SUE)
    others = [await site.enters(SUE) for _ in range(3)]
    outsider = await site.enters(REX)
    await here.get("/account")
    assert (await here.post("/account/sessions/end-others")).status_code == 303
    assert [(await other.get("/account")).status_code for other in others] == [303] * 3
    assert (await here.get("/account")).status_code == 200
    assert (await outsider.get("/account")).status_code == 200
    deeds = [row["action"] for row in await site.rows("select action from audit order by id")]
    assert deeds == ["sign-in"] * 5 + ["session.end-others"]


async def _change(
    visitor: Visitor, current: str, new: str, again: str | None = None
) -> httpx.Response:
    form = {"current": current, "new": new, "again": new if again is None else again}
    return await visitor.post("/account/password", form)


async def test_the_password_is_changed_and_other_sessions_end(site: Site) -> None:
    here, other = await site.as_(SUE), await site.as_(SUE)
    await here.get("/account")
    answer = await _change(here, PASSWORD, "another four words")
    assert answer.status_code == 303
    assert (await here.get("/account")).status_code == 200
    assert (await other.get("/account")).status_code == 303
    assert (await other.sign_in(SUE)).status_code == 422
    assert (await other.sign_in(SUE, "another four words")).status_code == 303
    ((before, after),) = await site.rows(
        "select before, after from audit where action = 'password.change'"
    )
    assert (before, after) == (None, '{"password": "changed"}'), "that it changed, never to what"


REFUSED = [
    ("wrong", "another four words", None, "That is not your current password."),
    (PASSWORD, "short", None, "at least 10 characters"),
    (PASSWORD, "another four words", "another", "The two are not the same."),
    (PASSWORD, "SUE@home.test", None, "other than your name, your address"),
    (PASSWORD, "aaaaaaaaaaaaaa", None, "more than a few different characters"),
    (PASSWORD, "P@ssw0rd2026!", None, "easy to guess"),
    (PASSWORD, "North Telecom 1", None, "the name of your cloud"),
    (PASSWORD, PASSWORD, None, "another password than the present one"),
    (PASSWORD, "x y z" * 300, None, "at most 1000 characters"),
]


async def test_a_password_is_refused_with_its_reason(site: Site) -> None:
    visitor = await site.as_(SUE)
    await visitor.get("/account")
    for current, new, again, message in REFUSED:
        answer = await _change(visitor, current, new, again)
        assert answer.status_code == 422
        assert message in answer.text
    fresh = await site.visitor()
    assert (await fresh.sign_in(SUE)).status_code == 303


async def test_guessing_the_current_password_is_stopped(site: Site) -> None:
    visitor = await site.as_(SUE)
    await visitor.get("/account")
    for _ in range(FAILURES_A_PERSON):
        assert (await _change(visitor, "wrong", "another four words")).status_code == 422
    answer = await _change(visitor, PASSWORD, "another four words")
    assert answer.status_code == 429
    assert int(answer.headers["retry-after"]) > 0


async def test_the_theme_follows_a_person(site: Site) -> None:
    visitor = await site.enters(SUE)
    assert 'data-bs-theme="auto"' in (await visitor.get("/account")).text
    assert (await visitor.post("/account/theme", {"theme": "dark"})).status_code == 303
    assert 'data-bs-theme="dark"' in (await visitor.get("/account")).text
    elsewhere = await site.enters(SUE)
    assert 'data-bs-theme="dark"' in (await elsewhere.get("/account")).text
    assert (await visitor.post("/account/theme", {"theme": "pink"})).status_code == 422


def test_browsers_are_named() -> None:
    chrome = (
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/140.0 Safari/537.36"
    )
    assert device_of(FIREFOX) == "Firefox on Linux"
    assert device_of(chrome) == "Chrome on Windows"
    assert device_of(f"{chrome} Edg/140.0") == "Edge on Windows"
    assert device_of("curl/8.5.0") == "curl"
    assert device_of("") == "Unknown browser"


# --- What is behind it ----------------------------------------------------------------------------


async def test_what_is_over_is_purged(site: Site) -> None:
    await site.as_(SUE)
    visitor = await site.visitor()
    await visitor.sign_in(REX, "wrong")
    async with site.database.as_worker():
        assert await sessions.purge(STARTED) == 0
        assert await sessions.purge(STARTED + KEPT * 2) == 3, "network, place and address"
        assert await sessions.purge(STARTED + timedelta(hours=12)) == 1
    assert await site.rows("select 1 from user_session") == []
    assert await site.rows("select 1 from sign_in_attempt") == []


async def test_sessions_are_seen_by_those_who_may_end_them(site: Site) -> None:
    await site.as_(SUE)
    await site.as_(NORA)
    seen = {ADA: {SUE.user, NORA.user}, NORA: {SUE.user, NORA.user}, SAM: set(), REX: set()}
    for who, owners in {**seen, SUE: {SUE.user}}.items():
        async with snapshot(who) as tx:
            rows = await tx.fetch("select user_id from user_session")
            assert await tx.fetch("select key_hash from session_secret") == []
        assert {row["user_id"] for row in rows} == owners, who
    async with snapshot(DOORKEEPER) as tx:
        assert await tx.fetchval("select count(*) from user_session") == 2


async def test_a_message_waits_for_the_next_page_once(site: Site) -> None:
    visitor = await site.as_(SUE)
    await visitor.get("/account")
    await visitor.post("/account/theme", {"theme": "light"})
    assert "Your choice is kept." in (await visitor.get("/account")).text
    assert "Your choice is kept." not in (await visitor.get("/account")).text


def test_everybody_has_exactly_one_portal() -> None:
    for who in EVERYONE:
        assert sum(who.role in interface.roles for interface in INTERFACES) == 1
