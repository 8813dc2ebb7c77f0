"""The switch "second factor required" on the screens of the platform and of clouds."""

from __future__ import annotations

import html
import re

from tests.cast import ADA, ANN, NORA, PAUL, SAM, SUE
from tests.routes.conftest import Site

PATH = "/account/second-factor"


async def test_a_cloud_requires_it_of_its_administrators_and_waives_it(site: Site) -> None:
    nora, sam = await site.as_(NORA), await site.as_(SAM)
    asked = (await nora.get("/cloud/settings/second-factor")).text
    assert f"Without a second factor: {NORA.name}" in asked or "You have none" in asked
    assert "You have none" in asked
    done = await nora.post("/cloud/settings/second-factor", {"second_factor": "true"})
    assert (done.status_code, done.headers["location"]) == (303, "/cloud/settings/security")
    assert (await nora.get("/cloud")).status_code == 303, "the open session is led on, too"
    assert (await nora.get("/login")).headers["location"] == PATH
    fresh = await site.visitor()
    assert (await fresh.sign_in(NORA)).headers["location"] == PATH
    assert (await sam.get("/cloud")).status_code == 200
    for other in (ANN, SUE):
        assert (await (await site.visitor()).sign_in(other)).headers["location"] != PATH
    ada = await site.as_(ADA)
    await ada.get("/system/clouds/north/settings/security")
    waived = await ada.post(
        "/system/clouds/north/settings/second-factor", {"second_factor": "false"}
    )
    assert waived.headers["location"] == "/system/clouds/north/settings/security"
    assert (await nora.get("/cloud")).status_code == 200
    told = await site.rows(
        "select user_id, before->>'required' as was, after->>'required' as now from audit"
        " where action = 'second-factor.require' and object = 'cloud north' order by id"
    )
    assert [tuple(row) for row in told] == [
        (NORA.user, "false", "true"),
        (ADA.user, "true", "false"),
    ]


async def test_the_platform_requires_it_of_its_people_alone(site: Site) -> None:
    ada, nora = await site.as_(ADA), await site.as_(NORA)
    page = html.unescape((await ada.get("/system/settings/security")).text)
    assert re.search(r"Optional</span>\s+The platform's people", page)
    await ada.get("/system/settings/second-factor")
    await ada.post("/system/settings/second-factor", {"second_factor": "true"})
    for staff in (ADA, PAUL):
        assert (await (await site.visitor()).sign_in(staff)).headers["location"] == PATH
    assert (await nora.get("/cloud")).status_code == 200
    assert await site.rows("select second_factor from cloud where second_factor") == []


async def test_what_is_meant_is_said_and_said_once(site: Site) -> None:
    nora = await site.as_(NORA)
    await nora.get("/cloud/settings/second-factor")
    for unclear in ({}, {"second_factor": "perhaps"}):
        answer = await nora.post("/cloud/settings/second-factor", unclear)
        assert answer.status_code == 409
    for _ in range(2):
        await nora.post("/cloud/settings/second-factor", {"second_factor": "false"})
    told = await site.rows("select 1 from audit where action = 'second-factor.require'")
    assert told == [], "what was so before is no change"
    elsewhere = await nora.post(
        "/cloud/settings/second-factor?cloud=south", {"second_factor": "true"}
    )
    assert elsewhere.status_code == 303
    assert [
        row["slug"] for row in await site.rows("select slug from cloud where second_factor")
    ] == ["north"]
