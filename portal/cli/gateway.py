"""`camledger gateway`: a stand-in for Stripe, to try cards with that are none."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

import rich_click as click

from portal.options import NewFile, Whole

PORT_DEFAULT: Final = 8091


@click.command()
@click.option(
    "--port",
    type=Whole(0, 65535),
    default=PORT_DEFAULT,
    show_default=True,
    help="The port of this machine to listen on; 0 takes a free one.",
)
@click.option(
    "--keep",
    metavar="FILE",
    type=NewFile(),
    help="Keep all that happens in this file, and go on from there; else in memory.",
)
def gateway(*, port: int, keep: Path | None) -> None:
    """Serve a stand-in for the card gateway Stripe on this machine until Ctrl+C.

    Any secret key that begins with sk_test_ is an account of its own.
    """
    import uvicorn

    from portal.demo.card_gateway import create_gateway
    from portal.embedded.process import free_port

    port = port or free_port()
    url = f"http://127.0.0.1:{port}"
    # A bank asks from another site than the page on which the card was typed, as real ones do.
    app = create_gateway(url, f"http://localhost:{port}", file=keep)
    click.echo(f"A stand-in for Stripe is at {url}")
    sys.stdout.flush()
    uvicorn.run(app, host="127.0.0.1", port=port, log_level="warning", access_log=False)
