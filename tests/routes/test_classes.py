"""Classes of the pages: Tabler's where it has one, few of our own, and none that nobody uses."""

from __future__ import annotations

import re
from pathlib import Path

from portal.routes.assets import STATIC_DIR
from portal.routes.templating import TEMPLATES

LINES: int = 500
NAME = re.compile(r"\.(-?[a-zA-Z_][\w-]*)")
OWN = (STATIC_DIR / "app.css").read_text()
TABLER = next((STATIC_DIR / "vendor").glob("tabler.min-*.css")).read_text()
PAGES = [
    path.read_text()
    for path in sorted(TEMPLATES.rglob("*.html"))
    if path.relative_to(TEMPLATES).parts[0] not in {"documents", "emails"}
]
ROUTES = Path(__file__).parents[2] / "portal" / "routes"
# What scripts take hold of, and the names of pictures and wholes that have no look of their own.
HOOKS = {"logo", "icon", "htmx-request", "js"}


def names(css: str) -> set[str]:
    """The classes that a style sheet speaks of; a number as ".5rem" is none."""
    without = re.sub(r"/\*.*?\*/|url\([^)]*\)|\"[^\"]*\"", "", css, flags=re.DOTALL)
    selectors = re.findall(r"([^{}]+)\{", without)
    return {name for selector in selectors for name in NAME.findall(selector)}


def used(page: str) -> set[str]:
    """The classes of a template's elements, those between the quotes of an expression included."""
    attribute = r"class=\"((?:\{\{.*?\}\}|\{%.*?%\}|[^\"{])*)\""
    found: set[str] = set()
    for text in re.findall(attribute, page, re.DOTALL):
        plain = re.sub(r"\{%.*?%\}|\{\{.*?\}\}", " ", text, flags=re.DOTALL)
        found |= set(plain.split())
    return {name for name in found if not name.endswith("-")}


def test_the_style_sheet_of_the_house_stays_small():
    assert len(OWN.splitlines()) <= LINES


def test_every_class_of_the_house_is_used():
    sources = [*PAGES, (STATIC_DIR / "app.js").read_text()]
    sources += [path.read_text() for path in ROUTES.rglob("*.py")]
    words = set(re.findall(r"[\w-]+", "\n".join(sources)))
    made = {f"tone-{number}" for number in range(1, 7)}
    assert names(OWN) - words - made - HOOKS == set()


def test_every_class_of_a_page_has_a_look():
    known = names(OWN) | names(TABLER) | HOOKS
    assert {name for page in PAGES for name in used(page)} - known == set()
