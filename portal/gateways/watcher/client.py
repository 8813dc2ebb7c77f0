"""One Watcher over HTTP: sign-in, backing off from a busy server, and limits on everything."""

from __future__ import annotations

import asyncio
import random
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import lru_cache
from typing import Any, Final, Protocol

import httpx
import msgspec

from portal.gateways.watcher.address import Guard, PinnedTransport, checked_url
from portal.gateways.watcher.decoding import decoded
from portal.gateways.watcher.salvage import Salvage
from portal.values.watcher import (
    CredentialsRefused,
    Nonsense,
    NotThere,
    RequestRefused,
    TooLong,
    Unreachable,
)
from portal.waiting import refuse_in_transaction
from portal.words import _, ngettext

# 501 is not among them: what is not implemented will not be in a minute.
PASSING_STATUSES: Final = frozenset({408, 425, 429, 500, 502, 503, 504, 507, 508})
RENEWALS_MAX: Final = 3
SKIMMED_TIMES: Final = 5
"""An object that is passed over may be so many times as long as an answer that is read."""
_TAIL_BYTES: Final = 64_000
Sleep = Callable[[float], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Limits:
    """What a Watcher may cost. Times are real ones, also where the installation's clock stands."""

    attempts_max: int = 6
    back_off_seconds: float = 0.5
    back_off_seconds_max: float = 30
    retry_after_seconds_max: float = 120
    connect_seconds_max: float = 10
    answer_seconds_max: float = 90
    body_bytes_max: int = 4_000_000
    """Of one answer: a page of 200 cameras that say 20 kB each."""
    connections_max: int = 8


class Authorizer(Protocol):
    """Signs requests, and signs in again when told that it is time."""

    expired_statuses: frozenset[int]

    async def headers(self, client: Client, /) -> dict[str, str]:
        """The headers of a request; signs in when that is the first."""

    async def renew(self, client: Client, stale: dict[str, str], /) -> None:
        """Sign in again, unless that was done since the `stale` headers were made."""


@dataclass(slots=True)
class Client:
    """Requests to one Watcher. Made by `open_client`."""

    base: httpx.URL
    http: httpx.AsyncClient
    limits: Limits = field(default_factory=Limits)
    sleep: Sleep = asyncio.sleep
    requests: int = 0

    async def get(
        self,
        path: str,
        params: Mapping[str, str | int] | None = None,
        *,
        auth: Authorizer | None = None,
        headers: Mapping[str, str] | None = None,
        bytes_max: int | None = None,
        salvage: Salvage | None = None,
        skims: bool = False,
    ) -> Any:
        """The JSON at a path below the address; see `send`."""
        return await self.send(
            "GET",
            path,
            params=params,
            auth=auth,
            headers=headers,
            bytes_max=bytes_max,
            salvage=salvage,
            skims=skims,
        )

    async def send(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str | int] | None = None,
        body: Any = None,
        auth: Authorizer | None = None,
        headers: Mapping[str, str] | None = None,
        is_repeatable: bool = True,
        bytes_max: int | None = None,
        salvage: Salvage | None = None,
        skims: bool = False,
    ) -> Any:
        """The JSON that a request answers, None for an empty answer.

        An answer has at most `bytes_max` bytes, as they come over the network, where that is less
        than the limit of the client, and what it holds is bounded too, see `decoded`. One that
        cannot be read as a whole is read by `salvage`, object by object; where that `skims`, a
        longer answer is passed over to its end, and only that is read.

        What may pass by itself (no connection, time-outs, broken bodies, 429, 5xx) is tried again
        after a while, an expired sign-in is renewed. A request that makes something and is not
        `is_repeatable` is tried once: it may have been done without an answer. Raises
        `Unreachable`, `CredentialsRefused`, `NotThere`, `RequestRefused`, `AddressRefused`,
        `Nonsense`, and of those `TooLong`.
        """
        renewals = attempts = 0
        at_most = min(bytes_max or self.limits.body_bytes_max, self.limits.body_bytes_max)
        while True:
            signed = dict(await auth.headers(self)) if auth is not None else {}
            wait: float | None = None
            request = self._request(method, path, params, body, {**signed, **(headers or {})})
            try:
                response, content = await self._once(request, at_most, skims=skims)
            except (httpx.RequestError, TimeoutError) as error:
                failure = _("no good answer: %(error)s") % {"error": type(error).__name__}
            else:
                status = response.status_code
                if auth is not None and status in auth.expired_statuses and renewals < RENEWALS_MAX:
                    renewals += 1
                    await auth.renew(self, signed)
                    continue
                if status not in PASSING_STATUSES:
                    _refuse(status, content)
                    try:
                        return await _read(content, salvage, skims=skims)
                    except ValueError:
                        failure = _("an answer that is cut off or is not JSON")
                else:
                    failure = _("status %(status)s") % {"status": status}
                    wait = retry_after(response)
            attempts += 1
            if attempts >= (self.limits.attempts_max if is_repeatable else 1):
                tried = ngettext("%(count)s attempt", "%(count)s attempts", attempts)
                raise Unreachable(
                    _("after %(tried)s at %(path)s: %(failure)s")
                    % {"tried": tried % {"count": attempts}, "path": path, "failure": failure}
                )
            await self._back_off(attempts, wait)

    def _request(
        self,
        method: str,
        path: str,
        params: Mapping[str, str | int] | None,
        body: Any,
        headers: dict[str, str],
    ) -> httpx.Request:
        content = None if body is None else msgspec.json.encode(body)
        if content is not None:
            headers = {**headers, "Content-Type": "application/json"}
        url = self.base.copy_with(raw_path=(self.base.path.rstrip("/") + path).encode())
        return self.http.build_request(
            method, url, params=dict(params) if params else None, content=content, headers=headers
        )

    async def _once(
        self, request: httpx.Request, bytes_max: int, *, skims: bool = False
    ) -> tuple[httpx.Response, bytearray]:
        """One request and its whole body, or the end of it, within the limits of time and size."""
        passed, passed_max = 0, bytes_max * SKIMMED_TIMES if skims else bytes_max
        refuse_in_transaction("A Watcher")
        self.requests += 1
        async with asyncio.timeout(self.limits.answer_seconds_max):
            response = await self.http.send(request, stream=True)
            try:
                _refuse_body(response, passed_max)
                assert isinstance(response.stream, httpx.AsyncByteStream)
                read = bytearray()
                async for chunk in response.stream:
                    read += chunk
                    passed += len(chunk)
                    if passed > passed_max:
                        raise _too_long(passed_max)
                    if skims:
                        del read[:-_TAIL_BYTES]
                return response, read
            finally:
                await response.aclose()

    async def _back_off(self, attempts: int, wait: float | None) -> None:
        """Wait as long as Watcher asks, or twice as long every time, never all at once."""
        limits = self.limits
        if wait is not None and wait > limits.retry_after_seconds_max:
            raise Unreachable(
                _("Watcher asks to be left alone for %(wait)s seconds") % {"wait": round(wait)}
            )
        longest = min(limits.back_off_seconds * 2**attempts, limits.back_off_seconds_max)
        spread = random.uniform(longest / 2, longest)  # noqa: S311 -- not to meet the others
        await self.sleep(spread if wait is None else wait + spread / 4)


