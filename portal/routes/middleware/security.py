"""What stands before every page: the host's name, foreign sites, the headers of every answer."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import urlsplit

from litestar.datastructures import Headers, MutableScopeHeaders
from litestar.enums import ScopeType
from litestar.types import ASGIApp, HTTPScope, Message, Receive, Scope, Send

from portal.access import DOORKEEPER
from portal.accounts.actions import refusals
from portal.errors import PortalError
from portal.kit.queries.clock import wall_clock
from portal.routes.middleware.methods import answer_method
from portal.waiting import refuse_in_transaction
from portal.words import _, english

CONTENT_SECURITY_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:;"
    " font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none';"
    " frame-ancestors 'none'"
)
HEADERS: Final = {
    "content-security-policy": CONTENT_SECURITY_POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": (
        "accelerometer=(), camera=(), display-capture=(), geolocation=(), gyroscope=(),"
        " magnetometer=(), microphone=(), midi=(), payment=(), usb=()"
    ),
}
STRICT_TRANSPORT: Final = "max-age=31536000"
NO_STORE: Final = "no-store"
FOR_EVER: Final = "public, max-age=31536000, immutable"
SHORTLY: Final = "public, max-age=300"

UNSAFE: Final = frozenset({"POST", "PUT", "PATCH", "DELETE"})
OWN_SITES: Final = frozenset({"same-origin", "none"})
LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})
ANY_HOST: Final = "*"
API: Final = "/api/"
HEALTH: Final = "/healthz"
OTHER_END: Final = "The other end of a request"


class Left(PortalError):
    """Whoever asked is gone; nobody reads the answer, and nothing is done."""

    status = HTTPStatus.BAD_REQUEST


@dataclass(frozen=True, slots=True)
class SecurityMiddleware:
    """What is asked of a request before anything looks at it, and added to whatever answers it.

    `hosts` are the names this installation answers to, without ports; "*" is any. `https` says
    that people reach it by https, so that browsers are told never to come otherwise.
    """

    hosts: frozenset[str]
    https: bool

    async def __call__(self, app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        """Let `app` answer, or refuse."""
        if scope["type"] != ScopeType.HTTP:
            await app(scope, receive, send)
            return
        answer = self._with_headers(scope, send)
        refusal = self._refusal(scope)
        if refusal is None:
            await answer_method(app, scope, _asking(receive), answer)
        else:
            if refusal[0] == HTTPStatus.FORBIDDEN:
                await _tell(scope, refusal[1])
            await _refuse(answer, *refusal, problem=scope["path"].startswith(API))

    def _refusal(self, scope: HTTPScope) -> tuple[HTTPStatus, str] | None:
        headers = Headers.from_scope(scope)
        path = scope["path"]
        if "\0" in path and not path.startswith(API):
            return HTTPStatus.NOT_FOUND, _("There is no such page.")
        if path == HEALTH:  # asked by load balancers, by address
            return None
        host = host_of(headers.get("host", ""))
        if host not in self.hosts and ANY_HOST not in self.hosts:
            return HTTPStatus.MISDIRECTED_REQUEST, _("This site is not served under that name.")
        if scope["method"] in UNSAFE and not path.startswith(API) and _is_foreign(headers):
            return HTTPStatus.FORBIDDEN, _("This was sent by another site. Nothing was changed.")
        return None

    def _with_headers(self, scope: HTTPScope, send: Send) -> Send:
        path, query = scope["path"], scope["query_string"]  # a mount will shorten the path

        async def answer(message: Message) -> None:
            refuse_in_transaction(OTHER_END)
            if message["type"] == "http.response.start":
                headers = MutableScopeHeaders.from_message(message)
                for name, value in HEADERS.items():
                    headers[name] = value
                if self.https:
                    headers["strict-transport-security"] = STRICT_TRANSPORT
                if "cache-control" not in headers:
                    headers["cache-control"] = _caching(path, query, message["status"])
            await send(message)

        return answer


def _asking(receive: Receive) -> Receive:
    """Bodies are read before a transaction opens: who sends slowly holds nothing but a socket."""
    is_whole = False

    async def asked() -> Any:
        nonlocal is_whole
        refuse_in_transaction(OTHER_END)
        message = await receive()
        if message["type"] == "http.disconnect" and not is_whole:
            raise Left("The other end left before its body was whole.")
        is_whole = is_whole or not message.get("more_body", False)
        return message

    return asked


def allowed_hosts(names: Iterable[str], public_url: str) -> frozenset[str]:
    """The names that are answered to: those of the settings and the public address's own.

    An installation on one machine, whose public address is loopback, answers to all of loopback.
    """
    own = (urlsplit(public_url).hostname or "").lower()
    hosts = {name.lower().strip("[]") for name in names} | {own}
    return frozenset(hosts | LOOPBACK if own in LOOPBACK else hosts)


def host_of(header: str) -> str:
    """The name in a Host header, without the port: "[::1]:8000" is "::1"; "" where it is none."""
    try:
        parts = urlsplit(f"//{header}")
        is_name = parts.netloc == header and "@" not in header and parts.port != 0
    except ValueError:  # also for a port beyond 65535, at which the addresses of pages would break
        return ""
    return (parts.hostname or "").rstrip(".").lower() if is_name else ""


def _is_foreign(headers: Headers) -> bool:
    """Whether a browser says that another site sent this; other programs say nothing."""
    site = headers.get("sec-fetch-site")
    if site is not None and site not in OWN_SITES:
        return True
    origin = headers.get("origin")
    if origin is None:
        return False
    return urlsplit(origin).netloc.lower() != headers.get("host", "").lower()


def _caching(path: str, query: bytes, status: int) -> str:
    """Own files that are named by their content for ever, others for minutes, pages never."""
    if not path.startswith("/static/") or status != HTTPStatus.OK:
        return NO_STORE
    return FOR_EVER if path.startswith("/static/vendor/") or query else SHORTLY


async def _tell(scope: HTTPScope, reason: str) -> None:
    """Write down that another site sent something in the name of whoever sits at the browser."""
    address = scope["client"][0] if scope["client"] else ""
    await refusals.note(
        replace(DOORKEEPER, address=address),
        "refused",
        f"{scope['method']} {scope['path']}",
        now=wall_clock(),
        reason=reason,
    )


async def _refuse(send: Send, status: HTTPStatus, text: str, *, problem: bool) -> None:
    """Say no in a sentence; to another system as a problem document (RFC 9457)."""
    media_type, body = b"text/plain; charset=utf-8", str(text).encode()
    if problem:
        document = {"type": "about:blank", "title": status.phrase, "status": status}
        media_type = b"application/problem+json"
        body = json.dumps({**document, "detail": english(text), "errors": []}).encode()
    headers = [
        (b"content-type", media_type),
        (b"content-length", str(len(body)).encode()),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": False})
