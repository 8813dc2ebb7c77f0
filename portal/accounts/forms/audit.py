"""What the audit log is asked for, and what is said of the second factor."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Annotated, Any, Final

from portal.values.clock import Moment
from portal.values.kinds import Day, Flag, Text

OBJECT_MAX: Final = 300
ACTION_MAX: Final = 64
WHO_MAX: Final = 254
_DAY_LENGTH: Final = len("2026-10-16")


@dataclass(frozen=True, slots=True)
class Since:
    """A time with its offset, or a day in UTC: its beginning, or with `whole` its end."""

    whole: bool = False

    def read(self, value: object, at: str) -> datetime:
        if isinstance(value, str) and len(value) == _DAY_LENGTH:
            day = Day().read(value, at) + timedelta(days=1 if self.whole else 0)
            return datetime.combine(day, time(), UTC)
        return Moment().read(value, at)

    read_text = read

    def schema(self) -> dict[str, Any]:
        return {
            "type": "string",
            "maxLength": 40,
            "examples": ["2026-11-05T12:00:00Z", "2026-11-05"],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditQuery:
    """Entries of an object or a kind, of an action or a family, of a person or key, of a time."""

    object: Annotated[str | None, Text(OBJECT_MAX, example="camera gate")] = None
    action: Annotated[str | None, Text(ACTION_MAX, example="sign-in.failed")] = None
    who: Annotated[str | None, Text(WHO_MAX, example="nora@north.example")] = None
    from_: Annotated[datetime | None, Since()] = None
    to: Annotated[datetime | None, Since(whole=True)] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Requirement:
    """Whether people of the platform need a second factor."""

    second_factor: Annotated[bool, Flag()]