async def _read(content: bytearray, salvage: Salvage | None, *, skims: bool) -> Any:
    """The JSON of an answer; what can be read of it where it is a page that cannot be read whole.

    That is done in a thread: it may take seconds. Raises `ValueError`, `Nonsense`.
    """
    if not content.strip():
        return None
    if salvage is not None and skims:
        return salvage.end(content)
    try:
        return decoded(content)
    except (ValueError, Nonsense) as error:
        if salvage is None:
            raise
        try:
            return await asyncio.to_thread(salvage.elements, content)
        except ValueError:
            raise error from None


def _refuse_body(response: httpx.Response, bytes_max: int) -> None:
    """Raise `Nonsense` for a body that is not read: an encoded one, or one that is too long.

    Nothing but plain bytes is asked for. A few hundred bytes of gzip, and fewer of gzip within gzip
    or of br, unpack to gigabytes, and how much it is shows only when it is there.
    """
    given = response.headers.get("content-encoding", "")
    for encoding in (part.strip().lower() for part in given.split(",")):
        if encoding not in {"", "identity"}:
            shown = "".join(c for c in encoding if c.isprintable())[:40]
            raise Nonsense(
                _(
                    'Watcher answers with the encoding "%(shown)s", which was not asked for; a'
                    " server between may have compressed the answer"
                )
                % {"shown": shown}
            )
    length = response.headers.get("content-length", "")
    if length.isdecimal() and int(length[:20]) > bytes_max:
        raise _too_long(bytes_max)


