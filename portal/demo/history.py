"""The demo's months, read from its simulated Watcher as they would have been: day by day.

What was missed is read later, as it was then: at the first start all the months, and after a pause
the days of the pause. Killed in the middle, the next start goes on where this one was.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from functools import partial
from typing import Any, Final

import httpx

from portal.access import SYSTEM
from portal.billing.readings import Range
from portal.db import snapshot
from portal.demo.customers import OUTAGES
from portal.demo.months import Months
from portal.demo.people import CLOUDS
from portal.demo.watched import footage_days
from portal.errors import PortalError
from portal.gateways.queue import NullQueue
from portal.gateways.vault import Vault
from portal.kit.queries import tenancy
from portal.ports import Connect, Watcher
from portal.values.watcher import WatcherAccess as Access
from portal.watcher.actions.sync.fetch import fetch
from portal.watcher.actions.sync.request import request
from portal.words import told

READ_AT: Final = time(21, 30, tzinfo=UTC)
"""After a day's work in Rome as in New York, and on its date in both: all of the day is seen."""
FOOTAGE_EVERY_DAYS: Final = (3, 6, 12)
"""A camera is asked for its footage as seldom as its archive allows: most of a reading is that."""
ANSWER_SECONDS: Final = 30.0
ATTEMPTS_MAX: Final = 3
"""A machine that has much to do may keep a reading waiting for longer than it waits."""
# A cloud's first one is the demo's; further ones are somebody's own.
_CONNECTIONS: Final = """
select distinct on (l.id) c.id, l.slug as cloud, l.timezone as zone, l.created_at as founded, c.url,
  (select max(r.started_at) from reading r where r.connection = c.id and r.state = 'complete')
    as read_at,
  (select max(r.started_at) from reading r where r.connection = c.id and r.state = 'failed')
    as failed_at
from connection c join cloud l on l.id = c.cloud
where l.slug = any($1::text[]) and c.ended_at is null and c.url like 'http://127.0.0.1:%'
order by l.id, c.id
"""


@dataclass(frozen=True, slots=True)
class Watching:
    """The demo's connection of a cloud, which was `founded` then.

    It was read last at `read_at`, and last in vain at `failed_at`; None: never.
    """

    id: int
    cloud: str
    zone: str
    founded: datetime
    url: str
    read_at: datetime | None
    failed_at: datetime | None

    @property
    def months(self) -> Months:
        """The demo's months as they were at its first start."""
        return Months.since(self.founded, self.zone)

    @property
    def out_at(self) -> datetime | None:
        """When Watcher stood still, and had to be read in vain; None: never."""
        day = OUTAGES.get(self.cloud)
        return None if day is None else datetime.combine(self.months.day(day), READ_AT)

    def missed(self, now: datetime) -> Iterator[datetime]:
        """When it was to be read by now, and was not."""
        at = datetime.combine(self.months.first, READ_AT)
        while at < now:
            is_tried = at == self.out_at == self.failed_at
            if (self.read_at is None or at > self.read_at) and not is_tried:
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
    footage_every_days: Sequence[int] = FOOTAGE_EVERY_DAYS,
    transport: httpx.AsyncBaseTransport | None = None,
) -> None:
    """Read what is due, the simulated Watcher at `url` standing at the time of each.

    Raises `PortalError` where it does not answer or cannot be read. `transport` stands in for the
    network in tests.
    """
    async with httpx.AsyncClient(base_url=url, trust_env=False, transport=transport) as control:
        await _answers(control)
        # What no client knows takes as long to make as all that it does know.
        plain = await control.post("/_sim/habits", json={"extra_fields": False})
        plain.raise_for_status()
        last = max(due, default=None)
        all_of_them = {one.id: one for watching in due.values() for one in watching}
        every = {id_: _every_days(one, footage_every_days) for id_, one in all_of_them.items()}
        for at, watching in due.items():
            moved = await control.post("/_sim/clock", json={"now": at.isoformat()})
            moved.raise_for_status()
            by = {
                one.id: connect if at == last else partial(_hastily, connect, at, every[one.id])
                for one in watching
            }
            up = [one for one in watching if one.out_at != at]
            await asyncio.gather(*(_read(one, at, by[one.id], vault) for one in up))
            for one in watching:
                if one.out_at == at:
                    async with _out(control):
                        await _read(one, at, by[one.id], vault)
            on_day(at)


def _every_days(one: Watching, steps: Sequence[int]) -> Callable[[str], int]:
    """After how many days a camera, by its name, is asked for its footage again."""
    kept = footage_days(one.cloud, one.months)
    return lambda name: max((step for step in steps if step <= kept.get(name, 0)), default=steps[0])


async def _read(one: Watching, at: datetime, connect: Connect, vault: Vault) -> None:
    """Read a cloud's Watcher as it was; a day of its outage is not read, and only tried."""
    cloud = await tenancy.get(SYSTEM, one.cloud)
    is_out = at == one.out_at
    why = ""
    for _attempt in range(1 if is_out else ATTEMPTS_MAX):
        asked = await request(SYSTEM, cloud, one.id, now=at, queue=NullQueue())
        if await fetch(asked.id, connect=connect, vault=vault, clock=lambda: at):
            return
        async with snapshot(SYSTEM) as tx:
            why = told(await tx.fetchval("select message from reading where id = $1", asked.id))
    if not is_out:
        message = f"The Watcher of {one.cloud} could not be read as of {at.date()}: {why}"
        raise PortalError(message)


@asynccontextmanager
async def _out(control: httpx.AsyncClient) -> AsyncIterator[None]:
    """The simulated Watcher answers nobody: come back in a day, it says."""
    fault = {"match": "/watcher/", "status": 503, "times": None, "retry_after": "86400"}
    (await control.post("/_sim/fault", json=fault)).raise_for_status()
    yield
    (await control.delete("/_sim/fault")).raise_for_status()


@asynccontextmanager
async def _hastily(
    connect: Connect, at: datetime, every_days: Callable[[str], int], access: Access, /
) -> AsyncIterator[Watcher]:
    async with connect(access) as watcher:
        yield _Hasty(watcher, at, every_days)


class _Hasty:
    """A Watcher that is asked for the footage of those cameras alone whose day it is."""

    def __init__(self, watcher: Watcher, at: datetime, every_days: Callable[[str], int]) -> None:
        self._watcher, self._at, self._every_days = watcher, at, every_days

    def ranges(self, names: Iterable[str]) -> AsyncIterator[tuple[str, tuple[Range, ...] | None]]:
        """Of the cameras that are due by the date, so that it goes on in step after a kill."""
        day = self._at.toordinal()
        return self._watcher.ranges(name for name in names if day % self._every_days(name) == 0)

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
