"""Every template of the house: it compiles, has a title, is free of inline code, and its icons exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from jinja2 import nodes

from portal.routes.templating import TEMPLATES, macro_files, make_environment

ENVIRONMENT = make_environment()
NAMES = ENVIRONMENT.list_templates(extensions=["html"])
WEB = [name for name in NAMES if name.split("/")[0] not in {"documents", "emails"}]
PAGES = [name for name in WEB if name.split("/")[0] not in {"layouts", "macros"}]
ICONS = set((Path(__file__).parents[2] / "scripts" / "icons.txt").read_text().split())
NAME = re.compile(r"^[a-z0-9]+(-[a-z0-9]+)*$")


def source(name: str) -> str:
    return (TEMPLATES / name).read_text()


@pytest.mark.parametrize("name", WEB)
def test_it_compiles(name):
    ENVIRONMENT.get_template(name)


@pytest.mark.parametrize("name", PAGES)
def test_a_page_has_a_title(name):
    parent = ENVIRONMENT.parse(source(name)).find(nodes.Extends)
    if parent is None:
        pytest.skip("a part of a page, not a page")
    blocks = set(ENVIRONMENT.get_template(name).blocks)
    # A page that asks before it acts has the title of the one that all such pages are made from.
    if isinstance(parent.template, nodes.Const) and parent.template.value.startswith("shared/"):
        blocks |= set(ENVIRONMENT.get_template(parent.template.value).blocks)
    assert "title" in blocks


@pytest.mark.parametrize("name", WEB)
def test_nothing_is_inline_that_the_policy_forbids(name):
    text = source(name)
    assert not re.search(r"\sstyle=|<style|\son[a-z]+=|\shx-on|<script(?![^>]*\ssrc=)", text)
    assert not re.search(r"hx-trigger=\"[^\"]*\[", text)


@pytest.mark.parametrize("name", WEB)
def test_nothing_is_put_into_a_page_unescaped(name):
    assert not re.search(r"\|\s*safe\b|autoescape\s+false", source(name))


@pytest.mark.parametrize("name", WEB)
def test_icons_are_in_the_sprite(name):
    calls = ENVIRONMENT.parse(source(name)).find_all(nodes.Call)
    wanted = {
        leaf.value
        for call in calls
        if isinstance(call.node, nodes.Name) and call.node.name == "icon" and call.args
        for leaf in [call.args[0], *call.args[0].find_all(nodes.Const)]
        if isinstance(leaf, nodes.Const) and isinstance(leaf.value, str) and NAME.match(leaf.value)
    }
    # In icon("x" if kind == "error" else "y") the constant of the comparison is no icon.
    compared = set(re.findall(r"[=!]= \"([a-z-]+)\"", source(name)))
    assert wanted - compared <= ICONS


def test_every_macro_has_one_home():
    files = macro_files(ENVIRONMENT)
    assert {"table", "form", "field", "figure", "chart", "progress", "state"} <= set(files)
