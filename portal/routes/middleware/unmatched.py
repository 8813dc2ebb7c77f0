"""What the router refuses: an address that no handler takes, or a method that it does not take.

No handler's middleware has run by then. Here the session is found, and whose portal it is is asked,
as for a page that exists: whoever is signed in reads the refusal within their portal, and nobody
learns which addresses another portal has.
"""

from collections.abc import Callable
from functools import partial
from typing import Any, Final

from litestar import Litestar, Request, Response
from litestar.enums import ScopeType
from litestar.exceptions import HTTPException, MethodNotAllowedException, NotFoundException
from litestar.plugins.htmx import HTMXRequest
from litestar.types import ASGIApp, Receive, Scope, Send
from litestar.utils import normalize_path

from portal.accounts.queries.users import SignedIn
from portal.errors import PortalError
from portal.routes import INTERFACES
from portal.routes.guards import refuse_others
from portal.routes.middleware.csrf import FormTokens
from portal.routes.middleware.security import API, UNSAFE
from portal.routes.middleware.sessions import SessionMiddleware
from portal.routes.reading import read_menu

METHODS: Final = UNSAFE | {"GET"}
"""Whose refusals people see: HEAD is a GET by then, and OPTIONS asks for methods alone."""
Respond = Callable[[Request[Any, Any, Any], Exception], Response[Any]]


class Unmatched:
    """Stands around the router."""

    def __init__(
        self, session_middleware: SessionMiddleware, form_tokens: FormTokens, respond: Respond
    ) -> None:
        self.session_middleware = session_middleware
        self.form_tokens = form_tokens
        self.respond = respond

    async def __call__(
        self, app: Litestar, router: ASGIApp, scope: Scope, receive: Receive, send: Send
    ) -> None:
        """Let `router` answer, for what it will refuse with somebody's session."""
        refusal = _refusal(app, scope)
        if refusal is None:
            await router(scope, receive, send)
            return
        scope["app"] = scope["litestar_app"] = app
        scope.setdefault("state", {})
        answer = partial(self._guarded, refusal, router)

        async def with_token(scope: Scope, receive: Receive, send: Send) -> None:
            await self.form_tokens.offer(scope, receive, send, answer)

        await self.session_middleware.handle(scope, receive, send, with_token)

    async def _guarded(
        self, refusal: HTTPException, router: ASGIApp, scope: Scope, receive: Receive, send: Send
    ) -> None:
        request: HTMXRequest = HTMXRequest(scope, receive=receive)
        try:
            if isinstance(refusal, NotFoundException):
                _refuse_others(request)
            found = scope.get("auth")
            if isinstance(found, SignedIn):
                await read_menu(request, found.person.actor)
        except PortalError as error:
            told = self.respond(request, error).to_asgi_response(app=None, request=request)
            await told(scope, receive, send)
        else:
            await router(scope, receive, send)


def _refusal(app: Litestar, scope: Scope) -> HTTPException | None:
    """What the router is going to say of a page that it has no handler for; None where it has."""
    if scope["type"] != ScopeType.HTTP or scope["raw_path"].startswith(API.encode()):
        return None
    if scope["method"] not in METHODS:
        return None
    try:
        path = normalize_path(scope["path"])
        app.asgi_router.handle_routing(path=path, method=scope["method"])
    except (NotFoundException, MethodNotAllowedException) as refusal:
        return refusal
    return None


def _refuse_others(request: HTMXRequest) -> None:
    path = request.url.path
    for interface in INTERFACES:
        if path.startswith(f"{interface.prefix}/"):
            refuse_others(request, interface.roles)
