"""North and South, each connected to one simulated Watcher; time stands until the story moves it.

Workers are played here: what is enqueued is done, and after a job that did something, the sweep.
`Diary` is what an eye-witness saw at each complete reading, and what must follow from it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any, cast
from zoneinfo import ZoneInfo

import httpx
import pytest

from portal.access import SYSTEM
from portal.db import atomic, snapshot
from portal.demo.simulator import World as Watched
from portal.demo.simulator.clock import to_ms
from portal.demo.simulator.seed import Seed, SeedCamera, SeedOrganization, SeedPreset
from portal.demo.simulator.simulation import Simulation
from portal.gateways.vault import Vault
from portal.gateways.watcher import connect
from portal.gateways.watcher.address import AddressRules
from portal.gateways.webhooks import WebhookSender
from portal.kit.actions import clock as clock_actions
from portal.kit.queries import tenancy
from portal.kit.queries.clock import TestClock
from portal.overview.queries import settled
from portal.ports import Watcher
from portal.values.rendering import RenderedDocument
from portal.values.watcher import PAGE_SIZE
from portal.values.watcher import WatcherAccess as Access
from portal.watcher.actions import connections, mappings
from portal.watcher.actions.connections import Integrations
from portal.watcher.forms.connection import NewConnection, NewMapping
from portal.watcher.queries.connections import Reading
from tests.bank_files import bank_reader
from tests.card_gateway.cards import cards_nowhere
from tests.cast import ADA, NORA, NORTH, SAM, SOUTH
from tests.factories import World, per_unit, rate, two_clouds
from tests.gateways.watcher.watching import ADDRESS, QUICK, Meddling, Naps, here, simulation
from tests.queues import RecordingQueue
from tests.scenarios.diary import Diary, Subscribed
from tests.simulator.watchers import NORTH as USERS
from workers.context import Context
from workers.jobs import (
    close_period,
    estimate,
    follow_mappings,
    keep_differences,
    provision,
    read_connection,
    remind,
    render_documents,
    sum_real_use,
)
from workers.sweep import sweep

ROME, NEW_YORK = "Europe/Rome", "America/New_York"

ZONES = {NORTH: ROME, SOUTH: NEW_YORK}

SIGN_IN: dict[str, dict[str, str]] = {
    "v2": {"api_key": "north-key", "login": "nora", "password": "nora-password"},
    "v2 by key": {"api_key": "north-key"},
    "v3": {"login": "nora", "password": "nora-password"},
}

SUES, BOBS, NOBODYS, TIMS = 6, 7, 8, 9
"""Organizations: Sue's, Bob's, one that nobody mapped, and in South Tim's."""

LIVE, MOTION, WEEK, ODD = 1, 2, 3, 4
"""Presets: live only, the tariff home-7, the tariff record-7, and one that nobody mapped."""

SEED = Seed(
    system_key="north-key",
    organizations=[
        SeedOrganization(SUES, "Sue's house"),
        SeedOrganization(BOBS, "Bob's shop"),
        SeedOrganization(NOBODYS, "Who is this?"),
        SeedOrganization(TIMS, "Tim's dock"),
    ],
    presets=[
        SeedPreset(LIVE, "Live only"),
        SeedPreset(MOTION, "Motion 7, plates", dvr_lock_days=7, alg="plates"),
        SeedPreset(WEEK, "7 days", dvr_depth=7),
        SeedPreset(ODD, "3 days, faces", dvr_depth=3, alg="faces"),
    ],
    users=USERS.users[:1],
    cameras=[
        SeedCamera("gate", SUES, MOTION, title="Gate"),
        SeedCamera("yard/north", SUES, WEEK, title="Yard"),
        SeedCamera("shop", BOBS, WEEK, title="Shop"),
        SeedCamera("dock", TIMS, MOTION, title="Dock"),
    ],
)


class Wire(Meddling):
    """Passes requests on; `before` may look at one, break off, or answer in Watcher's place."""

    before: Callable[[httpx.Request], Awaitable[httpx.Response | None]] | None = None

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        answer = None if self.before is None else await self.before(request)
        return await super().handle_async_request(request) if answer is None else answer


class Printer:
    """Makes PDFs of nothing."""

    async def render(self, value: object) -> RenderedDocument:
        return RenderedDocument(b"%PDF", "0" * 64, 1)

    async def still_waiting(self, waits: Sequence[tuple[str, str]]) -> list[bool]:
        return [True for _ in waits]


JOBS = {
    job.__name__: job
    for job in (
        *(close_period, estimate, follow_mappings, keep_differences, provision),
        *(read_connection, remind, render_documents, sum_real_use, sweep),
    )
}


