"""Moving the test clock."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any, Final

from portal.errors import Invalid
from portal.words import _

FIRST: Final = datetime(2000, 1, 1, tzinfo=UTC)
LAST: Final = datetime(2200, 1, 1, tzinfo=UTC)
_EXAMPLE: Final = "2026-11-05T12:00:00Z"


@dataclass(frozen=True, slots=True)
class Moment:
    """A time with its offset, RFC 3339, of this century or the next."""

    def read(self, value: object, at: str) -> datetime:
        if not isinstance(value, str) or "T" not in value.upper():
            raise Invalid({at: _("must be a time like %(example)s") % {"example": _EXAMPLE}})
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            raise Invalid(
                {at: _("must be a time like %(example)s") % {"example": _EXAMPLE}}
            ) from None
        if moment.utcoffset() is None:
            raise Invalid({at: _("must say its offset, like %(example)s") % {"example": _EXAMPLE}})
        if not FIRST <= moment < LAST:
            told = _("must be between %(first)s and %(last)s")
            raise Invalid({at: told % {"first": FIRST.year, "last": LAST.year}})
        return moment.astimezone(UTC)

    read_text = read

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "format": "date-time", "examples": [_EXAMPLE]}


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockMove:
    """The time that it is to be."""

    now: Annotated[datetime, Moment()]
