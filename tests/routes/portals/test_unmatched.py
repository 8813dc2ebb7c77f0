"""Addresses that do not exist: told within the portal of whoever asks, guarded like those that do."""

from __future__ import annotations

import pytest

from portal.access import Actor
from portal.routes import INTERFACES, interface_of
from tests.cast import ADA, NORA, REX, SUE
from tests.routes.conftest import Site
from tests.routes.worked_example import HTMX

EACH = (ADA, NORA, SUE, REX)
BELOW = ("nowhere", "invoices/1/2/3/4", "subscribers/1/x", "a/b/c/", "settings/nowhere", "%2e%2e/x")
MENU = '<nav id="menu"'
PROBLEM = "application/problem+json"


@pytest.mark.parametrize("who", EACH, ids=lambda one: one.name)
async def test_whoever_is_signed_in_reads_it_within_their_portal(site: Site, who: Actor) -> None:
    visitor, prefix = await site.as_(who), interface_of(who.role).prefix
    for path in (
        *(f"{prefix}/{one}" for one in BELOW),
        "/nowhere",
        "/account/nowhere",
        "/login/x/y",
    ):
        for method in ("GET", "POST", "PUT", "DELETE"):
            answer = await visitor.client.request(method, path)
            assert answer.status_code == 404, (method, path)
            assert MENU in answer.text, (method, path)
            assert who.name in answer.text, "the menu of the person"
            assert f'href="{prefix}"' in answer.text, "the way back"
        assert (await visitor.client.head(path)).status_code == 404
        assert (await visitor.client.options(path)).status_code == 404


async def test_a_page_that_takes_forms_alone_says_so_within_the_portal(site: Site) -> None:
    nora = await site.as_(NORA)
    answer = await nora.get("/cloud/cameras/selected")
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST, OPTIONS")
    assert MENU in answer.text


async def test_another_portal_is_guarded_whether_the_address_exists_or_not(site: Site) -> None:
    for who in EACH:
        visitor = await site.as_(who)
        for interface in INTERFACES:
            if who.role in interface.roles:
                continue
            path = f"{interface.prefix}/nowhere/at/all"
            for method in ("GET", "POST"):
                answer = await visitor.client.request(method, path)
                assert answer.status_code == 403, (who, path)
                assert MENU in answer.text


async def test_who_is_not_signed_in_learns_nothing(site: Site) -> None:
    visitor = await site.visitor()
    for interface in INTERFACES:
        answer = await visitor.get(f"{interface.prefix}/nowhere?a=b")
        assert answer.status_code == 303
        assert answer.headers["location"] == f"/login?next={interface.prefix}/nowhere%3Fa%3Db"
        assert (await visitor.post(f"{interface.prefix}/nowhere")).headers["location"] == "/login"
    for path in ("/nowhere", "/no/where"):
        answer = await visitor.get(path)
        assert (answer.status_code, MENU in answer.text) == (404, False)
        assert (await visitor.post(path)).status_code == 404
    assert await site.rows("select 1 from kept_form") == [], "nothing is kept for later"


async def test_the_api_answers_as_it_did(site: Site) -> None:
    nora, outsider = await site.as_(NORA), await site.visitor()
    for visitor in (nora, outsider):
        for path in ("/api/v1/nowhere", "/api/v1/clouds/north/nowhere", "/api/nowhere"):
            for method in ("GET", "POST"):
                answer = await visitor.client.request(method, path)
                assert answer.status_code == 404, (method, path)
                assert answer.headers["content-type"] == PROBLEM


async def test_a_part_of_a_page_that_does_not_exist_leaves_the_page_as_it_is(site: Site) -> None:
    nora = await site.as_(NORA)
    answer = await nora.get("/cloud/nowhere", headers=HTMX)
    assert (answer.status_code, answer.text) == (404, "")
    assert answer.headers["hx-reswap"] == "none"


async def test_one_signs_out_from_there(site: Site) -> None:
    """The forms of the page have the token of the session."""
    sue = await site.as_(SUE)
    sue.token = ""
    await sue.get("/my/nowhere")
    assert (await sue.post("/logout")).status_code == 303
    assert (await sue.get("/my")).status_code == 303
