"""What is done by hand: the first users, API keys, and a close that is not waited for."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

import rich_click as click

from portal.access import ROLE_IN_CLOUD, ROLE_OF_PLATFORM, SYSTEM, role_named
from portal.cli.running import data_dir_option, run, time_now
from portal.embedded import ServiceError
from portal.errors import Conflict
from portal.settings import Settings

if TYPE_CHECKING:
    from portal.gateways.queue import Queue

ROLES: Final = sorted({*ROLE_OF_PLATFORM, *ROLE_IN_CLOUD})
POLL_SECONDS: Final = 0.5


def check_role(role: str, cloud: str | None) -> None:
    """Whether the role is one of the platform, or of a cloud when one is named."""
    if role_named(role, in_cloud=cloud is not None) is None:
        known = ROLE_OF_PLATFORM if cloud is None else ROLE_IN_CLOUD
        where = "the platform (without --cloud)" if cloud is None else "a cloud"
        message = f"{role!r} is not a role of {where}: it has {', '.join(known)}."
        raise click.BadParameter(message, param_hint="--role")


@click.group()
def user() -> None:
    """People who sign in."""


@user.command("add")
@data_dir_option
@click.argument("email")
@click.option("--role", required=True, type=click.Choice(ROLES), help="What the person is.")
@click.option("--name", help="The person's name; without it, the address up to the @.")
@click.option("--cloud", metavar="SLUG", help="The cloud, for its people.")
@click.option("--subscriber", metavar="NUMBER", type=int, help="The subscriber, for its people.")
@click.option("--referral", metavar="CODE", help="The referral, for its people.")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
def add_user(
    *,
    data_dir: Path,
    email: str,
    role: str,
    name: str | None,
    cloud: str | None,
    subscriber: int | None,
    referral: str | None,
    password_stdin: bool,
) -> None:
    """Add the person with the address EMAIL; asks for a password."""
    check_role(role, cloud)
    password = _password(from_stdin=password_stdin)

    async def work(_: Settings) -> None:
        from portal.actions import users

        await users.create(
            SYSTEM,
            email=email,
            role=role,
            name=name,
            cloud=cloud,
            subscriber=subscriber,
            referral=referral,
            password=password,
        )

    run(data_dir, work)
    click.echo(f"{email} may sign in.")


def _password(*, from_stdin: bool) -> str:
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    if not sys.stdin.isatty():
        message = "There is nobody to ask for the password: use --password-stdin."
        raise click.UsageError(message)
    return str(click.prompt("Password", hide_input=True, confirmation_prompt=True))


@click.group("api-key")
def api_key() -> None:
    """Keys of other systems."""


@api_key.command("create")
@data_dir_option
@click.option("--role", required=True, type=click.Choice(ROLES), help="What the key may do.")
@click.option("--cloud", metavar="SLUG", help="The cloud; without it the key is the platform's.")
@click.option("--name", required=True, help="What the key is for.")
@click.option(
    "--user", "user_email", metavar="EMAIL", help="For whom a manager's or account manager's is."
)
@click.option("--scope", "scopes", multiple=True, metavar="PERMISSION", help="Narrow it; repeat.")
def create_api_key(
    *,
    data_dir: Path,
    role: str,
    cloud: str | None,
    name: str,
    user_email: str | None,
    scopes: tuple[str, ...],
) -> None:
    """Make a key and print it, alone; it cannot be shown again."""
    check_role(role, cloud)

    async def work(_: Settings) -> str:
        from portal.actions import api_keys

        return await api_keys.create(
            SYSTEM,
            name=name,
            role=role,
            cloud=cloud,
            user_email=user_email,
            scopes=scopes or None,
        )

    click.echo(run(data_dir, work))


@click.group()
def period() -> None:
    """Months of a cloud."""


@period.command("close")
@data_dir_option
@click.argument("cloud")
@click.argument("month", metavar="PERIOD")
@click.option("--accept-gaps", is_flag=True, help="Close although days have no complete usage.")
@click.option("--wait", is_flag=True, help="Return when the books are closed.")
def close_period(*, data_dir: Path, cloud: str, month: str, accept_gaps: bool, wait: bool) -> None:
    """Begin to close PERIOD ("2026-10") of CLOUD; workers do the rest."""

    async def work(found: Settings) -> None:
        from portal.gateways.queue import Silence, open_queue

        if not found.redis_url:
            await _begin(cloud, month, Silence(), accept_gaps=accept_gaps)
            click.echo("Workers will close it when Camledger runs.", err=True)
            if wait:
                message = "There is nobody to wait for: Camledger does not run."
                raise ServiceError(message)
            return
        queue = await open_queue(found.redis_url)
        try:
            await _begin(cloud, month, queue, accept_gaps=accept_gaps)
        finally:
            await queue.close()
        if wait:
            await _closed(cloud, month)

    run(data_dir, work)


async def _begin(cloud: str, month: str, queue: Queue, *, accept_gaps: bool) -> None:
    from portal.actions.periods import start_close

    try:
        begun = await start_close(
            SYSTEM, cloud, month, accept_gaps=accept_gaps, now=await time_now(), queue=queue
        )
    except Conflict as error:
        for day, problem in error.fields.items():
            click.echo(f"{day}: {problem}", err=True)
        raise
    click.echo(f"{cloud} {month} {'is closing' if begun.begun else 'was begun before'}.")


async def _closed(cloud: str, month: str) -> None:
    """Wait for the end of a close; PortalError when it is in trouble that a person must mend."""
    from portal.queries import periods

    while (facts := await periods.read(SYSTEM, cloud, month, now=await time_now())).state != (
        "closed"
    ):
        if facts.trouble:
            raise ServiceError(facts.trouble)
        await asyncio.sleep(POLL_SECONDS)
    click.echo(f"{cloud} {month} is closed: {facts.total} cameras.")
