"""What there may be only so many of, there are never more of: also where several come at once.

A cloud's connections are so too, see `test_connection_bounds`.
"""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from portal.accounts.actions.api_keys import KEYS_MAX
from portal.accounts.actions.managing import PEOPLE_MAX
from tests.routes.api.conftest import House

AT_ONCE = 6
_KEYS = """
with made as (
  insert into api_key (public_id, secret_hash, name, role, cloud)
  select 'many' || n, repeat('0', 64), 'many', $1, $2 from generate_series(1, $3) n returning 1)
select count(*) from made
"""
_PEOPLE = """
with made as (
  insert into portal_user (email, name, role, cloud)
  select 'many' || n || '@many.test', 'many', $1, $2 from generate_series(1, $3) n returning 1)
select count(*) from made
"""
KEY = {"name": "one more", "role": "accountant"}


@pytest.mark.parametrize(
    ("path", "body", "fill", "kind", "most", "table"),
    [
        ("/clouds/north/api-keys", KEY, _KEYS, "cloud-accountant", KEYS_MAX, "api_key"),
        ("/api-keys", KEY, _KEYS, "accountant", KEYS_MAX, "api_key"),
        ("/clouds/north/users", KEY, _PEOPLE, "cloud-accountant", PEOPLE_MAX, "portal_user"),
        ("/users", KEY, _PEOPLE, "accountant", PEOPLE_MAX, "portal_user"),
    ],
)
async def test_of_several_at_once_only_so_many_are_made_as_there_is_room_for(
    house: House, path: str, body: dict[str, Any], fill: str, kind: str, most: int, table: str
) -> None:
    cloud = (
        await house.sql("select id from cloud where slug = 'north'") if "north" in path else None
    )
    # Keys are counted together, people by their role.
    of_role = "" if table == "api_key" else f" and role = '{kind}'"
    counted = f"{table} where cloud is not distinct from $1{of_role}"
    there = await house.sql(f"select count(*) from {counted}", cloud)
    await house.sql(fill, kind, cloud, most - 2 - there)
    try:
        bodies = [
            {**body, "email": f"late{n}@{kind}.test"} if table == "portal_user" else body
            for n in range(AT_ONCE)
        ]
        for one in bodies:
            if table == "portal_user":
                del one["name"]
        answers = await asyncio.gather(*(house.ask("ada", "POST", path, one) for one in bodies))
        assert sorted(answer.status_code for answer in answers) == [201] * 2 + [409] * 4
        assert await house.sql(f"select count(*) from {counted}", cloud) == most
        other = "/clouds/south" + path.removeprefix("/clouds/north")
        elsewhere = {**bodies[0], "email": f"south@{kind}.test"} if "email" in bodies[0] else body
        assert (await house.ask("ada", "POST", other, elsewhere)).status_code == 201
        if table == "portal_user":
            await _nobody_is_given_a_full_role(house, path, kind)
    finally:
        await house.sql(f"delete from {table} where name = 'many' returning 1")


async def _nobody_is_given_a_full_role(house: House, path: str, kind: str) -> None:
    person = {"email": f"changing@{kind}.test", "role": "administrator"}
    made = await house.post("ada", path, person)
    answer = await house.ask("ada", "PATCH", f"{path}/{made['id']}", {"role": "accountant"})
    assert (answer.status_code, "people with this role" in answer.text) == (409, True)
