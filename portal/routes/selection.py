"""Rows that are chosen by check boxes, for something that is done to all of them. Pure.

A list is drawn with a `Selection`: a box before each row, and a bar with a button for each deed.
They send the boxes that are ticked, or that everything is meant which the filters leave.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Any, Final

from portal.kit.forms.nested import INTENT
from portal.routes.listing import Listing

PICK: Final = "pick-"
EVERYTHING: Final = "everything"


@dataclass(frozen=True, slots=True)
class Selection:
    """What a list offers for the rows that are chosen.

    `action` is where they are sent; `verbs` are the deeds, the intent and its button; `key` is the
    path of the attribute that names a row. With `everything` all that match are chosen.
    """

    action: str
    verbs: Sequence[tuple[str, str]]
    key: str | Callable[[Any], object]
    everything: bool = False

    def box(self, row: Any) -> str:
        """The name of a row's check box."""
        found = attrgetter(self.key)(row) if isinstance(self.key, str) else self.key(row)
        return f"{PICK}{found}"


@dataclass(frozen=True, slots=True)
class Picked:
    """What a bar sent: the deed, and the keys of the rows, or that all are meant that match."""

    intent: str
    keys: tuple[str, ...]
    everything: bool

    @property
    def boxes(self) -> dict[str, str]:
        """The same to be sent on from a further page."""
        if self.everything:
            return {EVERYTHING: "on"}
        return {f"{PICK}{key}": "on" for key in self.keys}


def picked(sent: Mapping[str, str]) -> Picked:
    """What was sent with a list's bar, or sent on by a further page."""
    keys = tuple(name.removeprefix(PICK) for name in sent if name.startswith(PICK))
    return Picked(sent.get(INTENT, ""), keys, sent.get(EVERYTHING) == "on")


def selects_everything(query: Mapping[str, str], listing: Listing) -> bool:
    """Whether the list is shown with all that match chosen: more than one page has."""
    return query.get(EVERYTHING) == "on" and listing.total > 0


def everything_url(listing: Listing) -> str:
    """The list with all that match chosen."""
    return listing.url(**{EVERYTHING: "on"})
