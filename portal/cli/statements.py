"""Statements of referrals by hand."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import rich_click as click

from portal.access import SYSTEM
from portal.cli.running import data_dir_option, run, time_now
from portal.options import CLOUD, PERIOD
from portal.settings import Settings

if TYPE_CHECKING:
    from portal.billing.period import Period


@click.group()
def statements() -> None:
    """What referrals are paid."""


@statements.command("draft")
@data_dir_option
@click.argument("cloud", type=CLOUD)
@click.argument("month", metavar="PERIOD", type=PERIOD)
def draft_statements(*, data_dir: Path, cloud: str, month: Period) -> None:
    """Draft and print the statements of PERIOD ("2026-10") of CLOUD, of all that is payable."""

    async def work(_found: Settings) -> None:
        from portal.billing.money import format_minor
        from portal.books.actions.payouts import statements as actions
        from portal.kit.queries import tenancy

        facts, now = await tenancy.get(SYSTEM, cloud), await time_now()
        for one in await actions.draft(SYSTEM, facts, month, now=now):
            amount = format_minor(one.amount, one.currency)
            click.echo(f"{one.id} {one.referral} {amount} {one.state} {one.number or ''}".rstrip())

    run(data_dir, work)
