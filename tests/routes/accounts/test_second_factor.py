"""The second factor: set up, asked for, used once, lost, taken off, and required."""

from __future__ import annotations

import re
from datetime import timedelta

import httpx
import pyotp

from portal.access import SYSTEM
from portal.accounts.actions import second_factor as actions
from portal.accounts.actions.throttle import FAILURES_A_PERSON
from portal.kit.queries import tenancy
from tests.cast import ADA, NORA, PAUL, SAM, SUE
from tests.routes.conftest import PASSWORD, Site, Visitor

PATH = "/account/second-factor"
CODES = re.compile(r"<code>((?:[a-z2-9]{4}-){3}[a-z2-9]{4})</code>")


def _app(page: httpx.Response) -> pyotp.TOTP:
    """The telephone that has scanned the page."""
    found = re.search(r"key into the app: <code>([A-Z2-7 ]+)</code>", page.text)
    assert found, page.text
    return pyotp.TOTP(found[1].replace(" ", ""))


def _code(site: Site, app: pyotp.TOTP, steps: int = 0) -> str:
    return app.at(site.clock.now + timedelta(seconds=30 * steps))


async def _set_up(site: Site, visitor: Visitor) -> tuple[pyotp.TOTP, list[str]]:
    page = await visitor.get(PATH)
    assert 'src="data:image/svg+xml' in page.text
    app = _app(page)
    answer = await visitor.post(PATH, {"code": _code(site, app)})
    assert answer.status_code == 200
    codes = CODES.findall(answer.text)
    assert len(codes) == 10
    site.clock.forward(seconds=90)
    await visitor.get("/account")
    return app, codes


async def _password_only(site: Site, who=SUE) -> Visitor:
    visitor = await site.visitor("198.51.100.20")
    answer = await visitor.sign_in(who)
    assert answer.headers["location"].startswith("/login/code")
    await visitor.get("/login/code")
    return visitor


