"""What becomes of usage that came too late to be corrected by itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Final

from portal.billing.period import Period
from portal.books.forms.payments import NO_REASON
from portal.errors import Invalid
from portal.kit.forms.form import ListOf, Nested
from portal.values.kinds import Choice, ExternalId, Month
from portal.values.numbers import NUMBER
from portal.words import _

MARKS_MAX: Final = 500
DEEDS: Final = ("bill", "waive")


@dataclass(frozen=True, slots=True, kw_only=True)
class LateMark:
    """A camera's usage of a closed month."""

    camera: Annotated[str, ExternalId()]
    period: Annotated[Period, Month()]


@dataclass(frozen=True, slots=True, kw_only=True)
class SettleLateForm:
    """Bill the difference with the next close, or waive it, which takes a reason."""

    deed: Annotated[str, Choice(DEEDS)]
    marks: Annotated[tuple[LateMark, ...], ListOf(Nested(LateMark), MARKS_MAX)]
    reason: Annotated[str, NO_REASON] = ""

    def __post_init__(self) -> None:
        if not self.marks:
            raise Invalid({"marks": _("must not be empty")})
        if self.deed == "waive" and not self.reason:
            raise Invalid({"reason": _("is required")})


@dataclass(frozen=True, slots=True, kw_only=True)
class LateFilter:
    """Late usage of a subscriber, and of a month."""

    subscriber: Annotated[int | None, NUMBER] = None
    month: Annotated[Period | None, Month()] = None
