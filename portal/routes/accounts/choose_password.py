"""The page that an invitation, or a reset, leads to: choosing one's password, once."""

from http import HTTPStatus
from typing import Final

from litestar import Response, get, post
from litestar.params import FromPath
from litestar.plugins.htmx import HTMXRequest

from portal.accounts.actions import sign_in_links
from portal.crypto.passwords import MIN_LENGTH
from portal.errors import Invalid
from portal.routes import SIGN_IN_PATH
from portal.routes.accounts.auth import Answer
from portal.routes.middleware.sent import texts
from portal.routes.middleware.sessions import SessionConfig, visit_of
from portal.routes.page import page, redirect
from portal.words import _

PATH: Final = sign_in_links.PATH + "/{token:str}"
TEMPLATE: Final = "shared/accounts/choose_password.html"


# Litestar's `get`: nobody is signed in, and the link is looked up once.
@get(PATH, name="choose-password")
async def choose(request: HTMXRequest, token: FromPath[str]) -> Response[str]:
    """The form. A link that is worth nothing is 404, whatever is the matter with it."""
    return await _form(request, token)


@post(PATH, status_code=HTTPStatus.OK)
async def chosen(request: HTMXRequest, token: FromPath[str]) -> Answer:
    """Take the password, and lead to signing in with it."""
    sent = await texts(request)
    new, again = (sent.get(name, "") for name in ("new", "again"))
    if new != again:
        return await _form(request, token, {"again": _("The two are not the same.")})
    try:
        visit = visit_of(request, SessionConfig.of(request).clock())
        await sign_in_links.choose_password(token, new, now=visit.now, address=visit.address)
    except Invalid as invalid:
        return await _form(request, token, {"new": invalid.fields["password"]})
    return redirect(request, SIGN_IN_PATH, _("Your password is set. Sign in with it."))


async def _form(
    request: HTMXRequest, token: str, errors: dict[str, str] | None = None
) -> Response[str]:
    email = await sign_in_links.owner(token, now=SessionConfig.of(request).clock())
    return page(
        request,
        TEMPLATE,
        block="form",
        status=HTTPStatus.UNPROCESSABLE_ENTITY if errors else HTTPStatus.OK,
        email=email,
        errors=errors or {},
        min_length=MIN_LENGTH,
    )


HANDLERS: Final = (choose, chosen)
