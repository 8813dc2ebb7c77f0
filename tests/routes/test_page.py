"""Whole pages, blocks for htmx, redirects and messages, over a small application of their own."""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from jinja2 import ChoiceLoader, DictLoader
from litestar import Litestar, get, post
from litestar.datastructures import State
from litestar.middleware.session.server_side import ServerSideSessionConfig
from litestar.params import FromPath
from litestar.plugins.htmx import HTMXRequest
from litestar.plugins.jinja import JinjaTemplateEngine
from litestar.response import Response
from litestar.stores.memory import MemoryStore
from litestar.template import TemplateConfig

from portal.errors import Conflict, Invalid, NotFound, PortalError, Unauthorized
from portal.routes import assets
from portal.routes.assets import AssetsMissing
from portal.routes.page import (
    Chrome,
    MenuEntry,
    Toast,
    fragment,
    is_local,
    mark_active,
    page,
    problem,
    redirect,
)
from portal.routes.templating import make_environment

HTMX = {"HX-Request": "true"}
SPY = "<b>Sue</b>"

PAGE = """
{% extends "layouts/portal.html" %}
{% block title %}Subscribers{% endblock %}
{% block content %}before {% block rows %}<p id="rows">{{ name }} {{ ui.money(1648, "EUR") }}</p>{% endblock %}{% endblock %}
"""


@get("/list", sync_to_thread=False)
def show(request: HTMXRequest) -> Response[str]:
    return page(request, "list.html", block="rows", name=SPY)


@get("/part", sync_to_thread=False)
def part(request: HTMXRequest) -> Response[str]:
    return fragment(request, "list.html", "rows", toast=Toast("Más €"), name="Sue")


@post("/add", sync_to_thread=False)
def add(request: HTMXRequest) -> Response[None]:
    return redirect(request, "/list?q=à", toast="Sue was added.")


@get("/fail/{kind:str}", sync_to_thread=False)
def fail(kind: FromPath[str]) -> None:
    raise {
        "missing": NotFound("There is no such invoice."),
        "conflict": Conflict("October cannot be closed.", {"2026-10-05": "<i>no usage</i>"}),
        "invalid": Invalid({"name": "is missing"}),
        "unknown": Unauthorized("Sign in first."),
    }[kind]


def chrome(request: HTMXRequest) -> Chrome:
    menu = mark_active([MenuEntry("Subscribers", "/list", "users")], request.url.path)
    return Chrome(
        tenant="North", person="Nora Neri", menu=menu, search="/search", locale="de_DE", zone="UTC"
    )


@pytest.fixture
def app(monkeypatch, tmp_path) -> Litestar:
    fake_assets(tmp_path, monkeypatch)
    environment = make_environment()
    assert environment.loader is not None
    environment.loader = ChoiceLoader([DictLoader({"list.html": PAGE}), environment.loader])
    return Litestar(
        [show, part, add, fail],
        request_class=HTMXRequest,
        template_config=TemplateConfig(engine=JinjaTemplateEngine.from_environment(environment)),
        state=State({"chrome": chrome}),
        middleware=[ServerSideSessionConfig(store="sessions").middleware],
        stores={"sessions": MemoryStore()},
        exception_handlers={PortalError: problem},  # type: ignore[dict-item]
    )


