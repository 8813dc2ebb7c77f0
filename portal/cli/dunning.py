"""Reminders by hand."""

from __future__ import annotations

from pathlib import Path

import rich_click as click

from portal.cli.running import data_dir_option, run, time_now
from portal.options import CLOUD
from portal.settings import Settings


@click.group()
def dunning() -> None:
    """Reminding customers of what they have left to pay."""


@dunning.command("run")
@data_dir_option
@click.argument("cloud", type=CLOUD, required=False)
def run_dunning(*, data_dir: Path, cloud: str | None) -> None:
    """Look now at all customers of CLOUD, or of all clouds, as workers do every 15 minutes.

    Steps that are due are taken: mails are written, which workers send, and services are switched
    off or on. Run again it does nothing twice.
    """

    async def work(found: Settings) -> None:
        from portal.access import SYSTEM
        from portal.books.actions.dunning import rounds
        from portal.gateways.queue import NullQueue
        from portal.kit.actions.mail import Post
        from portal.kit.queries import tenancy
        from portal.kit.queries.clock import wall_clock

        now = await time_now()
        for facts in await tenancy.named_or_all(SYSTEM, cloud):
            taken = await rounds.go_round(
                facts.id,
                now=now,
                wall=wall_clock(),
                post=Post(is_set_up=found.mail_server is not None),
                queue=NullQueue(),
                early=True,
            )
            click.echo(f"{facts.slug} {taken}")

    run(data_dir, work)
