"""Setting the installation up: the page whose address `camledger up` prints while nobody exists."""

from http import HTTPStatus
from typing import Annotated, Final

from litestar import Response, get, post
from litestar.params import QueryParameter
from litestar.plugins.htmx import HTMXRequest

from portal.accounts.actions import setup as actions
from portal.accounts.actions.throttle import Blocked
from portal.accounts.forms.setup import NewInstallation
from portal.crypto.passwords import MIN_LENGTH
from portal.errors import Invalid
from portal.kit.forms.form import parse_texts
from portal.routes import SETUP_PATH
from portal.routes.accounts.auth import Answer, let_in, slowed
from portal.routes.middleware.sent import texts
from portal.routes.middleware.sessions import SessionConfig, visit_of
from portal.routes.page import page
from portal.routes.shared.realm import filled
from portal.words import _

TEMPLATE: Final = "shared/accounts/setup.html"
FIELDS: Final = ("name", "email", "company")
CODE_MAX: Final = 200


# Litestar's `get`: nobody exists yet who could be signed in.
@get(SETUP_PATH, name="setup")
async def form(
    request: HTMXRequest, code: Annotated[str, QueryParameter(name="code")] = ""
) -> Answer:
    """The form; without the right code, where to find it."""
    visit = visit_of(request, SessionConfig.of(request).clock())
    try:
        await actions.check_code(code[:CODE_MAX], visit)
    except actions.WrongCode as wrong:
        return _closed(request, wrong.message)
    except Blocked as blocked:
        return slowed(_closed(request, blocked.message), blocked)
    return _form(request, code, {})


@post(SETUP_PATH, status_code=HTTPStatus.OK)
async def send(request: HTMXRequest) -> Answer:
    """Make the first administrator, and lead them in."""
    sent = await texts(request)
    code, password = sent.get("code", "")[:CODE_MAX], sent.get("password", "")
    session_config = SessionConfig.of(request)
    visit = visit_of(request, session_config.clock())
    try:
        await actions.check_code(code, visit)
        new = _read(sent, password)
        entered = await actions.set_up(code, new, password, visit, session_config.browser(request))
    except actions.WrongCode as wrong:
        return _closed(request, wrong.message)
    except Blocked as blocked:
        return slowed(_closed(request, blocked.message), blocked)
    except Invalid as invalid:
        return _form(request, code, sent, invalid.fields)
    return let_in(request, entered, "")


def _read(sent: dict[str, str], password: str) -> NewInstallation:
    """What was sent, with every complaint at once. Raises `Invalid`."""
    problems = {} if password else {"password": _("is required")}
    try:
        new = parse_texts(NewInstallation, filled(sent, *FIELDS))
    except Invalid as invalid:
        raise Invalid({**invalid.fields, **problems}) from invalid
    if problems:
        raise Invalid(problems)
    return new


def _form(
    request: HTMXRequest, code: str, values: dict[str, str], errors: dict[str, str] | None = None
) -> Response[str]:
    return page(
        request,
        TEMPLATE,
        status=HTTPStatus.UNPROCESSABLE_ENTITY if errors else HTTPStatus.OK,
        code=code,
        closed="",
        values=values,
        errors=errors or {},
        min_length=MIN_LENGTH,
    )


def _closed(request: HTMXRequest, why: str) -> Response[str]:
    return page(request, TEMPLATE, status=HTTPStatus.FORBIDDEN, closed=why)


HANDLERS: Final = (form, send)
