"""What stands before every page: names, foreign sites, tokens, headers, other sides' portals."""

from __future__ import annotations

from dataclasses import replace
from inspect import iscoroutinefunction
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest
from litestar import get, post
from litestar.exceptions import HTTPException
from litestar.plugins.htmx import HTMXRequest

from portal.access import Actor, Permission
from portal.app import create_app, portal_router
from portal.errors import Conflict, Invalid, NotFound
from portal.routes import INTERFACES, Entry, interface_of
from portal.routes.failures import as_portal_error
from portal.routes.guards import actor_of, looks_only, requires
from portal.routes.middleware.security import CONTENT_SECURITY_POLICY, allowed_hosts, host_of
from portal.settings import SettingsError
from tests.cast import ADA, ANN, EVERYONE, NORA, PAUL, REX, SUE
from tests.conftest import Database
from tests.routes.conftest import HOST, ORIGIN, Site, Visitor, settings_of
from tests.services import TestServices

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:;"
    " font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none';"
    " frame-ancestors 'none'"
)


def _assert_guarded(answer: httpx.Response) -> None:
    headers = answer.headers
    assert headers.get_list("content-security-policy") == [POLICY]
    assert headers.get_list("x-content-type-options") == ["nosniff"]
    assert headers.get_list("x-frame-options") == ["DENY"]
    assert headers.get_list("referrer-policy") == ["same-origin"]
    assert headers.get_list("cross-origin-opener-policy") == ["same-origin"]
    assert "max-age=31536000" in headers["strict-transport-security"]
    assert "camera=()" in headers["permissions-policy"]
    assert len(headers.get_list("cache-control")) == 1


def _probe(site: Site) -> None:
    """A page in each portal, as later ones will be, and pages that fail."""

    @get("/probe")
    async def probe(request: HTMXRequest) -> str:
        return actor_of(request).name

    @post("/probe", guards=[requires(Permission.USERS_WRITE)])
    async def change(request: HTMXRequest) -> str:
        return "changed"

    for interface in INTERFACES:
        site.app.register(portal_router(interface, probe, change))


def _failing(site: Site, error: Exception) -> None:
    @get("/fails", opt={"no_session": True})
    async def fails() -> None:
        raise error

    site.app.register(fails)


async def test_headers_are_on_every_kind_of_answer(own_site: Site) -> None:
    _failing(own_site, RuntimeError("a secret in a message"))
    outsider = await own_site.visitor()
    sue = await own_site.as_(SUE)
    ada = await own_site.as_(ADA)
    answers = [
        await outsider.get("/"),
        await outsider.get("/login"),
        await outsider.get("/nowhere"),
        await outsider.get("/healthz"),
        await outsider.get("/static/favicon.svg"),
        await outsider.get("/static/nothing.css"),
        await outsider.get("/account"),
        await outsider.client.post("/login", data={"email": "x"}),
        await outsider.client.put("/login"),
        await outsider.get("/fails"),
        await outsider.get("/login", headers={"host": "evil.test"}),
        await outsider.get("/%00"),
        await outsider.get("/admin/"),
        await sue.get("/account"),
        await sue.get("/admin/"),
        await ada.get("/admin/"),
        await ada.get("/admin/api/tables/"),
        await ada.get("/admin/assets/nothing.js"),
    ]
    statuses = [answer.status_code for answer in answers]
    assert statuses == [
        303, 200, 404, 200, 200, 404, 303, 403, 405, 500, 421, 404, 303, 200, 403, 200, 200, 404,
    ]  # fmt: skip
    assert CONTENT_SECURITY_POLICY == POLICY
    for answer in answers:
        _assert_guarded(answer)
    for answer in answers[:4] + answers[5:]:
        assert answer.headers["cache-control"] == "no-store"
    assert "secret" not in answers[9].text
    assert answers[8].headers["allow"]


async def test_pages_say_that_htmx_gets_something_else(site: Site) -> None:
    sue = await site.as_(SUE)
    assert "HX-Request" in (await sue.get("/account")).headers["vary"]


async def test_files_named_by_their_content_are_kept_for_ever(site: Site) -> None:
    visitor = await site.visitor()
    plain = await visitor.get("/static/app.css")
    hashed = await visitor.get("/static/app.css?v=0123")
    assert plain.headers["cache-control"] == "public, max-age=300"
    assert hashed.headers["cache-control"] == "public, max-age=31536000, immutable"
    for answer in (plain, hashed):
        assert "set-cookie" not in answer.headers


async def test_over_http_the_cookies_have_plain_names(site: Site) -> None:
    settings = replace(site.settings, public_url="http://127.0.0.1:8000", secure_cookies=False)
    app: Any = create_app(settings, clock=site.clock)
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000") as client:
        visitor = Visitor(client)
        answer = await visitor.sign_in(SUE)
        assert answer.status_code == 303
        assert set(client.cookies) == {"csrf", "device", "session"}
        assert "strict-transport-security" not in answer.headers
        assert (await visitor.get("/account")).status_code == 200
        assert (await visitor.get("/login", headers={"host": "localhost:9"})).status_code == 303
        assert (await visitor.get("/login", headers={"host": "evil.test"})).status_code == 421


