"""The audit log on the screen: whose entries are shown, narrowed, paged, read, and their end kept."""

from __future__ import annotations

import html
import json
import re

import pytest

from portal.access import SYSTEM
from portal.accounts.queries.audit import heads
from portal.cli.audit import read_heads
from portal.db import atomic
from portal.kit.actions import audit
from tests.cast import ADA, ANN, BOB, CARL, MAX, NORA, NORTH, PAUL, REX, SOUTH, SUE
from tests.routes.conftest import PASSWORD, Site, Visitor

OLDER = re.compile(r'rel="next" href="([^"]+)"')
ENTRY = re.compile(r'class="row-link num" href="([^"]+)"')


async def _deed(who, action: str, what: str, cloud: int | None, **values: object) -> None:
    async with atomic(who) as tx:
        await audit.record(tx, who, action, what, cloud=cloud, **values)


async def _deeds(site: Site) -> None:
    """One of each cloud and one of the platform."""
    async with site.database.as_worker():
        await _deed(SYSTEM, "camera.change", "camera canary-north", NORTH)
        await _deed(SYSTEM, "camera.change", "camera canary-south", SOUTH)
        await _deed(SYSTEM, "meter.create", "meter canary-platform", None)


async def _text(visitor: Visitor, path: str) -> str:
    answer = await visitor.get(path)
    assert answer.status_code == 200, answer.text
    return answer.text


async def test_a_cloud_sees_its_own_entries_and_the_platform_all(site: Site) -> None:
    await _deeds(site)
    nora, ada = await site.as_(NORA), await site.as_(ADA)
    own = await _text(nora, "/cloud/audit")
    assert "canary-north" in own
    assert "canary-south" not in own
    assert "canary-platform" not in own
    for disguise in ("?cloud=south", "?cloud=-", "?object=camera", "?who=Camledger"):
        shown = await _text(nora, f"/cloud/audit{disguise}")
        assert "canary-south" not in shown, disguise
        assert "canary-platform" not in shown, disguise
    everything = await _text(ada, "/system/audit")
    assert all(f"canary-{one}" in everything for one in ("north", "south", "platform"))
    south = await _text(ada, "/system/clouds/south/audit")
    assert "canary-south" in south
    assert "canary-north" not in south
    platform = await _text(ada, "/system/audit?cloud=-")
    assert "canary-platform" in platform
    assert "canary-south" not in platform
    assert (await ada.get("/system/audit?cloud=nowhere")).status_code == 404


async def test_an_entry_of_another_cloud_is_not_there(site: Site) -> None:
    await _deeds(site)
    nora = await site.as_(NORA)
    for action, status in (("camera.change", {200, 404}), ("meter.create", {404})):
        rows = await site.rows("select id, cloud from audit where action = $1", action)
        for row in rows:
            answer = await nora.get(f"/cloud/audit/{row['id']}")
            assert answer.status_code == (200 if row["cloud"] == NORTH else 404)
            assert answer.status_code in status
    assert (await nora.get(f"/cloud/audit/{2**62}")).status_code == 404


@pytest.mark.parametrize("who", [PAUL, MAX, CARL, ANN, SUE, BOB, REX])
async def test_nobody_else_reads_the_log(site: Site, who) -> None:
    await _deeds(site)
    visitor = await site.as_(who)
    for prefix in ("/system", "/cloud"):
        for path in (
            "audit",
            "audit/1",
            "audit/heads",
            "settings/security",
            "settings/second-factor",
        ):
            assert (await visitor.get(f"{prefix}/{path}")).status_code == 403, path
    home = {"/system": who.cloud is None, "/cloud": who.cloud is not None}
    own = next(prefix for prefix, mine in home.items() if mine)
    assert f'href="{own}/audit"' not in (await visitor.get("/account")).text


async def test_the_log_is_narrowed_by_who_what_and_day(site: Site) -> None:
    nora = await site.as_(NORA)
    await nora.get("/cloud/people")
    await nora.post(f"/cloud/people/{ANN.user}", {"role": "accountant"})
    outsider = await site.visitor("198.51.100.9")
    await outsider.sign_in(NORA, "not the password")
    await _deeds(site)
    day = str((await site.rows("select (at at time zone 'Europe/Rome')::date from audit"))[0][0])
    found = {
        "who=nora": (NORA.name, "canary-north"),
        f"who={NORA.user}": ("Person changed", "canary-north"),
        "action=user.change": (f"person {ANN.user}", "Signed in"),
        "action=sign-in": ("Sign-in failed", "canary-north"),
        "object=camera": ("canary-north", "Person changed"),
        f"object=user+{ANN.user}": ("Person changed", "canary-north"),
        f"from={day}&to={day}": ("canary-north", "Nothing matches"),
        "to=2020-01-01": ("Nothing matches", "canary-north"),
        "from=2190-01-01": ("Nothing matches", "canary-north"),
    }
    for query, (there, gone) in found.items():
        rows = (await _text(nora, f"/cloud/audit?{query}")).partition('id="rows"')[2]
        assert there in rows, query
        assert gone not in rows, query
    wrong = await _text(nora, "/cloud/audit?from=2026-02-31&who=nora")
    assert "From is not a day of the calendar" in wrong
    assert NORA.name in wrong


