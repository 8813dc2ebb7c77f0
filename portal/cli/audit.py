"""`camledger audit`: the log's heads, to be kept elsewhere, and the check of the whole of it."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import rich_click as click

from portal.access import SYSTEM
from portal.cli.running import data_dir_option, run
from portal.errors import Invalid
from portal.settings import Settings

if TYPE_CHECKING:
    from portal.queries.audit import Checked, Head

HEADS_BYTES_MAX: Final = 10_000_000


@click.group()
def audit() -> None:
    """The audit log."""


@audit.command("head")
@data_dir_option
def audit_head(data_dir: Path) -> None:
    """Print where each chain of the log ends, as JSON; keep it on another machine.

    `audit check --head FILE` finds with it whether the end of the log was cut off later.
    """

    async def work(_: Settings) -> tuple[Head, ...]:
        from portal.queries.audit import heads

        return await heads(SYSTEM)

    found = run(data_dir, work)
    rows = [{"cloud": one.cloud, "number": one.number, "hash": one.hash} for one in found]
    click.echo(json.dumps(rows, indent=2))


@audit.command("check")
@data_dir_option
@click.option(
    "--head",
    "kept",
    type=click.File("r", encoding="utf-8"),
    help="What `audit head` or the API printed earlier; - is standard input.",
)
def audit_check(data_dir: Path, kept: Any) -> None:
    """Check every entry of the log with the installation's key; exit 1 and a list if one is wrong.

    Entries that were changed, removed, added or put elsewhere are found; a tail that was cut off is
    found with --head.
    """
    heads = [] if kept is None else read_heads(kept.read(HEADS_BYTES_MAX))

    async def work(found: Settings) -> Checked:
        from portal.queries.audit import check

        return await check(SYSTEM, found.key_for("audit"), heads)

    checked = run(data_dir, work)
    for note in checked.notes:
        click.echo(note, err=True)
    for problem in checked.problems:
        click.echo(problem)
    if checked.problems:
        sys.exit(1)
    against = f", and against {len(heads)} kept heads" if heads else ""
    click.echo(f"{checked.entries} entries are as they were written{against}.")


def read_heads(text: str) -> list[Head]:
    """Heads as they were printed: a list, or one of the API's. Raises Invalid."""
    from portal.queries.audit import Head

    try:
        data = json.loads(text)
        rows = data if isinstance(data, list) else [data]
        heads = [Head(row["cloud"], int(row["number"]), str(row["hash"])) for row in rows]
    except (ValueError, TypeError, KeyError) as error:
        message = "The head must be what `camledger audit head` printed."
        raise Invalid({"--head": "is not readable"}, message) from error
    return heads
