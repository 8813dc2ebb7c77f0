"""API v2 of the simulator: keys, sessions, bare arrays, days and GB."""

from __future__ import annotations

from tests.simulator.watchers import KEY, V2, north, wait, without_unknown


async def test_the_system_key_sees_every_camera_in_full() -> None:
    async with north() as client:
        answer = await client.get(f"{V2}/cameras", headers=KEY)
        cameras = answer.json()
        assert [one["name"] for one in cameras] == [
            "gate-0000000001",
            "lobby-0000000003",
            "yard/north-0000000002",
        ]
        gate = cameras[0]
        assert (gate["dvr_depth"], gate["dvr_lock_days"], gate["dvr_space"]) == (7, 0, 100)
        assert (gate["vision_enabled"], gate["vision_alg"]) == (True, "plates")
        assert gate["preset"]["id"] == gate["preset_id"] == 7
        assert gate["stream_status"]["bitrate"] == 1000
        assert not {"created_at", "dvr_info", "stats", "deleted_at"} & set(gate)


async def test_every_object_carries_a_field_nobody_knows() -> None:
    async with north() as client:
        gate = (await client.get(f"{V2}/cameras/gate-0000000001", headers=KEY)).json()
        for shown in (gate, gate["preset"], gate["stream_status"]):
            assert sum(name.startswith("x_") for name in shown) == 1
        await client.post("/_sim/habits", json={"extra_fields": False})
        gate = (await client.get(f"{V2}/cameras/gate-0000000001", headers=KEY)).json()
        assert gate == without_unknown(gate)


async def test_wrong_and_expired_keys_are_told_apart() -> None:
    async with north() as client:
        await client.post("/_sim/habits", json={"expired_keys": ["old-key"]})
        for headers, error in (
            ({}, "Forbidden"),
            ({"x-vsaas-api-key": "nobody's"}, "WrongApikey"),
            ({"x-vsaas-api-key": "old-key"}, "ApikeyExpired"),
            ({"x-vsaas-api-key": "sue-key"}, "WrongApikey"),
            ({"x-vsaas-session": "nobody's"}, "Forbidden"),
        ):
            answer = await client.get(f"{V2}/cameras", headers=headers)
            assert (answer.status_code, answer.json()["error"]) == (403, error)
            assert answer.json()["error_message"]


async def test_a_user_sees_its_own_cameras_in_brief() -> None:
    async with north() as client:
        signed_in = await client.post(
            f"{V2}/auth/login", json={"login": "sue", "password": "sue-password"}
        )
        assert signed_in.json()["login"] == "sue"
        ways = (
            {"x-vsaas-session": signed_in.json()["session"]},
            {"x-vsaas-api-key": "sue-key", "x-vsaas-user": "sue"},
            {**KEY, "x-vsaas-user": "sue"},
        )
        for headers in ways:
            cameras = (await client.get(f"{V2}/cameras", headers=headers)).json()
            assert [one["name"] for one in cameras] == ["gate-0000000001", "yard/north-0000000002"]
            assert "stream_url" not in cameras[0]
            refused = await client.delete(f"{V2}/cameras/gate-0000000001", headers=headers)
            assert refused.status_code == 403
        denied = await client.post(f"{V2}/auth/login", json={"login": "sue", "password": "no"})
        assert denied.status_code == 403


async def test_pages_by_query_and_by_headers() -> None:
    async with north() as client:
        await client.post("/_sim/seed?add=true", json={"generate": {"cameras": 250}})
        first = (await client.get(f"{V2}/cameras", headers=KEY)).json()
        assert len(first) == 100
        by_query = await client.get(f"{V2}/cameras?limit=7&offset=100", headers=KEY)
        by_headers = await client.get(
            f"{V2}/cameras", headers={**KEY, "X-Page-Limit": "7", "X-Page-Offset": "100"}
        )
        names = [one["name"] for one in by_query.json()]
        assert names == [one["name"] for one in by_headers.json()]
        assert len(names) == 7
        assert not set(names) & {one["name"] for one in first}
        whole = (await client.get(f"{V2}/cameras?limit=50000", headers=KEY)).json()
        assert len(whole) == 253
        assert (await client.get(f"{V2}/cameras?offset=253", headers=KEY)).json() == []
        assert (await client.get(f"{V2}/cameras?limit=-1", headers=KEY)).status_code == 400
        found = (await client.get(f"{V2}/cameras?search=gat", headers=KEY)).json()
        assert [one["name"] for one in found] == ["gate-0000000001"]
        of_sue = (await client.get(f"{V2}/cameras?organization_id=6", headers=KEY)).json()
        assert len(of_sue) == 2


