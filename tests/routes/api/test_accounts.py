"""Nobody is left in who should be out: people and keys, cut off by the API, at once."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from portal.access import SYSTEM, Permission
from portal.accounts.actions import api_keys
from portal.kit.queries import tenancy
from tests.cast import ADA, ANN, CARL, MAX, NORA, PAUL, SAM, SUE
from tests.routes.conftest import PASSWORD, Site

KEYS = {
    "ada": ("administrator", None, None), "paul": ("accountant", None, None),
    "max": ("manager", None, MAX.name), "nora": ("administrator", "north", None),
    "carl": ("accountant", "north", None), "ann": ("account-manager", "north", ANN.name),
    "sam": ("administrator", "south", None),
}  # fmt: skip


class Office:
    """The application, and everybody's key."""

    def __init__(self, site: Site, keys: dict[str, str], client: Any) -> None:
        self.site, self.keys, self.client = site, keys, client

    async def ask(
        self, who: str, method: str, path: str, body: Any = None, status: int = 200, **headers: str
    ) -> Any:
        bearer = {"Authorization": f"Bearer {self.keys[who]}", **headers}
        answer = await self.client.request(method, f"/api/v1{path}", json=body, headers=bearer)
        assert answer.status_code == status, answer.text
        return answer.json() if answer.content else None


@pytest.fixture
async def office(site: Site) -> Office:
    async with site.database.as_worker():
        keys = {
            who: await api_keys.create(
                SYSTEM,
                name=who,
                role=role,
                cloud=await tenancy.get_if_named(SYSTEM, cloud),
                user_email=user,
            )
            for who, (role, cloud, user) in KEYS.items()
        }
    return Office(site, keys, (await site.visitor()).client)


async def audited(site: Site, action: str) -> list[Any]:
    return await site.rows(
        "select object, before, after, cloud from audit where action = $1 order by id", action
    )


async def test_a_key_is_listed_shown_once_expires_and_is_revoked(office: Office) -> None:
    ends = (office.site.clock.now + timedelta(hours=1)).isoformat()
    made = await office.ask(
        "nora", "POST", "/clouds/north/api-keys",
        {"name": "CRM", "role": "accountant", "expires_at": ends}, 201,
    )  # fmt: skip
    office.keys["crm"] = made.pop("key")
    assert made["id"] in office.keys["crm"]
    assert (made["role"], made["state"], made["cloud"]) == ("accountant", "active", "north")
    await office.ask("crm", "GET", "/clouds/north/invoices")
    listed = (await office.ask("nora", "GET", "/clouds/north/api-keys"))["items"]
    (row,) = [one for one in listed if one["id"] == made["id"]]
    assert "key" not in row
    assert row["used_at"] is not None
    assert office.keys["crm"].rpartition("_")[2] not in str(listed)

    revoked = await office.ask("nora", "POST", f"/clouds/north/api-keys/{made['id']}/revoke")
    assert revoked["state"] == "revoked"
    await office.ask("crm", "GET", "/clouds/north/invoices", status=401)
    again = await office.ask("nora", "POST", f"/clouds/north/api-keys/{made['id']}/revoke")
    assert again == revoked
    (entry,) = await audited(office.site, "api-key.revoke")
    assert '"revoked_at": null' in entry["before"]


async def test_an_expired_key_is_401_from_the_moment_it_ends(office: Office) -> None:
    ends = office.site.clock.now + timedelta(hours=1)
    body = {"name": "short", "role": "manager", "user": MAX.name, "expires_at": ends.isoformat()}
    made = await office.ask("ada", "POST", "/api-keys", body, 201)
    office.keys["short"] = made["key"]
    office.site.clock.forward(minutes=59, seconds=59)
    await office.ask("short", "GET", "/clouds")
    office.site.clock.forward(seconds=1)
    await office.ask("short", "GET", "/clouds", status=401)
    states = {
        one["id"]: one["state"] for one in (await office.ask("ada", "GET", "/api-keys"))["items"]
    }
    assert states[made["id"]] == "expired"


@pytest.mark.parametrize("moment", ["2026-11-05T12:00:00Z", "2020-01-01T00:00:00Z", "tomorrow", 1])
async def test_a_key_ends_in_the_future(office: Office, moment: Any) -> None:
    body = {"name": "x", "role": "accountant", "expires_at": moment}
    problem = await office.ask("ada", "POST", "/api-keys", body, 422)
    assert problem["errors"][0]["field"] == "expires_at"


async def test_a_replayed_answer_has_no_secret(office: Office) -> None:
    body = {"name": "once", "role": "accountant"}
    again = {"Idempotency-Key": "once"}
    first = await office.ask("ada", "POST", "/api-keys", body, 201, **again)
    second = await office.ask("ada", "POST", "/api-keys", body, 201, **again)
    assert {**second, "key": first["key"]} == first
    assert "key" not in second
    person = {"email": "new@platform.test", "role": "accountant"}
    first = await office.ask("ada", "POST", "/users", person, 201, **again)
    second = await office.ask("ada", "POST", "/users", person, 201, **again)
    assert "link" in first
    assert "link" not in second
    kept = await office.site.rows("select string_agg(body, '') as all from idempotent_answer")
    assert first["link"].rpartition("/")[2] not in kept[0]["all"]


