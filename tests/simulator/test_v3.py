"""API v3 of the simulator: tokens, envelopes, seconds and bytes, and the media server's ranges."""

from __future__ import annotations

from tests.simulator.watchers import (
    ADMIN,
    CLIENT,
    KEY,
    NOON,
    V2,
    north,
    sign_in,
    wait,
    without_unknown,
)

NOON_MS = int(NOON.timestamp() * 1000)
NORA = ("nora", "nora-password")


async def test_both_generations_show_one_camera_in_their_own_units() -> None:
    async with north() as client:
        await wait(client, days=2)
        bearer = await sign_in(client)
        v2 = (await client.get(f"{V2}/cameras/gate-0000000001", headers=KEY)).json()
        v3 = (await client.get(f"{ADMIN}/streams/gate-0000000001", headers=bearer)).json()
        assert v3["dvr"]["expiration"] == v2["dvr_depth"] * 86_400 == 604_800
        assert v3["dvr"]["episodes_expiration"] == v2["dvr_lock_days"] * 86_400 == 0
        assert v3["dvr"]["storage_limit"] == v2["dvr_space"] * 1_000_000_000
        assert v3["disabled"] is not v2["enabled"]
        assert v3["vision"]["alg"] == v2["vision_alg"]
        assert v3["stats"]["lifetime"] == v2["stream_status"]["lifetime"] * 1000
        assert v3["created_at"] == NOON_MS
        assert v3["organization"]["title"] == "Sue's house"
        assert without_unknown(v3["preset"]) == {"id": 7, "title": "7 days", "is_adjustable": False}
        assert without_unknown(v3["stats"]["dvr_info"]) == {
            "from": NOON_MS // 1000,
            "depth": 172_800,
            "duration": 172_800,
            "bytes": 21_600_000_000,
            "ranges": [],
        }


async def test_a_live_only_camera_has_no_archive_to_tell_of() -> None:
    async with north() as client:
        bearer = await sign_in(client)
        lobby = (await client.get(f"{ADMIN}/streams/lobby-0000000003", headers=bearer)).json()
        assert lobby["dvr"] is None
        assert lobby["stats"]["dvr_info"] is None


async def test_tokens_expire_and_are_refreshed() -> None:
    async with north() as client:
        pair = (await client.post(f"{ADMIN}/login", auth=NORA)).json()
        bearer = {"Authorization": f"Bearer {pair['access_token']}"}
        assert (await client.get(f"{ADMIN}/streams", headers=bearer)).status_code == 200
        await wait(client, seconds=600)
        late = await client.get(f"{ADMIN}/streams", headers=bearer)
        assert late.status_code == 401
        assert late.json()["errors"][0]["status"] == "401"
        refresh = {"Authorization": f"Bearer {pair['refresh_token']}"}
        again = (await client.post(f"{ADMIN}/login", headers=refresh)).json()
        bearer = {"Authorization": f"Bearer {again['access_token']}"}
        assert (await client.get(f"{ADMIN}/streams", headers=bearer)).status_code == 200
        used_up = await client.post(f"{ADMIN}/login", headers=refresh)
        assert used_up.status_code == 401
        await wait(client, days=2)
        stale = {"Authorization": f"Bearer {again['refresh_token']}"}
        assert (await client.post(f"{ADMIN}/login", headers=stale)).status_code == 401
        assert (await client.post(f"{ADMIN}/login", auth=NORA)).status_code == 200


async def test_tokens_can_be_ended_or_wear_out() -> None:
    async with north() as client:
        bearer = await sign_in(client)
        await client.post("/_sim/expire", json={})
        assert (await client.get(f"{ADMIN}/streams", headers=bearer)).status_code == 401
        await client.post("/_sim/habits", json={"access_token_uses": 2})
        bearer = await sign_in(client)
        statuses = [
            (await client.get(f"{ADMIN}/streams", headers=bearer)).status_code for _ in range(3)
        ]
        assert statuses == [200, 200, 401]


