"""Signing requests: a key, a session, HTTP Basic, or bearer tokens that are renewed."""

from __future__ import annotations

import asyncio
import base64
from abc import ABC, abstractmethod
from typing import Any, Final

from portal.gateways.watcher.client import Client
from portal.values.watcher import CredentialsRefused, Nonsense, RequestRefused
from portal.words import _

SECRET_LENGTH_MAX: Final = 8000


def header_text(value: str, what: str) -> str:
    """A value that fits into a header. Raises `CredentialsRefused`."""
    if not value.isascii() or not value.isprintable() or len(value) > SECRET_LENGTH_MAX:
        raise CredentialsRefused(
            _("the %(what)s has characters that cannot be sent") % {"what": what}
        )
    return value


def basic(login: str, password: str) -> str:
    """The value of an Authorization header."""
    return "Basic " + base64.b64encode(f"{login}:{password}".encode()).decode()


class Fixed:
    """The same header every time: a key, or HTTP Basic. It does not expire."""

    expired_statuses: frozenset[int] = frozenset()

    def __init__(self, name: str, value: str) -> None:
        self._headers = {name: header_text(value, name)}

    async def headers(self, _client: Client, /) -> dict[str, str]:
        return self._headers

    async def renew(self, _client: Client, _stale: dict[str, str], /) -> None:
        raise CredentialsRefused(_("Watcher refuses the credentials"))


class _Renewed(ABC):
    """What is signed in once and again when Watcher says so, by one request at a time."""

    expired_statuses: frozenset[int] = frozenset({401})

    def __init__(self) -> None:
        self._headers: dict[str, str] | None = None
        self._turn = asyncio.Lock()

    async def headers(self, client: Client, /) -> dict[str, str]:
        async with self._turn:
            if self._headers is None:
                self._headers = await self._sign_in(client)
            return self._headers

    async def renew(self, client: Client, stale: dict[str, str], /) -> None:
        async with self._turn:
            if self._headers == stale:
                self._headers = await self._sign_in(client)

    @abstractmethod
    async def _sign_in(self, client: Client) -> dict[str, str]:
        """Sign in, and the headers that say so from then on."""


class Session(_Renewed):
    """API v2 with a login: a session that ends, which is told by 403."""

    expired_statuses = frozenset({401, 403})

    def __init__(self, login: str, password: str) -> None:
        super().__init__()
        self._login, self._password = login, password

    async def _sign_in(self, client: Client) -> dict[str, str]:
        body = {"login": self._login, "password": self._password}
        answer = await client.send("POST", "/vsaas/api/v2/auth/login", body=body)
        return {"x-vsaas-session": _token(answer, "session")}


class Bearer(_Renewed):
    """API v3: an access token, a refresh token for the next one, and the password for the first."""

    def __init__(self, api: str, login: str, password: str) -> None:
        super().__init__()
        self._path = f"/watcher/{api}-api/v3/login"
        self._basic = basic(login, password)
        self._refresh: str | None = None

    async def _sign_in(self, client: Client) -> dict[str, str]:
        answer = None
        if self._refresh is not None:
            refresh, self._refresh = self._refresh, None
            try:
                answer = await self._ask(client, f"Bearer {refresh}")
            except (CredentialsRefused, RequestRefused):
                # It has expired too: the clock may have jumped by a month. The password is left.
                answer = None
        if answer is None:
            answer = await self._ask(client, self._basic)
        token = _token(answer, "access_token")
        refresh_token = answer.get("refresh_token")
        if isinstance(refresh_token, str) and refresh_token:
            self._refresh = header_text(refresh_token, "refresh token")
        return {"Authorization": f"Bearer {token}"}

    async def _ask(self, client: Client, authorization: str) -> Any:
        return await client.send("POST", self._path, headers={"Authorization": authorization})


def _token(answer: Any, name: str) -> str:
    token = answer.get(name) if isinstance(answer, dict) else None
    if not isinstance(token, str) or not token:
        raise Nonsense(_("Watcher signs in without giving a %(name)s") % {"name": name})
    return header_text(token, name)
