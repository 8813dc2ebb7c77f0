"""An outage: which days, whose cameras, and what is said of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Annotated, Final

from portal.books.forms.payments import REASON
from portal.errors import Invalid
from portal.kit.forms.form import ListOf
from portal.values.kinds import Choice, Day, ExternalId
from portal.values.numbers import NUMBER
from portal.words import _

SIDES: Final = ("both", "retail", "wholesale")
CAMERAS_MAX: Final = 5_000
DAYS_MAX: Final = 92
"""So many days are one outage: they touch four months at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OutageForm:
    """Days of closed months, both included, on which cameras failed.

    Of the `cameras` named, of a `subscriber`, or, where neither is said, of the whole cloud.
    `side` is whom it is given back to: subscribers (retail), the cloud by the platform (wholesale),
    both; without it, all whom the one who asks may give.
    """

    first_day: Annotated[date, Day()]
    last_day: Annotated[date, Day()]
    cameras: Annotated[tuple[str, ...] | None, ListOf(ExternalId(), CAMERAS_MAX)] = None
    subscriber: Annotated[int | None, NUMBER] = None
    side: Annotated[str | None, Choice(SIDES)] = None
    reason: Annotated[str, REASON]

    def __post_init__(self) -> None:
        if self.last_day < self.first_day:
            raise Invalid({"last_day": _("is before the first day")})
        if (self.last_day - self.first_day).days >= DAYS_MAX:
            told = _("is more than %(days)s days after the first; credit them in parts")
            raise Invalid({"last_day": told % {"days": DAYS_MAX}})
        if self.cameras is not None and not self.cameras:
            raise Invalid({"cameras": _("must not be empty")})
