"""Reading the body of a request: JSON, strictly, with people in mind."""

import json
from typing import Any, Final, NoReturn

from portal.errors import UnsupportedType
from portal.routes.problems import Malformed

TYPES: Final = frozenset({"application/json", "text/json"})
DEPTH_MAX: Final = 20
"""Objects and lists within each other; a tariff's tiers are at 6."""
_TOO_DEEP: Final = f"The body is nested too deeply: at most {DEPTH_MAX} levels."


def read_json(body: bytes, content_type: str) -> Any:
    """The decoded body. Raises `Malformed` (400) or `UnsupportedType` (415)."""
    media_type = type_of(content_type)
    if media_type and media_type not in TYPES and not media_type.endswith("+json"):
        raise UnsupportedType(f"Send application/json, not {media_type[:80]!r}.")
    if not body.strip():
        raise Malformed("The body is empty; send a JSON object.")
    try:
        found = json.loads(
            body.decode(), parse_constant=_no_constant, object_pairs_hook=_no_name_twice
        )
    except json.JSONDecodeError as error:
        message = f"{error.msg} (line {error.lineno}, column {error.colno})"
        raise Malformed(f"The body is not JSON: {message}.") from error
    except UnicodeDecodeError as error:
        raise Malformed("The body is not UTF-8.") from error
    except RecursionError as error:
        raise Malformed(_TOO_DEEP) from error
    except ValueError as error:  # also Python's, for a number of thousands of digits
        raise Malformed("The body is not JSON: a number in it is not one, or too long.") from error
    _refuse_depth(found)
    return found


def _refuse_depth(found: Any) -> None:
    level: list[Any] = [found]
    for _ in range(DEPTH_MAX):
        inner: list[Any] = []
        for one in level:
            if isinstance(one, dict):
                inner += one.values()
            elif isinstance(one, list):
                inner += one
        if not inner:
            return
        level = inner
    raise Malformed(_TOO_DEEP)


def _no_name_twice(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise Malformed("The body has an object in which a name stands twice.")
    return found


def _no_constant(name: str) -> NoReturn:
    """NaN and Infinity are Python's, not JSON's."""
    raise ValueError(name)


def type_of(content_type: str) -> str:
    """The media type without its parameters, "" when none was sent."""
    return content_type.partition(";")[0].strip().lower()