async def test_who_may_sign_in_where() -> None:
    async with north() as client:
        assert (await client.post(f"{ADMIN}/login", auth=("nora", "no"))).status_code == 401
        assert (await client.post(f"{ADMIN}/login")).status_code == 401
        assert (
            await client.post(f"{ADMIN}/login", auth=("sue", "sue-password"))
        ).status_code == 403
        pair = (await client.post(f"{CLIENT}/login", auth=("sue", "sue-password"))).json()
        bearer = {"Authorization": f"Bearer {pair['access_token']}"}
        streams = (await client.get(f"{CLIENT}/streams", headers=bearer)).json()["streams"]
        assert [one["name"] for one in streams] == ["gate-0000000001", "yard/north-0000000002"]
        assert "domain" not in streams[0]
        organizations = (await client.get(f"{CLIENT}/organizations", headers=bearer)).json()
        assert [one["id"] for one in organizations["organizations"]] == [6]
        assert (await client.get(f"{ADMIN}/streams", headers=bearer)).status_code == 401
        forged = {"Authorization": bearer["Authorization"][:-4] + "AAAA"}
        assert (await client.get(f"{CLIENT}/streams", headers=forged)).status_code == 401
        lobby = await client.get(f"{CLIENT}/streams/lobby-0000000003", headers=bearer)
        assert lobby.status_code == 403


async def test_cursors_go_on_and_back_and_survive_a_deletion() -> None:
    async with north() as client:
        await client.post("/_sim/seed?add=true", json={"generate": {"cameras": 7}})
        bearer = await sign_in(client)

        async def page(**query: str) -> dict:
            answer = await client.get(f"{ADMIN}/streams", headers=bearer, params=query)
            assert answer.status_code == 200, answer.text
            return answer.json()

        def names(of: dict) -> list[str]:
            return [one["name"] for one in of["streams"]]

        first = await page(limit="4")
        assert (first["estimated_count"], first["prev"]) == (10, None)
        second = await page(limit="4", cursor=first["next"])
        back = await page(limit="4", cursor=second["prev"])
        assert names(back) == names(first)
        gone = await client.delete(f"{ADMIN}/streams/{names(first)[0]}", headers=bearer)
        assert gone.status_code == 204
        assert names(await page(limit="4", cursor=first["next"])) == names(second)
        last = await page(limit="4", cursor=second["next"])
        assert (len(last["streams"]), last["next"]) == (2, None)
        await client.post("/_sim/habits", json={"cursor": "offset", "estimated_count": "none"})
        first = await page(limit="4")
        assert first["estimated_count"] is None
        await client.delete(f"{ADMIN}/streams/{names(first)[0]}", headers=bearer)
        shifted = await page(limit="4", cursor=first["next"])
        assert names(shifted)[0] != names(second)[1]
        bad = await client.get(f"{ADMIN}/streams?cursor=nonsense", headers=bearer)
        assert bad.status_code == 400


async def test_select_sort_and_filters() -> None:
    async with north() as client:
        bearer = await sign_in(client)
        chosen = "title,stats.dvr_info.bytes,dvr.expiration"
        answer = await client.get(f"{ADMIN}/streams?select={chosen}", headers=bearer)
        gate, lobby, _ = without_unknown(answer.json()["streams"])
        assert gate == {
            "name": "gate-0000000001",
            "title": "Gate",
            "stats": {"dvr_info": {"bytes": 0}},
            "dvr": {"expiration": 604_800},
        }
        assert (lobby["dvr"], lobby["stats"]) == (None, {"dvr_info": None})
        fast = {"bitrate_kbps": 4000}
        await client.post("/_sim/cameras/yard/north-0000000002/state", json=fast)
        query = "sort=-stats.bitrate,-title&limit=2"
        ordered = (await client.get(f"{ADMIN}/streams?{query}", headers=bearer)).json()
        assert [one["title"] for one in ordered["streams"]] == ["Yard", "Lobby"]
        rest = await client.get(f"{ADMIN}/streams?{query}&cursor={ordered['next']}", headers=bearer)
        assert [one["title"] for one in rest.json()["streams"]] == ["Gate"]
        for query, titles in (
            ("organization_id=6", ["Gate", "Yard"]),
            ("stats.bitrate_gte=4000", ["Yard"]),
            ("preset_id_ne=7", ["Lobby", "Yard"]),
            ("disabled=false&preset_id=1", ["Lobby"]),
        ):
            found = (await client.get(f"{ADMIN}/streams?{query}", headers=bearer)).json()
            assert [one["title"] for one in found["streams"]] == titles
            assert found["estimated_count"] == len(titles)


