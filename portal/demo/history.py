"""The demo's months, read from its simulated Watcher as they would have been: day by day.

What was missed is read later, as it was then: at the first start all the months, and after a pause
the days of the pause. Killed in the middle, the next start goes on where this one was.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from functools import partial
from typing import Any, Final

import httpx

from portal.access import SYSTEM
from portal.db import snapshot
from portal.demo.months import Months
from portal.demo.people import CLOUDS
from portal.errors import PortalError
from portal.gateways.queue import NullQueue
from portal.gateways.vault import Vault
from portal.kit.queries import tenancy
from portal.ports import Connect, Watcher
from portal.values.watcher import WatcherAccess as Access
from portal.watcher.actions.sync.fetch import fetch
from portal.watcher.actions.sync.request import request

READ_AT: Final = time(21, 30, tzinfo=UTC)
"""After a day's work in Rome as in New York, and on its date in both: all of the day is seen."""
FOOTAGE_EVERY_DAYS: Final = 3
"""No archive of the demo keeps less: what was recorded since is all still there."""
ANSWER_SECONDS: Final = 30.0
# A cloud's first one is the demo's; further ones are somebody's own.
_CONNECTIONS: Final = """
select distinct on (l.id) c.id, l.slug as cloud, l.timezone as zone, l.created_at as founded, c.url,
  (select max(r.started_at) from reading r where r.connection = c.id and r.state = 'complete')
    as read_at
from connection c join cloud l on l.id = c.cloud
where l.slug = any($1::text[]) and c.ended_at is null and c.url like 'http://127.0.0.1:%'
order by l.id, c.id
"""


@dataclass(frozen=True, slots=True)
class Watching:
    """The demo's connection of a cloud, which was `founded` then; `read_at` None: never."""

    id: int
    cloud: str
    zone: str
    founded: datetime
    url: str
    read_at: datetime | None

    @property
    def months(self) -> Months:
        """The demo's months as they were at its first start."""
        return Months.since(self.founded, self.zone)

    def missed(self, now: datetime) -> Iterator[datetime]:
        """When it was to be read by now, and was not."""
        at = datetime.combine(self.months.first, READ_AT)
        while at < now:
            if self.read_at is None or at > self.read_at:
                yield at
            at += timedelta(days=1)


async def connections() -> list[Watching]:
    """The demo's own connections, as far as they were not ended."""
    async with snapshot(SYSTEM) as tx:
        rows = await tx.fetch(_CONNECTIONS, [cloud.slug for cloud in CLOUDS])
    return [Watching(**row) for row in rows]


def missed(watching: Sequence[Watching], now: datetime) -> dict[datetime, list[Watching]]:
    """What is to be read, by time."""
    found: dict[datetime, list[Watching]] = defaultdict(list)
    for one in watching:
        for at in one.missed(now):
            found[at].append(one)
    return dict(sorted(found.items()))


async def read(
    due: Mapping[datetime, Sequence[Watching]],
    url: str,
    *,
    connect: Connect,
    vault: Vault,
    on_day: Callable[[datetime], None],
    footage_every_days: int = FOOTAGE_EVERY_DAYS,
    transport: httpx.AsyncBaseTransport | None = None,
) -> None:
    """Read what is due, the simulated Watcher at `url` standing at the time of each.

    Raises `PortalError` where it does not answer or cannot be read. `transport` stands in for the
    network in tests.
    """
    async with httpx.AsyncClient(base_url=url, trust_env=False, transport=transport) as control:
        await _answers(control)
        last = max(due, default=None)
        for at, watching in due.items():
            moved = await control.post("/_sim/clock", json={"now": at.isoformat()})
            moved.raise_for_status()
            # By the date, so that it goes on in step after a kill.
            is_whole = at.toordinal() % footage_every_days == 0 or at == last
            by = connect if is_whole else partial(_without_footage, connect)
            await asyncio.gather(*(_read(one, at, by, vault) for one in watching))
            on_day(at)


async def _read(one: Watching, at: datetime, connect: Connect, vault: Vault) -> None:
    cloud = await tenancy.get(SYSTEM, one.cloud)
    asked = await request(SYSTEM, cloud, one.id, now=at, queue=NullQueue())
    if not await fetch(asked.id, connect=connect, vault=vault, clock=lambda: at):
        message = f"The simulated Watcher of {one.cloud} could not be read as of {at.date()}."
        raise PortalError(message)


@asynccontextmanager
async def _without_footage(connect: Connect, access: Access, /) -> AsyncIterator[Watcher]:
    async with connect(access) as watcher:
        yield _Hasty(watcher)


class _Hasty:
    """A Watcher whose footage is left for another day: asking about it is most of a reading."""

    reads_ranges = False

    def __init__(self, watcher: Watcher) -> None:
        self._watcher = watcher

    def __getattr__(self, name: str) -> Any:
        return getattr(self._watcher, name)


async def _answers(control: httpx.AsyncClient) -> None:
    """Wait until the simulated Watcher answers."""
    async with asyncio.timeout(ANSWER_SECONDS):
        while True:
            try:
                (await control.get("/_sim/clock")).raise_for_status()
            except httpx.TransportError:
                await asyncio.sleep(0.05)
            else:
                return
