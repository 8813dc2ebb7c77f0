"""`camledger verify`: the proof that the books are right."""

from __future__ import annotations

import sys
from pathlib import Path

import rich_click as click

from portal.cli.running import data_dir_option, run
from portal.settings import Settings


@click.command()
@data_dir_option
@click.option("--quiet", is_flag=True, help="Print differences alone.")
def verify(*, data_dir: Path, quiet: bool) -> None:
    """Check the books against what they were made of; exit 1 and a list if something differs.

    Every closed month is rated anew from its usage and prices; documents, numbers, commissions,
    margins, statements, the ledger, the audit log and the bytes of PDFs are held to their laws.
    Nothing is written. CAMLEDGER_DATABASE_URL and CAMLEDGER_SECRET lead to a restored backup.
    """

    async def work(found: Settings) -> int:
        return await report(found, quiet=quiet)

    differences = run(data_dir, work)
    if differences:
        click.echo(f"{differences} differences.", err=True)
        sys.exit(1)
    if not quiet:
        click.echo("The books are right.")


async def report(found: Settings, *, quiet: bool) -> int:
    """Print what differs, and unless `quiet` what does not; how many differences there are."""
    from portal.books.queries.verify.books import verify as checks

    total = 0
    async for law in checks(found.key_for("audit")):
        total += law.total
        for one in law.named:
            click.echo(str(one))
        if law.total > len(law.named):
            click.echo(f"{law.law}: {law.total - len(law.named)} more differences")
        if not quiet and not law.total:
            click.echo(f"ok  {law.law}")
    return total
