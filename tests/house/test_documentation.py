"""What the pages say is so: settings, commands, permissions, links, decisions."""

from __future__ import annotations

import re
import subprocess
from functools import cache
from pathlib import Path
from urllib.parse import unquote

import pytest
import rich_click as click

from portal.cli import camledger
from scripts.documentation import PAGES, leaves

ROOT = Path(__file__).resolve().parent.parent.parent
DOCS = ROOT / "docs"
SETTING = re.compile(r"CAMLEDGER_[A-Z]+(?:_[A-Z]+)*")
SENTENCE = "**The line people will quote:**"
LINES_OF_A_DECISION = 70


def _pages() -> list[Path]:
    return sorted([*ROOT.glob("*.md"), *DOCS.rglob("*.md")])


def _name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def settings_of_the_code() -> set[str]:
    sources = [ROOT / "Makefile"]
    for folder in ("portal", "workers", "scripts"):
        sources += (path for path in (ROOT / folder).rglob("*.py"))
    return {name for path in sources for name in SETTING.findall(path.read_text())}


def settings_of_the_page() -> set[str]:
    rows = re.findall(
        r"^\| `(CAMLEDGER_[A-Z_]+)` \|", (DOCS / "operations.md").read_text(), re.MULTILINE
    )
    assert len(rows) == len(set(rows)), "a setting is listed once"
    return set(rows)


def test_every_setting_is_on_the_page_of_operations_and_no_other() -> None:
    assert settings_of_the_page() == settings_of_the_code()


@pytest.mark.parametrize("page", _pages(), ids=_name)
def test_a_page_names_only_settings_that_exist(page: Path) -> None:
    assert set(SETTING.findall(page.read_text())) <= settings_of_the_code()


@pytest.mark.parametrize("name", PAGES)
def test_a_page_made_from_the_code_is_as_the_code_is(name: str) -> None:
    said = (DOCS / name).read_text()
    assert said == PAGES[name](), "run .venv/bin/python scripts/documentation.py"


@cache
def commands() -> dict[str, click.Command]:
    return {" ".join(path[1:]): command for path, command in leaves(camledger, ["camledger"])}


def test_every_command_and_option_is_documented() -> None:
    page = (DOCS / "commands.md").read_text()
    for name, command in commands().items():
        section = re.search(
            rf"^## {re.escape(name)}\n(.*?)(?=^## |\Z)", page, re.MULTILINE | re.DOTALL
        )
        assert section, name
        for option in (one for one in command.params if isinstance(one, click.Option)):
            for spelling in option.opts:
                assert f"{spelling}" in section[1], f"{name} {spelling}"


@pytest.mark.parametrize("page", _pages(), ids=_name)
def test_a_page_tells_only_of_commands_and_options_that_exist(page: Path) -> None:
    """Lines of code that begin with the command are read as the shell would read them."""
    known = {*commands(), *(name.split()[0] for name in commands())}
    for line in _commands_in(page.read_text()):
        words = line.split()
        name = next(
            (" ".join(words[:size]) for size in (2, 1) if " ".join(words[:size]) in known), None
        )
        assert name or words[0].startswith("-"), line
        if name in commands():
            spellings = {spelling for one in commands()[name].params for spelling in one.opts} | {
                "--help"
            }
            sent = {word.partition("=")[0] for word in words if word.startswith("--")}
            # `bench` reads its own options.
            assert sent <= spellings or name == "bench", line


def _commands_in(text: str) -> list[str]:
    code = re.findall(r"^```[a-z]*\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    code += re.findall(r"(?<!`)`([^`\n]+)`(?!`)", text)
    lines = (line for block in code for line in block.splitlines())
    found = (re.search(r"(?:^|\s|\(|/)camledger ([a-z-].*)", line) for line in lines)
    return [re.split(r"[)#;|&>]", match[1])[0].strip() for match in found if match]


@pytest.mark.parametrize("page", _pages(), ids=_name)
def test_links_lead_somewhere(page: Path) -> None:
    text = re.sub(r"^```.*?^```", "", page.read_text(), flags=re.MULTILINE | re.DOTALL)
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"[a-z]+:", target):
            continue
        address, _, anchor = unquote(target).partition("#")
        there = (page.parent / address).resolve() if address else page
        assert there.exists(), target
        assert there.is_relative_to(ROOT), target
        if anchor:
            assert anchor in _anchors(there), target


def _anchors(page: Path) -> set[str]:
    """The headings of a page as their anchors: "A worked example" is "a-worked-example"."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", sorted((DOCS / "decisions").glob("*.md")), ids=_name)
def test_a_decision_ends_with_the_line_people_will_quote(page: Path) -> None:
    text = page.read_text()
    assert text.count(SENTENCE) == 1
    quoted = text.partition(SENTENCE)[2].strip()
    assert re.fullmatch(r"\*[^*]+\*", quoted), "one sentence in italics, and nothing after it"
    assert text.startswith("# ")
    assert "**Decided**" in text
    assert text.count("\n") <= LINES_OF_A_DECISION, "a decision fits on a page"


def test_the_index_has_every_page() -> None:
    linked = set(re.findall(r"\]\(([^)#]+\.md)\)", (DOCS / "README.md").read_text()))
    there = {str(path.relative_to(DOCS)) for path in DOCS.rglob("*.md")} - {"README.md"}
    assert there <= linked


@pytest.mark.parametrize("page", _pages(), ids=_name)
def test_what_is_made_with_make_can_be_made(page: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):.*## ", (ROOT / "Makefile").read_text(), re.MULTILINE))
    code = re.findall(
        r"^```[a-z]*\n(.*?)^```|(?<!`)`([^`\n]+)`", page.read_text(), re.MULTILINE | re.DOTALL
    )
    lines = "\n".join(part for pair in code for part in pair if part)
    assert set(re.findall(r"^make ([a-z-]+)", lines, re.MULTILINE)) <= targets


def test_the_readme_says_the_two_commands_alone() -> None:
    """What a new person types is copied from here: one command a block, without a prompt."""
    blocks = re.findall(
        r"^```\n(.*?)^```", (ROOT / "README.md").read_text(), re.MULTILINE | re.DOTALL
    )
    assert {"make demo\n", "make test\n"} <= set(blocks)


def test_a_page_is_about_the_project_and_works_everywhere() -> None:
    """No address of one machine, nothing unfinished."""
    for page in _pages():
        text = page.read_text()
        assert not re.search(r"(?<![\w.`])/(?:home|root|work|Users)/", text), page
        assert not re.search(r"\b(?:TODO|FIXME|TBD|XXX|lorem)\b", text, re.IGNORECASE), page


def test_pages_are_committed_files() -> None:
    """A link to a file that git does not know works on one machine only."""
    if not (ROOT / ".git").exists():
        pytest.skip("this is not a clone")
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", "*.md"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if listed.returncode:
        pytest.skip("git does not answer here")
    assert {_name(page) for page in _pages()} <= set(listed.stdout.split())
