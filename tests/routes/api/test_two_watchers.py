"""Usage that is sent for a name which two Watchers of a cloud have: it is not guessed whose it is."""

from __future__ import annotations

import json
from typing import Any

import pytest

from portal.usage.forms.usage import NDJSON
from tests.routes.api.conftest import House

ROW = {"day": "2026-10-05", "meter": "recording.motion.depth", "quantity": 7}
USAGE = "/clouds/north/usage"


@pytest.fixture(scope="module")
async def watchers(house: House) -> tuple[int, int]:
    """Two Watchers of North, both with a "lift"; the first one's was read first. South has one."""
    ids = []
    for cloud, host in ((1, "one"), (1, "other"), (2, "souths")):
        ids.append(
            await house.sql(
                "insert into connection (cloud, api, url, secret) values ($1, 'v3', $2, '')"
                " returning id",
                cloud,
                f"https://{host}.example.net",
            )
        )
    one, other, souths = ids
    for cloud, watcher, external_id, name in (
        (1, one, "lift", "lift"),
        (1, other, f"lift@{other}", "lift"),
        (1, other, "roof", "roof"),
        (1, one, "tab%09", "tab\t"),
        (1, other, f"tab%09@{other}", "tab\t"),
        (2, souths, "lift", "lift"),
    ):
        await house.sql(
            "insert into camera (cloud, external_id, name, watcher, watcher_name)"
            " values ($1, $2, $4, $3, $4) returning id",
            cloud,
            external_id,
            watcher,
            name,
        )
    return one, other


async def stored(house: House) -> str:
    """ "camera quantity" of what was sent, the quantities being the test's own."""
    found: str = await house.sql(
        "select coalesce(string_agg(c.external_id || ' ' || u.quantity, ', ' order by 1), '')"
        " from (select external_id, cloud, id from camera) c join usage_day u on u.camera = c.id"
        " where u.day = '2026-10-05' and c.external_id ~ '^(lift|tab|roof)'"
    )
    return found


async def test_a_name_of_two_watchers_is_refused_with_both(
    house: House, watchers: tuple[int, int]
) -> None:
    one, other = watchers
    for name in ("lift", "tab%09"):
        refused = await house.ask("nora", "POST", USAGE, [{"camera": name, **ROW}])
        assert refused.status_code == 422
        (error,) = refused.json()["errors"]
        for said in (f"{one} ({name!r})", f"{other} ('{name}@{other}')", "connection"):
            assert said in str(error)
        fixed = {"camera": name, **ROW, "reason": "Recorder was misconfigured"}
        refused = await house.ask("nora", "POST", f"{USAGE}/corrections", fixed)
        assert refused.status_code == 422
        assert {error["field"] for error in refused.json()["errors"]} == {"connection"}
    assert await stored(house) == ""


async def test_an_id_or_a_connection_says_whose_it_is(
    house: House, watchers: tuple[int, int]
) -> None:
    one, other = watchers
    rows = [
        {"camera": "lift", "connection": one, **ROW, "quantity": 1},
        {"camera": "lift", "connection": other, **ROW, "quantity": 2},
        {"camera": "roof", **ROW, "quantity": 3},
        {"camera": f"tab%09@{other}", **ROW, "quantity": 4},
        {"camera": "tab%09", "connection": one, **ROW, "quantity": 5},
        {"camera": "roof", "connection": None, **ROW, "quantity": 3},
    ]
    lines = "\n".join(map(json.dumps, rows)).encode()
    for _ in range(2):
        answer = await house.ask("nora", "POST", USAGE, lines, headers={"Content-Type": NDJSON})
        assert answer.status_code == 200, answer.text
        answer = await house.ask("nora", "POST", USAGE, rows)
        assert answer.json()["accepted"] == 0
    expected = f"lift 1, lift@{other} 2, roof 3, tab%09 5, tab%09@{other} 4"
    assert sorted((await stored(house)).split(", ")) == sorted(expected.split(", "))
    fixed = {"camera": "lift", "connection": other, **ROW, "quantity": 0, "reason": "Counted twice"}
    told = await house.post("nora", f"{USAGE}/corrections", fixed)
    assert told["camera"] == f"lift@{other}"
    assert f"lift@{other} 0" in await stored(house)
    assert await house.sql(
        "select count(*) from audit where action = 'usage.correct' and object like $1",
        f"camera lift@{other} %",
    )


@pytest.mark.parametrize(
    ("sent", "why"),
    [
        ({"camera": "lift", "connection": 10**8}, "there is no connection"),
        ({"camera": "roof", "connection": "one"}, "there is no camera 'roof' of connection"),
        ({"camera": "gate", "connection": "one"}, "there is no camera 'gate' of connection"),
        ({"camera": "lift", "connection": "souths"}, "there is no connection"),
        ({"camera": "lift", "connection": 0}, "connection"),
        ({"camera": "lift", "connection": "x"}, "connection"),
        ({"camera": "no such"}, "there is no camera 'no such'"),
        ({"camera": "a\0b"}, "must not hold control characters"),
        ({"camera": ".."}, "must not be a dot or two"),
    ],
)
async def test_what_is_nobodys_is_refused(
    house: House, watchers: tuple[int, int], sent: dict[str, Any], why: str
) -> None:
    souths = await house.sql("select id from connection where cloud = 2")
    ids = {"one": watchers[0], "souths": souths}
    sent = {name: ids.get(value, value) for name, value in sent.items()}
    answer = await house.ask("nora", "POST", USAGE, [{**sent, **ROW}])
    assert answer.status_code == 422, answer.text
    assert why in answer.json()["errors"][0]["message"]
    answer = await house.ask(
        "nora", "POST", f"{USAGE}/corrections", {**sent, **ROW, "reason": "Counted twice"}
    )
    assert answer.status_code == 422, answer.text


async def test_a_name_twice_in_a_row_is_told_with_a_connection_as_well(
    house: House, watchers: tuple[int, int]
) -> None:
    one, _ = watchers
    text = json.dumps({"camera": "lift", "connection": one, **ROW})
    for twice in (
        text.replace('"day"', '"camera": "roof", "day"'),
        text.replace('"day"', f'"connection": {one}, "day"'),
        json.dumps({"camera": "roof", **ROW}).replace('"day"', '"camera": "roof", "day"'),
        json.dumps({"camera": "roof", **ROW}).replace(
            '"day"', '"connection": null, "camera": "roof", "day"'
        ),
    ):
        answer = await house.ask("nora", "POST", USAGE, f"[{twice}]".encode())
        assert answer.status_code == 422, twice
        assert "stands twice in this row" in answer.text