@dataclass
class Office:
    """Everything of a story; `north` and `south` are the connections' row ids."""

    world: World
    running: Simulation
    clock: TestClock
    api: str
    wire: Wire = field(default_factory=Wire)
    queue: RecordingQueue = field(default_factory=RecordingQueue)
    naps: Naps = field(default_factory=Naps)
    vault: Vault = field(default_factory=lambda: Vault(["only for tests"]))
    north: int = 0
    south: int = 0
    page_size: int = PAGE_SIZE
    diary: Diary = field(default_factory=Diary)

    def connect(self, access: Access) -> AbstractAsyncContextManager[Watcher]:
        return connect(
            replace(access, page_size=self.page_size),
            allow_private=True,
            limits=QUICK,
            lookup=here,
            sleep=self.naps,
            transport=self.wire,
        )

    @property
    def integrations(self) -> Integrations:
        return Integrations(self.vault, self.connect, AddressRules(allow_private=True))

    @property
    def context(self) -> Context:
        return {
            "clock": self.clock,
            "queue": self.queue,
            "renderer": Printer(),
            "connect": self.connect,
            "vault": self.vault,
            "bank": bank_reader(self.vault),
            "cards": cards_nowhere(self.vault),
            "send_webhook": WebhookSender(AddressRules(allow_private=True), self.clock),
            "mail": None,
            "public_url": "http://portal.test",
            "audit_key": b"",
            "backups": None,
        }

    @property
    def now(self) -> datetime:
        return self.clock()

    @property
    def watched(self) -> Watched:
        """Watcher's state now."""
        return self.running.present()

    async def settle(self, *, jobs_max: int = 200) -> None:
        """Do what is enqueued until there is nothing more, as workers would."""
        for _ in range(jobs_max):
            if not self.queue.enqueued:
                break
            name, ids = self.queue.take()
            await self.clock.refresh()
            job = cast("Any", JOBS[name])
            if await job(self.context, *ids):
                await self.queue.enqueue("sweep")
        assert not self.queue.enqueued, "work makes work without end"
        assert await settled.is_settled(self.now)

    async def go(
        self, to: datetime | None = None, *, settled: bool = True, **length: float
    ) -> None:
        """Watcher's time and ours move on; everything that becomes due is done."""
        to = to or self.now + timedelta(**length)
        self.running.clock.move(to_ms(to))
        self.watched.advance(to_ms(to))
        await clock_actions.move(ADA, to, queue=self.queue)
        if settled:
            await self.settle()
            await self.witness()

    async def witness(self) -> None:
        """Write down what Watcher shows, if all were read completely at this time."""
        at = {row.started_at for one in (self.north, self.south) if (row := await self.last(one))}
        if at == {self.now}:
            self.diary.write(self.now, self.watched)

    async def last(self, connection: int) -> Reading | None:
        """The last complete reading."""
        rows = await self.readings(connection)
        return next((row for row in reversed(rows) if row.state == "complete"), None)

    async def readings(self, connection: int) -> list[Reading]:
        rows = await self.rows(
            "select id, started_at, finished_at, state, pages, cameras, message, warnings"
            " from reading where connection = $1 order by id",
            connection,
        )
        return [Reading(*row) for row in rows]

    async def map(self, cloud: str = "north", **fields: Any) -> None:
        await mappings.create(
            NORA if cloud == "north" else SAM,
            await tenancy.get(NORA if cloud == "north" else SAM, cloud),
            NewMapping(**fields),
            queue=self.queue,
        )

    async def rows(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        async with snapshot(SYSTEM) as tx:
            return [tuple(row.values()) for row in await tx.fetch(query, *values)]

    async def value(self, query: str, *values: Any) -> Any:
        return (await self.rows(query, *values))[0][0]

    async def subscriptions(self, cloud: int = NORTH) -> list[Subscribed]:
        """(camera, subscriber's number, tariff, starts on, ends on), in order."""
        rows = await self.rows(
            "select c.external_id, n.number, t.code, s.starts_on, s.ends_on from subscription s"
            " join camera c on c.id = s.camera join subscriber n on n.id = s.subscriber"
            " join tariff t on t.id = s.tariff where s.cloud = $1 order by 1, 4",
            cloud,
        )
        return cast("list[Subscribed]", rows)

    async def intervals(self, camera: str) -> list[tuple[Any, ...]]:
        """(organization, preset, enabled, since, until), in order."""
        return await self.rows(
            "select organization, preset, enabled, since, until from camera_interval i"
            " join camera c on c.id = i.camera where c.external_id = $1 order by since",
            camera,
        )

    async def usage(self, cloud: int = NORTH) -> dict[tuple[str, str, date], int]:
        """(camera, meter, day) → quantity."""
        rows = await self.rows(
            "select c.external_id, m.key, u.day, u.quantity from usage_day u"
            " join camera c on c.id = u.camera join meter m on m.id = u.meter where u.cloud = $1",
            cloud,
        )
        return {(camera, meter, day): quantity for camera, meter, day, quantity in rows}


def rome(text: str) -> datetime:
    """ "2026-10-25 03:00" in Rome."""
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(ROME)).astimezone(UTC)


