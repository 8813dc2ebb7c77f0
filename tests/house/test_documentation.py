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
from scripts.documentation import PAGES as MADE
from scripts.documentation import leaves
from tests.house.sources import CODE, PAGES, ROOT, files, listed, name, text

DOCS = ROOT / "docs"
SETTING = re.compile(r"CAMLEDGER_[A-Z]+(?:_[A-Z]+)*")
SENTENCE = "**The line people will quote:**"
LINES_OF_A_DECISION = 70


def settings_of_the_code() -> set[str]:
    sources = [ROOT / "Makefile", *CODE, *files("scripts")]
    return {setting for path in sources for setting in SETTING.findall(text(path))}


def settings_of_the_page() -> set[str]:
    rows = re.findall(r"^\| `(CAMLEDGER_[A-Z_]+)` \|", text(DOCS / "operations.md"), re.MULTILINE)
    assert len(rows) == len(set(rows)), "a setting is listed once"
    return set(rows)


def test_every_setting_is_on_the_page_of_operations_and_no_other() -> None:
    assert settings_of_the_page() == settings_of_the_code()


def test_a_page_names_only_settings_that_exist() -> None:
    of_tests = SETTING.findall(text(ROOT / "tests" / "conftest.py"))
    there = settings_of_the_code().union(of_tests)
    offences = [
        f"{name(page)} {setting}"
        for page in PAGES
        for setting in sorted({*SETTING.findall(text(page))} - there)
    ]
    assert not offences, listed(offences)


@pytest.mark.parametrize("page", MADE)
def test_a_page_made_from_the_code_is_as_the_code_is(page: str) -> None:
    assert text(DOCS / page) == MADE[page](), "run .venv/bin/python scripts/documentation.py"


@cache
def commands() -> dict[str, click.Command]:
    return {" ".join(path[1:]): command for path, command in leaves(camledger, ["camledger"])}


def test_every_command_and_option_is_documented() -> None:
    page = text(DOCS / "commands.md")
    for words, command in commands().items():
        section = re.search(
            rf"^## {re.escape(words)}\n(.*?)(?=^## |\Z)", page, re.MULTILINE | re.DOTALL
        )
        assert section, words
        for option in (one for one in command.params if isinstance(one, click.Option)):
            for spelling in option.opts:
                assert f"{spelling}" in section[1], f"{words} {spelling}"


def test_a_page_tells_only_of_commands_and_options_that_exist() -> None:
    """Lines of code that begin with the command are read as the shell would read them."""
    offences = [
        f"{name(page)} camledger {line}"
        for page in PAGES
        for line in _commands_in(text(page))
        if not _exists(line.split())
    ]
    assert not offences, listed(offences)


def _exists(words: list[str]) -> bool:
    known = {*commands(), *(path.split()[0] for path in commands())}
    path = next((found for n in (2, 1) if (found := " ".join(words[:n])) in known), "")
    if path not in commands():
        return bool(path) or words[0].startswith("-")
    spellings = {spelling for one in commands()[path].params for spelling in one.opts}
    sent = {word.partition("=")[0] for word in words if word.startswith("--")}
    # `bench` reads its own options.
    return sent <= spellings | {"--help"} or path == "bench"


def _commands_in(page: str) -> list[str]:
    code = re.findall(r"^```[a-z]*\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    code += re.findall(r"(?<!`)`([^`\n]+)`(?!`)", page)
    lines = (line for block in code for line in block.splitlines())
    found = (re.search(r"(?:^|\s|\(|/)camledger ([a-z-].*)", line) for line in lines)
    return [re.split(r"[)#;|&>]", match[1])[0].strip() for match in found if match]


def test_links_lead_somewhere() -> None:
    offences = [
        f"{name(page)} {target}"
        for page in PAGES
        for target in _links_in(text(page))
        if not _leads_somewhere(page, target)
    ]
    assert not offences, listed(offences)


def _links_in(page: str) -> list[str]:
    """The links of a page to other pages of ours, those in blocks of code left out."""
    prose = re.sub(r"^```.*?^```", "", page, flags=re.MULTILINE | re.DOTALL)
    links: list[str] = re.findall(r"\]\(([^)\s]+)\)", prose)
    return [link for link in links if not re.match(r"[a-z]+:", link)]


def _leads_somewhere(page: Path, target: str) -> bool:
    address, _, anchor = unquote(target).partition("#")
    there = (page.parent / address).resolve() if address else page
    return (
        there.exists() and there.is_relative_to(ROOT) and (not anchor or anchor in _anchors(there))
    )


def _anchors(page: Path) -> set[str]:
    """The headings of a page as their anchors: "A worked example" is "a-worked-example"."""
    headings = re.findall(r"^#+ (.+)$", text(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_a_decision_ends_with_the_line_people_will_quote() -> None:
    """In italics, with nothing after it; the whole decision fits on a page."""
    offences = [name(page) for page in files("docs/decisions", "*.md") if not _is_decision(page)]
    assert not offences, listed(offences)


def _is_decision(page: Path) -> bool:
    written = text(page)
    return (
        written.startswith("# ")
        and "**Decided**" in written
        and written.count(SENTENCE) == 1
        and bool(re.fullmatch(r"\*[^*]+\*", written.partition(SENTENCE)[2].strip()))
        and written.count("\n") <= LINES_OF_A_DECISION
    )


def test_the_index_has_every_page() -> None:
    linked = set(re.findall(r"\]\(([^)#]+\.md)\)", text(DOCS / "README.md")))
    there = {str(path.relative_to(DOCS)) for path in DOCS.rglob("*.md")} - {"README.md"}
    assert there <= linked


def test_what_is_made_with_make_can_be_made() -> None:
    targets = set(re.findall(r"^([a-z-]+):.*## ", text(ROOT / "Makefile"), re.MULTILINE))
    code = re.compile(r"^```[a-z]*\n(.*?)^```|(?<!`)`([^`\n]+)`", re.MULTILINE | re.DOTALL)
    offences = []
    for page in PAGES:
        lines = "\n".join(part for pair in code.findall(text(page)) for part in pair if part)
        made = set(re.findall(r"^make ([a-z-]+)", lines, re.MULTILINE))
        offences += [f"{name(page)} make {target}" for target in sorted(made - targets)]
    assert not offences, listed(offences)


def test_the_readme_says_the_two_commands_alone() -> None:
    """What a new person types is copied from here: one command a block, without a prompt."""
    blocks = re.findall(r"^```\n(.*?)^```", text(ROOT / "README.md"), re.MULTILINE | re.DOTALL)
    assert {"make demo\n", "make test\n"} <= set(blocks)


def test_a_page_is_about_the_project_and_works_everywhere() -> None:
    """No address of one machine, nothing unfinished."""
    elsewhere = re.compile(r"(?<![\w.`])/(?:home|root|work|Users)/")
    unfinished = re.compile(r"\b(?:TODO|FIXME|TBD|XXX|lorem)\b", re.IGNORECASE)
    offences = [
        name(page)
        for page in PAGES
        if elsewhere.search(text(page)) or unfinished.search(text(page))
    ]
    assert not offences, listed(offences)


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
    assert {name(page) for page in PAGES} <= set(listed.stdout.split())
