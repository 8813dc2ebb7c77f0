"""Whatever goes wrong, as one of our own errors, and from there as a page."""

import secrets
import traceback
from http import HTTPStatus
from typing import Any, ClassVar, Final

import asyncpg
import structlog
from litestar import Request, Response
from litestar.exceptions import HTTPException
from litestar.plugins.htmx import HTMXRequest

from portal.errors import (
    Conflict,
    Forbidden,
    NotFound,
    PortalError,
    TooLarge,
    TooMany,
    Unauthorized,
    Unavailable,
)
from portal.routes import page
from portal.words import _

log = structlog.get_logger()

REFUSAL: Final = "camledger_refusal"
"""Under this an answer with status 403 leaves why, in the request's state."""


class NotAllowed(PortalError):
    """The address is right and the method is not."""

    status: ClassVar[int] = 405
    title: ClassVar[str] = _("No page")


class Unprocessable(PortalError):
    """A value that PostgreSQL cannot hold, where no form had caught it."""

    status: ClassVar[int] = 422
    title: ClassVar[str] = _("Invalid")


class SentAlready(PortalError):
    """The form was sent before, and what it says is done: `then` is the page to go on with."""

    status: ClassVar[int] = HTTPStatus.SEE_OTHER
    title: ClassVar[str] = _("Done already")

    def __init__(self, message: str, then: str) -> None:
        super().__init__(message)
        self.then = then


class Broken(PortalError):
    """Our own mistake."""

    status: ClassVar[int] = 500
    title: ClassVar[str] = _("Something broke")


_OF_STATUS: Final[dict[int, tuple[type[PortalError], str]]] = {
    400: (PortalError, _("The request cannot be read.")),
    401: (Unauthorized, _("Sign in to go on.")),
    403: (
        Forbidden,
        _("The page was open for too long, or was not ours. Load it again and repeat."),
    ),
    404: (NotFound, _("There is no such page.")),
    405: (NotAllowed, _("This address only takes what a form sends: it cannot be opened.")),
    413: (TooLarge, _("That is more than one request may carry.")),
    429: (TooMany, _("Too many requests. Wait a minute.")),
}
_AWAY: Final = (
    asyncpg.PostgresConnectionError,
    asyncpg.CannotConnectNowError,
    asyncpg.TooManyConnectionsError,
    asyncpg.QueryCanceledError,
    asyncpg.InterfaceError,
    ConnectionError,
    TimeoutError,
)
_RACED: Final = (asyncpg.SerializationError, asyncpg.DeadlockDetectedError)


def as_portal_error(exc: Exception) -> PortalError:
    """The error that says what went wrong in our own words. A mistake of ours is logged."""
    if isinstance(exc, PortalError):
        return exc
    if isinstance(exc, HTTPException) and exc.status_code < HTTPStatus.INTERNAL_SERVER_ERROR:
        kind, message = _OF_STATUS.get(exc.status_code, _OF_STATUS[400])
        return kind(message)
    if isinstance(exc, asyncpg.DataError):  # a NUL in a text, a number beyond 64 bits
        log.info("A value does not fit", error=str(exc))
        return Unprocessable(_("A value cannot be stored: it is too large, or no plain text."))
    return _of_database(exc) or _broken(exc)


def _of_database(exc: Exception) -> PortalError | None:
    if isinstance(exc, _RACED):
        return Conflict(_("Somebody else changed the same at this moment. Try again."))
    if isinstance(exc, _AWAY):
        log.error("Not available", error=repr(exc))
        return Unavailable(_("The database does not answer. Try again in a minute."))
    return None


def _broken(exc: Exception) -> Broken:
    reference = secrets.token_hex(4)
    # The bare traceback: values of variables may be passwords and keys.
    trace = "".join(traceback.format_exception(exc))
    log.error("Unexpected error", reference=reference, trace=trace)
    return Broken(
        _("This is our mistake, not yours. Its reference is %(reference)s.")
        % {"reference": reference}
    )


def facts_of(error: Forbidden) -> dict[str, str]:
    """What the audit log is told of a refusal."""
    told = {"reason": error.message}
    return {**told, "permission": error.permission} if error.permission else told


def answer_page(request: Request[Any, Any, Any], exc: Exception) -> Response[Any]:
    """The exception handler of everything that people see: a page, or a message to htmx."""
    error = as_portal_error(exc)
    if isinstance(error, Forbidden):
        request.scope["state"][REFUSAL] = facts_of(error)
    if isinstance(error, SentAlready):
        again = page.Toast(error.message, "info")
        return page.redirect(HTMXRequest(request.scope), error.then, again)
    answer: Response[Any] = page.problem(HTMXRequest(request.scope), error)
    if error.retry_after is not None:
        answer.headers["Retry-After"] = str(error.retry_after)
    if isinstance(exc, HTTPException) and exc.headers:
        answer.headers.update(exc.headers)
    return answer
