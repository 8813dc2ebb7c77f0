"""The second factor: asked for after the password, set up, renewed and taken off."""

import base64
import binascii
from http import HTTPStatus
from typing import Annotated, Any, Final
from urllib.parse import quote

from litestar import Response, get, post
from litestar.handlers.base import BaseRouteHandler
from litestar.params import QueryParameter
from litestar.plugins.htmx import HTMXRequest

from portal.accounts.actions import second_factor, sign_in
from portal.accounts.actions.throttle import Blocked
from portal.accounts.queries import users
from portal.accounts.queries.users import SignedIn
from portal.crypto import one_time_codes as codes_of
from portal.errors import Conflict, Invalid, Unauthorized
from portal.routes import CODE_PATH, SECOND_FACTOR_PATH, SIGN_IN_PATH
from portal.routes.accounts.auth import Answer, home_of, let_in, slowed
from portal.routes.guards import WebConnection
from portal.routes.middleware.sent import texts
from portal.routes.middleware.sessions import SessionConfig, set_cookie, visit_of, waiting_of
from portal.routes.page import is_local, page, redirect
from portal.words import _

ASK: Final = "shared/accounts/code.html"
TEMPLATE: Final = "shared/accounts/second_factor.html"
PENDING: Final = "second_factor"
"""Under this a session keeps the locked secret that is being set up."""


async def half_in(connection: WebConnection, handler: BaseRouteHandler) -> None:
    """Guard: somebody whose session awaits a code."""
    del handler
    found = waiting_of(connection)
    if found is None or not found.awaits_code:
        raise Unauthorized(_("Sign in to go on."))


async def known(connection: WebConnection, handler: BaseRouteHandler) -> None:
    """Guard: somebody who is signed in, or has to set up a second factor first."""
    del handler
    _session_of(connection)


# Litestar's `get`: it reads nothing.
@get(CODE_PATH, guards=[half_in], name="code")
async def ask(
    request: HTMXRequest, next_path: Annotated[str, QueryParameter(name="next")] = ""
) -> Response[str]:
    """The form for the code."""
    return _ask(request, next_path)


@post(CODE_PATH, guards=[half_in], status_code=HTTPStatus.OK)
async def enter(request: HTMXRequest) -> Answer:
    """Check the code, and begin the session with a new key."""
    sent = await texts(request)
    code, next_path = sent.get("code", ""), sent.get("next", "")
    if not code.strip():
        return _ask(request, next_path, {"code": _("Type the code.")})
    session_config = SessionConfig.of(request)
    waiting = waiting_of(request)
    assert waiting is not None, "the guard has looked"
    try:
        entered = await sign_in.enter_code(
            waiting,
            code,
            visit_of(request, session_config.clock()),
            session_config.browser(request),
            vault=_vault(request),
            post=request.app.state.post,
        )
    except Blocked as blocked:
        return slowed(_ask(request, next_path, {"code": blocked.message}), blocked)
    except Invalid as invalid:
        return _ask(request, next_path, invalid.fields)
    return let_in(request, entered, next_path)


# Litestar's `get`: whoever has to set one up first is not signed in, and one query is all.
@get(SECOND_FACTOR_PATH, guards=[known], name="second-factor")
async def show(request: HTMXRequest) -> Response[str]:
    """What there is, or the picture and the key to set it up with."""
    return await _page(request)


@post(SECOND_FACTOR_PATH, guards=[known], status_code=HTTPStatus.OK)
async def confirm(request: HTMXRequest) -> Answer:
    """Turn it on with the first code, and show the recovery codes."""
    found = _session_of(request)
    secret = _pending(request)
    code = (await texts(request)).get("code", "")
    if secret is None:
        return redirect(request, SECOND_FACTOR_PATH)
    session_config = SessionConfig.of(request)
    visit = visit_of(request, session_config.clock())
    try:
        codes, key = await second_factor.set_up(
            found.person.actor,
            secret,
            code,
            visit,
            vault=_vault(request),
            post=request.app.state.post,
        )
    except Blocked as blocked:
        return slowed(await _page(request, {"code": blocked.message}), blocked)
    except Invalid as invalid:
        return await _page(request, invalid.fields)
    except Conflict:
        return redirect(request, SECOND_FACTOR_PATH)
    set_cookie(request, session_config.cookie, key)
    _keep(request, None)
    return await _page(request, codes=codes)


