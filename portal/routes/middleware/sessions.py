"""The session of a request: found by its cookie, kept in PostgreSQL, begun only at sign-in.

A key is made by the server and given to a browser when a password was right, and another one when
the second factor was, and when either is changed. A cookie with any other value opens nothing
and is taken away; nobody who is not signed in has a session at all, so there is none that could be
planted before a sign-in.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Any, Final

import msgspec
from litestar.connection import ASGIConnection
from litestar.datastructures import Cookie, MutableScopeHeaders
from litestar.enums import ScopeType
from litestar.middleware import ASGIMiddleware
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from portal.accounts.actions import refusals, sessions
from portal.accounts.actions.sign_in import Browser
from portal.accounts.queries import users
from portal.accounts.queries.users import SignedIn
from portal.crypto import devices
from portal.crypto.devices import Devices
from portal.kit.queries.clock import wall_clock
from portal.routes import ADMIN_PATH
from portal.routes.failures import REFUSAL
from portal.routes.guards import WebConnection
from portal.values import languages
from portal.words import speak

NO_SESSION: Final = "no_session"
"""`opt` of handlers that know no cookies: the API, static files, health."""
_ANSWER: Final = "camledger_session_answer"
_KEY: Final = "camledger_session_key"
_WAITING: Final = "camledger_waiting_session"


@dataclass(frozen=True, slots=True)
class SessionCookie:
    """The cookie of an installation; with https a `__Host-` one, which no other site sets."""

    secure: bool

    @property
    def name(self) -> str:
        return "__Host-session" if self.secure else "session"

    def with_key(self, key: str) -> Cookie:
        """Set it, for as long as a session can last."""
        return self._cookie(key, int(sessions.LIFETIME.total_seconds()))

    def gone(self) -> Cookie:
        """Take it away."""
        return self._cookie("", 0)

    def _cookie(self, value: str, max_age: int) -> Cookie:
        return Cookie(
            key=self.name,
            value=value,
            max_age=max_age,
            path="/",
            secure=self.secure,
            httponly=True,
            samesite="lax",
        )


@dataclass(frozen=True, slots=True)
class SessionConfig:
    """How this installation lets people in: its cookie and its clock."""

    cookie: SessionCookie
    devices: Devices
    clock: Callable[[], datetime] = wall_clock

    @classmethod
    def of(cls, connection: WebConnection) -> "SessionConfig":
        """The door of the application that a request came to."""
        session_config: SessionConfig = connection.app.state.session_config
        return session_config

    @property
    def device_cookie(self) -> str:
        """The name of the cookie that says whose known device a browser is."""
        return "__Host-device" if self.cookie.secure else "device"

    def device(self, marks: str) -> Cookie:
        """Remember that somebody signed in with this browser."""
        return Cookie(
            key=self.device_cookie,
            value=marks,
            max_age=int(devices.LIFETIME.total_seconds()),
            path="/",
            secure=self.cookie.secure,
            httponly=True,
            samesite="strict",
        )

    def browser(self, connection: WebConnection) -> Browser:
        """What a request's browser comes with."""
        cookies = connection.cookies
        return Browser(
            self.devices, cookies.get(self.device_cookie, ""), cookies.get(self.cookie.name)
        )

    def theme(self, chosen: str) -> Cookie:
        """Remember light or dark in the browser; its own script reads and writes it, too."""
        return Cookie(
            key="theme",
            value=chosen,
            max_age=31_536_000,
            path="/",
            secure=self.cookie.secure,
            samesite="lax",
        )


class SessionMiddleware(ASGIMiddleware):
    """Finds who is signed in, and stores what their session keeps between two pages."""

    scopes = (ScopeType.HTTP, ScopeType.ASGI)
    exclude_opt_key = NO_SESSION

    def __init__(self, session_config: SessionConfig) -> None:
        self.session_config = session_config

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        """Before the handler, find the session; before its answer, keep or end it."""
        connection: WebConnection = ASGIConnection(scope, receive=receive)
        key = connection.cookies.get(self.session_config.cookie.name)
        found = await self._find(connection, key) if key else None
        # A mounted application answers within a transaction of its own, of another login.
        is_mount = scope.get("raw_path", b"").startswith(ADMIN_PATH.encode())
        before: dict[str, Any] = msgspec.json.decode(found.data) if found and found.data else {}
        scope["session"] = dict(before)
        if found is not None:
            scope["state"][_KEY] = key
            if found.is_let_in:
                scope["auth"] = found
                scope["user"] = found.person
            else:
                scope["state"][_WAITING] = found
        elif key:
            clear_cookie(connection, self.session_config.cookie)

        refused = False

        async def answer(message: Message) -> None:
            nonlocal refused
            if message["type"] == "http.response.start":
                refused = message["status"] == HTTPStatus.FORBIDDEN
                if found is not None:
                    await _keep(found, before, scope)
                    if refused and not is_mount:
                        await self._tell_refusal(connection, found)
                if given := scope["state"].get(_ANSWER):
                    headers = MutableScopeHeaders.from_message(message)
                    headers.add("set-cookie", given.to_header(header=""))
            await send(message)

        await next_app(scope, receive, answer)
        if refused and is_mount and found is not None:
            await self._tell_refusal(connection, found)

    async def _tell_refusal(self, connection: WebConnection, found: SignedIn) -> None:
        scope = connection.scope
        who = found.viewer or found.person
        await refusals.note(
            who.actor,
            "refused",
            f"{scope.get('method', 'GET')} {connection.url.path}",
            cloud=who.actor.cloud,
            now=self.session_config.clock(),
            **scope["state"].get(REFUSAL, {}),
        )

    async def _find(self, connection: WebConnection, key: str) -> SignedIn | None:
        visit = visit_of(connection, self.session_config.clock())
        found = await users.signed_in(key, visit.now, visit.address)
        if found is not None and found.seen_at < visit.now - sessions.SEEN_EVERY:
            await sessions.touch(found.id, visit)
        if found is not None:
            speak(languages.catalogue(languages.of_locale(found.person.locale)))
        return found


async def _keep(found: SignedIn, before: dict[str, Any], scope: Scope) -> None:
    after = scope.get("session")
    kept = after if isinstance(after, dict) else {}
    if kept != before:
        await sessions.save_data(found.id, msgspec.json.encode(kept) if kept else b"")


def set_cookie(connection: WebConnection, cookie: SessionCookie, key: str) -> None:
    """Answer this request with the key of a session that has just begun, or got another key."""
    connection.scope["state"][_ANSWER] = cookie.with_key(key)
    connection.scope["state"][_KEY] = key


def key_of(scope: Scope) -> str | None:
    """The key of the request's session, or the one that its answer gives."""
    key: str | None = scope["state"].get(_KEY)
    return key


def waiting_of(connection: WebConnection) -> SignedIn | None:
    """The request's session, if it waits for a second factor or for one to be set up."""
    found: SignedIn | None = connection.scope["state"].get(_WAITING)
    return found


def clear_cookie(connection: WebConnection, cookie: SessionCookie) -> None:
    """Answer this request by taking the cookie away."""
    connection.scope["state"][_ANSWER] = cookie.gone()
    connection.scope["state"].pop(_KEY, None)


def visit_of(connection: WebConnection, now: datetime) -> sessions.Visit:
    """From where this request comes."""
    client = connection.client
    return sessions.Visit(
        address=client.host if client else "",
        agent=connection.headers.get("user-agent", ""),
        now=now,
    )
