"""A close that is begun by hand, and not waited for."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Final

import rich_click as click

from portal.access import SYSTEM
from portal.cli.running import data_dir_option, run, time_now
from portal.embedded import ServiceError
from portal.errors import Conflict
from portal.options import CLOUD, PERIOD
from portal.ports import Queue
from portal.settings import Settings

if TYPE_CHECKING:
    from portal.billing.period import Period
    from portal.kit.queries.tenancy import CloudFacts

POLL_SECONDS: Final = 0.5


@click.group()
def period() -> None:
    """Months of a cloud."""


@period.command("close")
@data_dir_option
@click.argument("cloud", type=CLOUD)
@click.argument("month", metavar="PERIOD", type=PERIOD)
@click.option("--accept-gaps", is_flag=True, help="Close although days have no complete usage.")
@click.option("--wait", is_flag=True, help="Return when the books are closed.")
def close_period(
    *, data_dir: Path, cloud: str, month: Period, accept_gaps: bool, wait: bool
) -> None:
    """Begin to close PERIOD ("2026-10") of CLOUD; workers do the rest."""

    async def work(found: Settings) -> None:
        from portal.gateways.queue import NullQueue, open_queue
        from portal.kit.queries import tenancy

        facts = await tenancy.get(SYSTEM, cloud)
        if not found.redis_url:
            await _begin(facts, month, NullQueue(), accept_gaps=accept_gaps)
            click.echo("Workers will close it when Camledger runs.", err=True)
            if wait:
                message = "There is nobody to wait for: Camledger does not run."
                raise ServiceError(message)
            return
        queue = await open_queue(found.redis_url)
        try:
            await _begin(facts, month, queue, accept_gaps=accept_gaps)
        finally:
            await queue.close()
        if wait:
            await _closed(facts, month)

    run(data_dir, work)


async def _begin(cloud: CloudFacts, month: Period, queue: Queue, *, accept_gaps: bool) -> None:
    from portal.books.actions.periods import start_close

    try:
        begun = await start_close(
            SYSTEM, cloud, month, accept_gaps=accept_gaps, now=await time_now(), queue=queue
        )
    except Conflict as error:
        for day, problem in error.fields.items():
            click.echo(f"{day}: {problem}", err=True)
        raise
    click.echo(f"{cloud.slug} {month.key} {'is closing' if begun.begun else 'was begun before'}.")


async def _closed(cloud: CloudFacts, month: Period) -> None:
    """Wait for the end of a close; PortalError when it is in trouble that a person must mend."""
    from portal.books.queries import periods

    while (facts := await periods.get(SYSTEM, cloud, month, now=await time_now())).state != (
        "closed"
    ):
        if facts.trouble:
            raise ServiceError(facts.trouble)
        await asyncio.sleep(POLL_SECONDS)
    click.echo(f"{cloud.slug} {month.key} is closed: {facts.total} cameras.")
