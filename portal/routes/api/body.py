"""Reading the body of a request: JSON, strictly, with people in mind."""

import json
from typing import Any, Final, NoReturn

import msgspec

from portal.routes.problems import Malformed, UnsupportedType

TYPES: Final = frozenset({"application/json", "text/json"})
_DECODER: Final = msgspec.json.Decoder()


def read_json(body: bytes, content_type: str) -> Any:
    """The decoded body. Raises `Malformed` (400) or `UnsupportedType` (415)."""
    media_type = type_of(content_type)
    if media_type and media_type not in TYPES and not media_type.endswith("+json"):
        raise UnsupportedType(f"Send application/json, not {media_type[:80]!r}.")
    if not body.strip():
        raise Malformed("The body is empty; send a JSON object.")
    try:
        return _DECODER.decode(body)
    except msgspec.DecodeError as error:
        return _read_slowly(body, str(error))
    except (UnicodeDecodeError, RecursionError) as error:
        raise Malformed(_said(error)) from error


def _read_slowly(body: bytes, complaint: str) -> Any:
    """What the fast reader refuses and JSON allows: half a surrogate pair, a number too long.

    A form refuses these by their field, which helps more than "malformed" does.
    """
    try:
        return json.loads(body.decode(), parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        message = f"{error.msg} (line {error.lineno}, column {error.colno})"
        raise Malformed(f"The body is not JSON: {message}.") from error
    except UnicodeDecodeError as error:
        raise Malformed("The body is not UTF-8.") from error
    except (ValueError, RecursionError) as error:
        raise Malformed(f"The body is not JSON: {complaint}.") from error


def _no_constant(name: str) -> NoReturn:
    """NaN and Infinity are Python's, not JSON's."""
    raise ValueError(name)


def _said(error: Exception) -> str:
    return (
        "The body is nested too deeply."
        if isinstance(error, RecursionError)
        else "The body is not UTF-8."
    )


def type_of(content_type: str) -> str:
    """The media type without its parameters, "" when none was sent."""
    return content_type.partition(";")[0].strip().lower()
