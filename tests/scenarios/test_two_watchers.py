"""Two Watchers of one cloud with cameras, organizations and presets of equal names and ids.

North has one that is Sue's and one that is Bob's, beside South with its own: each camera is billed
to whose it is, whoever is read first, and what is written reaches the Watcher it is meant for.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, cast

import httpx
import pytest
from litestar import Litestar

from portal.access import SYSTEM
from portal.billing.period import Period
from portal.customers.actions import suspensions
from portal.db import atomic, snapshot
from portal.demo.simulator import create_simulator
from portal.demo.simulator.entities import Camera
from portal.demo.simulator.seed import Seed, SeedCamera, SeedOrganization, SeedPreset, SeedUser
from portal.demo.simulator.simulation import Simulation
from portal.errors import Invalid
from portal.gateways.queue import NullQueue
from portal.gateways.vault import Vault
from portal.gateways.watcher import connect
from portal.gateways.watcher.address import AddressRules
from portal.kit.queries import tenancy
from portal.ports import Watcher
from portal.values.external_id import complaint_of_id, id_for
from portal.values.watcher import WatcherAccess as Access
from portal.watcher.actions import connections, mappings
from portal.watcher.actions.connections import Integrations
from portal.watcher.actions.mappings import follow_mappings
from portal.watcher.actions.provisioning.run import provision
from portal.watcher.actions.sync.fetch import fetch
from portal.watcher.actions.sync.request import request
from portal.watcher.forms.connection import ConnectionChange, NewConnection, NewMapping
from portal.watcher.queries import mappings as listed
from portal.watcher.queries import reconciliation
from tests.cast import NORA, NORTH, SAM, SOUTH
from tests.conftest import Database
from tests.factories import camera, two_clouds
from tests.gateways.watcher.watching import QUICK, Naps, here

NOON = datetime(2026, 10, 5, 12, tzinfo=UTC)
VAULT = Vault(["only for tests"])
WATCHERS = ("sues", "bobs", "souths")
SIGN_IN: dict[str, dict[str, str]] = {
    "v2": {"api_key": "north-key"},
    "v3": {"login": "nora", "password": "nora-password"},
}
ORGANIZATION, PRESET = 6, 7
both = pytest.mark.parametrize("api", ["v2", "v3"])
either = pytest.mark.parametrize("order", [("sues", "bobs"), ("bobs", "sues")])
STRANGE = (
    *("tab\there", "line\nfeed", "esc\x1b[0m", "para\u2028graph", "turn\u202eed"),
    *("a/b", "50%", "what?", "#1", "\"quoted\" 'it'", "🎥 cam", "n" * 304, ".."),
)


def _seed(of: str, names: tuple[str, ...] = ("gate", "yard")) -> Seed:
    return Seed(
        system_key="north-key",
        organizations=[SeedOrganization(ORGANIZATION, f"House, {of}")],
        presets=[SeedPreset(PRESET, f"Preset, {of}", dvr_lock_days=7, alg="plates")],
        users=[SeedUser("nora", "nora-password", 1, is_admin=True, apikey="nora-key")],
        cameras=[SeedCamera(name, ORGANIZATION, PRESET, title=f"{of} {name}") for name in names],
    )


@lru_cache(maxsize=3)
def _simulator(of: str) -> Litestar:
    return create_simulator(_seed(of), now=NOON)


class Wires(httpx.AsyncBaseTransport):
    """Leads to the simulator that an address names: sues.test, bobs.test, souths.test."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        host = request.headers["host"].partition(".")[0]
        inner = httpx.ASGITransport(_simulator(host))  # type: ignore[arg-type]
        return await inner.handle_async_request(request)


