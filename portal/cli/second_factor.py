"""The second factor by hand: required of whom, and reset for whoever has lost theirs."""

from __future__ import annotations

from pathlib import Path

import rich_click as click

from portal.access import SYSTEM
from portal.cli.accounts import user
from portal.cli.running import data_dir_option, run
from portal.options import CLOUD, EMAIL
from portal.settings import Settings

cloud_option = click.option(
    "--cloud",
    metavar="SLUG",
    type=CLOUD,
    help="The administrators of this cloud; without it the platform.",
)


@click.group("second-factor")
def second_factor() -> None:
    """Who needs a second factor to sign in."""


@second_factor.command()
@data_dir_option
@cloud_option
def require(data_dir: Path, cloud: str | None) -> None:
    """Require it of the platform's people, or of a cloud's administrators.

    Who has none yet is led to set one up after the password, and does nothing else before.
    """
    _say(data_dir, cloud, required=True)
    click.echo(f"{_who(cloud)} need a second factor.")


@second_factor.command()
@data_dir_option
@cloud_option
def waive(data_dir: Path, cloud: str | None) -> None:
    """Require it no more; whoever has one keeps it."""
    _say(data_dir, cloud, required=False)
    click.echo(f"{_who(cloud)} may do without a second factor.")


@user.command("reset-second-factor")
@data_dir_option
@click.argument("email", type=EMAIL)
def reset_second_factor(data_dir: Path, email: str) -> None:
    """Take the second factor off the person with the address EMAIL; their sessions end."""

    async def work(_: Settings) -> None:
        from portal.accounts.actions import second_factor as actions
        from portal.accounts.queries import people

        await actions.reset_second_factor(SYSTEM, (await people.get_by_email(SYSTEM, email)).id)

    run(data_dir, work)
    click.echo(f"{email} signs in with the password alone until a new one is set up.")


def _say(data_dir: Path, cloud: str | None, *, required: bool) -> None:
    async def work(_: Settings) -> None:
        from portal.accounts.actions import second_factor as actions
        from portal.kit.queries import tenancy

        facts = await tenancy.get_if_named(SYSTEM, cloud)
        await actions.set_requirement(SYSTEM, facts, required=required)

    run(data_dir, work)


def _who(cloud: str | None) -> str:
    return f"Administrators of {cloud}" if cloud else "People of the platform"
