"""The connector before a simulated Watcher, with a hand in between that changes things."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Collection
from contextlib import asynccontextmanager
from typing import Any

import httpx

from portal.billing.readings import CameraReading
from portal.demo.simulator import World
from portal.demo.simulator.simulation import Simulation
from portal.gateways.watcher import Limits, connect
from portal.ports import Watcher
from portal.values.watcher import WatcherAccess
from tests.patience import PATIENCE_SECONDS
from tests.simulator.watchers import NOON, NORTH, simulator

ADDRESS = "http://watcher.test"
BY_KEY = WatcherAccess("v2", ADDRESS, api_key="north-key", login="nora", password="nora-password")
BY_LOGIN = WatcherAccess("v3", ADDRESS, login="nora", password="nora-password")
QUICK = Limits(back_off_seconds=0.001, answer_seconds_max=PATIENCE_SECONDS)


def simulation(seed=NORTH) -> Simulation:
    found: Simulation = simulator().state["simulation"]
    found.restart(seed, NOON)
    return found


def present(found: Simulation) -> World:
    return found.present()


class Meddling(httpx.AsyncBaseTransport):
    """Passes requests on; before the n-th page of cameras something may happen."""

    def __init__(self, happenings: dict[int, Callable[[], object]] | None = None) -> None:
        self._inner = httpx.ASGITransport(simulator())  # type: ignore[arg-type]
        self._happenings = happenings or {}
        self.pages = 0
        self.requests: list[httpx.Request] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        if request.url.path.endswith(("/cameras", "/streams")):
            happening = self._happenings.get(self.pages)
            self.pages += 1
            if happening is not None:
                happening()
        return await self._inner.handle_async_request(request)


class Naps:
    """Sleeps that take no time and are written down."""

    def __init__(self) -> None:
        self.taken: list[float] = []

    async def __call__(self, seconds: float) -> None:
        self.taken.append(seconds)


async def here(_host: str, _port: int) -> list[str]:
    return ["127.0.0.1"]


@asynccontextmanager
async def watching(
    connection: WatcherAccess,
    transport: httpx.AsyncBaseTransport | None = None,
    *,
    naps: Naps | None = None,
    limits: Limits = QUICK,
) -> AsyncIterator[Watcher]:
    async with connect(
        connection,
        allow_private=True,
        limits=limits,
        lookup=here,
        sleep=naps or Naps(),
        transport=transport or Meddling(),
    ) as watcher:
        yield watcher


async def fetched(
    connection: WatcherAccess,
    transport: httpx.AsyncBaseTransport | None = None,
    *,
    known: Collection[str] = (),
    **options: Any,
) -> dict[str, CameraReading]:
    found: dict[str, CameraReading] = {}
    async with watching(connection, transport, **options) as watcher:
        async for batch in watcher.cameras(known):
            for reading in batch:
                assert reading.name not in found, "a camera comes once"
                found[reading.name] = reading
    return found
