"""Every template of the house: it compiles, has a title, is free of inline code, and its icons exist."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from jinja2 import nodes

from portal.routes.templating import TEMPLATES, macro_files, make_environment

ENVIRONMENT = make_environment()
NAMES = ENVIRONMENT.list_templates(extensions=["html"])
WEB = [name for name in NAMES if name.split("/")[0] not in {"documents", "emails"}]
PAGES = [name for name in WEB if name.split("/")[0] not in {"layouts", "macros"}]
ICONS = set((Path(__file__).parents[2] / "scripts" / "icons.txt").read_text().split())
NAME = re.compile(r"^[a-z0-9]+(-[a-z0-9]+)*$")


@cache
def source(name: str) -> str:
    return (TEMPLATES / name).read_text()


@cache
def parsed(name: str) -> nodes.Template:
    return ENVIRONMENT.parse(source(name))


def test_each_compiles():
    for name in WEB:
        ENVIRONMENT.get_template(name)


def test_a_page_has_a_title():
    titled = {name for name in PAGES if "title" in _blocks(name)}
    assert {name for name in PAGES if parsed(name).find(nodes.Extends)} - titled == set()
    assert len(titled) > 50


def _blocks(name: str) -> set[str]:
    """What of a page may be set; none, where it is a part of a page, not a page."""
    parent = parsed(name).find(nodes.Extends)
    if parent is None:
        return set()
    blocks = set(ENVIRONMENT.get_template(name).blocks)
    # A page that asks before it acts has the title of the one that all such pages are made from.
    if isinstance(parent.template, nodes.Const) and parent.template.value.startswith("shared/"):
        blocks |= set(ENVIRONMENT.get_template(parent.template.value).blocks)
    return blocks


def test_nothing_is_inline_that_the_policy_forbids():
    inline = r"\sstyle=|<style|\son[a-z]+=|\shx-on|<script(?![^>]*\ssrc=)|hx-trigger=\"[^\"]*\["
    assert {name: found[0] for name in WEB if (found := re.search(inline, source(name)))} == {}


def test_nothing_is_put_into_a_page_unescaped():
    raw = r"\|\s*safe\b|autoescape\s+false"
    assert {name: found[0] for name in WEB if (found := re.search(raw, source(name)))} == {}


def test_icons_are_in_the_sprite():
    missing = {name: wanted - ICONS for name in WEB if (wanted := _icons(name))}
    assert len(missing) > 20
    assert {name: icons for name, icons in missing.items() if icons} == {}


def _icons(name: str) -> set[str]:
    wanted = {
        leaf.value
        for call in parsed(name).find_all(nodes.Call)
        if isinstance(call.node, nodes.Name) and call.node.name == "icon" and call.args
        for leaf in [call.args[0], *call.args[0].find_all(nodes.Const)]
        if isinstance(leaf, nodes.Const) and isinstance(leaf.value, str) and NAME.match(leaf.value)
    }
    # In icon("x" if kind == "error" else "y") the constant of the comparison is no icon.
    return wanted - set(re.findall(r"[=!]= \"([a-z-]+)\"", source(name)))


def test_every_macro_has_one_home():
    files = macro_files(ENVIRONMENT)
    assert {"table", "form", "field", "figure", "chart", "progress", "state"} <= set(files)
