"""What a line of a document says: stored are facts, the words are its reader's."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final

from portal.values import dates
from portal.words import _, joined

RECURRING: Final = "recurring"
SETUP: Final = "setup"
SERVICE: Final = "service"
CREDIT: Final = "credit"
"""The line of a credit note by hand that credits an amount."""


@dataclass(frozen=True, slots=True)
class LineFacts:
    """What was sold. `kind` is the charge's (recurring, setup, overage, service), or CREDIT.

    `name` is the tariff's as sold, or the service's where no tariff is; `service` and `unit` are of
    the service that an overage is of. `valid_from` is the day from which the tariff's version was
    valid, and `corrects` the earlier month that the line is of, None in the document's own.
    """

    kind: str
    name: str
    service: str
    unit: str
    valid_from: date | None
    corrects: date | None

    @property
    def description(self) -> str:
        """What was sold: "Home 7: set-up"."""
        if self.kind == CREDIT:
            return _("Credit")
        if self.kind == SETUP:
            return _("%(tariff)s: set-up") % {"tariff": self.name}
        if self.kind in {RECURRING, SERVICE}:
            return self.name
        facts = {"tariff": self.name, "service": self.service}
        return _("%(tariff)s: %(service)s beyond what is included") % facts

    @property
    def detail(self) -> str:
        """Of what it is: "correction of September 2026; version of 1 October 2026"."""
        about = []
        if self.corrects is not None:
            about.append(_("correction of %(month)s") % {"month": dates.month(self.corrects)})
        if self.valid_from is not None:
            about.append(_("version of %(day)s") % {"day": dates.day(self.valid_from)})
        return joined(about, "; ")

    @property
    def unit_in_words(self) -> str:
        """What is counted: a camera's month, a camera, or the service's own unit."""
        if self.kind == RECURRING:
            return _("camera-month")
        if self.kind == CREDIT:
            return ""
        return _("camera") if self.kind == SETUP else self.unit
