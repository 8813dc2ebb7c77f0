"""Bank files by hand: taken in as over the API, one line printed for each of theirs."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Final

import rich_click as click

from portal.access import SYSTEM
from portal.cli.running import data_dir_option, run, time_now
from portal.errors import InvalidLines
from portal.options import CLOUD, PlainFile
from portal.settings import Settings
from portal.values.bank_files import CAMT, CSV, FORMATS, MT940

if TYPE_CHECKING:
    from portal.books.actions.bank.taking_in import TakenIn

ENDINGS: Final = {".xml": CAMT, ".sta": MT940, ".mt940": MT940, ".txt": MT940, ".csv": CSV}


@click.group()
def bank() -> None:
    """Files that banks give."""


@bank.command("import")
@data_dir_option
@click.argument("cloud", type=CLOUD)
@click.argument("file", type=PlainFile())
@click.option(
    "--format",
    "kind",
    type=click.Choice(FORMATS),
    help="The format; without it, the end of the file's name says.",
)
@click.option("--dry-run", is_flag=True, help="Tell what would become of each line; store nothing.")
def import_file(*, data_dir: Path, cloud: str, file: Path, kind: str | None, dry_run: bool) -> None:
    """Take FILE, a statement of a bank, into the books of CLOUD; what came before does nothing."""
    read_as = kind or ENDINGS.get(file.suffix.lower())
    if read_as is None:
        message = f"its name does not say the format; say --format {'|'.join(FORMATS)}"
        raise click.BadParameter(message, param_hint="FILE")

    async def work(found: Settings) -> TakenIn:
        from portal.books.actions.bank.taking_in import BankFile, take_in
        from portal.books.queries.bank import csv_mappings
        from portal.crypto.marks import Marks
        from portal.gateways.bank.reader import read_bank_file
        from portal.kit.queries import tenancy
        from portal.values.bank_files import BYTES_MAX

        book = await tenancy.get(SYSTEM, cloud)
        with file.open("rb") as opened:
            content = opened.read(BYTES_MAX + 1)
        mappings = await csv_mappings.list_all(SYSTEM, book)
        lines = read_bank_file(content, read_as, currency=book.currency, mappings=mappings)
        return await take_in(
            SYSTEM,
            book,
            BankFile(read_as, hashlib.sha256(content).hexdigest(), lines),
            now=await time_now(),
            marks=Marks(found.key_for("payers")),
            dry_run=dry_run,
        )

    try:
        _print(run(data_dir, work))
    except InvalidLines as wrong:
        for line, problem in wrong.lines:
            click.echo(f"line {line}: {problem}", err=True)
        raise


def _print(found: TakenIn) -> None:
    from portal.billing.bank.line import amount_text

    for one in found.lines:
        amount = amount_text(one.amount, one.currency)
        named = ", ".join(put.invoice for put in one.allocations) or ", ".join(one.suggestions)
        told = f"{one.line:>6}  {one.booked_on}  {amount:>14} {one.currency}  {one.state:<9}"
        click.echo(f"{told}  {one.rule or '':<11} {named}".rstrip())
    counts = ", ".join(f"{count} {state}" for state, count in sorted(found.counts.items()))
    click.echo(f"{len(found.lines)} lines: {counts or 'none'}")