async def test_a_key_makes_nothing_wider_than_itself(office: Office) -> None:
    async with office.site.database.as_worker():
        office.keys["narrow"] = await api_keys.create(
            SYSTEM, name="narrow", role="administrator", cloud=await tenancy.get(SYSTEM, "north"),
            scopes=[Permission.USERS_WRITE, Permission.USERS_READ, Permission.INVOICES_READ],
        )  # fmt: skip
    keys = "/clouds/north/api-keys"
    wide = {"name": "x", "role": "administrator"}
    await office.ask("narrow", "POST", keys, wide, 403)
    await office.ask("narrow", "POST", keys, {**wide, "scopes": ["periods.close"]}, 403)
    await office.ask("narrow", "POST", keys, {**wide, "scopes": ["invoices.read"]}, 201)
    person = {"email": "x@north.test", "role": "administrator"}
    await office.ask("narrow", "POST", "/clouds/north/users", person, 403)
    await office.ask(
        "narrow", "PATCH", f"/clouds/north/users/{CARL.user}", {"role": "administrator"}, 403
    )


async def test_who_is_blocked_is_out_at_once_and_back_when_unblocked(office: Office) -> None:
    ann = await office.site.as_(ANN)
    assert (await ann.get("/cloud")).status_code == 200
    path = f"/clouds/north/users/{ANN.user}"
    changed = await office.ask("nora", "PATCH", path, {"active": False})
    assert changed["active"] is False
    assert (await ann.get("/cloud")).status_code == 303
    await office.ask("ann", "GET", "/clouds", status=401)
    assert (await ann.sign_in(ANN)).status_code == 422
    await office.ask("nora", "PATCH", path, {"active": True})
    assert (await ann.get("/cloud")).status_code == 303, "the session before is over for good"
    await office.ask("ann", "GET", "/clouds")
    assert (await (await office.site.visitor()).sign_in(ANN)).status_code == 303
    first, second = await audited(office.site, "user.change")
    assert ('"active": true' in first["before"], '"active": false' in first["after"]) == (
        True,
        True,
    )
    assert '"active": true' in second["after"]


async def test_another_role_ends_sessions_and_keys_that_run(office: Office) -> None:
    ann = await office.site.as_(ANN)
    assert (await ann.get("/cloud/commissions")).status_code == 403
    path = f"/clouds/north/users/{ANN.user}"
    assert (await office.ask("nora", "PATCH", path, {"role": "accountant"}))["role"] == "accountant"
    assert (await ann.get("/cloud/commissions")).status_code == 303, (
        "the session was the old role's"
    )
    await ann.sign_in(ANN)
    assert (await ann.get("/cloud/commissions")).status_code == 200
    await office.ask("ann", "GET", "/clouds", status=401)


async def test_sessions_are_ended(office: Office) -> None:
    browsers = [await office.site.as_(SUE) for _ in range(2)]
    path = f"/clouds/north/users/{SUE.user}/end-sessions"
    assert await office.ask("nora", "POST", path) == {"ended": 2}
    for browser in browsers:
        assert (await browser.get("/my")).status_code == 303
    assert await office.ask("nora", "POST", path) == {"ended": 0}


async def test_a_password_is_reset_by_a_link_that_works_once(office: Office) -> None:
    site = office.site
    carl = await site.as_(CARL)
    path = f"/clouds/north/users/{CARL.user}/reset-password"
    first = await office.ask("nora", "POST", path)
    assert (await carl.get("/cloud")).status_code == 303
    assert (await carl.sign_in(CARL)).status_code == 422
    link = await office.ask("nora", "POST", path)
    visitor = await site.visitor()
    assert (await visitor.get(first["link"])).status_code == 410, "replaced by the second"
    page = await visitor.get(link["link"])
    assert CARL.name in page.text
    fresh = "several unrelated words"
    for new, status in (("short", 422), ("", 422), (fresh, 303)):
        sent = await visitor.post(link["link"], {"password": new})
        assert sent.status_code == status
    assert (await visitor.get(link["link"])).status_code == 410
    assert (await visitor.sign_in(CARL, fresh)).status_code == 303
    stored = await site.rows("select string_agg(u::text, '') as all from portal_user u")
    assert link["link"].rpartition("/")[2] not in stored[0]["all"]
    logged = await site.rows("select string_agg(a::text, '') as all from audit a")
    assert link["link"].rpartition("/")[2] not in logged[0]["all"]
    assert len(await audited(site, "user.reset-password")) == 2


async def test_a_link_ends_by_time_and_with_a_block(office: Office) -> None:
    visitor = await office.site.visitor()
    path = f"/clouds/north/users/{CARL.user}"
    late = await office.ask("nora", "POST", f"{path}/reset-password")
    office.site.clock.forward(hours=24)
    assert (await visitor.get(late["link"])).status_code == 410
    link = await office.ask("nora", "POST", f"{path}/reset-password")
    await office.ask("nora", "PATCH", path, {"active": False})
    assert (await visitor.get(link["link"])).status_code == 404
    await office.ask("nora", "PATCH", path, {"active": True})
    assert (await visitor.get(link["link"])).status_code == 410


