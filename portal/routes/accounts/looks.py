"""The logo and the colour of a sign-in page, as files of this site: the policy allows no others."""

from typing import Final

from litestar import Response, get
from litestar.params import FromPath

from portal.kit.queries import look
from portal.routes.middleware.csrf import UNGUARDED
from portal.routes.middleware.now import NO_CLOCK
from portal.routes.middleware.security import SHORTLY
from portal.routes.middleware.sessions import NO_SESSION

COOKIELESS: Final = {NO_SESSION: True, NO_CLOCK: True, UNGUARDED: True}
PNG: Final = "image/png"
CSS: Final = "text/css"
# Nothing in it runs, wherever it is opened.
HEADERS: Final = {"Cache-Control": SHORTLY, "Content-Disposition": "inline"}


@get(["/look/logo.png", "/look/{cloud:str}/logo.png"], opt=COOKIELESS, name="logo")
async def logo(cloud: FromPath[str | None] = None) -> Response[bytes]:
    """The picture, as it was made of what was uploaded."""
    return Response(await look.logo(cloud), media_type=PNG, headers=HEADERS)


@get(["/look/style.css", "/look/{cloud:str}/style.css"], opt=COOKIELESS, name="look-style")
async def style(cloud: FromPath[str | None] = None) -> Response[str]:
    """The colour of the one button. White on it can be read: that was asked when it was set."""
    colour = (await look.get(cloud)).colour
    rules = (
        f".btn-primary{{--tblr-btn-bg:{colour};--tblr-btn-border-color:{colour};"
        f"--tblr-btn-hover-bg:{colour};--tblr-btn-hover-border-color:{colour};"
        f"--tblr-btn-color:#fff;--tblr-btn-hover-color:#fff}}"
        if colour
        else ""
    )
    return Response(rules, media_type=CSS, headers=HEADERS)


HANDLERS: Final = (logo, style)
