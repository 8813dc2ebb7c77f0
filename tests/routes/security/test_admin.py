"""The table browser: administrators only, looking only, no secrets."""

from __future__ import annotations

import asyncpg
import pytest

from portal import tables
from portal.access import SYSTEM
from portal.db import atomic
from portal.overview.queries.browse_pages import LEFT_OUT
from tests.cast import ADA, EVERYONE, NORA, SUE
from tests.conftest import Database
from tests.routes.conftest import Site, password_hash

WRITES = ("POST", "PUT", "PATCH", "DELETE")
SECRET = {"password", "key_hash", "secret_hash", "data", "body", "body_hash"}


async def test_only_administrators_come_in(site: Site) -> None:
    for who in EVERYONE:
        visitor = await site.as_(who)
        statuses = {
            (await visitor.get(path)).status_code
            for path in ("/admin", "/admin/", "/admin/api/tables/", "/admin/api/tables/cloud/")
        }
        assert statuses == ({200} if who is ADA else {403}), who


async def test_who_is_not_signed_in_is_led_to_our_sign_in_and_back(site: Site) -> None:
    visitor = await site.visitor()
    page = await visitor.get("/admin/")
    assert (page.status_code, page.headers["location"]) == (303, "/login?next=/admin/")
    for path in ("api/user/", "api/tables/cloud/", "public/meta/", "assets/index.js"):
        assert (await visitor.get(f"/admin/{path}")).status_code == 401
    answer = await visitor.sign_in(ADA, next_path="/admin/")
    assert answer.headers["location"] == "/admin/"
    user = await visitor.get("/admin/api/user/")
    assert user.json() == {"username": ADA.name, "user_id": str(ADA.user)}


async def test_its_page_needs_no_exception_from_the_policy(site: Site) -> None:
    ada = await site.as_(ADA)
    page = await ada.get("/admin/")
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert "<style" not in page.text
    assert "<script>" not in page.text
    assert 'href="/static/admin.css"' in page.text
    assert (await ada.get("/static/admin.css")).status_code == 200
    script = page.text.partition('src="./assets/')[2].partition('"')[0]
    answer = await ada.get(f"/admin/assets/{script}")
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "private, max-age=31536000, immutable"


async def test_every_table_can_be_looked_at_without_its_secrets(site: Site) -> None:
    ada = await site.as_(ADA)
    await site.rows(
        "insert into api_key (public_id, secret_hash, name, role) values ('p', 'hashed', 'n', 'accountant')"
    )
    await site.rows(
        "insert into idempotent_answer (api_key, path, key, body_hash, body)"
        " values (1, '/', 'k', 'hashed', 'not-to-be-seen')"
    )
    names = (await ada.get("/admin/api/tables/")).json()
    every = {getattr(tables, name) for name in tables.__all__} - LEFT_OUT
    assert set(names) == {table._meta.tablename for table in every}
    for name in names:
        for path in ("", "?__readable=true", "count/", "ids/?search=a&limit=5", "schema/"):
            answer = await ada.get(f"/admin/api/tables/{name}/{path}")
            assert answer.status_code == 200, (name, path, answer.text)
            assert password_hash() not in answer.text
            assert "hashed" not in answer.text
            assert "not-to-be-seen" not in answer.text
        rows = (await ada.get(f"/admin/api/tables/{name}/")).json()["rows"]
        for row in rows:
            assert not SECRET & set(row), name
            one = await ada.get(f"/admin/api/tables/{name}/{row['id']}/")
            assert one.status_code == 200
            assert not SECRET & set(one.json())


async def test_it_sees_every_tenant(site: Site) -> None:
    ada = await site.as_(ADA)
    rows = (await ada.get("/admin/api/tables/cloud/")).json()["rows"]
    assert {row["slug"] for row in rows} == {"north", "south"}
    assert (await ada.get("/admin/api/tables/cloud/?slug=north")).json()["rows"][0]["id"] == 1


async def test_secrets_cannot_be_asked_for(site: Site) -> None:
    ada = await site.as_(ADA)
    for query in (
        "__visible_fields=id,password",
        "__order=password",
        "password=$argon2id",
        "password__operator=gt&password=a",
        "__visible_fields=user_id.password",
    ):
        answer = await ada.get(f"/admin/api/tables/portal_user/?{query}")
        assert answer.status_code in {400, 403}, query
        assert password_hash() not in answer.text
    for query in ("id=x", "__page=x", "__page=-5", "__page_size=1000000"):
        answer = await ada.get(f"/admin/api/tables/portal_user/?{query}")
        assert answer.status_code in {200, 400, 403, 422}, query


@pytest.mark.parametrize("method", WRITES)
async def test_nothing_is_written(site: Site, method: str) -> None:
    ada = await site.as_(ADA)
    before = await site.rows("select id, slug, name from cloud order by id")
    headers = {"X-CSRFToken": "x", "Cookie": f"csrftoken=x; __Host-session={ada.key}"}
    for path in (
        "api/tables/cloud/",
        "api/tables/cloud/1/",
        "api/tables/portal_user/1/",
        "api/change-password/",
        "api/media/",
        "api/forms/x/",
        "public/login/",
        "",
    ):
        answer = await ada.client.request(
            method, f"/admin/{path}", json={"name": "Taken"}, headers=headers
        )
        assert answer.status_code == 405, path
    assert await site.rows("select id, slug, name from cloud order by id") == before


async def test_its_own_sign_in_is_shut(site: Site) -> None:
    ada = await site.as_(ADA)
    for path in ("public/login/", "public/docs/", "api/docs/"):
        assert (await ada.get(f"/admin/{path}")).status_code == 404
    answer = await ada.get("/admin/public/meta/")
    assert "set-cookie" not in answer.headers


async def test_signing_out_there_is_signing_out(site: Site) -> None:
    ada = await site.as_(ADA)
    foreign = {"sec-fetch-site": "cross-site"}
    assert (await ada.client.post("/admin/public/logout/", headers=foreign)).status_code == 403
    assert (await ada.client.post("/admin/public/logout/")).status_code == 200
    assert ada.key is None
    assert (await ada.get("/admin/")).status_code == 303
    assert await site.rows("select 1 from user_session") == []


async def test_looking_leaves_the_portals_own_connections_alone(site: Site) -> None:
    ada, sue = await site.as_(ADA), await site.as_(SUE)
    assert (await ada.get("/admin/api/tables/subscriber/")).status_code == 200
    assert (await sue.get("/account")).status_code == 200
    async with atomic(NORA) as tx:
        assert await tx.fetchval("select current_user") == "camledger_test_web"
        assert await tx.fetchval("select count(*) from cloud") == 1


async def test_its_role_can_only_read_and_not_everything(database: Database) -> None:
    async with database.as_worker(), atomic(SYSTEM) as tx:
        await tx.execute(
            "insert into portal_user (email, name, role) values ('a@b.test', 'A', 'administrator')"
        )
    connection = await asyncpg.connect(database.admin_url)
    try:
        assert await connection.fetchval("select email from portal_user") == "a@b.test"
        for statement in (
            "select password from portal_user",
            "select * from portal_user",
            "select 1 from portal_user where password like '$argon2id%'",
            "select email from portal_user order by password",
            "select key_hash from user_session",
            "select data from user_session",
            "select secret_hash from api_key",
            "select body from idempotent_answer",
            "select content from invoice_file",
            "update portal_user set name = 'B'",
            "insert into meter (key, base_unit, kind) values ('x', 'y', 'gauge')",
            "delete from cloud",
            "truncate cloud",
            "create table mine (id int)",
        ):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(statement)
    finally:
        await connection.close()
