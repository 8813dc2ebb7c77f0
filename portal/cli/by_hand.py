"""Months by hand: a draft to look at, and a close that is begun and not waited for."""

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
    from portal.books.queries.drafts.kept import DraftFacts, Figures
    from portal.kit.queries.tenancy import CloudFacts

POLL_SECONDS: Final = 0.5
FIGURES: Final = (
    *("invoices", "charges", "discounts", "revenue", "wholesale", "commission", "margin", "tax"),
    "to_collect",
)


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


@period.command("draft")
@data_dir_option
@click.argument("cloud", type=CLOUD)
@click.argument("month", metavar="PERIOD", type=PERIOD)
def draft_period(*, data_dir: Path, cloud: str, month: Period) -> None:
    """Print what the close of PERIOD ("2026-10") of CLOUD would issue now, and what to look at."""

    async def work(_found: Settings) -> None:
        from portal.books.actions.estimates import estimate_cloud
        from portal.books.queries.drafts import kept
        from portal.kit.queries import tenancy

        facts, now = await tenancy.get(SYSTEM, cloud), await time_now()
        await kept.check(SYSTEM, facts, month, now=now)
        await estimate_cloud(facts.id, now=now)
        _print_draft(facts.slug, await kept.get(SYSTEM, facts, month, now=now))

    run(data_dir, work)


def _print_draft(slug: str, draft: DraftFacts) -> None:
    from portal.billing.money import format_minor

    if draft.totals is None or draft.made_at is None:
        message = "The draft is being made by a worker: try again in a moment."
        raise ServiceError(message)
    click.echo(f"{slug} {draft.period.key}: draft of {draft.made_at:%Y-%m-%d %H:%M} UTC")
    for name in FIGURES:
        now = _figure(draft.totals, name, draft.currency)
        before = "" if draft.last is None else _figure(draft.last, name, draft.currency)
        click.echo(f"  {name:<12}{now:>16}{before:>16}".rstrip())
    fine = len(draft.surprises) - len(draft.to_look_at)
    click.echo(f"{len(draft.surprises)} surprises, of which {fine} are fine.")
    for one in draft.surprises:
        amount = "" if one.amount is None else format_minor(one.amount, draft.currency)
        about = f"{one.subject_kind} {one.subject} {one.name}"
        mark = "fine" if one.fine else "look"
        click.echo(f"  {mark}  {one.rule:<20} {amount:>12}  {about}: {one.detail}")


def _figure(figures: Figures, name: str, currency: str) -> str:
    from portal.billing.money import format_minor

    value: int = getattr(figures, name)
    return str(value) if name == "invoices" else format_minor(value, currency)
