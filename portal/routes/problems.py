"""Errors as other systems read them: `application/problem+json` (RFC 9457), whatever went wrong."""

from typing import Any, ClassVar, Final

import asyncpg
import msgspec
from litestar import Request, Response
from litestar.exceptions import HTTPException

from portal.errors import (
    Forbidden,
    NotFound,
    PortalError,
    TooLarge,
    TooMany,
    Unauthorized,
    UnsupportedType,
)
from portal.routes.failures import NotAllowed, as_portal_error
from portal.words import english

MEDIA_TYPE: Final = "application/problem+json"
CHALLENGE: Final = 'Bearer realm="Camledger", error="invalid_token"'


class Malformed(PortalError):
    """The body is not JSON."""

    status: ClassVar[int] = 400
    title: ClassVar[str] = "Malformed JSON"


class RateLimited(TooMany):
    """Too many requests with one key; `retry_after` is in seconds."""

    def __init__(self, retry_after: int) -> None:
        super().__init__(f"Too many requests with this key. Try again in {retry_after} s.")
        self.retry_after = retry_after


_OF_STATUS: Final[dict[int, tuple[type[PortalError], str]]] = {
    400: (PortalError, "The request cannot be read."),
    401: (Unauthorized, "An API key is needed."),
    403: (Forbidden, "That is not permitted."),
    404: (NotFound, "There is nothing at this address."),
    405: (NotAllowed, "This address does not take that method."),
    413: (TooLarge, "The body is larger than one request may carry."),
    415: (UnsupportedType, "The body is in a format that is not read here."),
    429: (TooMany, "Too many requests."),
}


def problem_of(exc: Exception) -> PortalError:
    """The error in our own words; a mistake of ours is logged and tells its reference alone."""
    if isinstance(exc, HTTPException) and exc.status_code in _OF_STATUS:
        kind, message = _OF_STATUS[exc.status_code]
        return kind(message)
    if isinstance(exc, asyncpg.InsufficientPrivilegeError):  # a row that its policy does not take
        return Forbidden("That is not this key's to write.")
    return as_portal_error(exc)


def answer_problem(request: Request[Any, Any, Any], exc: Exception) -> Response[bytes]:
    """The one exception handler of the API."""
    del request
    error = problem_of(exc)
    headers: dict[str, str] = {}
    if error.status == Unauthorized.status:
        headers["WWW-Authenticate"] = CHALLENGE
    if error.retry_after is not None:
        headers["Retry-After"] = str(error.retry_after)
    if isinstance(exc, HTTPException) and error.status == NotAllowed.status:
        headers["Allow"] = (exc.headers or {}).get("allow", "")
    document = {
        "type": "about:blank",
        "title": english(error.title),
        "status": error.status,
        "detail": english(error.message),
        "errors": [{k: english(v) for k, v in one.items()} for one in error.problems()],
    }
    return Response(
        msgspec.json.encode(document),
        status_code=error.status,
        media_type=MEDIA_TYPE,
        headers=headers,
    )
