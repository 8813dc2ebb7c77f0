"""How Stripe's client reaches Stripe: one connection pool, bounded answers, no environment."""

from __future__ import annotations

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

import httpx
from stripe import APIConnectionError, HTTPClient

ANSWER_BYTES_MAX: Final = 4_000_000
CONNECT_SECONDS: Final = 5.0


class BoundedHttp(HTTPClient):
    """Asks with httpx; what takes too long, or is too much, is no answer."""

    name = "httpx"

    def __init__(self, seconds: float) -> None:
        super().__init__()
        timeout = httpx.Timeout(seconds, connect=CONNECT_SECONDS)
        self._http = httpx.AsyncClient(timeout=timeout, trust_env=False)

    async def request_async(
        self, method: str, url: str, headers: Mapping[str, str], post_data: Any = None
    ) -> tuple[bytes, int, Mapping[str, str]]:
        """The body, the status and the headers of the answer. Raises `APIConnectionError`."""
        content = post_data.encode() if isinstance(post_data, str) else post_data
        kept = bytearray()
        try:
            async with self._http.stream(method, url, headers=headers, content=content) as answer:
                async for piece in answer.aiter_bytes():
                    kept += piece
                    if len(kept) > ANSWER_BYTES_MAX:
                        raise _lost("the answer is too long")
                _refuse_strange(bytes(kept), answer.status_code)
                return bytes(kept), answer.status_code, dict(answer.headers)
        except httpx.HTTPError as error:
            raise _lost(str(error) or "no answer") from error

    async def close_async(self) -> None:
        """Close the connections."""
        await self._http.aclose()


def _refuse_strange(content: bytes, status: int) -> None:
    """Raise for an answer that is not Stripe's, such as a page of some proxy on the way.

    The client reads an error as an object, and breaks on anything else.
    """
    try:
        found = json.loads(content)
    except ValueError as error:
        raise _lost(f"the answer is not JSON (status {status})") from error
    wanted = (
        found if status < HTTPStatus.BAD_REQUEST else isinstance(found, dict) and found.get("error")
    )
    if not isinstance(wanted, dict):
        raise _lost(f"the answer is not Stripe's (status {status})")


def _lost(why: str) -> Exception:
    """What the client takes for an answer that did not come."""
    error: Exception = APIConnectionError(why)  # type: ignore[no-untyped-call]
    return error
