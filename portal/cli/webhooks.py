"""Webhooks by hand."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import rich_click as click

from portal.access import SYSTEM
from portal.cli.running import data_dir_option, run
from portal.options import CLOUD, Time, Whole
from portal.settings import Settings


@click.group()
def webhooks() -> None:
    """Telling operators' own systems what happened."""


@webhooks.command("replay")
@data_dir_option
@click.argument("cloud", type=CLOUD)
@click.argument("webhook", metavar="ID", type=Whole(1, 2**63 - 1))
@click.option(
    "--since",
    required=True,
    metavar="TIME",
    type=Time(),
    help='Events since then: a time with its offset, "2026-11-01T09:00:00Z".',
)
def replay_webhook(*, data_dir: Path, cloud: str, webhook: int, since: datetime) -> None:
    """Tell the webhook ID of CLOUD again what has failed; workers do it."""

    async def work(_found: Settings) -> int:
        from portal.kit.queries import tenancy
        from portal.kit.queries.clock import wall_clock
        from portal.overview.actions.webhooks import replaying

        facts = await tenancy.get(SYSTEM, cloud)
        return await replaying.replay_since(SYSTEM, facts, webhook, since, now=wall_clock())

    click.echo(f"{run(data_dir, work)} events are told again.")
