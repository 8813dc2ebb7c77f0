"""A complete walk over a list that may change while it is read.

Watcher's lists have no snapshot: between two pages a camera may go, come or change its place, and
then another one is skipped or shown twice. What matters is that a camera which is there is never
taken for gone, and that a new one is not overlooked. So

- a list is passed until a pass was still: nothing moved under it, and its length is the one said;
- otherwise it is passed again, with larger pages, until passes find nothing new;
- a camera that was known and is in no pass is asked for by its name: only when Watcher says that
  there is none is it gone.

What is kept in memory is the names, and a page for no longer than it takes to read it: while the
footage of its cameras is asked for, which may take minutes, its objects are gone.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection, Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Final, Protocol

from portal.billing.readings import CameraReading
from portal.gateways.watcher.bounds import CAMERAS_MAX, Kept
from portal.gateways.watcher.failures import Nonsense, NotThere, Unsettled
from portal.gateways.watcher.shapes import Raw, name_of

PASSES_MAX: Final = 20
PAGE_MAX: Final = 500
"""A page is one answer, and an answer is bounded, see `Limits`."""
# Passes without news until it is believed that there is none: after one that was still, and after
# ones under which the list moved, which may have missed the same camera by chance.
QUIET_PASSES_STILL: Final = 1
QUIET_PASSES_MOVED: Final = 3
ASKED_AT_ONCE: Final = 8


@dataclass(slots=True)
class Pass:
    """What one pass saw.

    `counts` are the lengths that Watcher gave for the list. `is_joined`: every page began with an
    object of the one before, so that nothing can have slipped through between them.
    """

    page_size: int
    names: set[str] = field(default_factory=set)
    pages: int = 0
    moved: bool = False
    is_joined: bool = False
    counts: set[int] = field(default_factory=set)
    kept: Kept = field(default_factory=lambda: Kept("cameras", CAMERAS_MAX))

    @property
    def is_still(self) -> bool:
        """Whether nothing moved under it. A list in one page is a snapshot, however sorted."""
        return not self.moved or self.pages == 1

    @property
    def is_settled(self) -> bool:
        """Whether it surely saw everything.

        A camera that goes after its page was read makes the one at the next page's edge slip
        through, and then the number of names still agrees with the last count, but not with the
        first one: so all counts must agree. Without any, pages that are not joined prove nothing:
        the one that slipped through may be new, and then nobody known is missing.
        """
        if not self.is_still:
            return False
        if self.counts:
            return self.counts == {len(self.names)}
        return self.is_joined or self.pages <= 1

    def take(self, page: list[Raw]) -> list[Raw]:
        """The objects of a page that this pass had not seen."""
        fresh: list[Raw] = []
        for raw in page:
            name = name_of(raw)
            if name not in self.names:
                self.kept.add(name)
                self.names.add(name)
                fresh.append(raw)
        self.pages += bool(page)
        return fresh


class Lister(Protocol):
    """A list of cameras in one generation of the API."""

    def pass_over(self, seen: Pass) -> AsyncIterator[list[Raw]]:
        """Read the list once, page by page; every page comes out without what it repeats.

        What came out is the caller's to clear: nothing else keeps it.
        """

    async def ask(self, name: str) -> Raw:
        """One camera. Raises `NotThere`."""

    def read(self, raw: Raw) -> CameraReading:
        """A camera as a normalised value."""

    def is_wanted(self, reading: CameraReading) -> bool:
        """Whether it is in one of the organizations that are read."""


async def walk(
    lister: Lister, known: Collection[str], page_size: int
) -> AsyncIterator[list[CameraReading]]:
    """Every camera once, in batches as they are read.

    When it has come to its end the walk is complete: names of `known` that did not come are gone.
    Raises a `WatcherFailed` when it cannot be completed, and then nothing is known to be gone.
    """
    seen: set[str] = set()
    kept = Kept("cameras", CAMERAS_MAX)
    quiet = 0
    for number in range(1, PASSES_MAX + 1):
        one = Pass(page_size)
        found_before = len(seen)
        async for page in lister.pass_over(one):
            batch = [lister.read(raw) for raw in page if name_of(raw) not in seen]
            page.clear()
            for reading in batch:
                kept.add(reading.name)
                seen.add(reading.name)
            if batch:
                yield [reading for reading in batch if lister.is_wanted(reading)]
        if one.is_settled:
            break
        quiet = quiet + 1 if len(seen) == found_before else 0
        is_likely = one.is_still or one.counts == {len(seen)}
        needed = QUIET_PASSES_STILL if is_likely else QUIET_PASSES_MOVED
        if number > 1 and quiet >= needed:
            break
        if not one.is_still:
            page_size = min(page_size * 4, PAGE_MAX)
    else:
        raise Unsettled(f"the list of cameras kept changing during {PASSES_MAX} passes")
    async for batch in _asked_for(lister, (name for name in known if name not in seen)):
        yield batch


async def _asked_for(lister: Lister, missing: Iterator[str]) -> AsyncIterator[list[CameraReading]]:
    """Those of the missing that are there after all."""
    while names := list(islice(missing, ASKED_AT_ONCE)):
        answers = await asyncio.gather(
            *(_asked(lister, name) for name in names), return_exceptions=True
        )
        batch: list[CameraReading] = []
        for answer in answers:
            if isinstance(answer, BaseException):
                raise answer
            if answer is not None and lister.is_wanted(answer):
                batch.append(answer)
        if batch:
            yield batch


async def _asked(lister: Lister, name: str) -> CameraReading | None:
    try:
        raw = await lister.ask(name)
    except NotThere:
        return None
    if name_of(raw) != name:
        raise Nonsense(f"asked for camera {name}, Watcher shows {name_of(raw)}")
    return lister.read(raw)
