"""What a reading could not read of single objects is said to people, and kept from nobody else."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import httpx

from portal.access import Actor
from portal.billing.period import Period
from portal.demo.simulator.faults import Fault
from portal.gateways.watcher.oddities import SAID_MAX, SENTENCE_MAX, WARNINGS_MAX
from portal.kit.queries import tenancy
from portal.watcher.queries import connection_health, connections, reconciliation
from tests.cast import NORA, SAM
from tests.conftest import Database
from tests.gateways.watcher.watching import Meddling
from tests.scenarios.watched import SUES, Office, both, office, rome

BEGINS = rome("2026-10-05 08:00")


def spoiled(found: Office, spoil: Callable[[str, list[Any]], None]) -> None:
    """Watcher's lists of organizations and of cameras as `spoil` leaves them."""

    async def answers(sent: httpx.Request) -> httpx.Response | None:
        plural = sent.url.path.rpartition("/")[2]
        if sent.method != "GET" or plural not in {"organizations", "cameras", "streams"}:
            return None
        answer = await Meddling.handle_async_request(found.wire, sent)
        body = json.loads(await answer.aread())
        spoil(plural, body if isinstance(body, list) else body[plural])
        return httpx.Response(answer.status_code, json=body)

    found.wire.before = answers


async def told(actor: Actor, cloud: str, connection: int) -> list[str]:
    """The warnings of the last reading, by the list of readings and by the connection's health."""
    (last, *_) = await connections.list_readings(
        actor, await tenancy.get(actor, cloud), connection, before=None, limit=5
    )
    health = await connection_health.of_connection(
        actor, await tenancy.get(actor, cloud), connection
    )
    assert list(health.warnings) == list(last.warnings)
    return list(last.warnings)


@both
async def test_odd_objects_are_named_and_the_others_are_read(worker: Database, api: str) -> None:
    """One of North's three cameras has an odd organization, a fourth no name: three are read."""

    def spoil(plural: str, rows: list[Any]) -> None:
        if plural == "organizations":
            rows.append({"id": "six", "title": "No number"})
            return
        for row in rows:
            if row["name"] == "gate":
                row["organization_id"] = {"is": "odd"}
                row.pop("organization", None)
        if rows and not any(row.get("name") is None for row in rows):
            rows.append({**rows[0], "name": None})

    async with office(api, BEGINS) as found:
        await found.go(minutes=1)
        assert await told(NORA, "north", found.north) == []
        spoiled(found, spoil)
        await found.go(days=1)
        north = await told(NORA, "north", found.north)
        assert north[0].endswith(("name and is left out", "name and are left out"))
        assert "Some of the organizations have no readable id and are left out" in north
        assert "Camera gate has a value that cannot be read: organization" in north
        (last, *_) = await connections.list_readings(
            NORA, await tenancy.get(NORA, "north"), found.north, before=None, limit=1
        )
        assert (last.state, last.cameras) == ("complete", 3)
        assert not any("gate" in one for one in await told(SAM, "south", found.south))
        assert [one[4] for one in await found.subscriptions()] == [None] * 3, "nobody is gone"
        found.wire.before = None
        await found.go(days=1)
        for actor, cloud, connection in (
            (NORA, "north", found.north),
            (SAM, "south", found.south),
        ):
            assert await told(actor, cloud, connection) == [], "what was mended is not said again"


@both
async def test_a_failed_reading_keeps_what_it_met(worker: Database, api: str) -> None:
    def spoil(plural: str, rows: list[Any]) -> None:
        if plural == "organizations":
            rows.append({"id": None})

    async with office(api, BEGINS) as found:
        await found.go(minutes=1)
        spoiled(found, spoil)
        found.running.faults.arm(Fault("/cameras", status=500, times=None))
        found.running.faults.arm(Fault("/streams", status=500, times=None))
        await found.go(days=1)
        (last, *_) = await connections.list_readings(
            NORA, await tenancy.get(NORA, "north"), found.north, before=None, limit=1
        )
        assert last.state == "failed"
        assert last.warnings == ("Some of the organizations have no readable id and are left out",)


@both
async def test_warnings_are_few_and_short_whatever_watcher_says(worker: Database, api: str) -> None:
    """Fifty cameras with long, unprintable names and an odd switch: 22 lines and no more."""

    def spoil(plural: str, rows: list[Any]) -> None:
        if plural == "organizations" or any("odd" in str(row["name"]) for row in rows):
            return
        switch = "enabled" if plural == "cameras" else "disabled"
        first = next((row for row in rows if row["organization_id"] == SUES), None)
        if first is None:
            return
        rows += [{**first, "name": f"odd{n}-" + "\u202e" * 90, switch: []} for n in range(50)]

    async with office(api, BEGINS) as found:
        spoiled(found, spoil)
        await found.go(minutes=1)
        said = await told(NORA, "north", found.north)
        assert SAID_MAX < len(said) <= WARNINGS_MAX
        assert max(map(len, said)) <= SENTENCE_MAX
        assert all(one.isprintable() for one in said)
        assert said[-1].startswith("Not shown: ")
        assert await told(SAM, "south", found.south) == [], "the neighbour's are not ours"


@both
async def test_cameras_without_a_name_are_in_the_reconciliation(worker: Database, api: str) -> None:
    """On two days of three Watcher lists cameras that nobody can be billed for."""

    def spoil(plural: str, rows: list[Any]) -> None:
        if plural != "organizations" and rows:
            rows += [{**rows[0], "name": name} for name in (None, ["gate"])]

    async with office(api, BEGINS) as found:
        spoiled(found, spoil)
        await found.go(minutes=1)
        await found.go(days=1)
        found.wire.before = None
        await found.go(days=1)
        for actor, cloud, connection in (
            (NORA, "north", found.north),
            (SAM, "south", found.south),
        ):
            told = await reconciliation.get(
                actor, await tenancy.get(actor, cloud), Period.month("2026-10"), now=found.now
            )
            (nameless,) = [
                one
                for one in told.differences
                if one.kind == "recorded_not_billed" and one.camera is None
            ]
            assert nameless.days == 2
            said = f"[2-9] cameras without a readable name in connection {connection} on 2026-10-05"
            assert re.fullmatch(f"{said} to 2026-10-06", nameless.detail)