async def test_the_owner_of_the_database_is_refused_as_the_web_role(
    database: Database, services: TestServices, tmp_path: Path
) -> None:
    settings = settings_of(database, services, tmp_path)
    app = create_app(replace(settings, web_database_url=database.owner_url))
    with pytest.RaisesGroup(pytest.RaisesExc(SettingsError, match="CAMLEDGER_WEB_DATABASE_URL")):
        async with app.lifespan():
            pass


# --- Names ----------------------------------------------------------------------------------------


def test_hosts_are_compared_by_name() -> None:
    assert host_of("Portal.Test:8000") == "portal.test"
    assert host_of("[::1]:8000") == "::1"
    assert host_of("portal.test.") == "portal.test"
    for none in ("[::1", "portal.test:99999999", "portal.test:x", "a@portal.test", "portal.test/a"):
        assert host_of(none) == ""
    assert host_of("") == ""


def test_an_installation_on_one_machine_answers_to_all_of_loopback() -> None:
    assert allowed_hosts([], "http://127.0.0.1:8000") == {"127.0.0.1", "localhost", "::1"}
    assert allowed_hosts(["Books.Test"], ORIGIN) == {"books.test", HOST}


async def test_health_is_told_under_any_name(own_site: Site) -> None:
    visitor = await own_site.visitor()
    answer = await visitor.get("/healthz", headers={"host": "10.0.0.7:8000"})
    assert answer.json() == {"database": "ok", "redis": "ok"}
    own_site.app.state.queue = Deaf()
    down = await visitor.get("/healthz")
    assert (down.status_code, down.json()) == (503, {"database": "ok", "redis": "down"})


class Deaf:
    """A queue out of order."""

    async def is_up(self) -> bool:
        return False


# --- Forms of other sites ---------------------------------------------------------------------------


async def test_a_form_needs_the_token_of_this_browser(site: Site) -> None:
    sue, rex = await site.as_(SUE), await site.as_(REX)
    await rex.get("/account")
    await sue.get("/account")
    for token in ("", "0" * 128, rex.token, sue.token[:-1] + "x"):
        answer = await sue.client.post("/logout", data={"_csrf_token": token})
        assert answer.status_code == 403
        assert "again and repeat" in answer.text
    assert (await sue.get("/account")).status_code == 200, "nothing happened"
    by_header = await sue.client.post("/logout", headers={"X-CSRFToken": sue.token})
    assert by_header.status_code == 303


async def test_signing_in_needs_a_token_too(site: Site) -> None:
    visitor = await site.visitor()
    form = {"email": SUE.name, "password": "x"}
    assert (await visitor.client.post("/login", data=form)).status_code == 403


async def test_what_another_site_sends_is_refused(site: Site) -> None:
    sue = await site.as_(SUE)
    await sue.get("/account")
    for headers in (
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"origin": "https://evil.test"},
        {"origin": "null"},
        {"origin": f"{ORIGIN}.evil.test"},
        {"origin": "https://evil.test", "sec-fetch-site": "same-origin"},
    ):
        answer = await sue.post("/account/theme", {"theme": "dark"}, headers=headers)
        assert answer.status_code == 403, headers
    for headers in (
        {"sec-fetch-site": "same-origin"},
        {"sec-fetch-site": "none"},
        {"origin": ORIGIN, "sec-fetch-site": "same-origin"},
        {},
    ):
        answer = await sue.post("/account/theme", {"theme": "dark"}, headers=headers)
        assert answer.status_code == 303, headers
    read = await sue.get("/account", headers={"sec-fetch-site": "cross-site"})
    assert read.status_code == 200, "a link from another site may be followed"


# --- Other sides' portals ---------------------------------------------------------------------------


async def test_each_portal_is_for_its_own_roles(own_site: Site) -> None:
    _probe(own_site)
    for who in EVERYONE:
        visitor = await own_site.as_(who)
        await visitor.get("/account")
        for interface in INTERFACES:
            own = who.role in interface.roles
            answer = await visitor.get(f"{interface.prefix}/probe")
            assert answer.status_code == (200 if own else 403), (who, interface.prefix)
            assert (answer.text == who.name) is own
            beyond = await visitor.get(f"{interface.prefix}/nowhere")
            assert beyond.status_code == (404 if own else 403), (who, interface.prefix)
    outsider = await own_site.visitor()
    answer = await outsider.get("/cloud/probe")
    assert answer.headers["location"] == "/login?next=/cloud/probe"


PUBLIC = {
    "/",
    "/login",
    "/invite/{token:str}",
    "/invite/{token:str}/again",
    "/reset",
    "/reset/{token:str}",
    "/confirm/{token:str}",
    "/setup",
    "/login/{cloud:str}",
    "/look/logo.png",
    "/look/style.css",
    "/look/{cloud:str}/logo.png",
    "/look/{cloud:str}/style.css",
    "/logout",
    "/healthz",
    "/static/{file_path:path}",
    "/api",
}


