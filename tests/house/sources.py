"""The files that the house tests read, each of them read and parsed once.

A rule that holds for every file is one test: it collects the offences of all files and shows them
together, one a line, as `portal/db.py:12 sleeps`.
"""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent


def files(folder: str, pattern: str = "*.py") -> list[Path]:
    """The files below a folder of the project, in their order."""
    return sorted((ROOT / folder).rglob(pattern))


CODE = [*files("portal"), *files("workers")]
TESTS = files("tests")
TEMPLATES = files("portal/templates", "*.html")
PAGES = sorted([*ROOT.glob("*.md"), *files("docs", "*.md")])


def name(path: Path) -> str:
    """A file as it is called from the top of the project."""
    return path.relative_to(ROOT).as_posix()


@cache
def text(path: Path) -> str:
    """What is written in a file."""
    return path.read_text()


@cache
def tree(path: Path) -> ast.Module:
    """A file of Python, parsed."""
    return ast.parse(text(path))


def listed(offences: list[str]) -> str:
    """Offences as one message, a line each."""
    return "\n".join(["", *offences])
