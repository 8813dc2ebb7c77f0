"""A complete fetch of a list that may change while it is read.

Watcher's lists have no snapshot: between two pages a camera may go, come or change its place, and
then another one is skipped or shown twice. What matters is that a camera which is there is never
taken for gone, and that a new one is not overlooked. So a list is passed again, with larger pages
where it moved, until what was seen is proven to be all of it (`_Proof`), or the run fails; and a
camera that was known and is in no pass is asked for by its name: only when Watcher says that there
is none is it gone.

No single object stops a run. One without a name is left out, one that cannot be asked for stays
as it was; both are among the run's oddities.

What is kept in memory is the names, and a page for no longer than it takes to read it: while the
footage of its cameras is asked for, which may take minutes, its objects are gone.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from math import lgamma, log
from typing import Final, Protocol

from portal.billing.readings import SETTINGS, CameraReading
from portal.gateways.watcher.bounds import CAMERAS_MAX
from portal.gateways.watcher.oddities import Oddities
from portal.gateways.watcher.shapes import Raw, name_of
from portal.values.watcher import Kept, Nonsense, NotThere, Unsettled, WatcherFailed
from portal.words import _, joined

PASSES_MAX: Final = 20
PAGE_MAX: Final = 500
"""A page is one answer, and an answer is bounded, see `Limits`."""
ASKED_AT_ONCE: Final = 8
# Names that stand in one order by chance do so once in a thousand million lists.
ORDER_PROVEN: Final = log(1e9)
UNREAD: Final[Mapping[str, str]] = {
    "organization": _("organization"),
    "preset": _("preset"),
    "switch": _("switch"),
    "time of making": _("time of making"),
    "continuous depth": _("continuous depth"),
    "motion depth": _("motion depth"),
    "analytics": _("analytics"),
    "stored bytes": _("stored bytes"),
}
"""What of a camera may be unreadable, by its name in `CameraReading.unread`."""


@dataclass(slots=True)
class Pass:
    """What one pass saw.

    `counts` are the lengths that Watcher gave for the list, `length` the number of its places that
    were read, None where that is not known. `odd` are places that hold no camera of their own: one
    without a name, or the same one twice in a single answer. `is_joined`: every page begins with an
    object of the one before, so that nothing can slip through between them while the order stays.
    `is_counted`: every page came with the length of the list.
    """

    page_size: int
    names: dict[str, None] = field(default_factory=dict)
    pages: int = 0
    moved: bool = False
    is_joined: bool = False
    is_counted: bool = False
    counts: set[int] = field(default_factory=set)
    length: int | None = 0
    odd: int = 0
    unnamed: int = 0
    kept: Kept = field(default_factory=lambda: Kept("cameras", CAMERAS_MAX))

    @property
    def is_whole(self) -> bool:
        """Whether every place that was read showed another camera."""
        return self.length is not None and len(self.names) == self.length - self.odd

    @property
    def agrees(self) -> bool:
        """Whether Watcher says the same length at every page, and it is the one that was seen."""
        return self.counts == {len(self.names) + self.odd}

    @property
    def is_settled(self) -> bool:
        """Whether this pass alone saw everything.

        A camera that goes after its page was read makes the one at the next page's edge slip
        through, and then the number of names still agrees with the last count, but not with the
        first one: so all counts must agree. A length that was said before, and pages that are not
        joined, prove nothing: one may have come for the one that slipped through.
        """
        if self.moved or not self.is_whole or (self.counts and not self.agrees):
            return False
        return self.is_joined or self.is_counted or self.pages == 1

    def take(self, page: list[Raw]) -> list[Raw]:
        """The objects of a page that this pass had not seen; those without a name are left out."""
        fresh: list[Raw] = []
        for raw in page:
            name = name_of(raw)
            if name is not None and name not in self.names:
                self.kept.add(name)
                self.names[name] = None
                fresh.append(raw)
        self.pages += 1
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
        """A camera with a name as a normalised value."""

    def is_wanted(self, reading: CameraReading) -> bool:
        """Whether it is in one of the organizations that are read."""


async def fetch_cameras(
    lister: Lister, known: Collection[str], page_size: int, oddities: Oddities
) -> AsyncIterator[list[CameraReading]]:
    """Every camera once, in batches as they are read.

    When it has come to its end the run is complete: names of `known` that did not come are gone.
    Raises a `WatcherFailed` when it cannot be completed, and then nothing is known to be gone.
    """
    proof = _Proof(lister)
    kept = Kept("cameras", CAMERAS_MAX)
    for _pass in range(PASSES_MAX):
        one = Pass(page_size)
        async for page in lister.pass_over(one):
            batch = [lister.read(raw) for raw in page if name_of(raw) not in proof.seen]
            page.clear()
            for camera in batch:
                kept.add(camera.name)
                proof.seen.add(camera.name)
            wanted = [camera for camera in batch if _is_wanted(lister, camera, known, oddities)]
            if wanted:
                yield wanted
        oddities.unnamed = max(oddities.unnamed, one.unnamed)
        if one.unnamed > 1 and not one.names:
            said = _("Watcher lists cameras, and not one of them has a name")
            raise Nonsense(joined([said, *oddities.said[-1:]], ". "))
        if await proof.holds(one):
            break
        if one.moved:
            page_size = min(page_size * 4, PAGE_MAX)
    else:
        raise Unsettled(
            _(
                "the list of cameras kept changing during %(passes_max)s passes: %(seen)s cameras"
                " were seen, and nothing says that these are all"
            )
            % {"passes_max": PASSES_MAX, "seen": len(proof.seen)}
        )
    missing = (name for name in known if name not in proof.seen)
    async for batch in _asked_for(lister, missing, oddities):
        yield batch


class _Proof:
    """Whether the passes so far have seen every camera that was there from the first to the last.

    A list of chance order can look still for a pass or two, so that alone is no proof. One is

    - a still pass with as many names as the list is long, by what Watcher says at each page;
    - two still passes, one after the other, that saw the same;
    - as many names as the list has places, over several passes and without those that are gone;
    - passes in which the names stand in one order, so many of them that it is not by chance, while
      either the pages are joined, or the same was seen in each.
    """

    def __init__(self, lister: Lister) -> None:
        self.seen: set[str] = set()
        self._lister = lister
        # These are asked for to be counted, also those of other clouds: nothing is said of them.
        self._unsaid = Oddities()
        self._gone: set[str] = set()
        self._before: Pass | None = None
        self._order = 0.0
        self._filled = 0

    async def holds(self, one: Pass) -> bool:
        """Whether it is proven by now; `one` is the pass that has just come to its end."""
        before, self._before = self._before, one
        self._gone -= one.names.keys()
        if one.is_settled:
            return True
        # A list without places is always filled by what came: that says something only where the
        # places were counted, or cameras came twice.
        is_filled = (one.moved or one.is_joined) and await self._fills(one)
        self._filled = self._filled + 1 if is_filled else 0
        # Twice: by the second time it is known who of the first pass is gone.
        if self._filled == 2:
            return True
        if before is None:
            return False
        is_same = one.names.keys() == before.names.keys() and one.length == before.length
        if is_same and not (one.moved or before.moved) and one.is_whole:
            return True
        self._order = self._order + _order(before, one) if _in_order(before, one) else 0.0
        is_ordered = self._order >= ORDER_PROVEN
        return is_ordered and (is_same or (one.is_joined and not one.moved))

    async def _fills(self, one: Pass) -> bool:
        """Whether the cameras seen so far, without those that are gone, fill all places."""
        if one.length is None:
            places = max(one.counts, default=-1) if len(one.counts) == 1 else -1
        else:
            places = one.length
        places -= one.odd
        others = self.seen - one.names.keys() - self._gone
        if not 0 <= places <= len(one.names) + len(others):
            return False
        there: set[str] = set()
        async for batch in _asked_for(self._lister, iter(others), self._unsaid):
            there.update(reading.name for reading in batch)
        self._gone |= others - there
        return len(one.names) + len(there) == places


def _in_order(before: Pass, one: Pass) -> bool:
    """Whether what both passes saw stood in the same order."""
    ours = (name for name in one.names if name in before.names)
    theirs = (name for name in before.names if name in one.names)
    return all(our == their for our, their in zip(ours, theirs, strict=True))


def _order(before: Pass, one: Pass) -> float:
    """How unlikely it is that the names of both stand in one order by chance, as a logarithm."""
    return lgamma(len(one.names.keys() & before.names.keys()) + 1)


def _is_wanted(
    lister: Lister, reading: CameraReading, known: Collection[str], oddities: Oddities
) -> bool:
    """Whether a camera is read; one whose organization cannot be understood is if it was before.

    Of one that is not read nothing is said: it may be another cloud's.
    """
    is_lost = "organization" in reading.unread
    if not (lister.is_wanted(reading) or (is_lost and reading.name in known)):
        if is_lost:
            oddities.add(_("A camera has no readable organization and is left out"))
        return False
    if reading.unread:
        fields = joined((UNREAD[field] for field in reading.unread), ", ")
        oddities.add(
            _("Camera %(name)s has a value that cannot be read: %(fields)s")
            % {"name": reading.name, "fields": fields}
        )
    return True


async def _asked_for(
    lister: Lister, missing: Iterator[str], oddities: Oddities
) -> AsyncIterator[list[CameraReading]]:
    """Those of the missing that are there after all, or not known to be gone."""
    while names := list(islice(missing, ASKED_AT_ONCE)):
        answers = await asyncio.gather(
            *(_asked(lister, name) for name in names), return_exceptions=True
        )
        batch: list[CameraReading] = []
        for name, answer in zip(names, answers, strict=True):
            if isinstance(answer, WatcherFailed):
                oddities.failed(
                    _("Camera %(name)s could not be read and stays as it was") % {"name": name},
                    answer,
                )
                batch.append(CameraReading(name, "", unread=SETTINGS))
            elif isinstance(answer, BaseException):
                raise answer
            else:
                oddities.worked()
                if answer is not None and _is_wanted(lister, answer, (name,), oddities):
                    batch.append(answer)
        if batch:
            yield batch


async def _asked(lister: Lister, name: str) -> CameraReading | None:
    try:
        raw = await lister.ask(name)
    except NotThere:
        return None
    if name_of(raw) != name:
        raise Nonsense(_("Watcher shows another one in its place"))
    return lister.read(raw)
