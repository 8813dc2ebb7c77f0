"""`camledger verify`: the proof that the books are right."""

from __future__ import annotations

import sys
from pathlib import Path

import rich_click as click

from portal.cli.backup import prove_backup
from portal.cli.proof import report
from portal.cli.running import data_dir_option, run
from portal.options import PlainFile
from portal.settings import Settings


@click.command()
@data_dir_option
@click.option(
    "--backup",
    type=PlainFile(),
    help="Prove the books in this backup instead: it is restored beside, and thrown away.",
)
@click.option("--quiet", is_flag=True, help="Print differences alone.")
def verify(*, data_dir: Path, backup: Path | None, quiet: bool) -> None:
    """Check the books against what they were made of; exit 1 and a list if something differs.

    Every closed month is rated anew from its usage and prices; documents, numbers, commissions,
    margins, statements, the ledger, kept sums, the audit log and the bytes of PDFs are held to
    their laws. Nothing is written. A backup is restored into a PostgreSQL of its own below TMPDIR,
    which is thrown away; one without secrets needs CAMLEDGER_SECRET, one that is encrypted
    CAMLEDGER_BACKUP_PASSPHRASE.
    """

    async def work(found: Settings) -> int:
        return await report(found, quiet=quiet)

    differences = run(data_dir, work) if backup is None else prove_backup(backup, quiet=quiet)
    if differences:
        click.echo(f"{differences} differences.", err=True)
        sys.exit(1)
    if not quiet:
        click.echo("The books are right.")
