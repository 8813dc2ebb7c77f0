"""OPTIONS names all methods of an address, HEAD works where GET does, and 405 says what would work."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import Any

import pytest
from litestar.routes import HTTPRoute

from portal.routes import INTERFACES
from portal.routes.accounts.auth import home_of
from portal.routes.api import OPERATIONS, api_app
from portal.routes.middleware.methods import all_methods
from tests.cast import ADA, NORA
from tests.routes.conftest import Site

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")


def addresses(app: Any) -> dict[str, set[str]]:
    """Each address with the methods that its handlers declare, HEAD and OPTIONS beside them."""
    found: dict[str, set[str]] = defaultdict(set)
    for route in app.routes:
        if isinstance(route, HTTPRoute):
            declared = {
                str(method)
                for handler in route.route_handlers
                for method in handler.http_methods
                if handler.name != "options_handler"
            }
            path = re.sub(r"\{[^}]*:int\}", "1", route.path)
            path = re.sub(r"\{period:[^}]*\}", "2026-10", path)
            found[re.sub(r"\{[^}]*\}", "north", path)] |= declared
    for methods in found.values():
        methods.add("OPTIONS")
        if "GET" in methods:
            methods.add("HEAD")
    return found


def portal_of(path: str) -> str | None:
    """Whose pages it is among, by their prefix; None: everybody's. Others are told so by one guard."""
    return next((one.prefix for one in INTERFACES if path.startswith(one.prefix)), None)


async def test_every_address_names_its_methods(site: Site) -> None:
    visitor = await site.visitor()
    every = addresses(site.app) | addresses(api_app)
    assert len(every) > len({operation.path for operation in OPERATIONS})
    for path, methods in every.items():
        told = await visitor.client.options(path)
        assert (told.status_code, told.content) == (204, b""), path
        assert set(told.headers["allow"].split(", ")) == methods, path
        assert told.headers["x-content-type-options"] == "nosniff"
        wrong = next(m for m in (*METHODS, "TRACE") if m not in methods)
        refused = await visitor.client.request(wrong, path, headers={"sec-fetch-site": "none"})
        assert refused.status_code == 405, (wrong, path)
        assert set(refused.headers["allow"].split(", ")) == methods, path
    assert (await visitor.client.options("/nothing-here")).status_code == 404
    assert (await visitor.client.options("/api/v1/nothing-here")).status_code == 404


@pytest.mark.parametrize("who", [NORA, ADA, None])
async def test_head_answers_as_get_does_without_the_body(site: Site, who: Any) -> None:
    visitor = await (site.as_(who) if who else site.visitor())
    await visitor.get("/login")
    assets = ["/static/favicon.svg", "/admin/", "/admin/api/tables/", "/healthz"]
    every = addresses(site.app)
    gets = [
        path
        for path, methods in every.items()
        if "GET" in methods
        and (who is None or portal_of(path) in {None, home_of(who)})
        # A page of one cloud is the same route's for its own people, and Nora looks at it.
        and (
            who is not ADA
            or path.replace("/system/clouds/north", "/cloud") not in {*every} - {path}
        )
    ]
    for path in [*gets, *assets, "/api/v1/openapi.json", "/api/v1/docs", "/api/v1/meters"]:
        got, headed = await visitor.client.get(path), await visitor.client.head(path)
        assert (headed.status_code, headed.content) == (got.status_code, b""), path
        ours = {name: value for name, value in got.headers.items() if name != "set-cookie"}
        assert dict(headed.headers) == ours, path
        if got.is_redirect:  # what it left to say is said before the next page is looked at
            await visitor.client.get("/account")


async def test_head_takes_no_message_off_the_next_page(site: Site) -> None:
    visitor = await site.as_(NORA)
    await visitor.get("/account")
    await visitor.post("/account/sessions/end-others")
    before = await site.rows("select data from user_session")
    await visitor.client.head("/account")
    assert await site.rows("select data from user_session") == before
    page = await visitor.get("/account")
    assert page.text != (await visitor.get("/account")).text


def test_allow_is_in_one_order() -> None:
    assert all_methods("POST, OPTIONS, GET") == "GET, HEAD, POST, OPTIONS"
    assert all_methods("ASKED, PATCH") == "PATCH, OPTIONS"
    assert all_methods("") == "OPTIONS"
