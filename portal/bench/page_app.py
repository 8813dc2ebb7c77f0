"""The application with one page more: an empty one, the floor of all others."""

import importlib
from typing import Final

from litestar import Litestar, get
from litestar.response import Template

EMPTY_PATH: Final = "/bench/empty"


@get(EMPTY_PATH, sync_to_thread=False)
def empty() -> Template:
    """A template with nothing in it, behind the middleware, session and token of every page."""
    return Template(template_str="{# nothing #}", media_type="text/html")


def create_app() -> Litestar:
    """As `camledger serve` makes it, and the empty page."""
    # By name, as the command line knows it.
    app: Litestar = importlib.import_module("portal.app").create_app()
    app.register(empty)
    return app