async def test_every_address_has_a_guard_or_is_meant_for_everybody(site: Site) -> None:
    for route in site.app.routes:
        handlers = getattr(route, "route_handlers", None) or [route.route_handler]  # type: ignore[union-attr]
        for handler in handlers:
            if "OPTIONS" in getattr(handler, "http_methods", ()):
                continue
            guards = handler.resolve_guards()
            assert all(iscoroutinefunction(one) for one in guards), route.path  # none in a thread
            guarded = any(one is not looks_only for one in guards)
            assert guarded is (route.path not in PUBLIC), route.path


async def test_a_verb_needs_its_permission(own_site: Site) -> None:
    _probe(own_site)
    expected = {ADA: 201, PAUL: 403, NORA: 201, ANN: 403, SUE: 403}
    for who, status in expected.items():
        visitor = await own_site.as_(who)
        await visitor.get("/account")
        prefix = interface_of(who.role).prefix
        answer = await visitor.post(f"{prefix}/probe")
        assert answer.status_code == status, who
        if status == 403:
            assert "does not allow this" in answer.text


def test_menus_hold_what_one_may_do() -> None:
    tables = Entry("Tables", "/admin/", "list", Permission.TABLES_BROWSE)
    assert tables.is_for(ADA)
    assert not tables.is_for(PAUL)

    def labels(who: Actor) -> set[str]:
        return {entry.label for entry in interface_of(who.role).menu_of(who)}

    assert "Tables" in labels(ADA)
    assert "Tables" not in labels(PAUL)


# --- What goes wrong --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("error", "status", "text"),
    [
        (NotFound("There is no such invoice."), 404, "There is no such invoice."),
        (Conflict("It is closed."), 409, "It is closed."),
        (Invalid({"name": "is too long"}), 422, "is too long"),
        (HTTPException(status_code=413), 413, "more than one request may carry"),
        (asyncpg.CharacterNotInRepertoireError("0x00"), 422, "cannot be stored"),
        (asyncpg.DeadlockDetectedError("deadlock"), 409, "Try again"),
        (asyncpg.ConnectionDoesNotExistError("gone"), 503, "does not answer"),
        (KeyError("password"), 500, "Its reference is"),
    ],
)
def test_errors_are_told_in_our_own_words(error: Exception, status: int, text: str) -> None:
    told = as_portal_error(error)
    assert told.status == status
    assert text in told.message or text in str(told.problems())
    assert "password" not in told.message


async def test_an_error_is_a_page_and_to_htmx_a_message(own_site: Site) -> None:
    _failing(own_site, Conflict("It is closed."))
    visitor = await own_site.visitor()
    page = await visitor.get("/fails")
    assert page.status_code == 409
    assert "<html" in page.text
    assert "It is closed." in page.text
    part = await visitor.get("/fails", headers={"HX-Request": "true"})
    assert part.status_code == 409
    assert "It is closed." in part.headers["hx-trigger"]


URL_ENCODED = "application/x-www-form-urlencoded"
UNREADABLE = [
    (b"email=%ff\xff&password=\xfe", URL_ENCODED, 400),
    (b"email=a%00b&password=%00", URL_ENCODED, 422),
    (b"email=" + b"a" * 100_000, URL_ENCODED, 413),
    (b"no boundary", "multipart/form-data", 415),
    (b"[1", "application/json", 415),
]


async def test_a_form_that_cannot_be_read_is_refused(site: Site) -> None:
    visitor = await site.visitor()
    await visitor.get("/login")
    for body, kind, status in UNREADABLE:
        headers = {"content-type": kind, "X-CSRFToken": visitor.token}
        answer = await visitor.client.post("/login", content=body, headers=headers)
        assert answer.status_code == status, body[:20]


# --- The API is another door ------------------------------------------------------------------------


async def test_the_api_knows_no_cookies(site: Site) -> None:
    ada = await site.as_(ADA)
    key = ada.key
    for path in ("/api/v1/clouds", "/api/v1/nowhere", "/api/nowhere"):
        answer = await ada.get(path)
        assert answer.status_code in {401, 404}, path
        assert answer.headers["content-type"] == "application/problem+json"
        assert "set-cookie" not in answer.headers
        _assert_guarded(answer)
    assert (await ada.get("/api/v1/clouds")).status_code == 401
    foreign = await ada.client.post(
        "/api/v1/meters", json={}, headers={"sec-fetch-site": "cross-site"}
    )
    assert foreign.status_code == 401, "a key is asked for, not a form's token"
    assert ada.key == key


async def test_the_pages_of_the_api_keep_to_the_policy(site: Site) -> None:
    visitor = await site.visitor()
    page = await visitor.get("/api/v1/docs")
    assert page.status_code == 200
    assert "<script>" not in page.text
    assert " style=" not in page.text
    _assert_guarded(page)
