"""Flussonic Watcher, read and never trusted: what it says comes out normalised, or not at all."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterable
from contextlib import asynccontextmanager

import httpx

from portal.billing.readings import CameraReading, Organization, Preset, Range
from portal.gateways.watcher.address import (
    AddressRules,
    Guard,
    Lookup,
    Trusted,
    look_up,
)
from portal.gateways.watcher.client import Client, Limits, Sleep, open_client
from portal.gateways.watcher.ranges import Ranges
from portal.gateways.watcher.signing import Bearer, Fixed, Session, basic
from portal.gateways.watcher.v2 import V2
from portal.gateways.watcher.v3 import V3
from portal.gateways.watcher.writing import writer_for
from portal.ports import Watcher, WatcherWriter
from portal.values.watcher import Check, CredentialsRefused, WatcherAccess, WatcherFailed
from portal.words import _, ngettext


class _Reader(Watcher):
    """Either generation behind one face."""

    def __init__(self, listed: V2 | V3, ranges: Ranges | None, writer: WatcherWriter) -> None:
        self._listed, self._ranges, self._writer = listed, ranges, writer

    @property
    def pages(self) -> int:
        return self._listed.pages

    @property
    def reads_ranges(self) -> bool:
        return self._ranges is not None

    @property
    def writer(self) -> WatcherWriter:
        return self._writer

    def organizations(self) -> AsyncIterator[Organization]:
        return self._listed.organizations()

    def presets(self) -> AsyncIterator[Preset]:
        return self._listed.presets()

    def cameras(self, known: Collection[str] = ()) -> AsyncIterator[list[CameraReading]]:
        return self._listed.cameras(known)

    @property
    def warnings(self) -> list[str]:
        return self._listed.oddities.warnings

    @property
    def unnamed(self) -> int:
        return self._listed.oddities.unnamed

    def require_ranges(self) -> None:
        if self._ranges is not None:
            self._ranges.require_one()

    def ranges(self, names: Iterable[str]) -> AsyncIterator[tuple[str, tuple[Range, ...] | None]]:
        if self._ranges is None:
            raise CredentialsRefused(
                _("the ranges of footage are read with a login and a password")
            )
        return self._ranges.of_many(names)

    async def check(self) -> list[Check]:
        names: list[str] = []

        async def cameras() -> str:
            name = await self._listed.first()
            if name is None:
                return _("there are no cameras")
            names.append(name)
            return _("the list of cameras can be read")

        async def ranges() -> str:
            if self._ranges is None:
                raise CredentialsRefused(
                    _("without a login and a password recorded time cannot be read")
                )
            name = names[0] if names else await self._listed.first()
            if name is None:
                return _("there is no camera to try it with")
            found = await self._ranges.of(name)
            told = ngettext(
                "camera %(name)s has %(count)s range of footage",
                "camera %(name)s has %(count)s ranges of footage",
                len(found),
            )
            return told % {"name": name, "count": len(found)}

        return [
            await _tried(_("organizations"), _counted(self._listed.organizations, _organizations)),
            await _tried(_("presets"), _counted(self._listed.presets, _presets)),
            await _tried(_("cameras"), cameras),
            await _tried(_("recorded time"), ranges),
        ]


def _organizations(count: int) -> str:
    return ngettext("%(count)s organization", "%(count)s organizations", count) % {"count": count}


def _presets(count: int) -> str:
    return ngettext("%(count)s preset", "%(count)s presets", count) % {"count": count}


def _counted(
    read: Callable[[], AsyncIterator[object]], worded: Callable[[int], str]
) -> Callable[[], Awaitable[str]]:
    async def count() -> str:
        found = 0
        async for _one in read():
            found += 1
        return worded(found)

    return count


async def _tried(name: str, attempt: Callable[[], Awaitable[str]]) -> Check:
    try:
        return Check(name, ok=True, message=await attempt())
    except WatcherFailed as error:
        return Check(name, ok=False, message=error.message)


@asynccontextmanager
async def connect(
    connection: WatcherAccess,
    *,
    allow_private: bool,
    trusted: Trusted = frozenset(),
    limits: Limits | None = None,
    lookup: Lookup = look_up,
    sleep: Sleep = asyncio.sleep,
    transport: httpx.AsyncBaseTransport | None = None,
) -> AsyncIterator[Watcher]:
    """A Watcher to read, for one sync run: its address is resolved once and kept.

    `allow_private` is the installation's permission to call its own network, `trusted` names what
    connections of single clouds may call there without, see `is_trusted`. `lookup`, `sleep` and
    `transport` stand in for the world in tests. Raises `AddressRefused`, `CredentialsRefused`.
    """
    rules = AddressRules(allow_private=allow_private, trusted=trusted)
    is_open = rules.is_open(connection.url, connection.cloud)
    guard = Guard(allow_private=is_open, lookup=lookup)
    async with open_client(
        connection.url, guard=guard, limits=limits, sleep=sleep, transport=transport
    ) as client:
        yield _reader(client, connection)


def _reader(client: Client, connection: WatcherAccess) -> _Reader:
    login, password = connection.login, connection.password
    wanted, size = connection.organizations, connection.page_size
    listed: V2 | V3
    if connection.api == "v2":
        if connection.api_key is not None:
            auth: Fixed | Session | Bearer = Fixed("x-vsaas-api-key", connection.api_key)
        elif login is not None and password is not None:
            auth = Session(login, password)
        else:
            raise CredentialsRefused(_("API v2 needs a key, or a login and a password"))
        listed = V2(client, auth, organizations=wanted, page_size=size)
    else:
        if login is None or password is None:
            raise CredentialsRefused(_("API v3 needs a login and a password"))
        auth, member = Bearer("admin", login, password), Bearer("client", login, password)
        listed = V3(client, auth, member, organizations=wanted, page_size=size)
    ranges: Ranges | None = None
    if login is not None and password is not None:
        basic_auth = Fixed("Authorization", basic(login, password))
        ranges = Ranges(client, basic_auth, listed.oddities)
    return _Reader(listed, ranges, writer_for(client, listed, auth))


__all__ = ["Limits", "connect"]
