"""Bringing a subscriber: what a referral says of whom it has won."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Final

from portal.customers.forms.lines import LINES
from portal.customers.forms.subscriber import WANTED
from portal.values.kinds import Email, Text, code_like

NOTE_MAX: Final = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class NewReferredSubscriber:
    """A customer as its agent describes it.

    `wanted` is how many cameras it asks for, on the tariff `wanted_tariff` (a code).
    """

    name: Annotated[str, Text(example="Bar Sole")]
    email: Annotated[str, Email()]
    phone: Annotated[str, Text(64, minimum=0)] = ""
    address: Annotated[tuple[str, ...], LINES] = ()
    tax_number: Annotated[str, Text(64, minimum=0)] = ""
    wanted: Annotated[int | None, WANTED] = None
    wanted_tariff: Annotated[str | None, code_like("home-7")] = None
    brought_note: Annotated[str, Text(NOTE_MAX, minimum=0)] = ""
