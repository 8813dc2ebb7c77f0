"""Refusals in the words of each API generation."""

from typing import Any

from litestar import Response
from litestar.exceptions import HTTPException

from portal.demo.simulator.entities import RefusedError, SimulatorError, UnknownError
from portal.demo.simulator.simulation import AnyRequest

V2_PREFIX = "/vsaas/"
_V2_NAMES = {400: "BadRequest", 403: "Forbidden", 404: "NotFound"}
_V3_CODES = {
    400: "bad_request",
    401: "unauthorized",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    501: "not_implemented",
}


class Failure(Exception):
    """A status with what v2 calls it and a sentence."""

    def __init__(self, status: int, message: str, name: str | None = None) -> None:
        super().__init__(message)
        self.status, self.message, self.name = status, message, name


def answer_failure(request: AnyRequest, error: Exception) -> Response[Any]:
    """The answer to anything that was refused, by the generation of its path."""
    if isinstance(error, Failure):
        status, message, name = error.status, error.message, error.name
    elif isinstance(error, UnknownError):
        status, message, name = 404, error.message, None
    elif isinstance(error, RefusedError):
        status, message, name = 400, error.message, "ValidationError"
    elif isinstance(error, HTTPException):
        status, message, name = error.status_code, error.detail, None
    else:
        status, message, name = 500, "an error of the simulator", "ApplicationError"
    if request.url.path.startswith(V2_PREFIX):
        body: Any = {
            "error": name or _V2_NAMES.get(status, "ApplicationError"),
            "error_message": message,
        }
    else:
        body = {
            "errors": [
                {
                    "status": str(status),
                    "code": _V3_CODES.get(status, "error"),
                    "title": message,
                }
            ]
        }
    return Response(body, status_code=status, media_type="application/json")


HANDLERS: dict[int | type[Exception], Any] = {
    Failure: answer_failure,
    SimulatorError: answer_failure,
    HTTPException: answer_failure,
}
