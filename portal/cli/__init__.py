"""The `camledger` command: everything on one machine, its parts, and what is done by hand."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Final, NoReturn

import rich_click as click

from portal.bench.command import bench
from portal.cli.accounts import api_key, user
from portal.cli.audit import audit
from portal.cli.backup import backup, restore_command
from portal.cli.bank import bank
from portal.cli.by_hand import period
from portal.cli.checks import doctor
from portal.cli.demo_history import demo_history
from portal.cli.dunning import dunning
from portal.cli.gateway import gateway
from portal.cli.ledger import ledger_group
from portal.cli.parts import migrate, serve, worker
from portal.cli.rekey import rekey
from portal.cli.second_factor import second_factor
from portal.cli.simulator import simulator
from portal.cli.statements import statements
from portal.cli.up import up
from portal.cli.verify import verify
from portal.cli.webhooks import webhooks
from portal.errors import PortalError
from portal.settings import SettingsError
from portal.values.text import shown

__all__ = ["camledger", "main"]
LINE_MAX: Final = 2_000


@click.group(
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    commands=[
        *(up, serve, worker, migrate, user, api_key, period, ledger_group, rekey, doctor, bench),
        *(
            audit,
            bank,
            second_factor,
            simulator,
            gateway,
            demo_history,
            dunning,
            statements,
            verify,
        ),
        *(backup, restore_command, webhooks),
    ],
)
@click.version_option(package_name="camledger", message="%(version)s")
def camledger() -> None:
    """The billing portal of a video-surveillance cloud.

    Exit codes: 0 done, 1 failed, 2 wrong usage.
    """


def main(words: Sequence[str] | None = None) -> NoReturn:
    """Run the command that `words` say, else those of this process.

    What a person can put right is one line on standard error.

    Exit 2 for a word or a setting that cannot be meant, named in the line; exit 1 for all else.
    """
    try:
        # Commands answer nothing; what comes back is the code of an early end, such as --help's.
        sys.exit(camledger(words, prog_name="camledger", standalone_mode=False))
    except click.UsageError as error:
        _end(error.format_message(), 2)
    except click.ClickException as error:
        _end(error.format_message(), 1)
    except click.Abort:
        _end("Aborted.", 1)
    except SettingsError as error:
        _end(error.message, 2)
    except PortalError as error:
        _end(error.message, 1)


def _end(message: str, code: int) -> NoReturn:
    """Say it in one line, whatever was typed, and end."""
    line = " ".join(message.split())
    click.echo(f"camledger: {shown(line, LINE_MAX)}", err=True)
    sys.exit(code)
