"""Pages of a list: `?limit=` and an opaque `?cursor=`, which is the key of the last row seen."""

import base64
import binascii
from collections.abc import Callable, Sequence
from datetime import date
from typing import Any, Final, TypeVar

import msgspec

from portal.errors import Invalid
from portal.values.kinds import Whole

LIMIT: Final = 100
LIMIT_MAX: Final = 1000
CURSOR_MAX: Final = 2000
_BAD: Final = {"cursor": "is not one that this list gave"}

T = TypeVar("T")
Key = TypeVar("Key")


def read_limit(text: str | None) -> int:
    """How many rows a page has. Raises `Invalid`."""
    return LIMIT if not text else Whole(1, LIMIT_MAX).read_text(text, "limit")


def make_cursor(key: object) -> str:
    """The key of a page's last row as text."""
    return base64.urlsafe_b64encode(msgspec.json.encode(key)).decode().rstrip("=")


def read_cursor(text: str | None, key: type[Key]) -> Key | None:
    """The key in a cursor, of the type that the list is ordered by; None for the first page."""
    if not text:
        return None
    if len(text) > CURSOR_MAX or not text.isascii():
        raise Invalid(_BAD)
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        found = msgspec.json.decode(raw, type=key)
    except (binascii.Error, msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Invalid(_BAD) from error
    if not all(_sane(part) for part in (found if isinstance(found, tuple) else (found,))):
        raise Invalid(_BAD)
    return found


def _sane(part: Any) -> bool:
    """Whether a part of a key is one that PostgreSQL can compare with."""
    if isinstance(part, int):
        return 0 <= part < 2**63
    return isinstance(part, date) or "\0" not in part


def cut(
    rows: Sequence[T], limit: int, key: Callable[[T], object]
) -> tuple[Sequence[T], str | None]:
    """The page out of `limit + 1` rows asked for, and the cursor to the next when there is one."""
    if len(rows) <= limit:
        return rows, None
    return rows[:limit], make_cursor(key(rows[limit - 1]))