async def test_put_changes_a_part_makes_what_is_not_there_and_resets() -> None:
    async with north() as client:
        bearer = await sign_in(client)
        gate = f"{ADMIN}/streams/gate-0000000001"
        asked = {"comment": "by the gate", "dvr": {"expiration": 86_400}, "vision": None}
        changed = (await client.put(gate, headers=bearer, json=asked)).json()
        assert (changed["title"], changed["comment"]) == ("Gate", "by the gate")
        assert (changed["dvr"]["expiration"], changed["vision"]["alg"]) == (604_800, "plates")
        made = {"title": "Shed", "organization_id": 6, "preset_id": 9}
        shed = (await client.put(f"{ADMIN}/streams/shed", headers=bearer, json=made)).json()
        assert (shed["name"], shed["dvr"]["expiration"]) == ("shed", 3 * 86_400)
        own = {"dvr": {"expiration": 129_600}, "vision": {"alg": "faces"}}
        shed = (await client.put(f"{ADMIN}/streams/shed", headers=bearer, json=own)).json()
        assert (shed["dvr"]["expiration"], shed["vision"]["alg"]) == (129_600, "faces")
        v2 = (await client.get(f"{V2}/cameras/shed", headers=KEY)).json()
        assert (v2["dvr_depth"], v2["vision_alg"]) == (1.5, "faces")
        reset = {"$reset": True, "disabled": True}
        shed = (await client.put(f"{ADMIN}/streams/shed", headers=bearer, json=reset)).json()
        assert (shed["title"], shed["preset_id"], shed["dvr"]) == ("Shed", None, None)
        assert shed["disabled"] is True


async def test_multiedit_and_import_do_everything_or_nothing() -> None:
    async with north() as client:
        bearer = await sign_in(client)
        gate, lobby = {"name": "gate-0000000001"}, {"name": "lobby-0000000003"}
        done = await client.post(
            f"{CLIENT}/streams/multiedit",
            headers=await sign_in(client, CLIENT),
            json={"streams": [gate | {"preset_id": 9}, lobby | {"disabled": True}]},
        )
        assert [one["disabled"] for one in done.json()["streams"]] == [False, True]
        for bad in ({"name": "nobody"}, lobby | {"preset_id": 99}):
            refused = await client.post(
                f"{ADMIN}/streams/multiedit",
                headers=bearer,
                json={"streams": [gate | {"preset_id": 7}, bad]},
            )
            assert refused.status_code in {400, 404}
        shown = (await client.get(f"{ADMIN}/streams/gate-0000000001", headers=bearer)).json()
        assert shown["preset_id"] == 9
        csv = "name,title,organization_id,preset_id,disabled\n"
        rows = csv + "gate-0000000001,Old gate,6,7,false\nnew,New,1,1,true\n"
        done = await client.post(f"{ADMIN}/streams/import", headers=bearer, content=rows)
        assert done.json() == {"created": 1, "updated": 1}
        rows = csv + "gate-0000000001,Older gate,6,7,false\nnewer,New,99,1,true\n"
        refused = await client.post(f"{ADMIN}/streams/import", headers=bearer, content=rows)
        assert refused.status_code == 400
        shown = (await client.get(f"{ADMIN}/streams/gate-0000000001", headers=bearer)).json()
        assert (shown["title"], shown["preset_id"]) == ("Old gate", 7)


async def test_delete_and_make_again_under_one_name() -> None:
    async with north() as client:
        gate = f"{ADMIN}/streams/gate-0000000001"
        await wait(client, days=1)
        bearer = await sign_in(client)
        await client.delete(gate, headers=bearer)
        assert (await client.get(gate, headers=bearer)).status_code == 404
        await wait(client, seconds=60)
        made = {"organization_id": 6, "preset_id": 7}
        again = (await client.put(gate, headers=bearer, json=made)).json()
        assert again["created_at"] == NOON_MS + 86_460_000
        assert again["stats"]["dvr_info"]["bytes"] == 0


