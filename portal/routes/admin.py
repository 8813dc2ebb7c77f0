"""The door to the table browser: administrators only, looking only.

Signing in and out is the portal's own. Everything but reading is refused here, before the browser's
own read-only switch and before its database role would refuse it too.
"""

from http import HTTPStatus
from typing import Any, Final

from litestar import Request, Response, asgi
from litestar.connection import ASGIConnection
from litestar.datastructures import MutableScopeHeaders
from litestar.handlers import ASGIRouteHandler
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from portal.access import Permission
from portal.accounts.actions import sessions
from portal.errors import Unauthorized
from portal.routes import ADMIN_PATH, SIGN_IN_PATH
from portal.routes.failures import answer_page
from portal.routes.guards import WebConnection, actor_of, requires
from portal.routes.middleware.sessions import SessionConfig, clear_cookie

READS: Final = frozenset({"GET"})
"""HEAD comes as one."""
SIGN_OUT: Final = "/public/logout/"
# The browser's own sign-in, and pages of documentation that would come from other sites.
SHUT: Final = ("/public/login/", "/public/docs/", "/api/docs/")
ASSETS: Final = "/assets/"
FOR_EVER: Final = "private, max-age=31536000, immutable"


def admin_handler(browser: ASGIApp) -> ASGIRouteHandler:
    """`browser` mounted at ADMIN_PATH."""

    @asgi(
        ADMIN_PATH,
        is_mount=True,
        copy_scope=True,
        guards=[requires(Permission.TABLES_BROWSE)],
        exception_handlers={Exception: refused},
        opt={"exclude_from_csrf": True},
    )
    async def admin(scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["path"]
        method = scope["method"]  # type: ignore[typeddict-item]
        if method == "POST" and path == SIGN_OUT:
            await _sign_out(scope, receive, send)
        elif method not in READS:
            allow = "POST" if path == SIGN_OUT else "GET"
            await _plain(HTTPStatus.METHOD_NOT_ALLOWED, allow)(scope, receive, send)
        elif path.startswith(SHUT):
            await _plain(HTTPStatus.NOT_FOUND)(scope, receive, send)
        else:
            await browser(scope, receive, _without_cookies(path, send))

    return admin


def refused(request: Request[Any, Any, Any], exc: Exception) -> Response[Any]:
    """Nobody, or not an administrator: the page leads to sign-in, what it fetches gets a status."""
    is_page = request.scope["raw_path"].rstrip(b"/") == ADMIN_PATH.rstrip("/").encode()
    if not isinstance(exc, Unauthorized):
        return answer_page(request, exc)
    if not is_page:
        return Response({"error": exc.message}, status_code=exc.status)
    return Response(
        None,
        status_code=HTTPStatus.SEE_OTHER,
        headers={"Location": f"{SIGN_IN_PATH}?next={ADMIN_PATH}"},
    )


async def _sign_out(scope: Scope, receive: Receive, send: Send) -> None:
    """End the portal's session; the browser then loads its page again and is led to sign-in."""
    connection: WebConnection = ASGIConnection(scope, receive=receive)
    await sessions.sign_out(actor_of(connection))
    clear_cookie(connection, SessionConfig.of(connection).cookie)
    await _plain(HTTPStatus.OK)(scope, receive, send)


def _plain(status: HTTPStatus, allow: str = "") -> ASGIApp:
    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        request: Request[Any, Any, Any] = Request(scope, receive)
        body = {} if status == HTTPStatus.OK else {"error": status.phrase}
        response = Response(body, status_code=status, headers={"Allow": allow} if allow else None)
        await response.to_asgi_response(app=None, request=request)(scope, receive, send)

    return answer


def _without_cookies(path: str, send: Send) -> Send:
    """Its own token guards nothing here; its files have their content in their names."""

    async def answer(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableScopeHeaders.from_message(message)
            if "set-cookie" in headers:
                del headers["set-cookie"]
            if path.startswith(ASSETS) and message["status"] == HTTPStatus.OK:
                headers["cache-control"] = FOR_EVER
        await send(message)

    return answer
