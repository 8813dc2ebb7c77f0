"""`camledger rekey`: after a change of keys, everything that is stored under the first one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import rich_click as click

from portal.cli.running import data_dir_option, run
from portal.errors import Conflict
from portal.settings import Settings

if TYPE_CHECKING:
    from portal.kit.actions.vault import Keys, Stored


@click.command()
@data_dir_option
def rekey(data_dir: Path) -> None:
    """Encrypt all stored credentials with the first key, so that older keys can be dropped.

    It may run beside everything else, and be stopped and started again.
    """

    async def work(found: Settings) -> Keys:
        from portal.gateways.vault import Vault
        from portal.kit.actions import vault

        return await vault.rekey(vault=Vault(found.vault_keys))

    keys = run(data_dir, work)
    click.echo(f"{len(keys.older)} re-encrypted, {len(keys.current)} already under the first key.")
    for stored in keys.none:
        click.echo(f"No key opens those of {named(stored)}", err=True)
    # Of what has ended they are not needed any more.
    if not all(stored.has_ended for stored in keys.none):
        message = "Put back the key that these credentials were stored with, or enter them again."
        raise Conflict(message)


def named(stored: Stored) -> str:
    """A connection by its cloud and number, as a person finds it; or whose second factor it is."""
    if stored.person is not None:
        return f"{stored.cloud or 'platform'}: second factor of user {stored.person}"
    if stored.gateway:
        return f"{stored.cloud}: card gateway {stored.gateway}"
    if stored.webhook is not None:
        return f"{stored.cloud}: webhook {stored.webhook}"
    ended = ", ended" if stored.has_ended else ""
    return f"{stored.cloud}: connection {stored.connection}{ended}"