async def test_after_the_password_a_code_is_asked_for(site: Site) -> None:
    sue = await site.as_(SUE)
    app, _ = await _set_up(site, sue)
    visitor = await _password_only(site)
    half = visitor.key
    for path in ("/my", "/account", "/my/invoices"):
        assert (await visitor.get(path)).headers["location"].startswith("/login")
    assert (await visitor.get("/login")).headers["location"].startswith("/login/code")
    assert (await visitor.get(PATH)).status_code == 303, "nothing can be set up half-way in"
    await visitor.get("/login/code")
    for wrong in ("000000", "", "12345", _code(site, app, 9), "abcd-efgh-jkmn-pqrs"):
        assert (await visitor.post("/login/code", {"code": wrong})).status_code == 422
    answer = await visitor.post("/login/code", {"code": _code(site, app), "next": "/my/invoices"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/my/invoices")
    assert visitor.key != half
    assert (await visitor.get("/my")).status_code == 200
    assert half
    thief = await site.visitor()
    thief.client.cookies.set("__Host-session", half, domain="portal.test", path="/")
    assert (await thief.get("/my")).status_code == 303, "the waiting session is over"


async def test_a_code_is_good_for_once_and_for_a_step_beside(site: Site) -> None:
    app, _ = await _set_up(site, await site.as_(SUE))
    for steps, status in ((-1, 303), (-1, 422), (0, 303), (0, 422), (1, 303), (1, 422), (-1, 422)):
        visitor = await _password_only(site)
        answer = await visitor.post("/login/code", {"code": _code(site, app, steps)})
        assert answer.status_code == status, steps


async def test_a_recovery_code_is_good_for_once(site: Site) -> None:
    _, codes = await _set_up(site, await site.as_(SUE))
    for typed, status in (
        (codes[0].upper(), 303),
        (codes[0], 422),
        (codes[1].replace("-", ""), 303),
    ):
        visitor = await _password_only(site)
        assert (await visitor.post("/login/code", {"code": typed})).status_code == status
    stored = [row[0] for row in await site.rows("select r::text from recovery_code r")]
    assert not any(code.replace("-", "") in text for code in codes for text in stored)
    done = [row[0] for row in await site.rows("select action from audit")]
    assert done.count("second-factor.recovery") == 2


async def test_codes_are_guessed_at_ten_times(site: Site) -> None:
    app, _ = await _set_up(site, await site.as_(SUE))
    visitor = await _password_only(site)
    for _ in range(FAILURES_A_PERSON):
        assert (await visitor.post("/login/code", {"code": "000000"})).status_code == 422
    blocked = await visitor.post("/login/code", {"code": _code(site, app)})
    assert blocked.status_code == 429
    assert int(blocked.headers["retry-after"]) > 0
    told = [row[0] for row in await site.rows("select action from audit")]
    assert told.count("second-factor.failed") == FAILURES_A_PERSON
    assert "sign-in.throttled" in told


async def test_it_is_taken_off_with_password_and_code(site: Site) -> None:
    sue = await site.as_(SUE)
    app, codes = await _set_up(site, sue)
    await sue.get(PATH)
    for password, code in (("wrong", _code(site, app)), (PASSWORD, "000000")):
        sent = {"password": password, "remove_code": code}
        assert (await sue.post(f"{PATH}/remove", sent)).status_code == 422
    key = sue.key
    sent = {"password": PASSWORD, "remove_code": codes[0]}
    assert (await sue.post(f"{PATH}/remove", sent)).status_code == 303
    assert sue.key != key, "another key with another way in"
    assert (await (await site.visitor()).sign_in(SUE)).headers["location"] == "/my"
    assert await site.rows("select 1 from recovery_code") == []


async def test_recovery_codes_are_made_anew(site: Site) -> None:
    sue = await site.as_(SUE)
    app, codes = await _set_up(site, sue)
    await sue.get(PATH)
    answer = await sue.post(f"{PATH}/codes", {"code": _code(site, app)})
    fresh = CODES.findall(answer.text)
    assert len(fresh) == 10
    assert not set(fresh) & set(codes)
    visitor = await _password_only(site)
    assert (await visitor.post("/login/code", {"code": codes[0]})).status_code == 422
    assert (await visitor.post("/login/code", {"code": fresh[0]})).status_code == 303


async def test_who_is_required_sets_it_up_and_does_nothing_else_first(site: Site) -> None:
    paul, nora = await site.as_(PAUL), await site.as_(NORA)
    async with site.database.as_worker():
        await actions.set_requirement(SYSTEM, None, required=True)
    assert (await nora.get("/cloud")).status_code == 200, "of the platform's people only"
    assert (await paul.get("/system")).headers["location"].startswith("/login")
    assert (await paul.get("/login")).headers["location"] == PATH
    fresh = await site.visitor()
    assert (await fresh.sign_in(ADA)).headers["location"] == PATH
    assert (await fresh.get("/system")).status_code == 303
    page = await fresh.get(PATH)
    assert "Your role requires a second factor" in page.text
    assert (await fresh.post("/account/theme", {"theme": "dark"})).status_code == 303
    ((theme,),) = await site.rows("select theme from portal_user where id = $1", ADA.user)
    assert theme == "auto", "nothing else is done"
    await _set_up(site, fresh)
    assert (await fresh.get("/system")).status_code == 200


async def test_a_cloud_requires_it_of_its_administrators(site: Site) -> None:
    nora, sam, sue = await site.as_(NORA), await site.as_(SAM), await site.as_(SUE)
    async with site.database.as_web():
        await actions.set_requirement(NORA, await tenancy.get(NORA, "north"), required=True)
    assert (await nora.get("/cloud")).status_code == 303
    assert (await nora.get("/login")).headers["location"] == PATH
    assert (await sam.get("/cloud")).status_code == 200
    assert (await sue.get("/my")).status_code == 200


async def test_an_administrator_resets_what_somebody_has_lost(site: Site) -> None:
    sue = await site.as_(SUE)
    await _set_up(site, sue)
    async with site.database.as_web():
        await actions.reset_second_factor(NORA, SUE.user or 0)
    assert (await sue.get("/my")).status_code == 303, "sessions have ended"
    assert (await (await site.visitor()).sign_in(SUE)).headers["location"] == "/my"


async def test_the_secret_is_locked_away(site: Site) -> None:
    sue = await site.as_(SUE)
    app, _ = await _set_up(site, sue)
    for table in ("portal_user", "user_session", "audit"):
        for row in await site.rows(f"select t::text, t from {table} t"):
            assert app.secret not in row[0]
            assert app.secret.encode().hex() not in row[0]
