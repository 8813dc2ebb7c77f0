"""Asking for a test message."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from portal.values.kinds import WHOLE_MAX, Whole


@dataclass(frozen=True, slots=True, kw_only=True)
class TestMessage:
    """Whom it goes to, by the id of a person; without one the person of the key."""

    user: Annotated[int | None, Whole(1, WHOLE_MAX)] = None
