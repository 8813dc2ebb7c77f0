"""Who may come in, by hand: people and API keys, added, looked at and cut off."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import rich_click as click

from portal.access import ROLE_IN_CLOUD, ROLE_OF_PLATFORM, SYSTEM, Permission, role_named
from portal.cli.running import data_dir_option, run, time_now
from portal.options import CLOUD, EMAIL, KEY, NAME, REFERRAL, Time, Whole
from portal.settings import Settings
from portal.values.numbers import NUMBER_MAX

if TYPE_CHECKING:
    from portal.accounts.actions.sign_in_links import Link
    from portal.accounts.queries.people import PersonRow
    from portal.kit.actions.mail import Post


ROLES: Final = sorted({*ROLE_OF_PLATFORM, *ROLE_IN_CLOUD})
KEYS_AT_ONCE: Final = 500
PASSWORD_BYTES_MAX: Final = 10_000


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
@click.argument("email", type=EMAIL)
@click.option("--role", required=True, type=click.Choice(ROLES), help="What the person is.")
@click.option("--name", type=NAME, help="The person's name; without it, the address up to the @.")
@click.option("--cloud", metavar="SLUG", type=CLOUD, help="The cloud, for its people.")
@click.option(
    "--subscriber",
    metavar="NUMBER",
    type=Whole(1, NUMBER_MAX),
    help="The subscriber, for its people.",
)
@click.option("--referral", metavar="CODE", type=REFERRAL, help="The referral, for its people.")
@click.option(
    "--password-stdin",
    is_flag=True,
    help="Read a password from standard input instead of inviting.",
)
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
    """Invite the person with the address EMAIL, or add them with a password of your own.

    The invitation goes by mail. Without a mail server its link is printed, alone: pass it on.
    """
    check_role(role, cloud)
    password = _password() if password_stdin else None

    async def work(found: Settings) -> str:
        from portal.accounts.actions import invitations
        from portal.kit.queries import tenancy

        whose: dict[str, Any] = {
            "email": email,
            "role": role,
            "name": name,
            "cloud": await tenancy.get_if_named(SYSTEM, cloud),
            "subscriber": subscriber,
            "referral": referral,
        }
        if password is not None:
            await invitations.create(SYSTEM, **whose, password=password)
            return f"{email} may sign in."
        person, link = await invitations.invite(
            SYSTEM, **whose, now=datetime.now(UTC), post=_post(found)
        )
        return _said_of(link, person.email, found)

    click.echo(run(data_dir, work))


def _post(found: Settings) -> Post:
    """Workers find the mail by themselves."""
    from portal.kit.actions.mail import Post

    return Post(is_set_up=found.mail_server is not None)


def _said_of(link: Link, email: str, found: Settings) -> str:
    if link.mailed:
        return f"An invitation is on its way to {email}."
    return link.address(found.public_url)


@user.command("resend-invitation")
@data_dir_option
@click.argument("email", type=EMAIL)
def resend_invitation(*, data_dir: Path, email: str) -> None:
    """Invite the person with the address EMAIL again; the link before is worthless.

    Without a mail server the new link is printed, alone.
    """

    async def work(found: Settings) -> str:
        from portal.accounts.actions import invitations

        person = await _person(email)
        link = await invitations.resend_invitation(
            SYSTEM, person.id, now=datetime.now(UTC), post=_post(found)
        )
        return _said_of(link, person.email, found)

    click.echo(run(data_dir, work))


async def _person(email: str) -> PersonRow:
    from portal.accounts.queries import people

    return await people.get_by_email(SYSTEM, email)


@user.command("block")
@data_dir_option
@click.argument("email", type=EMAIL)
def block_user(*, data_dir: Path, email: str) -> None:
    """Lock out the person with the address EMAIL, their sessions and their keys, at once."""
    _change_active(data_dir, email, active=False)
    click.echo(f"{email} is blocked.")


@user.command("unblock")
@data_dir_option
@click.argument("email", type=EMAIL)
def unblock_user(*, data_dir: Path, email: str) -> None:
    """Let the person with the address EMAIL sign in again."""
    _change_active(data_dir, email, active=True)
    click.echo(f"{email} may sign in.")


def _change_active(data_dir: Path, email: str, *, active: bool) -> None:
    async def work(_: Settings) -> None:
        from portal.accounts.actions import users

        await users.change(SYSTEM, (await _person(email)).id, active=active)

    run(data_dir, work)


@user.command("role")
@data_dir_option
@click.argument("email", type=EMAIL)
@click.argument("role", metavar="ROLE", type=click.Choice(ROLES))
def change_role(*, data_dir: Path, email: str, role: str) -> None:
    """Give the person with the address EMAIL another ROLE, at once, where they belong."""

    async def work(_: Settings) -> str:
        from portal.accounts.actions import users

        changed = await users.change(SYSTEM, (await _person(email)).id, role=role)
        return changed.role_in_words

    click.echo(f"{email} is {run(data_dir, work)}.")


@user.command("end-sessions")
@data_dir_option
@click.argument("email", type=EMAIL)
def end_sessions(*, data_dir: Path, email: str) -> None:
    """Sign the person with the address EMAIL out in every browser."""

    async def work(_: Settings) -> int:
        from portal.accounts.actions import users

        return await users.end_sessions(SYSTEM, (await _person(email)).id)

    ended = run(data_dir, work)
    click.echo(f"{ended} {'session has' if ended == 1 else 'sessions have'} ended.")


@user.command("reset-password")
@data_dir_option
@click.argument("email", type=EMAIL)
def reset_password(*, data_dir: Path, email: str) -> None:
    """End the password and the sessions of EMAIL; print the link, alone, for choosing another.

    The link is worth one password, for an hour. For somebody who was only invited it is a new
    invitation.
    """

    async def work(found: Settings) -> str:
        from portal.accounts.actions import users

        person = await _person(email)
        link = await users.reset_password(SYSTEM, person.id, now=datetime.now(UTC))
        return link.address(found.public_url)

    click.echo(run(data_dir, work))


def _password() -> str:
    line = sys.stdin.buffer.readline(PASSWORD_BYTES_MAX).rstrip(b"\r\n")
    try:
        return line.decode()
    except UnicodeDecodeError as error:
        message = "The password is no UTF-8."
        raise click.BadParameter(message, param_hint="--password-stdin") from error


@click.group("api-key")
def api_key() -> None:
    """Keys of other systems."""


@api_key.command("create")
@data_dir_option
@click.option("--role", required=True, type=click.Choice(ROLES), help="What the key may do.")
@click.option(
    "--cloud", metavar="SLUG", type=CLOUD, help="The cloud; without it the key is the platform's."
)
@click.option("--name", required=True, type=NAME, help="What the key is for.")
@click.option(
    "--user",
    "user_email",
    metavar="EMAIL",
    type=EMAIL,
    help="For whom a manager's or account manager's is.",
)
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    metavar="PERMISSION",
    type=click.Choice([str(one) for one in Permission]),
    help="Narrow it; repeat.",
)
@click.option(
    "--expires-at",
    metavar="TIME",
    type=Time(of_day=True),
    help="When it ends: 2027-01-31, or a time with its offset.",
)
def create_api_key(
    *,
    data_dir: Path,
    role: str,
    cloud: str | None,
    name: str,
    user_email: str | None,
    scopes: tuple[str, ...],
    expires_at: datetime | None,
) -> None:
    """Make a key and print it, alone; it cannot be shown again."""
    check_role(role, cloud)

    async def work(_: Settings) -> str:
        from portal.accounts.actions import api_keys
        from portal.kit.queries import tenancy

        return await api_keys.create(
            SYSTEM,
            name=name,
            role=role,
            cloud=await tenancy.get_if_named(SYSTEM, cloud),
            user_email=user_email,
            scopes=scopes or None,
            expires_at=expires_at,
            now=await time_now(),
        )

    click.echo(run(data_dir, work))


@api_key.command("list")
@data_dir_option
@click.option(
    "--cloud", metavar="SLUG", type=CLOUD, help="The cloud; without it the platform's keys."
)
def list_api_keys(*, data_dir: Path, cloud: str | None) -> None:
    """Print the keys, one a line: id, state, role, name, last use, end. Never their secrets."""

    async def work(_: Settings) -> None:
        from portal.accounts.queries import api_keys
        from portal.kit.queries import tenancy

        facts = await tenancy.get_if_named(SYSTEM, cloud)
        now, after = await time_now(), 0
        while rows := await api_keys.list_page(SYSTEM, facts, after=after, limit=KEYS_AT_ONCE):
            for row in rows:
                used = f"used {_said(row.used_at)}" if row.used_at else "never used"
                words = [row.public_id, row.state(now), row.role_in_words, row.name, used]
                if row.expires_at is not None:
                    words.append(f"expires {_said(row.expires_at)}")
                click.echo("\t".join(words))
            after = rows[-1].row

    run(data_dir, work)


def _said(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@api_key.command("revoke")
@data_dir_option
@click.argument("key", type=KEY)
def revoke_api_key(*, data_dir: Path, key: str) -> None:
    """End KEY at once: its id as `api-key list` says it, or the key itself."""
    public_id = key.removeprefix("clk_").partition("_")[0]

    async def work(_: Settings) -> str:
        from portal.accounts.actions import api_keys

        return (await api_keys.revoke(SYSTEM, public_id, now=await time_now())).name

    click.echo(f"{run(data_dir, work)} is revoked.")