async def test_a_key_is_found_by_its_id_and_name(site: Site) -> None:
    nora = await site.as_(NORA)
    await nora.get("/cloud/keys/new")
    form = {"name": "Till", "role": "administrator"}
    made = (await nora.post("/cloud/keys/new", form)).text
    key = re.search(r'value="(clk_([0-9a-f]{12})_[0-9a-f]{64})"', made)
    assert key
    api = (await site.visitor()).client
    answer = await api.post(
        "/api/v1/clouds/north/cameras",
        json={"external_id": "till-1", "name": "Till"},
        headers={"Authorization": f"Bearer {key[1]}"},
    )
    assert answer.status_code == 201, answer.text
    for who in (key[2], "Till", "till"):
        rows = await _text(nora, f"/cloud/audit?who={who}")
        assert f"Key {key[2]}" in rows
        assert "camera till-1" in rows
    secret = key[1].rpartition("_")[2]
    for path in ENTRY.findall(await _text(nora, "/cloud/audit")):
        assert secret not in await _text(nora, path)


async def test_pages_follow_each_other_by_key_while_entries_are_added(site: Site) -> None:
    nora = await site.as_(NORA)
    async with site.database.as_worker():
        for number in range(120):
            await _deed(SYSTEM, "camera.change", f"camera {number}", NORTH)
            await _deed(SYSTEM, "camera.change", f"camera {number}", SOUTH)
    seen: list[str] = []
    path = "/cloud/audit?object=camera"
    pages = 0
    while path:
        page = await _text(nora, path)
        seen += re.findall(
            r'<td class="d-none d-sm-table-cell text-break"><a [^>]*>camera (\d+)</a></td>', page
        )
        async with site.database.as_worker():
            await _deed(SYSTEM, "camera.change", "camera later", NORTH)
        found = OLDER.search(page)
        path = html.unescape(found[1]) if found else ""
        pages += 1
    assert (seen, pages) == ([str(number) for number in reversed(range(120))], 3)
    for odd in ("before=x", "before=-1", f"before={'9' * 400}"):
        assert "camera later" in await _text(nora, f"/cloud/audit?{odd}")


async def test_an_entry_is_read_field_by_field(site: Site) -> None:
    before = {"role": "account-manager", "active": True, "note": "<b>bold</b>"}
    after = {"role": "cloud-accountant", "active": True, "prices": [{"amount": "9.90"}], "x": []}
    async with site.database.as_worker():
        await _deed(SYSTEM, "user.change", f"user {ANN.user}", NORTH, before=before, after=after)
    nora = await site.as_(NORA)
    listed = await _text(nora, "/cloud/audit?action=user.change")
    assert ANN.name in listed, "a number says little"
    (path,) = ENTRY.findall(listed)
    page = await _text(nora, path)
    rows = [
        re.sub(r"<[^>]+>|\s+", " ", row).split()
        for row in re.findall(r"<tr>(.*?)</tr>", page.partition("What changed")[2], re.DOTALL)
    ]
    assert ["Role", "account-manager", "cloud-accountant"] in rows
    assert ["Active", "yes", "yes"] in rows
    assert ["Prices", "·", "1", "·", "Amount", "–", "9.90"] in rows
    assert "<b>bold</b>" not in page
    assert f'href="/cloud/people/{ANN.user}"' in page
    assert (await nora.get(f"/cloud/people/{ANN.user}")).status_code == 200


async def test_the_heads_are_kept_elsewhere(site: Site) -> None:
    await _deeds(site)
    ada, nora = await site.as_(ADA), await site.as_(NORA)
    async with site.database.as_worker():
        ends = await heads(SYSTEM)
    answer = await ada.get("/system/audit/heads")
    assert answer.headers["content-disposition"].startswith('attachment; filename="audit-heads-')
    assert {one.cloud for one in read_heads(answer.content)} == {None, "north", "south"}
    assert tuple(read_heads(answer.content)) == ends
    (own,) = json.loads((await nora.get("/cloud/audit/heads")).text)
    assert own["cloud"] == "north"
    assert own["hash"] in await _text(nora, "/cloud/audit")
    assert own["hash"] in await _text(ada, "/system/audit?cloud=north")


