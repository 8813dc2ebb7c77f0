"""Every deed that is recorded has words on the screen of the audit log, and no other has."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from portal.routes.shared.audit_words import FAMILIES, WORDS

ROOT = Path(__file__).resolve().parent.parent.parent
ACTION = re.compile(r"[a-z]+(-[a-z]+)*\.[a-z]+(-[a-z]+)*")


def recorded() -> set[str]:
    """Texts like "user.change" that stand in a module which appends to the log."""
    found: set[str] = set()
    for path in [
        *(ROOT / "portal" / "actions").rglob("*.py"),
        *(ROOT / "portal/demo").glob("*.py"),
    ]:
        source = path.read_text()
        if "audit" not in source and "refusals" not in source:
            continue
        texts = (
            node.value for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Constant)
        )
        found |= {text for text in texts if isinstance(text, str) and ACTION.fullmatch(text)}
    return found


def test_every_deed_has_words() -> None:
    assert recorded() == {action for action in WORDS if "." in action}
    assert {"sign-in", "sign-out", "refused"} <= set(WORDS) | set(FAMILIES)


def test_every_deed_is_of_a_family_that_the_list_is_narrowed_to() -> None:
    assert {action.partition(".")[0] for action in WORDS} == set(FAMILIES)