def fake_assets(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Front-end files of a few bytes: these tests need no npm."""
    vendor = directory / "vendor"
    vendor.mkdir()
    names = ("htmx.min.js", "tabler.min.css", "icons.svg")
    (vendor / "manifest.json").write_text(
        json.dumps({name: {"path": f"x-{name}", "integrity": "sha384-x"} for name in names})
    )
    for name in assets.OWN_FILES:
        (directory / name).write_text(name)
    found = assets.load(directory)
    monkeypatch.setattr(assets, "_assets", lambda: found)


@pytest.fixture
async def client(app: Litestar) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app)  # type: ignore[arg-type]
    async with httpx.AsyncClient(transport=transport, base_url="https://north.test") as client:
        yield client


async def test_a_browser_gets_the_whole_page(client):
    answer = await client.get("/list")
    assert answer.status_code == 200
    assert "<title>Subscribers · Camledger</title>" in answer.text
    assert "before" in answer.text
    assert answer.headers["content-type"].startswith("text/html")
    assert answer.headers["vary"] == "HX-Request"
    assert answer.headers["cache-control"] == "no-store"


async def test_htmx_gets_the_block_alone_with_its_macros_and_locale(client):
    answer = await client.get("/list", headers=HTMX)
    assert answer.text.startswith('<p id="rows">&lt;b&gt;Sue')
    assert "16,48\u00a0€" in answer.text
    assert "before" not in answer.text


@pytest.mark.parametrize("extra", ["HX-Boosted", "HX-History-Restore-Request"])
async def test_a_boosted_link_and_a_step_back_get_the_whole_page(client, extra):
    answer = await client.get("/list", headers={**HTMX, extra: "true"})
    assert "<title>" in answer.text


async def test_what_people_type_is_escaped(client):
    assert SPY not in (await client.get("/list")).text


async def test_the_menu_marks_where_one_is(client):
    assert 'aria-current="page"' in (await client.get("/list")).text


async def test_nothing_on_a_page_is_inline(client):
    for path in ("/list", "/fail/conflict"):
        text = (await client.get(path)).text
        for forbidden in (" style=", "<style", "onclick=", "hx-on", "javascript:", "<script>"):
            assert forbidden not in text


@pytest.mark.parametrize(
    ("cookie", "theme"), [("dark", "dark"), ("light", "light"), ('"><script>', "auto")]
)
async def test_the_colours_are_the_cookies(client, cookie, theme):
    answer = await client.get("/list", headers={"Cookie": f"theme={cookie}"})
    assert f'data-bs-theme="{theme}"' in answer.text


async def test_a_form_leads_on_and_its_message_waits_for_the_next_page_once(client):
    await client.get("/list")
    answer = await client.post("/add")
    assert answer.status_code == 303
    assert answer.headers["location"] == "/list?q=%C3%A0"
    assert "Sue was added." in (await client.get("/list")).text
    assert "Sue was added." not in (await client.get("/list")).text


async def test_a_fragment_does_not_take_the_message(client):
    await client.get("/list")
    await client.post("/add")
    assert "Sue was added." not in (await client.get("/list", headers=HTMX)).text
    assert "Sue was added." in (await client.get("/list")).text


async def test_htmx_is_told_where_to_go(client):
    answer = await client.post("/add", headers=HTMX)
    assert answer.status_code == 204
    assert answer.headers["hx-redirect"] == "/list?q=%C3%A0"


async def test_a_message_to_htmx_is_an_event_in_ascii(client):
    answer = await client.get("/part")
    assert json.loads(answer.headers["hx-trigger"]) == {
        "toast": {"text": "Más €", "kind": "success"}
    }


async def test_an_error_is_a_page_that_says_what_to_do(client):
    answer = await client.get("/fail/conflict")
    assert answer.status_code == 409
    assert "October cannot be closed." in answer.text
    assert "2026-10-05" in answer.text
    assert "&lt;i&gt;no usage" in answer.text
    assert "see what stands in the way" in answer.text


@pytest.mark.parametrize(("kind", "status"), [("missing", 404), ("invalid", 422)])
async def test_an_error_leaves_a_page_of_htmx_as_it_is(client, kind, status):
    answer = await client.get(f"/fail/{kind}", headers=HTMX)
    assert answer.status_code == status
    assert answer.headers["hx-reswap"] == "none"
    assert json.loads(answer.headers["hx-trigger"])["toast"]["kind"] == "error"
    assert answer.text == ""


async def test_who_is_not_signed_in_is_led_to_the_door_and_back(client):
    answer = await client.get("/fail/unknown")
    assert answer.headers["location"] == "/login?next=/fail/unknown"
    answer = await client.get("/fail/unknown", headers=HTMX)
    assert answer.headers["hx-redirect"] == "/login"


@pytest.mark.parametrize(
    "path", ["https://evil.test", "//evil.test", "/\\evil.test", "evil", "/a\nb", ""]
)
def test_another_site_is_no_place_to_lead_to(path):
    assert not is_local(path)
    with pytest.raises(ValueError, match="not a path of this site"):
        redirect(None, path)  # type: ignore[arg-type]


def test_the_menu_marks_the_longest_path_that_fits():
    cameras = MenuEntry("Cameras", "/cloud/cameras", "video", also=("/cloud/camera",))
    menu = [MenuEntry("Home", "/cloud", "home"), cameras]
    assert [e.active for e in mark_active(menu, "/cloud/cameras/7")] == [False, True]
    assert [e.active for e in mark_active(menu, "/cloud/camera")] == [False, True]
    assert [e.active for e in mark_active(menu, "/cloud/camera/tariff")] == [False, True]
    assert [e.active for e in mark_active(menu, "/cloud/camerasque")] == [True, False]
    assert [e.active for e in mark_active(menu, "/cloudy")] == [False, False]


def test_missing_files_say_what_to_run(tmp_path):
    with pytest.raises(AssetsMissing, match="make install"):
        assets.load(tmp_path)


def test_own_files_change_their_address_with_their_content(tmp_path, monkeypatch):
    fake_assets(tmp_path, monkeypatch)
    before = assets.load(tmp_path)["app.css"]
    (tmp_path / "app.css").write_text("body { color: red }")
    after = assets.load(tmp_path)["app.css"]
    assert before.url != after.url
    assert before.integrity != after.integrity