async def test_presets_organizations_and_users() -> None:
    async with north() as client:
        bearer = await sign_in(client)
        asked = {"title": "14 days", "dvr": {"expiration": 1_209_600}, "vision": {"alg": "faces"}}
        made = (await client.post(f"{ADMIN}/presets", headers=bearer, json=asked)).json()
        assert (made["is_adjustable"], made["stats"]["streams_count"]) == (False, 0)
        number = made["id"]
        v2 = (await client.get(f"{V2}/presets/{number}", headers=KEY)).json()
        assert (v2["dvr_depth"], v2["vision_params"]["alg"]) == (14, "faces")
        await client.put(f"{ADMIN}/presets/{number}", headers=bearer, json={"vision": None})
        shown = (await client.get(f"{ADMIN}/presets/{number}", headers=bearer)).json()
        assert (shown["vision"], shown["dvr"]["expiration"]) == (None, 1_209_600)
        link = {"preset_id": number}
        await client.put(f"{ADMIN}/organizations/6/presets", headers=bearer, json=link)
        of_sue = await client.get(f"{ADMIN}/presets?organization_id=6", headers=bearer)
        assert [one["id"] for one in of_sue.json()["presets"]] == [number]
        await client.delete(f"{V2}/presets/{number}", headers=KEY)
        shown = (await client.get(f"{ADMIN}/presets/{number}", headers=bearer)).json()
        assert shown["deleted_at"] == NOON_MS
        asked = {"title": "South yard", "limits": {"streams": 5}}
        yard = (
            await client.post(
                f"{CLIENT}/organizations", headers=await sign_in(client, CLIENT), json=asked
            )
        ).json()
        assert (yard["limits"], yard["stats"]["streams"]) == ({"streams": 5, "users": None}, 0)
        asked = {"name": "rex", "password": "rex-password", "organization_id": yard["id"]}
        rex = (await client.post(f"{ADMIN}/users", headers=bearer, json=asked)).json()
        assert (rex["access_level"], rex["organizations"]) == ("generic", [{"id": yard["id"]}])
        assert "external_id" not in rex
        key = (await client.get(f"{ADMIN}/users/{rex['id']}/apikey", headers=bearer)).json()
        headers = {"x-vsaas-api-key": key["apikey"], "x-vsaas-user": "rex"}
        assert (await client.get(f"{V2}/cameras", headers=headers)).json() == []
        events = await client.get(f"{ADMIN}/events", headers=bearer)
        assert events.status_code == 501


async def test_ranges_have_gaps_roll_off_and_cost_a_password() -> None:
    async with north() as client:
        gate = "/streamer/api/v3/streams/gate-0000000001/dvr/ranges"
        assert (await client.get(gate)).status_code == 401
        assert (await client.get(gate, auth=("nora", "no"))).status_code == 401

        async def ranges(path: str = gate) -> list[tuple[int, int]]:
            answer = await client.get(path, auth=NORA)
            assert answer.status_code == 200, answer.text
            return [
                (
                    (one["opened_at"] - NOON_MS) // 3_600_000,
                    (one["closed_at"] - NOON_MS) // 3_600_000,
                )
                for one in answer.json()["ranges"]
            ]

        await wait(client, hours=5)
        await client.post("/_sim/cameras/gate-0000000001/state", json={"alive": False})
        await wait(client, hours=3)
        await client.post("/_sim/cameras/gate-0000000001/state", json={"alive": True})
        await wait(client, hours=2)
        assert await ranges() == [(0, 5), (8, 10)]
        bearer = await sign_in(client)
        stats = (await client.get(f"{ADMIN}/streams/gate-0000000001", headers=bearer)).json()[
            "stats"
        ]
        assert (stats["dvr_info"]["depth"], stats["dvr_info"]["duration"]) == (36_000, 25_200)
        await wait(client, days=7, hours=-8)
        assert await ranges() == [(2, 5), (8, 170)]
        yard = "/streamer/api/v3/streams/yard/north-0000000002/dvr/ranges"
        await client.post("/_sim/cameras/yard/north-0000000002/state", json={"motion": True})
        await wait(client, hours=1)
        await client.post("/_sim/cameras/yard/north-0000000002/state", json={"motion": None})
        await wait(client, hours=1)
        assert await ranges(yard) == [(170, 171)]
        await wait(client, days=7)
        assert await ranges(yard) == []
        assert (await client.get(gate.replace("gate", "no"), auth=NORA)).status_code == 404


async def test_an_archive_is_full_at_its_limit() -> None:
    async with north() as client:
        await client.post("/_sim/cameras/gate-0000000001/state", json={"bitrate_kbps": 4000})
        bearer = {}
        sizes = []
        for _ in range(4):
            await wait(client, days=1)
            bearer = await sign_in(client)
            shown = (await client.get(f"{ADMIN}/streams/gate-0000000001", headers=bearer)).json()
            sizes.append(shown["stats"]["dvr_info"]["bytes"])
        # 4 Mbit/s is 43.2 GB a day, and the preset keeps 100 GB.
        assert sizes == [43_200_000_000, 86_400_000_000, 100_000_000_000, 100_000_000_000]
