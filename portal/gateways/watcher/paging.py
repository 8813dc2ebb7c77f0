"""Asking for a page, so that no object on it stops the list: it is asked for again in halves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from portal.gateways.watcher.client import Authorizer, Client
from portal.gateways.watcher.oddities import IN_A_ROW_MAX, Oddities
from portal.gateways.watcher.salvage import Salvage
from portal.values.watcher import TooLong, called
from portal.words import _


@dataclass(slots=True)
class Fit:
    """How many objects are asked for at once: fewer where they do not fit into an answer.

    `asked` is what was asked for last.
    """

    wanted: int
    size: int = 0
    asked: int = 0
    skipped: int = 0

    def __post_init__(self) -> None:
        self.size = self.asked = self.wanted

    @property
    def is_reduced(self) -> bool:
        """Whether fewer were asked for than are wanted, so that a short page is not the end."""
        return self.asked < self.wanted

    def shrink(self) -> bool:
        """Ask for half as many. False when it was one."""
        self.asked = self.size
        self.size = max(1, self.size // 2)
        return self.asked > 1

    def grow(self) -> None:
        """They fitted: ask for more next time."""
        self.asked, self.skipped = self.size, 0
        self.size = min(self.wanted, self.size * 2)

    def skip(self, error: TooLong) -> None:
        """Leave one out. Raises the error where so many in a row are that it is no single one."""
        self.skipped += 1
        if self.skipped >= IN_A_ROW_MAX:
            raise error


@dataclass(frozen=True, slots=True)
class Listing:
    """One list of a Watcher: its objects are `plural` in API v3's envelope and in messages."""

    client: Client
    auth: Authorizer
    path: str
    plural: str
    oddities: Oddities

    async def page(self, params: Mapping[str, str | int], *, skims: bool = False) -> Any:
        """The page as JSON, None in the place of an object that cannot be read.

        Where it `skims`, the object of a page of one is passed over, and only what stands behind
        the list is read. Raises `TooLong` where the page does not fit into an answer.
        """
        salvage = Salvage(self.plural)
        answer = await self.client.get(
            self.path, params, auth=self.auth, salvage=salvage, skims=skims
        )
        for why in salvage.lost:
            self.leave_out(why)
        return answer

    def leave_out(self, why: str) -> None:
        """Say that an object was left out."""
        told = _("One of Watcher's %(plural)s cannot be read and is left out: %(why)s")
        self.oddities.add(told % {"plural": called(self.plural), "why": why})
