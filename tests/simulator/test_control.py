"""The control routes: time, seeds, scripts, faults, and the truth they lead to."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from portal.demo.simulator import Seed, create_simulator
from portal.demo.simulator.seed import Generate, Scripted
from tests.commands import command
from tests.patience import until
from tests.simulator.watchers import (
    ADMIN,
    KEY,
    NOON,
    NORTH,
    V2,
    client_of,
    north,
    served,
    sign_in,
    wait,
)

GATE = "gate-0000000001"


async def truth(client: httpx.AsyncClient, **query: str) -> dict:
    answer = await client.get("/_sim/truth", params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_the_clock_stands_until_it_is_moved_and_never_goes_back() -> None:
    async with north() as client:
        assert (await client.get("/_sim/clock")).json() == {
            "now": "2026-10-01T12:00:00Z",
            "running": False,
        }
        await wait(client, hours=1.5)
        moved = await client.post("/_sim/clock", json={"now": "2026-10-02T00:00:00+02:00"})
        assert moved.json()["now"] == "2026-10-01T22:00:00Z"
        for bad in ({"now": "2026-10-01T21:59:59Z"}, {"now": "soon"}, {"advance_seconds": -1}):
            assert (await client.post("/_sim/clock", json=bad)).status_code == 400
        assert (await client.get("/_sim/clock")).json()["now"] == "2026-10-01T22:00:00Z"


async def test_a_running_clock_runs_with_the_real_one() -> None:
    async with client_of(create_simulator(NORTH)) as client:
        before = datetime.now(UTC)
        first = (await client.get("/_sim/clock")).json()
        assert first["running"] is True
        whole = timedelta(milliseconds=2)  # when it began and how long ago are cut off
        assert before - whole <= datetime.fromisoformat(first["now"]) <= datetime.now(UTC) + whole

        async def later() -> bool:
            return bool((await client.get("/_sim/clock")).json()["now"] > first["now"])

        await until(later, "it goes on by itself")
        await wait(client, days=1)
        stopped = (await client.post("/_sim/clock", json={"running": False})).json()
        assert (await client.get("/_sim/clock")).json() == stopped


async def test_a_year_passes_for_a_thousand_cameras_at_once() -> None:
    async with north(Seed(generate=Generate(1000))) as client:
        await wait(client, days=365)
        headers = {"x-vsaas-api-key": "system-key"}
        page = (await client.get(f"{V2}/cameras?limit=1000", headers=headers)).json()
        assert len(page) == 1000


async def test_a_hundred_thousand_cameras_are_listed_page_by_page() -> None:
    async with north(Seed(generate=Generate(100_000))) as client:
        headers = {"x-vsaas-api-key": "system-key"}
        for offset in (0, 50_000, 99_950):
            page = await client.get(f"{V2}/cameras?offset={offset}", headers=headers)
            assert len(page.json()) == min(100, 100_000 - offset)
        pair = (await client.post(f"{ADMIN}/login", auth=("admin", "admin"))).json()
        bearer = {"Authorization": f"Bearer {pair['access_token']}"}
        page = await client.get(f"{ADMIN}/streams", headers=bearer)
        assert page.json()["estimated_count"] == 100_000


async def test_seeds_add_or_replace_and_are_refused_as_a_whole_word() -> None:
    async with north() as client:
        more = {"cameras": [{"name": "shed", "organization_id": 6, "preset_id": 7}]}
        added = await client.post("/_sim/seed?add=true", json=more)
        assert added.json()["cameras"] == 4
        fresh = {"organizations": [{"id": 1, "title": "New"}], "system_key": "new-key"}
        replaced = await client.post("/_sim/seed", json=fresh)
        assert replaced.json() == {"now": "2026-10-01T12:00:00Z", "running": False, "cameras": 0}
        assert (await client.get(f"{V2}/cameras", headers=KEY)).status_code == 403
        for bad in ({"cameras": 7}, {"cameras": [{"name": "x", "organization_id": 99}]}):
            assert (await client.post("/_sim/seed", json=bad)).status_code == 400


async def test_a_script_is_played_by_the_clock() -> None:
    seed = Seed(
        system_key="north-key",
        organizations=NORTH.organizations,
        presets=NORTH.presets,
        users=NORTH.users,
        cameras=NORTH.cameras,
        script=[
            Scripted(NOON + timedelta(hours=1), "change", GATE, fields={"alive": False}),
            Scripted(NOON + timedelta(hours=3), "change", GATE, fields={"alive": True}),
            Scripted(NOON + timedelta(hours=4), "preset", preset=7, fields={"dvr_depth": 14}),
            Scripted(NOON + timedelta(hours=5), "change", GATE, fields={"preset_id": 8}),
            Scripted(NOON + timedelta(hours=6), "delete", GATE),
            Scripted(NOON + timedelta(hours=7), "change", GATE, fields={"alive": False}),
            Scripted(
                NOON + timedelta(hours=8),
                "create",
                GATE,
                fields={"organization_id": 1, "preset_id": 7, "motion": True},
            ),
        ],
    )
    async with north(seed) as client:
        await wait(client, hours=10)
        (gate,) = (await truth(client, name=GATE))["cameras"]
        assert [
            (one["organization_id"], one["preset_id"], one["created_at"], one["from"], one["to"])
            for one in gate["intervals"]
        ] == [
            (6, 7, "2026-10-01T12:00:00Z", "2026-10-01T12:00:00Z", "2026-10-01T17:00:00Z"),
            (6, 8, "2026-10-01T12:00:00Z", "2026-10-01T17:00:00Z", "2026-10-01T18:00:00Z"),
            (1, 7, "2026-10-01T20:00:00Z", "2026-10-01T20:00:00Z", None),
        ]
        # One hour, two after the gap, none for motion without motion, and two of the second camera.
        assert gate["recorded_seconds"] == 5 * 3600
        assert gate["days"] == [
            {
                "day": "2026-10-01",
                "recorded_seconds": 5 * 3600.0,
                "enabled": True,
                "continuous_depth_days": 14.0,
                "motion_depth_days": 7.0,
                "faces": False,
                "plates": True,
            }
        ]


async def test_truth_cuts_days_at_midnight_of_the_zone_across_a_change_of_clocks() -> None:
    async with north() as client:
        await client.post("/_sim/clock", json={"now": "2026-10-28T00:00:00Z"})
        told = await truth(
            client,
            **{"from": "2026-10-23T22:00:00Z", "to": "2026-10-26T23:00:00Z", "zone": "Europe/Rome"},
            name=GATE,
        )
        days = {one["day"]: one["recorded_seconds"] for one in told["cameras"][0]["days"]}
        assert days == {"2026-10-24": 86_400, "2026-10-25": 90_000, "2026-10-26": 86_400}
        assert told["cameras"][0]["intervals"][0]["from"] == "2026-10-23T22:00:00Z"
        for bad in ({"zone": "Mars/Base"}, {"from": "2026-11-01T00:00:00Z"}, {"from": "x"}):
            assert (await client.get("/_sim/truth", params=bad)).status_code == 400


async def test_truth_knows_who_was_off_and_what_was_stored() -> None:
    async with north() as client:
        bearer = await sign_in(client)
        await wait(client, days=1)
        bearer = await sign_in(client)
        gate = f"{ADMIN}/streams/{GATE}"
        await client.put(gate, headers=bearer, json={"disabled": True})
        await wait(client, days=1)
        (told,) = (await truth(client, name=GATE))["cameras"]
        assert [one["enabled"] for one in told["intervals"]] == [True, False]
        assert told["peak_bytes"] == 10_800_000_000
        assert told["byte_seconds"] == 10_800_000_000 * 86_400 * 3 // 2
        assert "peak_bytes" not in (await truth(client, bytes="false"))["cameras"][0]


async def test_faults_strike_so_often_and_so_late_as_asked() -> None:
    async with north() as client:

        async def statuses(count: int) -> list[int]:
            return [
                (await client.get(f"{V2}/cameras", headers=KEY)).status_code for _ in range(count)
            ]

        await client.post("/_sim/fault", json={"match": "/v2/cameras", "status": 503, "times": 2})
        assert await statuses(3) == [503, 503, 200]
        late = {"match": "/v2/cameras", "status": 429, "after_page": 1, "retry_after": "3"}
        await client.post("/_sim/fault", json=late)
        assert await statuses(1) == [200]
        limited = await client.get(f"{V2}/cameras", headers=KEY)
        assert (limited.status_code, limited.headers["retry-after"]) == (429, "3")
        assert limited.json()["error_message"]
        assert [one["met"] for one in (await client.get("/_sim/fault")).json()] == [5, 2]
        await client.post("/_sim/fault", json={"match": "/v2", "status": 500, "times": None})
        assert await statuses(2) == [500, 500]
        await client.delete("/_sim/fault")
        assert await statuses(1) == [200]
        assert (await client.post("/_sim/fault", json={"status": 500})).status_code == 400


async def test_faults_of_v3_speak_its_language_and_may_cut_or_delay() -> None:
    async with north() as client:
        bearer = await sign_in(client)
        await client.post("/_sim/fault", json={"match": "/v3/streams", "status": 500})
        broken = await client.get(f"{ADMIN}/streams", headers=bearer)
        assert broken.json()["errors"][0]["status"] == "500"
        await client.post("/_sim/fault", json={"match": "/v3/streams", "truncate_body": True})
        cut = await client.get(f"{ADMIN}/streams", headers=bearer)
        assert cut.status_code == 200
        with pytest.raises(json.JSONDecodeError):
            cut.json()
        await client.post("/_sim/fault", json={"match": "/v3/streams", "delay_ms": 50})
        begun = time.perf_counter()
        assert (await client.get(f"{ADMIN}/streams", headers=bearer)).status_code == 200
        assert time.perf_counter() - begun >= 0.05


async def test_over_a_real_socket_a_cut_connection_breaks() -> None:
    async with (
        served(create_simulator(NORTH, now=NOON)) as address,
        httpx.AsyncClient(base_url=address) as client,
    ):
        yard = await client.get(f"{V2}/cameras/yard%2Fnorth-0000000002", headers=KEY)
        assert yard.json()["title"] == "Yard"
        bearer = await sign_in(client)
        streams = (await client.get(f"{ADMIN}/streams", headers=bearer)).json()["streams"]
        assert len(streams) == 3
        fault = {"match": "/v3/streams", "truncate_body": "connection"}
        await client.post("/_sim/fault", json=fault)
        with pytest.raises(httpx.RemoteProtocolError):
            await client.get(f"{ADMIN}/streams", headers=bearer)
        assert (await client.get(f"{ADMIN}/streams", headers=bearer)).status_code == 200


def test_the_program_says_how_it_is_started() -> None:
    assert "--port" in command("simulator", "--help").stdout
