"""An outage: which days, whose cameras, and what is said of it."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from io import StringIO
from typing import Annotated, Final

from portal.billing.crediting.outage import WHOLE
from portal.books.forms.payments import REASON
from portal.errors import Invalid
from portal.kit.forms.form import ListOf
from portal.values.kinds import Choice, Day, ExternalId, Percent, Whole
from portal.values.numbers import NUMBER
from portal.words import _

SIDES: Final = ("both", "retail", "wholesale")
CAMERAS_MAX: Final = 5_000
FILE_BYTES_MAX: Final = 1_000_000
HEADINGS: Final = ("external id", "external_id", "camera", "id")
"""What the column with cameras' ids may be called, the surest first."""
DELIMITERS: Final = (",", ";", "\t")
DAYS_MAX: Final = 92
"""So many days are one outage: they touch four months at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OutageForm:
    """Days of closed months, both included, on which cameras failed.

    Of the `cameras` named, of a `subscriber`, of a Watcher's `organization` or a `connection`; what
    is said together narrows, and where nothing is said it is the whole cloud. `share` is what
    percent of each day comes back in all: what came back of it before counts. `side` is whom it is
    given back to: subscribers (retail), the cloud by the platform (wholesale), both; without it,
    all whom the one who asks may give.
    """

    first_day: Annotated[date, Day()]
    last_day: Annotated[date, Day()]
    cameras: Annotated[tuple[str, ...] | None, ListOf(ExternalId(), CAMERAS_MAX)] = None
    subscriber: Annotated[int | None, NUMBER] = None
    connection: Annotated[int | None, Whole(1)] = None
    organization: Annotated[int | None, Whole(1)] = None
    share: Annotated[Decimal | None, Percent()] = None
    side: Annotated[str | None, Choice(SIDES)] = None
    reason: Annotated[str, REASON]

    def __post_init__(self) -> None:
        if self.last_day < self.first_day:
            raise Invalid({"last_day": _("is before the first day")})
        if (self.last_day - self.first_day).days >= DAYS_MAX:
            told = _("is more than %(days)s days after the first; credit them in parts")
            raise Invalid({"last_day": told % {"days": DAYS_MAX}})
        if self.share == 0:
            raise Invalid({"share": _("must be above 0")})
        if self.cameras is not None and not self.cameras:
            raise Invalid({"cameras": _("must not be empty")})

    @property
    def of_a_day(self) -> Decimal:
        """What percent of a day comes back: all of it where nothing else is said."""
        return WHOLE if self.share is None else self.share


def cameras_in(text: str) -> list[str]:
    """The ids of a CSV: of the column that HEADINGS names, else of the first; empty cells left out.

    Raises `Invalid` at "file" where it cannot be read or has more than CAMERAS_MAX.
    """
    plain = "\n".join(text.splitlines())
    head = plain.partition("\n")[0]
    delimiter = max(DELIMITERS, key=head.count)
    reader = csv.reader(StringIO(plain, newline=""), delimiter=delimiter, strict=True)
    found: list[str] = []
    place = 0
    try:
        for at, cells in enumerate(reader):
            names = [cell.strip().casefold() for cell in cells]
            named = [name for name in HEADINGS if name in names] if at == 0 else []
            if named:
                place = names.index(named[0])
            elif len(cells) > place and cells[place].strip():
                found.append(cells[place].strip())
    except csv.Error as error:
        told = _("line %(line)s is no CSV: %(error)s")
        raise Invalid({"file": told % {"line": reader.line_num, "error": str(error)}}) from None
    if not found:
        raise Invalid({"file": _("has no camera")})
    if len(found) > CAMERAS_MAX:
        raise Invalid({"file": _("has more than %(count)s cameras") % {"count": CAMERAS_MAX}})
    return found
