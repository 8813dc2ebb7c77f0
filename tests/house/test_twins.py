"""What a page does a key does, too: each action that a portal calls is called by an operation."""

from __future__ import annotations

import ast
import importlib
import inspect
from pathlib import Path

from tests.house.sources import ROOT, files, listed, name, tree

API = "portal/routes/api/"
ROOMS = ("accounts", "books", "catalog", "customers", "overview", "usage", "watcher")
OWN = ("accounts/", "middleware/", "referral/", "subscriber/", "admin.py")
"""Where people do what is their own: signing in and its keeping, and what subscribers and referrals
may, who have no keys."""
WITHOUT = {
    "portal.accounts.actions.viewing": "whoever views as somebody sees pages, in a session",
    "portal.books.actions.trials": "a trial that takes long is asked for by a page and shown when it"
    " is done; POST of a tariff's preview answers it at once",
    "portal.books.actions.composing.is_there": "a question of the form, before it is sent",
    "portal.books.actions.composing.rehearse_version": "the composer's page before it asks; a key"
    " sends the version, which answers `below_cost`",
    "portal.catalog.actions.price_lists.list_prices": "reads: GET /services has `list_pricing`",
    "portal.catalog.actions.price_lists.prices_of": "reads: GET /clouds/{cloud}/rates",
    "portal.catalog.actions.tariffs.make_default": "PATCH of a tariff, `is_default`",
    "portal.catalog.actions.tariffs.stop_offering": "PATCH of a tariff, `offered`",
    "portal.overview.actions.checklist": "what a person's own overview leaves out",
    "portal.overview.actions.mapping_many.compose_tariff": "POST of the tariff, and of its mapping",
    "portal.overview.actions.new_customer.was_taken_on": "a question of the form that is sent twice",
    "portal.books.actions.bank.uploads": "a person's file on its way; a system sends it to POST"
    " /clouds/{cloud}/bank-imports, with `dry_run` to look at it",
    "portal.overview.actions.import": "a person's file; a system sends each customer with its"
    " cameras to POST /clouds/{cloud}/subscribers",
}  # fmt: skip
"""Actions of pages alone, by how they begin, and why."""


def called(path: Path) -> set[str]:
    """The actions of rooms that a file names, as `portal.usage.actions.usage.correct`."""
    modules: dict[str, str] = {}
    found: set[str] = set()
    for node in ast.walk(tree(path)):
        if not isinstance(node, ast.ImportFrom) or node.module is None:
            continue
        for alias in node.names:
            whole = f"{node.module}.{alias.name}"
            if is_of_actions(whole) and (ROOT / f"{whole.replace('.', '/')}.py").exists():
                modules[alias.asname or alias.name] = whole
            elif is_of_actions(node.module) and is_action(node.module, alias.name):
                found.add(whole)
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            module = modules.get(node.value.id)
            if module is not None and is_action(module, node.attr):
                found.add(f"{module}.{node.attr}")
    return found


def is_of_actions(module: str) -> bool:
    parts = module.split(".")
    return parts[0] == "portal" and parts[1] in ROOMS and "actions" in parts[2:3]


def is_action(module: str, attribute: str) -> bool:
    return inspect.iscoroutinefunction(getattr(importlib.import_module(module), attribute, None))


def test_each_action_of_a_page_has_an_operation() -> None:
    pages: dict[str, str] = {}
    operations: set[str] = set()
    for path in files("portal/routes"):
        if name(path).startswith(API):
            operations |= called(path)
        elif not name(path).removeprefix("portal/routes/").startswith(OWN):
            pages.update(dict.fromkeys(called(path), name(path)))
    assert len(pages) > 50
    missing = {
        action: page
        for action, page in pages.items()
        if action not in operations and not any(action.startswith(one) for one in WITHOUT)
    }
    assert not missing, listed([f"{page} {action}" for action, page in sorted(missing.items())])
    stale = [
        one
        for one in WITHOUT
        if not any(action.startswith(one) and action not in operations for action in pages)
    ]
    assert not stale, f"these have an operation, or no page: {stale}"