@dataclass
class Story:
    """Row ids of the connections by Watcher."""

    api: str
    ids: dict[str, int] = field(default_factory=dict)
    now: datetime = NOON
    queue: NullQueue = field(default_factory=NullQueue)

    def clock(self) -> datetime:
        return self.now

    def connect(self, access: Access) -> AbstractAsyncContextManager[Watcher]:
        return connect(
            access,
            allow_private=True,
            limits=QUICK,
            lookup=here,
            sleep=Naps(),
            transport=Wires(),
        )

    @property
    def integrations(self) -> Integrations:
        return Integrations(VAULT, self.connect, AddressRules(allow_private=True))

    async def open(self, of: str, **fields: Any) -> int:
        actor, slug = (SAM, "south") if of == "souths" else (NORA, "north")
        options = {"follow_presets": True, **fields}
        made = await connections.create(
            actor,
            await tenancy.get(actor, slug),
            NewConnection(
                api=cast("Any", self.api),
                url=f"http://{of}.test",
                **cast("Any", SIGN_IN[self.api]),
                **options,
            ),
            integrations=self.integrations,
        )
        self.ids[of] = made.id
        return made.id

    async def map(self, of: str, subscriber: int, tariff: str) -> None:
        actor, slug = (SAM, "south") if of == "souths" else (NORA, "north")
        for wanted in (
            NewMapping(connection=self.ids[of], organization=ORGANIZATION, subscriber=subscriber),
            NewMapping(connection=self.ids[of], preset=PRESET, tariff=tariff),
        ):
            await mappings.create(actor, await tenancy.get(actor, slug), wanted, queue=self.queue)
        await follow_mappings(SOUTH if slug == "south" else NORTH, now=self.now)

    async def read(self, *watchers: str) -> None:
        for of in watchers:
            slug = "south" if of == "souths" else "north"
            await request(
                SYSTEM,
                await tenancy.get(SYSTEM, slug),
                self.ids[of],
                now=self.now,
                queue=self.queue,
            )
            (running,) = await self.rows("select id from reading where state = 'running'")
            assert await fetch(running[0], connect=self.connect, vault=VAULT, clock=self.clock)
        states = await self.rows("select state, message from reading where state <> 'complete'")
        assert states == []

    async def rows(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        async with snapshot(SYSTEM) as tx:
            return [tuple(row.values()) for row in await tx.fetch(query, *values)]

    async def run(self, query: str, *values: Any) -> None:
        async with atomic(SYSTEM) as tx:
            await tx.execute(query, *values)

    async def billed(self) -> set[tuple[Any, ...]]:
        """(Watcher, its name for the camera, what it is called, owner, tariff) of all that are."""
        by_id = {one: of for of, one in self.ids.items()}
        rows = await self.rows(
            "select s.follows, c.watcher_name, c.name, n.name, t.code from subscription s"
            " join camera c on c.id = s.camera and c.subscriber = s.subscriber"
            " join subscriber n on n.id = s.subscriber join tariff t on t.id = s.tariff"
            " where s.ends_on is null"
        )
        return {(by_id[follows], *rest) for follows, *rest in rows}

    async def unbilled(self) -> dict[str, int]:
        """Days that cameras of North record on and nobody is charged for."""
        found = await reconciliation.get(
            NORA, await tenancy.get(NORA, "north"), Period.month("2026-10"), now=self.now
        )
        return {
            str(one.camera): one.days
            for one in found.differences
            if one.kind == "recorded_not_billed"
        }

    def camera(self, of: str, name: str = "gate") -> Camera:
        return _simulation(of).present().cameras[name]


def _simulation(of: str) -> Simulation:
    found: Simulation = _simulator(of).state["simulation"]
    return found


@asynccontextmanager
async def story(
    api: str, names: tuple[str, ...] = ("gate", "yard"), **fields: Any
) -> AsyncIterator[Story]:
    """Three Watchers are connected; nothing has been read or mapped."""
    await two_clouds()
    found = Story(api)
    for of in WATCHERS:
        seed = _seed(of, names if of == "bobs" else ("gate", "yard"))
        _simulation(of).restart(seed, NOON)
        await found.open(of, **fields)
    yield found


@both
@either
async def test_each_camera_is_billed_to_whose_it_is_whoever_is_read_first(
    worker: Database, api: str, order: tuple[str, str]
) -> None:
    async with story(api) as found:
        await found.read(*order, "souths")
        assert len(await found.rows("select id from camera where cloud = 1")) == 4
        await found.map("sues", 1, "home-7")
        await found.map("bobs", 2, "home-7")
        await found.map("souths", 1, "south-7")
        assert {one[0] for one in await found.billed()} == set(WATCHERS)
        names = await found.rows("select number, name from subscriber order by cloud, number")
        told = {("sues", 1): names[0][1], ("bobs", 2): names[1][1], ("souths", 1): names[-1][1]}
        expected = {
            (of, one, f"{of} {one}", told[of, number], plan)
            for of, number, plan in (
                ("sues", 1, "home-7"),
                ("bobs", 2, "home-7"),
                ("souths", 1, "south-7"),
            )
            for one in ("gate", "yard")
        }
        assert await found.billed() == expected
        before = await found.rows("select id, external_id, name, subscriber from camera order by 1")
        await found.read(*order, *order)
        assert (
            await found.rows("select id, external_id, name, subscriber from camera order by 1")
            == before
        )
        second = order[1]
        ids = {(row[1]) for row in before if row[2].startswith(f"{second} ")}
        assert ids == {f"gate@{found.ids[second]}", f"yard@{found.ids[second]}"}


@both
async def test_what_one_watcher_says_of_usage_is_not_the_others(worker: Database, api: str) -> None:
    async with story(api) as found:
        _simulation("bobs").present().edit_camera("gate", {"enabled": False})
        await found.read("sues", "bobs")
        facts = await found.rows(
            "select c.watcher, u.quantity from usage u join camera c on c.id = u.camera"
            " join meter m on m.id = u.meter"
            " where m.key = 'camera.enabled' and c.watcher_name = 'gate' order by 1"
        )
        assert facts == [(found.ids["sues"], 1), (found.ids["bobs"], 0)]


@both
async def test_a_watcher_that_is_not_mapped_is_in_the_reconciliation(
    worker: Database, api: str
) -> None:
    async with story(api) as found:
        await found.read("sues", "bobs")
        await found.map("sues", 1, "home-7")
        theirs = await found.rows(
            "select external_id from camera where watcher = $1 order by 1", found.ids["bobs"]
        )
        assert await found.unbilled() == {name: 1 for (name,) in theirs}
        ours = await found.rows(
            "select u.camera, u.meter, u.quantity from usage u join camera c on c.id = u.camera"
            " where c.watcher = $1 and u.meter = (select id from meter where key = 'recording.time')",
            found.ids["bobs"],
        )
        meters = await found.rows("select id from meter where key = 'recording.time'")
        assert len(ours) in {0, 2}
        await found.run(
            "insert into usage (cloud, camera, meter, day, quantity)"
            " select 1, id, $2, '2026-10-04', 3600 from camera where watcher = $1",
            found.ids["bobs"],
            meters[0][0],
        )
        # They told footage on the 4th; on the 5th they record all the same.
        assert await found.unbilled() == {name: 2 for (name,) in theirs}


@both
async def test_a_connection_made_anew_goes_on_with_its_cameras(worker: Database, api: str) -> None:
    async with story(api) as found:
        await found.read("sues", "bobs")
        await found.map("sues", 1, "home-7")
        await found.map("bobs", 2, "home-7")
        query = "select id, external_id, name, subscriber from camera where cloud = 1 order by 1"
        before = await found.rows(query)
        running = await found.rows("select id from subscription where ends_on is null order by 1")
        await connections.end(
            NORA, await tenancy.get(NORA, "north"), found.ids["bobs"], now=found.now
        )
        await found.open("bobs")
        await found.read("bobs", "sues")
        assert await found.rows(query) == before
        assert (
            await found.rows("select id from subscription where ends_on is null order by 1")
            == running
        )
        assert {one[0] for one in await found.billed()} == {"sues", "bobs"}


async def test_a_camera_made_by_hand_is_that_of_its_owners_watcher(worker: Database) -> None:
    async with story("v3") as found:
        await found.read("sues", "bobs")
        await found.map("sues", 1, "home-7")
        await found.map("bobs", 2, "home-7")
        async with atomic(SYSTEM) as tx:
            made = await camera(tx, NORTH, "porch", 2)
        for of in ("sues", "bobs"):
            _simulation(of).restart(_seed(of, ("gate", "yard", "porch")), NOON)
        await found.read("sues", "bobs")
        owners = await found.rows(
            "select c.watcher, n.number, c.id = $1 from camera c join subscriber n"
            " on n.id = c.subscriber where c.watcher_name = 'porch' and c.cloud = 1 order by 1",
            made,
        )
        assert owners == [(found.ids["sues"], 1, False), (found.ids["bobs"], 2, True)]


@both
async def test_what_is_written_reaches_the_watcher_it_is_meant_for(
    worker: Database, api: str
) -> None:
    async with story(api) as found:
        await found.read("sues", "bobs")
        await found.map("sues", 1, "home-7")
        await found.map("bobs", 2, "home-7")
        for of in ("sues", "bobs"):
            await connections.change(
                NORA,
                await tenancy.get(NORA, "north"),
                found.ids[of],
                ConnectionChange(follow_presets=False, provision=True),
                integrations=found.integrations,
                queue=found.queue,
            )
        await found.run(
            "update camera set suspended = true where watcher = $1 and watcher_name = 'gate'",
            found.ids["bobs"],
        )
        for of in ("sues", "bobs"):
            for _ in range(3):
                await provision(
                    found.ids[of], connect=found.connect, vault=VAULT, clock=found.clock
                )
        assert found.camera("sues").now.enabled
        assert not found.camera("bobs").now.enabled
        assert found.camera("bobs", "yard").now.enabled


async def test_an_id_of_two_watchers_is_mapped_with_its_connection_alone(
    worker: Database,
) -> None:
    async with story("v3") as found:
        await found.read("sues", "bobs")
        with pytest.raises(Invalid) as refused:
            await mappings.create(
                NORA,
                await tenancy.get(NORA, "north"),
                NewMapping(organization=6, subscriber=1),
                queue=found.queue,
            )
        assert set(refused.value.fields) == {"connection"}
        for of in ("sues", "bobs"):
            assert str(found.ids[of]) in refused.value.fields["connection"]
        with pytest.raises(Invalid) as another:
            await mappings.create(
                NORA,
                await tenancy.get(NORA, "north"),
                NewMapping(connection=found.ids["souths"], organization=6, subscriber=1),
                queue=found.queue,
            )
        assert set(another.value.fields) == {"connection"}
        await found.map("sues", 1, "home-7")
        for mapped, of in ((True, "sues"), (False, "bobs")):
            rows = await listed.list_page(
                NORA, await tenancy.get(NORA, "north"), mapped=mapped, after=None, limit=10
            )
            assert {(row.what, row.connection, row.cameras) for row in rows} == {
                ("organization", found.ids[of], 2),
                ("preset", found.ids[of], 2),
            }


async def test_an_address_does_not_make_two_watchers_one(worker: Database) -> None:
    async with story("v3") as found:
        await found.read("sues", "bobs")
        with pytest.raises(Invalid) as refused:
            await connections.change(
                NORA,
                await tenancy.get(NORA, "north"),
                found.ids["bobs"],
                ConnectionChange(url="http://sues.test/", **SIGN_IN["v3"]),  # type: ignore[arg-type]
                integrations=found.integrations,
                queue=found.queue,
            )
        assert set(refused.value.fields) == {"url"}


@both
async def test_any_name_is_read_and_billed_under_an_id_that_can_be_reached(
    worker: Database, api: str
) -> None:
    async with story(api, STRANGE) as found:
        await found.read("sues", "bobs")
        await found.map("bobs", 2, "home-7")
        billed = {one[1] for one in await found.billed()}
        assert billed == set(STRANGE)
        ids = await found.rows(
            "select external_id from camera where watcher = $1", found.ids["bobs"]
        )
        assert len({one for (one,) in ids}) == len(STRANGE)
        for (one,) in ids:
            assert complaint_of_id(one) is None, one
            await suspensions.suspend_camera(
                NORA, await tenancy.get(NORA, "north"), one, suspended=True, queue=found.queue
            )


async def test_no_name_of_another_watcher_keeps_a_camera_from_its_id(worker: Database) -> None:
    """Whoever knows how ids are made may take them all beforehand: the run finds another one."""
    async with story("v3") as found:
        its = found.ids["bobs"]
        taken = [
            *("gate", f"gate@{its}", id_for("gate", f"@{its}", marked=True)),
            id_for("gate", f"@{its}.2", marked=True),
        ]
        _simulation("sues").restart(_seed("sues", tuple(taken)), NOON)
        await found.read("sues", "bobs")
        (row,) = await found.rows(
            "select external_id from camera where watcher = $1 and watcher_name = 'gate'", its
        )
        assert row[0] == id_for("gate", f"@{its}.3", marked=True)


async def test_what_is_mapped_before_there_is_a_watcher_is_that_of_the_first(
    worker: Database,
) -> None:
    await two_clouds()
    found = Story("v3")
    for wanted in (NewMapping(organization=6, subscriber=2), NewMapping(preset=7, tariff="home-7")):
        told = await mappings.create(
            NORA, await tenancy.get(NORA, "north"), wanted, queue=found.queue
        )
        assert told.connection is None
    _simulation("bobs").restart(_seed("bobs"), NOON)
    await found.open("bobs")
    await found.read("bobs")
    assert {one[:3] for one in await found.billed()} == {
        ("bobs", one, f"bobs {one}") for one in ("gate", "yard")
    }
