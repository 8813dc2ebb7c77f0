"""What the audit log is asked for, and what is said of the second factor."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time
from typing import Annotated, Any, Final

from portal.forms.clock import Moment
from portal.forms.kinds import Day, Flag, Text

OBJECT_MAX: Final = 300
ACTION_MAX: Final = 64
_DAY_LENGTH: Final = len("2026-10-16")


@dataclass(frozen=True, slots=True)
class Since:
    """A time with its offset, or a day, which begins at midnight in UTC."""

    def read(self, value: object, at: str) -> datetime:
        if isinstance(value, str) and len(value) == _DAY_LENGTH:
            return datetime.combine(Day().read(value, at), time(), UTC)
        return Moment().read(value, at)

    read_text = read

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "examples": ["2026-11-05T12:00:00Z", "2026-11-05"]}


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditQuery:
    """Entries of an object or a kind of them, of an action or a family of them, from a time on."""

    object: Annotated[str | None, Text(OBJECT_MAX, example="camera gate")] = None
    action: Annotated[str | None, Text(ACTION_MAX, example="sign-in.failed")] = None
    from_: Annotated[datetime | None, Since()] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Requirement:
    """Whether people of the platform need a second factor."""

    second_factor: Annotated[bool, Flag()]
