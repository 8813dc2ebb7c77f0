"""API keys: who gets in, as whom, and what is kept of them."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from portal.access import SYSTEM, Role
from portal.accounts.actions import api_keys
from portal.errors import Forbidden, Invalid, NotFound, Unauthorized
from portal.kit.queries import tenancy
from portal.routes.api.kit.authentication import Throttle
from portal.routes.problems import RateLimited
from tests import cast
from tests.conftest import NOW
from tests.routes.api.conftest import House


@pytest.mark.parametrize(
    "header",
    [
        None, "", "Bearer", "Bearer ", "Basic YWRhOmFkYQ==", "Bearer clk_", "Bearer nonsense",
        "Bearer clk_000000000000_" + "0" * 64, "Bearer " + "x" * 5000, "Bearer clk_é_ü", "Bearer \x7f",
    ],
)  # fmt: skip
async def test_no_key_or_a_wrong_one_is_401(house: House, header):
    headers = {} if header is None else {"Authorization": header.encode("latin-1")}
    answer = await house.client.get("/api/v1/meters", headers=headers)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Bearer ")
    assert answer.headers["content-type"] == "application/problem+json"


async def test_a_key_with_another_secret_is_401(house: House):
    right = house.keys["ada"]
    wrong = right[:-1] + ("0" if right[-1] != "0" else "1")
    headers = {"Authorization": f"Bearer {wrong}"}
    assert (await house.client.get("/api/v1/meters", headers=headers)).status_code == 401
    headers = {"Authorization": f"bearer {right}"}
    assert (await house.client.get("/api/v1/meters", headers=headers)).status_code == 200


async def test_the_secret_is_kept_nowhere(house: House):
    secret = house.keys["ada"].rpartition("_")[2]
    kept = await house.sql("select string_agg(k::text, '') from api_key k")
    logged = await house.sql("select string_agg(a::text, '') from audit a")
    assert secret not in kept + logged
    assert len(secret) == 64


async def test_the_documents_need_no_key(house: House):
    for path in ("/api/v1/openapi.json", "/api/v1/docs"):
        assert (await house.client.get(path)).status_code == 200


async def test_a_revoked_key_is_dead_at_once(house: House):
    async with house.database.as_worker():
        key = await api_keys.create(SYSTEM, name="short", role="administrator")
    house.keys["short"] = key
    assert (await house.ask("short", "GET", "/meters")).status_code == 200
    public_id = key.split("_")[1]
    async with house.database.as_web():
        with pytest.raises(Forbidden):
            await api_keys.revoke(cast.PAUL, public_id, now=NOW)
        with pytest.raises(NotFound):  # a key of the platform is not Nora's to see
            await api_keys.revoke(cast.NORA, public_id, now=NOW)
        await api_keys.revoke(cast.ADA, public_id, now=NOW)
    assert (await house.ask("short", "GET", "/meters")).status_code == 401


async def test_a_clouds_administrator_makes_keys_of_its_own_cloud(house: House):
    async with house.database.as_web():
        key = await api_keys.create(
            cast.NORA, name="crm", role="accountant", cloud=await tenancy.get(cast.NORA, "north")
        )
        actor = await api_keys.verify(key, now=NOW)
        assert (actor.role, actor.cloud, actor.user) == (Role.CLOUD_ACCOUNTANT, cast.NORTH, None)
        with pytest.raises(NotFound):
            await api_keys.create(
                cast.NORA,
                name="spy",
                role="accountant",
                cloud=await tenancy.get(cast.NORA, "south"),
            )


async def test_a_key_may_stand_for_a_person(house: House):
    async with house.database.as_web():
        by_name = await api_keys.create(
            cast.NORA,
            name="ANN@north.test",
            role="account-manager",
            cloud=await tenancy.get(cast.NORA, "north"),
        )
        by_address = await api_keys.create(
            cast.NORA,
            name="app",
            role="account-manager",
            cloud=await tenancy.get(cast.NORA, "north"),
            user_email="ann@north.test",
        )
        for key in (by_name, by_address):
            assert (await api_keys.verify(key, now=NOW)).user == cast.ANN.user
        with pytest.raises(Invalid) as refused:
            await api_keys.create(
                cast.NORA,
                name="x",
                role="account-manager",
                cloud=await tenancy.get(cast.NORA, "north"),
                user_email="sam@south.test",
            )
        assert refused.value.fields.keys() == {"user"}
    # Who is blocked, or is something else by now, has no key any more.
    for change in ("active = false", "role = 'cloud-accountant'"):
        await house.sql(
            f"update portal_user set {change} where id = $1 returning id", cast.ANN.user
        )
        async with house.database.as_web():
            with pytest.raises(Unauthorized):
                await api_keys.verify(by_name, now=NOW)
        await house.sql(
            "update portal_user set active = true, role = 'account-manager' where id = $1 returning id",
            cast.ANN.user,
        )


@pytest.mark.parametrize(
    ("role", "cloud"),
    [
        ("subscriber", "north"), ("referral", "north"), ("account-manager", None), ("doorkeeper", None),
        ("manager", "north"), ("", None), ("system", None),
    ],
)  # fmt: skip
async def test_roles_that_no_key_has(house: House, role, cloud):
    async with house.database.as_worker():
        of = await tenancy.get_if_named(SYSTEM, cloud)
        with pytest.raises(Invalid) as refused:
            await api_keys.create(SYSTEM, name="x", role=role, cloud=of)
    assert refused.value.fields.keys() == {"role"}


async def test_scopes_are_names_of_permissions(house: House):
    async with house.database.as_worker():
        with pytest.raises(Invalid) as refused:
            await api_keys.create(SYSTEM, name="x", role="administrator", scopes=["everything"])
        assert refused.value.fields.keys() == {"scopes"}
        house.keys["reader"] = await api_keys.create(
            SYSTEM, name="x", role="administrator", scopes=["cameras.read"]
        )
    assert (await house.ask("reader", "GET", "/clouds/north/cameras")).status_code == 200
    assert (await house.ask("reader", "GET", "/clouds/north/tariffs")).status_code == 403
    camera = {"external_id": "scoped"}
    assert (await house.ask("reader", "POST", "/clouds/north/cameras", camera)).status_code == 403


async def test_use_is_noted_once_a_minute(house: House):
    async with house.database.as_worker():
        key = await api_keys.create(SYSTEM, name="clockwork", role="administrator")
    used = "select used_at from api_key where name = 'clockwork'"
    async with house.database.as_web():
        for seconds, noted in ((0, 0), (30, 0), (61, 61), (120, 61), (122, 122)):
            await api_keys.verify(key, now=NOW + timedelta(seconds=seconds))
            assert await house.sql(used) == NOW + timedelta(seconds=noted)


def test_a_flood_is_slowed_down_key_by_key():
    throttle = Throttle(burst=3, a_second=1)
    for _ in range(3):
        throttle.take(1, 100.0)
    with pytest.raises(RateLimited) as slow:
        throttle.take(1, 100.0)
    assert slow.value.retry_after == 1
    throttle.take(2, 100.0)
    throttle.take(1, 101.0)


async def test_a_flood_is_429_with_the_time_to_wait(house: House, monkeypatch):
    from portal.routes.api.kit import authentication as session_config

    monkeypatch.setattr(session_config, "throttle", Throttle(burst=1, a_second=1))
    answers = await asyncio.gather(*(house.ask("sam", "GET", "/meters") for _ in range(3)))
    assert sorted(answer.status_code for answer in answers) == [200, 429, 429]
    slow = next(answer for answer in answers if answer.status_code == 429)
    assert slow.headers["retry-after"] == "1"
    assert slow.json()["status"] == 429


async def test_cookies_open_nothing(house: House):
    answer = await house.client.get("/api/v1/meters", headers={"Cookie": "session=anything"})
    assert answer.status_code == 401
    assert "set-cookie" not in answer.headers
