"""Each page of each portal is found in its menu: one entry is marked, that of what it belongs to."""

from __future__ import annotations

import re

import pytest
from litestar import Litestar
from litestar.plugins.htmx import HTMXRequest
from litestar.routes import HTTPRoute

from portal.app import PORTALS, portal_router
from portal.routes import INTERFACES, Interface
from portal.routes.page import MenuEntry, mark_active

OF_THE_OVERVIEW = (
    "search",
    "choose",
    "tasks",
    "view-as",
    "checklist",
)
"""Pages that belong to nothing in particular: they are reached from anywhere in their portal."""


def pages_of(interface: Interface) -> list[str]:
    """The addresses that a portal's pages have, with something in place of what is in them."""
    router = portal_router(interface, *PORTALS[interface.key])
    app = Litestar([router], request_class=HTMXRequest, openapi_config=None)
    return sorted(
        re.sub(r"\{[^}]*\}", "1", route.path)
        for route in app.routes
        if isinstance(route, HTTPRoute) and "GET" in route.methods
    )


@pytest.mark.parametrize("interface", INTERFACES, ids=lambda one: one.key)
def test_every_page_marks_the_one_entry_it_belongs_to(interface: Interface) -> None:
    entries = [MenuEntry(e.label, e.path, e.icon, also=e.also) for e in interface.menu]
    pages = pages_of(interface)
    assert len(pages) > len(entries)
    astray = {}
    for path in pages:
        marked = [entry.path for entry in mark_active(entries, path) if entry.active]
        assert len(marked) == 1, path
        below = path.removeprefix(interface.prefix).strip("/").split("/")[0]
        if marked == [interface.prefix] and below not in ("", *OF_THE_OVERVIEW):
            astray[path] = marked
    assert not astray, f"belong to no entry of the menu: {sorted(astray)}"


@pytest.mark.parametrize("interface", INTERFACES, ids=lambda one: one.key)
def test_what_belongs_elsewhere_is_a_page(interface: Interface) -> None:
    pages = pages_of(interface)
    for entry in interface.menu:
        for path in entry.also:
            assert any(one == path or one.startswith(f"{path}/") for one in pages), path