async def test_who_is_invited_chooses_a_password(office: Office) -> None:
    person = {"email": "new@north.test", "role": "accountant", "name": "New"}
    made = await office.ask("nora", "POST", "/clouds/north/users", person, 201)
    assert (made["invited"], made["active"]) == (True, True)
    path = f"/clouds/north/users/{made['id']}"
    again = await office.ask("nora", "POST", f"{path}/resend-invitation")
    visitor = await office.site.visitor()
    assert (await visitor.get(made["link"])).status_code == 410
    await visitor.get(again["link"])
    await visitor.post(again["link"], {"name": "New", "password": PASSWORD})
    assert (await visitor.sign_in("new@north.test")).status_code == 303
    await office.ask("nora", "POST", f"{path}/resend-invitation", status=409)
    await office.ask("nora", "POST", "/clouds/north/users", person, 409)


async def test_the_last_administrator_stays(office: Office) -> None:
    for who, path, user in (("ada", "", ADA), ("ada", "/clouds/north", NORA)):
        where = f"{path}/users/{user.user}"
        await office.ask(who, "PATCH", where, {"active": False}, 409)
        await office.ask(who, "PATCH", where, {"role": "accountant"}, 409)
        other = {"email": f"second{user.user}@x.test", "role": "administrator"}
        invited = await office.ask(who, "POST", f"{path}/users", other, 201)
        await office.ask(who, "PATCH", where, {"active": False}, 409)  # only invited
        visitor = await office.site.visitor()
        await visitor.get(invited["link"])
        await visitor.post(invited["link"], {"name": "New", "password": PASSWORD})
        await office.ask(who, "PATCH", where, {"role": "accountant"})
        last = f"{path}/users/{invited['id']}"
        await office.ask(who, "PATCH", last, {"active": False}, 409)


async def test_nobody_changes_their_own_role(office: Office) -> None:
    async with office.site.database.as_web():
        from portal.accounts.actions import users
        from portal.errors import Conflict, Forbidden

        with pytest.raises(Conflict):
            await users.change(NORA, NORA.user or 0, role="accountant")
        with pytest.raises(Conflict):
            await users.change(NORA, NORA.user or 0, active=False)
        for nobody in (PAUL, MAX, CARL, ANN, SUE):
            with pytest.raises(Forbidden):
                await users.change(nobody, nobody.user or 0, role="administrator")


async def test_a_cloud_manages_its_own_people_alone(office: Office) -> None:
    for role in ("manager", "cloud-administrator", "system", "doorkeeper", ""):
        await office.ask("nora", "PATCH", f"/clouds/north/users/{CARL.user}", {"role": role}, 422)
    for user in (SAM, ADA):
        await office.ask(
            "nora", "PATCH", f"/clouds/north/users/{user.user}", {"active": False}, 404
        )
    await office.ask("nora", "PATCH", f"/users/{PAUL.user}", {"active": False}, 403)
    await office.ask(
        "nora", "PATCH", f"/clouds/north/users/{SUE.user}", {"role": "accountant"}, 422
    )
    await office.ask("ada", "PATCH", f"/users/{CARL.user}", {"active": False}, 404)
    await office.ask("sam", "GET", "/clouds/north/users", status=404)
    for who in ("paul", "max"):
        await office.ask(who, "GET", "/users", status=403)
        await office.ask(who, "PATCH", f"/users/{MAX.user}", {"clouds": ["south"]}, 403)


async def test_a_manager_is_given_clouds_and_loses_them_with_the_role(office: Office) -> None:
    path = f"/users/{MAX.user}"
    assert [one["slug"] for one in (await office.ask("max", "GET", "/clouds"))["items"]] == [
        "north"
    ]
    both = await office.ask("ada", "PATCH", path, {"clouds": ["north", "south"]})
    assert both["clouds"] == ["north", "south"]
    assert len((await office.ask("max", "GET", "/clouds"))["items"]) == 2
    await office.ask("ada", "PATCH", path, {"clouds": ["nowhere"]}, 422)
    await office.ask("ada", "PATCH", f"/users/{PAUL.user}", {"clouds": ["north"]}, 422)
    assert (await office.ask("ada", "PATCH", path, {"role": "accountant"}))["clouds"] == []
    assert await office.site.rows("select 1 from cloud where manager is not null") == []


async def test_lists_come_page_by_page(office: Office) -> None:
    seen: list[int] = []
    cursor = ""
    while True:
        page = await office.ask("nora", "GET", f"/clouds/north/users?limit=2{cursor}")
        seen += [one["id"] for one in page["items"]]
        if page["next"] is None:
            break
        cursor = f"&cursor={page['next']}"
    assert seen == sorted(seen)
    assert {NORA.user, CARL.user, ANN.user, SUE.user} <= set(seen)
    assert SAM.user not in seen
