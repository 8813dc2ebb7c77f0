"""Writes the pages of docs/ that are made from the code: `python scripts/documentation.py`.

docs/commands.md is made from the commands' own help, docs/permissions.md from the matrix of
permissions, docs/glossary.md from the words that the page of help explains. A test compares them,
so that a page that is behind the code is noticed.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import click

ROOT: Final = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from portal.access import FIELDS, MATRIX, Permission, Role  # noqa: E402 - after the path is set
from portal.cli import camledger  # noqa: E402
from portal.routes.glossary import INSIDE, TERMS  # noqa: E402

GLOSSARY_INTRO: Final = """\
# Glossary

Made from `portal/routes/glossary.py` by `scripts/documentation.py`. The same word means the same
thing in the code, on screens, in the API and on documents. Those in bold are explained to everybody
under Help.

| word | means |
|---|---|
"""
COMMANDS_INTRO: Final = """\
# Commands

Made from the commands themselves by `scripts/documentation.py`; `--help` of each says the same.
From a checkout the command is `.venv/bin/camledger`.

Exit codes: 0 done, 1 failed, 2 wrong usage: an option, or a setting of the environment, that cannot
be meant. What a person can put right is one line on standard error, which names it.
"""
PERMISSIONS_INTRO: Final = """\
# Permissions

Made from the lists in `portal/access.py` by `scripts/documentation.py`.

A role says which verbs somebody holds. Whose rows they hold them for is PostgreSQL's to say: a
cloud's administrator writes subscribers, of that cloud alone. A key of the API has a role, too; its
scopes are names of permissions and can only narrow it.
"""
FIELDS_INTRO: Final = """\
## Fields

Some fields take more than seeing the row. Pages leave them out, and the API answers without them.
Keys that are narrowed by scopes need the permission among these.

| of | field | needs |
|---|---|---|
"""
PERMISSIONS_END: Final = """\
## Who manages whom

An administrator of the platform adds, blocks and changes everybody, and makes keys of the
platform and of clouds. A cloud's administrator does so with the people and keys of that cloud.
Nobody changes their own role or blocks themselves, nobody gives a permission that they do not
hold, and the last administrator who can sign in stays, of the platform and of each cloud. Which
clouds a manager is responsible for, an administrator of the platform says.

## Whose rows

| role | sees |
|---|---|
| administrator, accountant | every cloud |
| manager | the clouds it is responsible for |
| cloud-administrator, cloud-accountant | their own cloud |
| account-manager | the subscribers it serves, their cameras, usage, charges and invoices |
| subscriber | itself: its cameras, usage, charges and invoices |
| referral | its referred subscribers and their usage; its own commissions and their bases |

Within a cloud its roles are spoken of without the prefix: `--cloud north --role administrator`.

Two roles are nobody's. `system` is what workers and commands act as, and holds everything.
`doorkeeper` checks sign-ins and keys before anyone is known. It holds no permission, and sees
people, sessions, keys and the names of clouds, but nothing of their books.
"""
VARYING: Final = {"workers": "the number of cores, at most 2"}
"""Defaults that depend on the machine."""
PEOPLE: Final = (
    Role.ADMINISTRATOR,
    Role.ACCOUNTANT,
    Role.MANAGER,
    Role.CLOUD_ADMINISTRATOR,
    Role.CLOUD_ACCOUNTANT,
    Role.ACCOUNT_MANAGER,
    Role.SUBSCRIBER,
    Role.REFERRAL,
)


def commands() -> str:
    """docs/commands.md."""
    sections = [COMMANDS_INTRO]
    for path, command in leaves(camledger, ["camledger"]):
        sections.append("\n".join(_section(path, command)))
    return "\n".join(sections)


def glossary() -> str:
    """docs/glossary.md."""
    rows = [(word, f"| **{word}** | {means} |") for word, means in TERMS.items()]
    rows += [(word, f"| {word} | {means} |") for word, means in INSIDE.items()]
    lines = [row for _, row in sorted(rows, key=lambda one: one[0].lower())]
    return GLOSSARY_INTRO + "\n".join(lines) + "\n"


def leaves(command: click.Command, path: list[str]) -> Iterator[tuple[list[str], click.Command]]:
    """Every command that does something, with the words that lead to it."""
    if not isinstance(command, click.Group):
        yield path, command
        return
    for name, inner in command.commands.items():
        yield from leaves(inner, [*path, name])


def _section(path: list[str], command: click.Command) -> Iterator[str]:
    context = click.Context(command, info_name=" ".join(path), **camledger.context_settings)
    yield f"## {' '.join(path[1:])}"
    yield ""
    yield "```"
    yield " ".join([*path, *command.collect_usage_pieces(context)])
    yield "```"
    yield ""
    yield inspect.cleandoc(command.help or "")
    options = [one for one in command.params if isinstance(one, click.Option) and not one.hidden]
    if options:
        yield ""
        yield "| option | what it does | default |"
        yield "|---|---|---|"
        for option in options:
            yield f"| {_names(option, context)} | {option.help} | {_default(option)} |"
    yield ""


def _names(option: click.Option, context: click.Context) -> str:
    text = ", ".join(option.opts)
    if not option.is_flag:
        text += f" {option.make_metavar(context)}"
    return f"`{text}`".replace("|", "\\|")


def _default(option: click.Option) -> str:
    if option.required:
        return "required"
    if option.name in VARYING:
        return VARYING[option.name]
    if option.is_flag or option.multiple or not option.show_default:
        return ""
    return f"`{option.default}`"


def permissions() -> str:
    """docs/permissions.md."""
    names = " | ".join(PEOPLE)
    rows = [f"| permission | {names} |", "|---|" + "---|" * len(PEOPLE)]
    for permission in Permission:
        marks = " | ".join("✓" if permission in MATRIX[role] else "" for role in PEOPLE)
        rows.append(f"| `{permission}` | {marks} |")
    fields = "".join(
        f"| {noun} | `{field}` | `{permission}` |\n"
        for noun, needed in FIELDS.items()
        for field, permission in needed.items()
    )
    return "\n".join([PERMISSIONS_INTRO, *rows, "", FIELDS_INTRO + fields, PERMISSIONS_END])


PAGES: Final = {
    "commands.md": commands,
    "glossary.md": glossary,
    "permissions.md": permissions,
}
"""The page in docs/ → what it must be."""


def main() -> None:
    """Write them all."""
    for name, page in PAGES.items():
        (ROOT / "docs" / name).write_text(page())


if __name__ == "__main__":
    main()
