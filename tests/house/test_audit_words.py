"""Every deed that is recorded has words on the screen of the audit log, and no other has."""

from __future__ import annotations

import ast
import re

from portal.routes.shared.audit_words import FAMILIES, WORDS
from tests.house.sources import CODE, files, text, tree

ACTION = re.compile(r"[a-z]+(-[a-z]+)*\.[a-z]+(-[a-z]+)*")


def recorded() -> set[str]:
    """Texts like "user.change" that stand in a module which appends to the log."""
    actions = [path for path in CODE if "actions" in path.parts]
    return {
        node.value
        for path in [*actions, *files("portal/demo")]
        if "audit" in text(path) or "refusals" in text(path)
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and ACTION.fullmatch(node.value)
    }


def test_every_deed_has_words() -> None:
    assert recorded() == {action for action in WORDS if "." in action}
    assert {"sign-in", "sign-out", "refused"} <= set(WORDS) | set(FAMILIES)


def test_every_deed_is_of_a_family_that_the_list_is_narrowed_to() -> None:
    assert {action.partition(".")[0] for action in WORDS} == set(FAMILIES)