async def test_a_list_shifts_when_a_camera_goes_between_two_pages() -> None:
    async with north() as client:
        first = (await client.get(f"{V2}/cameras?limit=1", headers=KEY)).json()
        await client.delete(f"{V2}/cameras/{first[0]['name']}", headers=KEY)
        second = (await client.get(f"{V2}/cameras?limit=1&offset=1", headers=KEY)).json()
        assert second[0]["name"] == "yard/north-0000000002"  # "lobby" was skipped


async def test_shuffled_pages_overlap() -> None:
    async with north() as client:
        await client.post("/_sim/seed?add=true", json={"generate": {"cameras": 50}})
        await client.post("/_sim/shuffle", json={"on": True})
        pages = [
            (await client.get(f"{V2}/cameras?limit=20&offset={offset}", headers=KEY)).json()
            for offset in (0, 20, 40)
        ]
        names = [one["name"] for page in pages for one in page]
        assert len(names) == 53
        assert len(set(names)) < 53


async def test_a_new_camera_gets_a_name_from_its_title_and_its_limit_is_kept() -> None:
    async with north() as client:
        asked = {
            "title": "Back door",
            "organization_id": 6,
            "preset_id": 7,
            "stream_url": "rtsp://x",
        }
        made = await client.post(f"{V2}/cameras", headers=KEY, json=asked)
        assert made.status_code == 200
        stem, _, suffix = made.json()["name"].rpartition("-")
        assert (stem, len(suffix)) == ("back_door", 10)
        over = await client.post(f"{V2}/cameras", headers=KEY, json=asked)
        assert over.status_code == 400
        assert "3 cameras" in over.json()["error_message"]
        gone = await client.delete(f"{V2}/cameras/{made.json()['name']}", headers=KEY)
        assert gone.json() == {"success": True}


async def test_bad_requests_name_what_is_wrong() -> None:
    async with north() as client:
        gate = f"{V2}/cameras/gate-0000000001"
        for body, word in (
            ({"preset_id": 99}, "preset 99"),
            ({"organization_id": 99}, "organization 99"),
            ({"enabled": "yes"}, "enabled"),
            ({"dvr_depth": -1}, "dvr_depth"),
            ({"preset_id": "7"}, "preset_id"),
        ):
            answer = await client.put(gate, headers=KEY, json=body)
            assert (answer.status_code, answer.json()["error"]) == (400, "ValidationError")
            assert word in answer.json()["error_message"]
        broken = await client.put(gate, headers=KEY, content=b"{")
        assert broken.status_code == 400
        missing = await client.get(f"{V2}/cameras/nobody", headers=KEY)
        assert (missing.status_code, missing.json()["error"]) == (404, "NotFound")


async def test_a_preset_made_for_billing_swallows_what_is_typed_in() -> None:
    async with north() as client:
        gate = f"{V2}/cameras/gate-0000000001"
        answer = await client.put(
            gate, headers=KEY, json={"dvr_depth": 30, "vision_enabled": False}
        )
        assert answer.status_code == 200
        assert (answer.json()["dvr_depth"], answer.json()["vision_enabled"]) == (7, True)
        moved = (await client.put(gate, headers=KEY, json={"preset_id": 9})).json()
        assert (moved["dvr_depth"], moved["vision_enabled"]) == (3, False)
        typed = (await client.put(gate, headers=KEY, json={"dvr_depth": 30, "dvr_space": 5})).json()
        assert (typed["dvr_depth"], typed["dvr_space"], typed["preset_id"]) == (30, 5, 9)
        back = (await client.put(gate, headers=KEY, json={"preset_id": 7})).json()
        assert (back["dvr_depth"], back["dvr_space"]) == (7, 100)


async def test_a_preset_is_edited_in_place_and_deleted_by_a_mark() -> None:
    async with north() as client:
        await client.put(f"{V2}/presets/7", headers=KEY, json={"dvr_depth": 14})
        gate = (await client.get(f"{V2}/cameras/gate-0000000001", headers=KEY)).json()
        assert (gate["dvr_depth"], gate["dvr_space"]) == (14, 100)
        await client.delete(f"{V2}/presets/7", headers=KEY)
        listed = (await client.get(f"{V2}/presets", headers=KEY)).json()
        assert {one["id"]: one["is_deleted"] for one in listed}[7] is True
        gate = (await client.get(f"{V2}/cameras/gate-0000000001", headers=KEY)).json()
        assert (gate["preset_id"], gate["preset"]["is_deleted"]) == (7, True)