def _too_long(bytes_max: int) -> TooLong:
    return TooLong(_("an answer of more than %(bytes_max)s bytes") % {"bytes_max": bytes_max})


def _refuse(status: int, content: bytes | bytearray) -> None:
    """Raise what a status says, with the sentence that Watcher gave."""
    if status < 300:
        return
    said = _sentence(content)
    if status < 400:
        raise RequestRefused(_("Watcher answers with a redirect, which is not followed"))
    if status in {401, 403}:
        raise CredentialsRefused(
            _("Watcher refuses the credentials (%(status)s)%(said)s")
            % {"status": status, "said": said}
        )
    if status in {404, 410}:
        raise NotThere(
            _("Watcher does not know that (%(status)s)%(said)s") % {"status": status, "said": said}
        )
    raise RequestRefused(
        _("Watcher refuses the request (%(status)s)%(said)s") % {"status": status, "said": said}
    )


def _sentence(content: bytes | bytearray) -> str:
    """What an error body says, of either generation, short and on one line."""
    try:
        body = decoded(content)
    except (ValueError, Nonsense):
        return ""
    said: object = None
    if isinstance(body, dict):
        said = body.get("error_message") or body.get("error")
        errors = body.get("errors")
        if isinstance(errors, list) and errors and isinstance(errors[0], dict):
            said = errors[0].get("title") or errors[0].get("code")
    if not isinstance(said, str):
        return ""
    return ": " + " ".join("".join(c if c.isprintable() else " " for c in said).split())[:200]


def retry_after(response: httpx.Response) -> float | None:
    """How many seconds Watcher asks to wait, from a number or a date."""
    text = response.headers.get("retry-after", "").strip()
    if text.isdecimal():
        return float(text[:9])
    try:
        until = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    if until.utcoffset() is None:
        until = until.replace(tzinfo=UTC)
    return max(0.0, (until - datetime.now(UTC)).total_seconds())


@lru_cache(maxsize=1)
def certificates() -> ssl.SSLContext:
    """Whom to believe that it is the host it says. Read once: that takes 40 ms."""
    return httpx.create_ssl_context(trust_env=False)


@asynccontextmanager
async def open_client(
    url: str,
    *,
    guard: Guard,
    limits: Limits | None = None,
    sleep: Sleep = asyncio.sleep,
    transport: httpx.AsyncBaseTransport | None = None,
) -> AsyncIterator[Client]:
    """A client of the Watcher at an address, closed at the end.

    No redirects are followed and no proxy of the environment is used: both would lead past the
    guard. `transport` stands in for the network in tests. Raises `AddressRefused`.
    """
    limits = limits or Limits()
    base = checked_url(url)
    inner = transport or httpx.AsyncHTTPTransport(
        verify=certificates(),
        limits=httpx.Limits(max_connections=limits.connections_max),
        trust_env=False,
    )
    async with httpx.AsyncClient(
        transport=PinnedTransport(guard, inner),
        timeout=httpx.Timeout(limits.answer_seconds_max, connect=limits.connect_seconds_max),
        follow_redirects=False,
        trust_env=False,
        headers={
            "Accept": "application/json",
            "Accept-Encoding": "identity",
            "User-Agent": "Camledger",
        },
    ) as http:
        yield Client(base, http, limits, sleep)
