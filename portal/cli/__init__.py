"""The `camledger` command: everything on one machine, its parts, and what is done by hand."""

from __future__ import annotations

import sys

import rich_click as click

from portal.bench.command import bench
from portal.cli.accounts import api_key, user
from portal.cli.audit import audit
from portal.cli.by_hand import period
from portal.cli.checks import doctor
from portal.cli.demo_history import demo_history
from portal.cli.parts import migrate, serve, worker
from portal.cli.rekey import rekey
from portal.cli.second_factor import second_factor
from portal.cli.simulator import simulator
from portal.cli.up import up
from portal.errors import PortalError

__all__ = ["camledger", "main"]


@click.group(
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    commands=[
        *(up, serve, worker, migrate, user, api_key, period, rekey, doctor, bench),
        *(audit, second_factor, simulator, demo_history),
    ],
)
@click.version_option(package_name="camledger", message="%(version)s")
def camledger() -> None:
    """The billing portal of a video-surveillance cloud.

    Exit codes: 0 done, 1 failed, 2 wrong usage.
    """


def main() -> None:
    """Run the command; what a person can put right is one line on standard error, and exit 1."""
    try:
        camledger(prog_name="camledger")
    except PortalError as error:
        sys.exit(f"camledger: {error.message}")