SUBSCRIBERS = {SUES: 1, BOBS: 2}


TARIFFS = {MOTION: "home-7", WEEK: "record-7"}


@asynccontextmanager
async def office(
    api: str,
    begins: datetime,
    *,
    seed: Seed = SEED,
    every: int = 60,
    mapped: bool = True,
    follow: bool = True,
    page_size: int = PAGE_SIZE,
) -> AsyncIterator[Office]:
    """Both clouds connected, their first readings not made yet. `every` is in minutes."""
    await clock_actions.start(begins)
    world = await two_clouds()
    await _more_prices(world)
    running = simulation(seed)
    running.restart(seed, begins)
    found = Office(world, running, TestClock(begins), api, page_size=page_size)
    kind = api.partition(" ")[0]
    for actor, slug, organizations in (
        (NORA, "north", (SUES, BOBS, NOBODYS)),
        (SAM, "south", (TIMS,)),
    ):
        made = await connections.create(
            actor,
            await tenancy.get(actor, slug),
            NewConnection(
                api=cast("Any", kind),
                url=ADDRESS,
                organizations=organizations,
                read_every_minutes=every,
                follow_presets=follow,
                **cast("Any", SIGN_IN[api]),
            ),
            integrations=found.integrations,
        )
        setattr(found, slug, made.id)
    if mapped:
        for organization, subscriber in SUBSCRIBERS.items():
            await found.map(organization=organization, subscriber=subscriber)
        for preset, tariff in TARIFFS.items():
            await found.map(preset=preset, tariff=tariff)
        await found.map("south", organization=TIMS, subscriber=1)
        await found.map("south", preset=MOTION, tariff="south-7")
    yield found


async def _more_prices(world: World) -> None:
    """Continuous recording and recorded hours, and a tariff with some of each included."""
    async with atomic(SYSTEM) as tx:
        for code, meter, size, measure, price in (
            ("day", "recording.continuous.depth", 1, "unit_month", "0.30"),
            ("hour", "recording.time", 3600, "total", "0.0125"),
            ("enabled", "camera.enabled", 1, "unit_month", "1.10"),
        ):
            world.services[code] = await tx.fetchval(
                "insert into service (code, name, meter, unit, unit_size, measure)"
                " values ($1::varchar, $1::varchar, $2, $1::varchar, $3, $4) returning id",
                code,
                world.meters[meter],
                size,
                measure,
            )
            for cloud in (NORTH, SOUTH):
                await rate(tx, cloud, world.services[code], "2025-01-01", per_unit(price))
        world.tariffs["record-7"] = await tx.fetchval(
            "insert into tariff (cloud, code, name) values ($1, 'record-7', 'Record 7') returning id",
            NORTH,
        )
        version = await tx.fetchval(
            "insert into tariff_version (cloud, tariff, valid_from, monthly_price, setup_fee)"
            " values ($1, $2, '2025-01-01', 12.50, 3) returning id",
            NORTH,
            world.tariffs["record-7"],
        )
        for position, (code, quantity, overage) in enumerate(
            (("day", 7, None), ("hour", 600, per_unit("0.02")))
        ):
            await tx.execute(
                "insert into tariff_item (cloud, version, position, service, quantity, overage)"
                " values ($1, $2, $3, $4, $5, $6)",
                *(NORTH, version, position, world.services[code], quantity, overage),
            )


both = pytest.mark.parametrize("api", ["v2", "v3"])
every_way = pytest.mark.parametrize("api", ["v2", "v2 by key", "v3"])
NORTHS = {SUES, BOBS, NOBODYS}


async def agrees(found: Office, tariffs: dict[int, str] = TARIFFS) -> None:
    """Subscriptions and usage of both clouds are what an eye-witness makes of it."""
    assert await found.subscriptions() == found.diary.subscriptions(
        ROME, SUBSCRIBERS, tariffs, api=found.api, organizations=NORTHS
    )
    assert await found.subscriptions(SOUTH) == found.diary.subscriptions(
        NEW_YORK, {TIMS: 1}, {MOTION: "south-7"}, api=found.api, organizations={TIMS}
    )
    for cloud, zone, organizations in ((NORTH, ROME, NORTHS), (SOUTH, NEW_YORK, {TIMS})):
        expected = found.diary.usage(zone, api=found.api, organizations=organizations)
        usage = await found.usage(cloud)
        wrong = {
            key: (usage.get(key), expected.get(key))
            for key in {*usage, *expected}
            if usage.get(key) != expected.get(key)
        }
        assert wrong == {}


def day(text: str) -> date:
    return date.fromisoformat(f"2026-{text}")
