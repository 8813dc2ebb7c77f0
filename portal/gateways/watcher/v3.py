"""Reading a Watcher by API v3: lists in an envelope, by cursor."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Mapping
from typing import Any, Final

from portal.billing.readings import CameraReading, Organization, Preset
from portal.gateways.watcher import shapes
from portal.gateways.watcher.bounds import CURSOR_LENGTH_MAX, PAGES_MAX
from portal.gateways.watcher.client import Authorizer, Client
from portal.gateways.watcher.fetch import Pass, fetch_cameras
from portal.gateways.watcher.names import ask_by_name
from portal.gateways.watcher.oddities import IN_A_ROW_MAX, Oddities, no_id
from portal.gateways.watcher.paging import Fit, Listing
from portal.gateways.watcher.shapes import Raw
from portal.values.watcher import Kept, Nonsense, TooLong, called
from portal.words import _

ADMIN: Final = "/watcher/admin-api/v3"
CLIENT: Final = "/watcher/client-api/v3"


class V3:
    """Organizations, presets and cameras of one Watcher.

    Organizations are known to the client API alone, cameras are listed by the admin API, and each
    has its own sign-in.
    """

    def __init__(
        self,
        client: Client,
        admin: Authorizer,
        member: Authorizer,
        *,
        organizations: Collection[int] | None,
        page_size: int,
    ) -> None:
        self._client, self._admin, self._member = client, admin, member
        self._wanted = None if organizations is None else frozenset(organizations)
        self._page_size = page_size
        self.oddities = Oddities()
        self.pages = 0

    async def organizations(self) -> AsyncIterator[Organization]:
        """The organizations that the login is a member of and that are read.

        Cameras carry the id and title of theirs, also where this list leaves some out.
        """
        seen: set[int] = set()
        kept = Kept("organizations")
        path = f"{CLIENT}/organizations"
        async for page, _count in self._pages(path, "organizations", self._page_size, self._member):
            for raw in page:
                one = shapes.organization(raw)
                if one is None:
                    self.oddities.add(no_id("organizations"))
                elif one.id not in seen and (self._wanted is None or one.id in self._wanted):
                    kept.add(one.title)
                    seen.add(one.id)
                    yield one

    async def presets(self) -> AsyncIterator[Preset]:
        """Every preset, also those marked as deleted."""
        seen: set[int] = set()
        kept = Kept("presets")
        path = f"{ADMIN}/presets"
        async for page, _count in self._pages(path, "presets", self._page_size, self._admin):
            for raw in page:
                one = shapes.preset_v3(raw)
                if one is None:
                    self.oddities.add(no_id("presets"))
                elif one.id not in seen:
                    kept.add(one.title)
                    seen.add(one.id)
                    yield one

    async def cameras(self, known: Collection[str] = ()) -> AsyncIterator[list[CameraReading]]:
        """See `fetch_cameras`."""
        async for batch in fetch_cameras(self, known, self._page_size, self.oddities):
            yield batch

    # -- what a sync run asks for ----------------------------------------------------------------

    async def pass_over(self, seen: Pass) -> AsyncIterator[list[Raw]]:
        """The list once, in the order of names: a page then begins where the last one ended."""
        path = f"{ADMIN}/streams"
        pages = self._pages(path, "streams", seen.page_size, self._admin, sort="name")
        seen.is_counted = True
        async for page, count in pages:
            self.pages += 1
            if count is None:
                seen.is_counted = False
            else:
                seen.counts.add(count)
            named = [name for raw in page if (name := shapes.name_of(raw)) is not None]
            fresh = seen.take(page)
            seen.length = (seen.length or 0) + len(page)
            seen.unnamed += len(page) - len(named)
            seen.odd += len(page) - len(set(named))
            # A cursor goes on after what was shown; something shown twice has changed its place.
            seen.moved = seen.moved or len(fresh) < len(set(named))
            page.clear()
            if fresh:
                yield fresh

    async def first(self) -> str | None:
        """The name of some camera, to see that the list can be read."""
        tried = 0
        async for page, _count in self._pages(f"{ADMIN}/streams", "streams", 1, self._admin):
            tried += 1
            for raw in page:
                if (name := shapes.name_of(raw)) is not None:
                    return name
            if tried == IN_A_ROW_MAX:
                break
        return None

    async def ask(self, name: str) -> Raw:
        """One camera. Raises `NotThere`."""
        return await ask_by_name(self._client, f"{ADMIN}/streams", name, self._admin)

    def read(self, raw: Raw) -> CameraReading:
        """A camera as a normalised value."""
        return shapes.camera_v3(raw)

    def is_wanted(self, reading: CameraReading) -> bool:
        """Whether it is in one of the organizations that are read."""
        return self._wanted is None or reading.organization in self._wanted

    def _pages(
        self, path: str, plural: str, limit: int, auth: Authorizer, **params: str
    ) -> AsyncIterator[tuple[list[Raw], int | None]]:
        listing = Listing(self._client, auth, path, plural, self.oddities)
        return collection(listing, limit, params)


async def collection(
    listing: Listing, limit: int, params: Mapping[str, str]
) -> AsyncIterator[tuple[list[Raw], int | None]]:
    """The pages of a list with the length that is said for it; a page is the caller's to clear.

    Raises `Nonsense` when an envelope is not one, or a cursor comes twice: the list goes round.
    """
    # Of long cursors a number is enough to see that one comes again.
    cursors: set[int] = set()
    asked: dict[str, str] = dict(params)
    fit = Fit(limit)
    for _page in range(PAGES_MAX):
        page, count, cursor = await _fitting(listing, asked, fit)
        yield page, count
        if cursor is None:
            return
        if hash(cursor) in cursors:
            raise Nonsense(
                _("Watcher's list of %(plural)s goes round") % {"plural": called(listing.plural)}
            )
        cursors.add(hash(cursor))
        asked = {**params, "cursor": cursor}
    raise Nonsense(
        _("Watcher's list of %(plural)s does not end") % {"plural": called(listing.plural)}
    )


async def _fitting(
    listing: Listing, asked: Mapping[str, str], fit: Fit
) -> tuple[list[Raw], int | None, str | None]:
    """The page at a cursor, of as many objects as fit into an answer; see `envelope`.

    An object that alone does not fit is {}: of its page only the end is read, where the next cursor
    stands.
    """
    while True:
        try:
            answer = await listing.page({**asked, "limit": fit.size})
        except TooLong as error:
            if fit.shrink():
                continue
            answer = await listing.page({**asked, "limit": 1}, skims=True)
            fit.skip(error)
            listing.leave_out(error.message)
        else:
            fit.grow()
        return envelope(answer, listing.plural)


def envelope(answer: Any, plural: str) -> tuple[list[Raw], int | None, str | None]:
    """The objects, the estimated count and the next cursor of an answer."""
    if not isinstance(answer, dict):
        raise Nonsense(
            _("Watcher's answer is not a page of %(plural)s") % {"plural": called(plural)}
        )
    count, cursor = answer.get("estimated_count"), answer.get("next")
    if cursor is not None and not isinstance(cursor, str | int):
        raise Nonsense(_("Watcher's cursor is not one"))
    if isinstance(cursor, str) and len(cursor) > CURSOR_LENGTH_MAX:
        raise Nonsense(
            _("Watcher's cursor has more than %(cursor_length_max)s characters")
            % {"cursor_length_max": CURSOR_LENGTH_MAX}
        )
    return (
        shapes.objects(answer.get(plural), plural),
        count if isinstance(count, int) and not isinstance(count, bool) else None,
        str(cursor) if cursor not in {None, ""} else None,
    )