async def test_no_credential_is_in_any_entry(site: Site) -> None:
    nora = await site.as_(NORA)
    await nora.get("/account")
    fresh = "seven green herons argue quietly"
    await nora.post("/account/password", {"current": PASSWORD, "new": fresh, "again": fresh})
    await nora.get("/cloud/people")
    links = await nora.post(f"/cloud/people/{ANN.user}/reset-password")
    token = re.search(r"/reset/([\w-]{43})", links.text)
    assert token
    paths = ENTRY.findall(await _text(nora, "/cloud/audit"))
    pages = [await _text(nora, path) for path in paths]
    for secret in (fresh, PASSWORD, token[1], "argon2"):
        assert not any(secret in page for page in pages)
    assert any("changed" in page for page in pages)


async def test_every_object_of_the_log_leads_to_its_page(site: Site) -> None:
    """Of a cloud in either portal, and of the platform."""
    async with site.database.as_worker():
        for what in ("rate plates", "referral rex", "tariff home-7", "cameras of connection 5"):
            await _deed(SYSTEM, "cloud.change", what, NORTH)
        for what in ("service plates", "meter analytics.plates"):
            await _deed(SYSTEM, "service.change", what, None)
    below = ("prices#plates", "referrals/rex", "tariffs/home-7", "watcher/5")
    nora, ada = await site.as_(NORA), await site.as_(ADA)
    own, all_, at = (
        await _text(nora, "/cloud/audit"),
        await _text(ada, "/system/audit"),
        await _text(ada, "/system/clouds/north/audit"),
    )
    for place in below:
        assert f'href="/cloud/{place}"' in own
        assert f'href="/system/clouds/north/{place}"' in all_
        assert f'href="/system/clouds/north/{place}"' in at
    assert 'href="/system/services/plates"' in all_
    assert 'href="/system/services#meters"' in all_


async def test_a_row_opens_field_by_field(site: Site) -> None:
    many = {f"field{number}": number for number in range(15)}
    async with site.database.as_worker():
        before, after = {"payment_days": 14}, {"payment_days": 30}
        await _deed(SYSTEM, "cloud.change", "cloud north", NORTH, before=before, after=after)
        await _deed(SYSTEM, "cloud.create", "cloud north", NORTH, after=many)
    page = await _text(await site.as_(NORA), "/cloud/audit")
    opened = re.sub(r"<[^>]+>", " ", page.partition("<details>\n              <summary>")[2])
    assert "and 3 fields more" in " ".join(opened.split())
    assert "Before: 14 → After: 30" in " ".join(re.sub(r"<[^>]+>", " ", page).split())


async def test_the_history_of_an_object_has_what_is_of_it(site: Site) -> None:
    async with site.database.as_worker():
        for what in ("camera gate", "subscription 7 of camera gate", "camera gate-2"):
            await _deed(SYSTEM, "camera.change", what, NORTH)
    page = await _text(await site.as_(NORA), "/cloud/audit?object=camera+gate")
    rows = page.partition('id="entries"')[2]
    assert "subscription 7 of camera gate" in rows
    assert "camera gate-2" not in rows
    assert "History of camera gate" in page
    assert 'href="/cloud/camera?id=gate">Open camera gate' in page


async def test_pages_of_objects_lead_to_their_history(site: Site) -> None:
    ada, nora, carl = await site.as_(ADA), await site.as_(NORA), await site.as_(CARL)
    for visitor, path, history in (
        (ada, "/system/services/plates", "/system/audit?object=service+plates"),
        (ada, "/system/clouds/north", "/system/clouds/north/audit?object=cloud+north"),
        (ada, "/system/clouds/north/prices", "/system/clouds/north/audit?object=rate"),
        (nora, "/cloud/subscribers/1", "/cloud/audit?object=subscriber+1"),
        (nora, "/cloud/tariffs/home-7", "/cloud/audit?object=tariff+home-7"),
        (nora, "/cloud/referrals/rex", "/cloud/audit?object=referral+rex"),
        (nora, f"/cloud/people/{ANN.user}", f"/cloud/audit?object=user+{ANN.user}"),
    ):
        assert f'href="{history}"' in await _text(visitor, path), path
    assert "audit?object" not in await _text(carl, "/cloud/subscribers/1"), "he may not read it"
