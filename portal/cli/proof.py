"""What a proof of the books finds, printed law by law."""

from __future__ import annotations

import rich_click as click

from portal.settings import Settings


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