@post(
    SECOND_FACTOR_PATH + "/codes",
    guards=[known],
    status_code=HTTPStatus.OK,
)
async def renew(request: HTMXRequest) -> Answer:
    """Ten new recovery codes."""
    found = _session_of(request)
    code = (await texts(request)).get("code", "")
    visit = visit_of(request, SessionConfig.of(request).clock())
    try:
        codes = await second_factor.renew_codes(
            found.person.actor, code, visit, vault=_vault(request), post=request.app.state.post
        )
    except Blocked as blocked:
        return slowed(await _page(request, {"code": blocked.message}), blocked)
    except Invalid as invalid:
        return await _page(request, invalid.fields)
    return await _page(request, codes=codes)


@post(
    SECOND_FACTOR_PATH + "/remove",
    guards=[known],
    status_code=HTTPStatus.OK,
)
async def remove(request: HTMXRequest) -> Answer:
    """Take it off, with the password and a code."""
    found = _session_of(request)
    sent = await texts(request)
    session_config = SessionConfig.of(request)
    visit = visit_of(request, session_config.clock())
    try:
        key = await second_factor.remove(
            found.person.actor,
            sent.get("password", ""),
            sent.get("remove_code", ""),
            visit,
            vault=_vault(request),
            post=request.app.state.post,
        )
    except Blocked as blocked:
        return slowed(await _page(request, {"remove_code": blocked.message}), blocked)
    except Invalid as invalid:
        names = {"code": "remove_code"}
        errors = {names.get(name, name): text for name, text in invalid.fields.items()}
        return await _page(request, errors)
    set_cookie(request, session_config.cookie, key)
    return redirect(request, SECOND_FACTOR_PATH, _("Your second factor is turned off."))


def _file_of(codes: list[str]) -> str:
    """The codes as a file that the browser keeps, without asking the server for them again."""
    return f"data:text/plain;charset=utf-8,{quote(chr(10).join([*codes, '']))}"


def _session_of(connection: WebConnection) -> SignedIn:
    found = connection.scope.get("auth") or waiting_of(connection)
    if not isinstance(found, SignedIn) or found.awaits_code:
        raise Unauthorized(_("Sign in to go on."))
    return found


def _vault(connection: WebConnection) -> Any:
    return connection.app.state.integrations.vault


def _pending(request: HTMXRequest) -> str | None:
    """The secret that this session is setting up."""
    kept = request.session.get(PENDING)
    if not isinstance(kept, str):
        return None
    try:
        secret: str = _vault(request).open(base64.b64decode(kept))["totp"]
    except (Conflict, binascii.Error):
        return None
    return secret


def _keep(request: HTMXRequest, locked: bytes | None) -> None:
    rest = {name: value for name, value in request.session.items() if name != PENDING}
    if locked is not None:
        rest[PENDING] = base64.b64encode(locked).decode()
    request.set_session(rest)


def _ask(
    request: HTMXRequest, next_path: str, errors: dict[str, str] | None = None
) -> Response[str]:
    return page(
        request,
        ASK,
        status=HTTPStatus.UNPROCESSABLE_ENTITY if errors else HTTPStatus.OK,
        errors=errors or {},
        next=next_path if is_local(next_path) else "",
    )


async def _page(
    request: HTMXRequest, errors: dict[str, str] | None = None, codes: list[str] | None = None
) -> Response[str]:
    found = _session_of(request)
    state = await users.second_factor(found.person.actor)
    secret = None
    if not state.is_set_up:
        secret = _pending(request)
        if secret is None:
            secret = codes_of.new_secret()
            _keep(request, _vault(request).lock({"totp": secret}))
    address = codes_of.address_of(secret, found.person.email) if secret else ""
    return page(
        request,
        TEMPLATE,
        status=HTTPStatus.UNPROCESSABLE_ENTITY if errors else HTTPStatus.OK,
        person=found.person,
        path=SECOND_FACTOR_PATH,
        home=home_of(found.person.actor),
        sign_in=SIGN_IN_PATH,
        state=state,
        secret=" ".join(secret[i : i + 4] for i in range(0, len(secret), 4)) if secret else "",
        picture=codes_of.picture_of(address) if address else "",
        codes=codes or [],
        download=_file_of(codes or []),
        errors=errors or {},
    )


HANDLERS: Final = (ask, enter, show, confirm, renew, remove)