async def test_organizations_presets_of_theirs_and_their_end() -> None:
    async with north() as client:
        listed = (await client.get(f"{V2}/organizations", headers=KEY)).json()
        assert [(one["id"], one["camera_count"], one["camera_limit"]) for one in listed] == [
            (1, 1, None),
            (6, 2, 3),
        ]
        await client.post(f"{V2}/organizations/6/presets", headers=KEY, json={"preset_id": 7})
        links = (await client.get(f"{V2}/organizations/6/presets", headers=KEY)).json()
        assert [one["preset"]["title"] for one in links] == ["7 days"]
        await client.delete(f"{V2}/organizations/6/presets/7", headers=KEY)
        assert (await client.get(f"{V2}/organizations/6/presets", headers=KEY)).json() == []
        full = await client.delete(f"{V2}/organizations/6", headers=KEY)
        assert full.status_code == 400
        forced = await client.delete(f"{V2}/organizations/6", headers={**KEY, "force": "1"})
        assert forced.status_code == 200
        assert len((await client.get(f"{V2}/cameras", headers=KEY)).json()) == 1


async def test_users_are_made_suspended_and_deleted() -> None:
    async with north() as client:
        asked = {"login": "rex", "password": "rex-password", "organization_id": 6}
        rex = (await client.post(f"{V2}/users", headers=KEY, json=asked)).json()
        assert "password" not in rex
        seen = await client.get(f"{V2}/users/{rex['id']}/cameras", headers=KEY)
        assert len(seen.json()) == 2
        credentials = {"login": "rex", "password": "rex-password"}
        session = (await client.post(f"{V2}/auth/login", json=credentials)).json()["session"]
        await client.put(f"{V2}/users/{rex['id']}", headers=KEY, json={"enabled": False})
        for answer in (
            await client.post(f"{V2}/auth/login", json=credentials),
            await client.get(f"{V2}/auth/whoami", headers={"x-vsaas-session": session}),
        ):
            assert answer.status_code == 403
        assert (await client.post(f"{V2}/users", headers=KEY, json=asked)).status_code == 400
        await client.delete(f"{V2}/users/{rex['id']}", headers=KEY)
        assert (await client.get(f"{V2}/users/{rex['id']}", headers=KEY)).status_code == 404


async def test_import_takes_all_rows_or_none() -> None:
    async with north() as client:
        rows = [
            {"title": "One", "organization_id": 1, "preset_id": 7},
            {"name": "gate-0000000001", "title": "New gate"},
        ]
        done = (await client.post(f"{V2}/cameras/import", headers=KEY, json=rows)).json()
        assert [one["created"] for one in done["cameras"]] == [True, False]
        csv = "name,title,organization_id,preset_id,dvr_depth,enabled\ncsv-1,Two,6,9,2.5,true\n"
        headers = {**KEY, "content-type": "text/csv"}
        await client.post(f"{V2}/cameras/import", headers=headers, content=csv)
        two = (await client.get(f"{V2}/cameras/csv-1", headers=KEY)).json()
        assert (two["dvr_depth"], two["title"]) == (2.5, "Two")
        bad = [{"name": "gate-0000000001", "title": "Newer"}, {"title": "x", "organization_id": 6}]
        refused = await client.post(f"{V2}/cameras/import", headers=KEY, json=bad)
        assert refused.status_code == 400  # Sue's house is full
        gate = (await client.get(f"{V2}/cameras/gate-0000000001", headers=KEY)).json()
        assert gate["title"] == "New gate"


async def test_a_camera_that_is_off_or_away_keeps_its_settings() -> None:
    async with north() as client:
        gate = f"{V2}/cameras/gate-0000000001"
        await client.post("/_sim/cameras/gate-0000000001/state", json={"alive": False})
        offline = (await client.get(gate, headers=KEY)).json()
        assert (offline["enabled"], offline["stream_status"]["alive"]) == (True, False)
        disabled = (await client.put(gate, headers=KEY, json={"enabled": False})).json()
        assert (disabled["enabled"], disabled["dvr_depth"]) == (False, 7)
        await wait(client, days=1)
        yard = await client.get(f"{V2}/cameras/yard/north-0000000002", headers=KEY)
        escaped = await client.get(f"{V2}/cameras/yard%2Fnorth-0000000002", headers=KEY)
        assert without_unknown(yard.json()) == without_unknown(escaped.json())
