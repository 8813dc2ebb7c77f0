"""Reading the ranges of footage that the media server has in store."""

from __future__ import annotations

import asyncio
from array import array
from bisect import bisect_left
from collections import deque
from collections.abc import AsyncIterator, Iterable
from itertools import islice
from operator import attrgetter
from typing import Any, Final

from portal.billing.readings import Range, union
from portal.gateways.watcher import shapes
from portal.gateways.watcher.bounds import CURSOR_LENGTH_MAX
from portal.gateways.watcher.client import Authorizer, Client
from portal.gateways.watcher.names import get_by_name
from portal.gateways.watcher.oddities import Oddities
from portal.values.watcher import Nonsense, NotThere, WatcherFailed
from portal.words import _

PREFIX: Final = "/streamer/api/v3/streams"
SUFFIX: Final = "/dvr/ranges"
LIMIT: Final = 1000
PAGES_MAX: Final = 1000
RANGES_MAX: Final = 20_000
"""Stretches of footage of one camera that do not touch: a gap every five minutes for 70 days."""
READ_AT_ONCE: Final = 8


class Ranges:
    """The ranges of the cameras of one Watcher, by HTTP Basic."""

    def __init__(self, client: Client, auth: Authorizer, oddities: Oddities) -> None:
        self._client, self._auth, self._oddities = client, auth, oddities
        self._answered = False
        self._failures: list[WatcherFailed] = []

    async def of(self, name: str) -> tuple[Range, ...]:
        """What is in store of a camera, disjoint and in order; nothing of one that is not there."""
        found: list[Range] = []
        cursor: str | None = None
        for _round in range(PAGES_MAX):
            params: dict[str, str | int] = {"limit": LIMIT}
            if cursor is not None:
                params["cursor"] = cursor
            try:
                answer = await get_by_name(self._client, PREFIX, name, self._auth, SUFFIX, **params)
            except NotThere:
                return tuple(found)
            page, following = _page(answer)
            del answer
            if page:  # mostly it goes on where the last one ended: what lies before stays as it is
                before = bisect_left(found, min(page).start_ms, key=attrgetter("end_ms"))
                found[before:] = union(found[before:], page)
            if len(found) > RANGES_MAX:
                raise Nonsense(
                    _("camera %(name)s has more than %(ranges_max)s ranges of footage")
                    % {"name": name, "ranges_max": RANGES_MAX}
                )
            if following is None or following == cursor:
                return tuple(found)
            cursor = following
        raise Nonsense(_("the list of ranges of %(name)s does not end") % {"name": name})

    async def of_many(
        self, names: Iterable[str]
    ) -> AsyncIterator[tuple[str, tuple[Range, ...] | None]]:
        """The ranges of many cameras, in their order, a few of them asked for at any time.

        None for one that Watcher gives no good answer about, which is among the oddities. Where
        that is so of many in a row, its error is raised: it is not about single ones.
        """
        waiting = iter(names)
        asked: deque[tuple[str, asyncio.Task[array[int]]]] = deque()
        try:
            while True:
                for name in islice(waiting, READ_AT_ONCE - len(asked)):
                    asked.append((name, asyncio.create_task(self._packed(name))))
                if not asked:
                    return
                name, answer = asked.popleft()
                yield name, await self._answer(name, answer)
        finally:
            left = [answer for _, answer in asked]
            for answer in left:
                answer.cancel()
            await asyncio.gather(*left, return_exceptions=True)

    async def _packed(self, name: str) -> array[int]:
        """A camera's ranges as bounds: 16 bytes each, not 130, while they wait for their turn."""
        return array("q", (bound for one in await self.of(name) for bound in one))

    async def _answer(
        self, name: str, answer: asyncio.Task[array[int]]
    ) -> tuple[Range, ...] | None:
        try:
            flat = iter(await answer)
        except WatcherFailed as error:
            self._failures = [*self._failures[:1], error]
            self._oddities.failed(
                _("Footage of camera %(name)s could not be read") % {"name": name}, error
            )
            return None
        self._answered = True
        self._oddities.worked()
        return tuple(map(Range, flat, flat))

    def require_one(self) -> None:
        """Raise what failed where several cameras were asked about and none had an answer."""
        if len(self._failures) > 1 and not self._answered:
            raise self._failures[-1]


def _page(answer: Any) -> tuple[list[Range], str | None]:
    """The ranges of an answer and its next cursor. What the list is called is not known."""
    if isinstance(answer, list):
        return _ranges(answer), None
    if not isinstance(answer, dict):
        raise Nonsense(_("Watcher's answer is not a list of ranges"))
    listed = answer.get("ranges")
    if listed is None:
        lists = [value for value in answer.values() if isinstance(value, list)]
        listed = next((one for one in lists if any(_is_range(raw) for raw in one)), None)
        if listed is None and not any(one == [] for one in lists):
            raise Nonsense(_("Watcher's answer is not a list of ranges"))
    following = answer.get("next")
    if not isinstance(following, str) or not following:
        return _ranges(listed or []), None
    if len(following) > CURSOR_LENGTH_MAX:
        raise Nonsense(
            _("Watcher's cursor has more than %(cursor_length_max)s characters")
            % {"cursor_length_max": CURSOR_LENGTH_MAX}
        )
    return _ranges(listed or []), following


def _is_range(raw: Any) -> bool:
    return isinstance(raw, dict) and ("opened_at" in raw or "from" in raw)


def _ranges(listed: Any) -> list[Range]:
    read = (shapes.dvr_range(raw) for raw in shapes.objects(listed, "ranges"))
    return [one for one in read if one is not None]
