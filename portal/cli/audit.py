"""`camledger audit`: the log's heads, to be kept elsewhere, and the check of the whole of it."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import rich_click as click

from portal.access import SYSTEM
from portal.cli.running import data_dir_option, run
from portal.errors import Invalid
from portal.kit.forms.form import parse
from portal.options import Contents
from portal.settings import Settings
from portal.values.kinds import SLUG, Text, Whole

if TYPE_CHECKING:
    from portal.accounts.queries.audit import Checked, Head


HEADS_BYTES_MAX: Final = 10_000_000
HASH_MAX: Final = 128


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptHead:
    """The end of a chain as it was printed; of a log without entries the hash is empty."""

    cloud: Annotated[str | None, SLUG]
    number: Annotated[int, Whole()]
    hash: Annotated[str, Text(HASH_MAX, minimum=0)]


def read_heads(content: bytes) -> list[Head]:
    """Heads as they were printed: a list, or one of the API's. Raises Invalid."""
    from portal.accounts.queries.audit import Head

    try:
        data = json.loads(content)
        return [
            Head(head.cloud, head.number, head.hash)
            for head in (
                parse(KeptHead, row) for row in (data if isinstance(data, list) else [data])
            )
        ]
    except (ValueError, RecursionError, Invalid) as error:
        message = "is not what `camledger audit head` prints"
        raise Invalid({"head": message}, message) from error


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
        from portal.accounts.queries.audit import heads

        return await heads(SYSTEM)

    found = run(data_dir, work)
    rows = [{"cloud": one.cloud, "number": one.number, "hash": one.hash} for one in found]
    click.echo(json.dumps(rows, indent=2))


@audit.command("check")
@data_dir_option
@click.option(
    "--head",
    "kept",
    metavar="FILE",
    type=Contents(read_heads, HEADS_BYTES_MAX, dash=True),
    help="What `audit head` or the API printed earlier; - is standard input.",
)
def audit_check(data_dir: Path, kept: list[Head] | None) -> None:
    """Check every entry of the log with the installation's key; exit 1 and a list if one is wrong.

    Entries that were changed, removed, added or put elsewhere are found; a tail that was cut off is
    found with --head.
    """
    heads = kept or []

    async def work(found: Settings) -> Checked:
        from portal.accounts.queries.audit import check

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
