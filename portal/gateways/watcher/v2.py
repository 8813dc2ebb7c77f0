"""Reading a Watcher by API v2: bare lists, by offset."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Collection, Mapping
from typing import Final, TypeVar

from portal.billing.readings import CameraReading, Organization, Preset
from portal.gateways.watcher import shapes
from portal.gateways.watcher.client import Authorizer, Client
from portal.gateways.watcher.fetch import Pass, fetch_cameras
from portal.gateways.watcher.names import ask_by_name
from portal.gateways.watcher.oddities import IN_A_ROW_MAX, Oddities, no_id
from portal.gateways.watcher.paging import Fit, Listing
from portal.gateways.watcher.shapes import Raw
from portal.values.watcher import Kept, Nonsense, TooLong, called
from portal.words import _

ROOT: Final = "/vsaas/api/v2"
STEPS_BACK_MAX: Final = 5
STALE_PAGES_MAX: Final = 10
# Organizations and presets are few; a server that never ends its list is not waited for.
PAGES_MAX: Final = 2000

Listed = TypeVar("Listed", Organization, Preset)


class V2:
    """Organizations, presets and cameras of one Watcher."""

    def __init__(
        self,
        client: Client,
        auth: Authorizer,
        *,
        organizations: Collection[int] | None,
        page_size: int,
    ) -> None:
        self._client, self._auth = client, auth
        self.oddities = Oddities()
        self._wanted = None if organizations is None else frozenset(organizations)
        self._page_size = page_size
        self._counted: dict[int, int | None] | None = None
        self.pages = 0

    async def organizations(self) -> AsyncIterator[Organization]:
        """Every organization that is read. Their counts are what the cameras are checked by."""
        counted: dict[int, int | None] = {}
        async for one in self._listed("organizations", shapes.organization):
            if self._wanted is None or one.id in self._wanted:
                counted[one.id] = one.cameras
                yield one
        self._counted = counted

    async def presets(self) -> AsyncIterator[Preset]:
        """Every preset, also those marked as deleted."""
        async for one in self._listed("presets", shapes.preset_v2):
            yield one

    async def cameras(self, known: Collection[str] = ()) -> AsyncIterator[list[CameraReading]]:
        """See `fetch_cameras`."""
        async for batch in fetch_cameras(self, known, self._page_size, self.oddities):
            yield batch

    # -- what a sync run asks for ----------------------------------------------------------------

    async def pass_over(self, seen: Pass) -> AsyncIterator[list[Raw]]:
        """The list once: whole, or organization by organization."""
        if self._counted is not None and None not in self._counted.values():
            seen.counts.add(sum(count or 0 for count in self._counted.values()))
        # A camera that moves between two lists meanwhile may be in neither.
        seen.is_joined = self._wanted is None or len(self._wanted) == 1
        if self._wanted is None:
            async for page in self._scope(None, seen):
                yield page
            return
        for scope in sorted(self._wanted):
            is_alone = True
            async for page in self._scope(scope, seen):
                is_alone = is_alone and all(
                    shapes.camera_v2(raw).organization in {scope, None} for raw in page
                )
                yield page
            if not is_alone:
                # The server takes no notice of the organization, so this was the whole list.
                seen.counts.clear()
                return

    async def _scope(self, scope: int | None, seen: Pass) -> AsyncIterator[list[Raw]]:
        """One list, every page beginning with the last camera of the one before.

        That camera in its place proves that nothing before it went away; if another one is there,
        the list has become shorter, and reading goes back until it meets something it has seen.
        """
        own, fit = Pass(seen.page_size, is_joined=True), Fit(seen.page_size)
        first: list[str | None] | None = None
        has_shrunk = False
        offset, overlap, back, stale, again, reach = 0, 0, 0, 0, 0, 1
        while True:
            page = await self._page(scope, offset, fit, overlap)
            names = [shapes.name_of(raw) for raw in page]
            is_gap = overlap > 0 and not own.moved and (not page or names[0] not in own.names)
            if is_gap and back < STEPS_BACK_MAX:
                back, has_shrunk = back + 1, True
                # A server may show fewer than were asked for: as far back as a page really reaches.
                offset = max(0, offset - max(1, reach - 1))
                overlap = 1 if offset else 0
                continue
            own.moved = own.moved or is_gap or _is_mixed(names, own.names)
            own.odd += _odd(names, overlap)
            own.unnamed += names[overlap:].count(None)
            is_end = len(page) <= overlap
            stale = 0 if own.take(page) else stale + 1
            again = again + 1 if names == first and not is_end else 0
            first = names if first is None else first
            back, reach, shown = 0, max(reach, len(page)), len(page)
            fresh = seen.take(page)
            page.clear()
            if fresh:
                yield fresh
            if is_end or again == STALE_PAGES_MAX or stale > STALE_PAGES_MAX + own.pages // 2:
                break
            # Where the order changes from page to page an overlap proves nothing.
            overlap = 0 if own.moved else _overlap(names)
            own.is_joined = own.is_joined and overlap > 0
            offset += shown - overlap
        if again:
            # A server that takes no notice of the offset shows the same page for ever.
            own.odd, own.length = _odd(names, 0), shown
        elif not is_end:
            own.moved, own.length = True, None
        else:
            # What was seen may be gone where a list in order became shorter: its length, now, is
            # not the number of names.
            own.length = None if has_shrunk and not own.moved else offset + shown
        # Fewer cameras than places: some came twice, and so others may not have come at all.
        own.moved = own.moved or not (own.length is None or own.is_whole)
        _add(seen, own)

    async def first(self) -> str | None:
        """The name of some camera, to see that the list can be read."""
        scope = None if self._wanted is None else min(self._wanted, default=None)
        fit = Fit(1)
        for offset in range(IN_A_ROW_MAX):
            page = await self._page(scope, offset, fit, 0)
            for raw in page:
                if (name := shapes.name_of(raw)) is not None:
                    return name
            if not page:
                break
        return None

    async def ask(self, name: str) -> Raw:
        """One camera. Raises `NotThere`."""
        return await ask_by_name(self._client, f"{ROOT}/cameras", name, self._auth)

    def read(self, raw: Raw) -> CameraReading:
        """A camera as a normalised value."""
        return shapes.camera_v2(raw)

    def is_wanted(self, reading: CameraReading) -> bool:
        """Whether it is in one of the organizations that are read."""
        return self._wanted is None or reading.organization in self._wanted

    # -- requests --------------------------------------------------------------------------------

    async def _page(self, scope: int | None, offset: int, fit: Fit, overlap: int) -> list[Raw]:
        """The list from an offset on: some of it beyond the overlap, unless this is its end.

        Where fewer than usual are asked for, the overlap may be all that an answer has room for,
        or what comes behind it does not fit: then another page belongs to this one.
        """
        params: dict[str, str | int] = {} if scope is None else {"organization_id": scope}
        listing = self._listing("cameras")
        page = await self._places(listing, params, offset, fit)
        while fit.is_reduced and len(page) <= overlap + IN_A_ROW_MAX:
            if any(shapes.name_of(raw) is not None for raw in page[overlap:]):
                break
            more = await self._places(listing, params, offset + len(page), fit)
            if not more:
                break
            page += more
        return page

    async def _places(
        self, listing: Listing, params: Mapping[str, str | int], offset: int, fit: Fit
    ) -> list[Raw]:
        """As many objects as fit into an answer, {} for one that alone does not."""
        while True:
            try:
                answer = await listing.page({**params, "limit": fit.size, "offset": offset})
            except TooLong as error:
                if fit.shrink():
                    continue
                fit.skip(error)
                listing.leave_out(error.message)
                return [{}]
            fit.grow()
            self.pages += listing.plural == "cameras"
            return shapes.objects(answer, listing.plural)

    async def _listed(
        self, plural: str, read: Callable[[Raw], Listed | None]
    ) -> AsyncIterator[Listed]:
        """A short list, each of it once, page by page until one is empty."""
        offset = barren = 0
        seen: set[int] = set()
        kept, fit, listing = Kept(plural), Fit(self._page_size), self._listing(plural)
        for _page in range(PAGES_MAX):
            page = [read(raw) for raw in await self._places(listing, {}, offset, fit)]
            if None in page:
                self.oddities.add(no_id(plural))
            fresh = [one for one in page if one is not None and one.id not in seen]
            for one in fresh:
                if one.id not in seen:
                    seen.add(one.id)
                    kept.add(one.title)
                    yield one
            # A page with nothing new: the end, or a server that does not page this list. One of
            # which nothing can be read may have others behind it.
            barren = 0 if fresh else barren + 1
            if not page or (barren and any(page)) or barren == STALE_PAGES_MAX:
                return
            offset += len(page)
        raise Nonsense(_("Watcher's list of %(plural)s does not end") % {"plural": called(plural)})

    def _listing(self, plural: str) -> Listing:
        return Listing(self._client, self._auth, f"{ROOT}/{plural}", plural, self.oddities)


def _is_mixed(names: list[str | None], seen: Collection[str]) -> bool:
    """Whether something seen stands behind something new: then the order itself has changed."""
    was_new = False
    for name in names:
        if name is None:
            continue
        if name not in seen:
            was_new = True
        elif was_new:
            return True
    return False


def _overlap(names: list[str | None]) -> int:
    """How many objects of a page the next one is to show again: from its last named one on."""
    named = max((at for at, name in enumerate(names) if name is not None), default=0)
    return len(names) - named if named else 0


def _odd(names: list[str | None], overlap: int) -> int:
    """Objects of a page beyond the overlap that are nameless, or there already in this answer."""
    met: set[str | None] = {None, *names[:overlap]}
    odd = 0
    for name in names[overlap:]:
        odd += name in met
        met.add(name)
    return odd


def _add(seen: Pass, own: Pass) -> None:
    """What a pass over one list tells about the pass over all of them."""
    seen.moved = seen.moved or own.moved
    seen.is_joined = seen.is_joined and own.is_joined
    seen.odd += own.odd
    seen.unnamed += own.unnamed
    if seen.length is not None:
        seen.length = None if own.length is None else seen.length + own.length
