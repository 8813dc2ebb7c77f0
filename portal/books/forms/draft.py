"""Looking at a draft."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Final

from portal.customers.forms.filters import SIDE
from portal.values.kinds import Text
from portal.values.numbers import NUMBER

NOTE: Final = Text(500, minimum=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class FineForm:
    """Why a surprise is fine, if anything is to be said."""

    note: Annotated[str, NOTE] = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftFilter:
    """One side, one subscriber."""

    side: Annotated[str | None, SIDE] = None
    subscriber: Annotated[int | None, NUMBER] = None
