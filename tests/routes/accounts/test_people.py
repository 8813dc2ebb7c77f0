"""People and keys on the screens: listed, invited, cut off after a question, secrets shown once."""

from __future__ import annotations

import re

import pytest

from tests.cast import ADA, ANN, CARL, MAX, NORA, PAUL, SAM, SUE
from tests.routes.conftest import ORIGIN, PASSWORD, Site, Visitor

LINK = re.compile(rf'value="({re.escape(ORIGIN)}/(?:invite|reset)/[\w-]{{43}})"')
KEY = re.compile(r'value="(clk_[0-9a-f]{12}_[0-9a-f]{64})"')


async def asked(visitor: Visitor, path: str) -> str:
    """The page that asks, and the answer to its form."""
    page = await visitor.get(path)
    assert page.status_code == 200, page.text
    done = await visitor.post(path)
    assert done.status_code in {200, 303}, done.text
    return done.text


async def test_a_person_is_blocked_and_let_in_again(site: Site) -> None:
    nora, ann = await site.as_(NORA), await site.as_(ANN)
    listed = (await nora.get("/cloud/people")).text
    assert ANN.name in listed
    assert SAM.name not in listed
    path = f"/cloud/people/{ANN.user}"
    assert "Deactivate Ann?" in (await nora.get(f"{path}/deactivate")).text
    await asked(nora, f"{path}/deactivate")
    assert (await ann.get("/cloud")).status_code == 303
    assert "Deactivated" in (await nora.get("/cloud/people?state=blocked")).text
    await asked(nora, f"{path}/reactivate")
    assert (await (await site.visitor()).sign_in(ANN)).status_code == 303


async def test_a_person_is_invited_by_a_link_that_is_shown_once(site: Site) -> None:
    nora = await site.as_(NORA)
    await nora.get("/cloud/people/new")
    wrong = await nora.post("/cloud/people/new", {"email": "x", "role": "accountant"})
    assert wrong.status_code == 422
    form = {"email": "new@north.test", "name": "Newton", "role": "accountant"}
    shown = (await nora.post("/cloud/people/new", form)).text
    taken = await nora.post("/cloud/people/new", form)
    assert taken.status_code == 422
    (link,) = LINK.findall(shown)
    (row,) = await site.rows("select id from portal_user where email = 'new@north.test'")
    path = f"/cloud/people/{row['id']}"
    assert link not in (await nora.get(path)).text
    (again,) = LINK.findall(await asked(nora, f"{path}/resend-invitation"))
    visitor = await site.visitor()
    assert (await visitor.get(link)).status_code == 410
    page = (await visitor.get(again)).text
    assert "Nora invites you to North" in page
    assert "new@north.test" in page
    assert (await visitor.post(again, {"name": "Newton", "password": PASSWORD})).status_code == 303
    assert (await visitor.get("/cloud")).status_code == 200
    assert (await (await site.visitor()).sign_in("new@north.test")).status_code == 303
    (reset,) = LINK.findall(await asked(nora, f"{path}/reset-password"))
    assert (await visitor.get("/cloud")).status_code == 303
    assert (await visitor.get(reset)).status_code == 200


async def test_a_role_is_changed_and_the_last_administrator_stays(site: Site) -> None:
    nora, ada = await site.as_(NORA), await site.as_(ADA)
    path = f"/cloud/people/{ANN.user}"
    await nora.get(path)
    assert (await nora.post(path, {"role": "accountant"})).status_code == 303
    assert "Accountant" in (await nora.get(path)).text
    last = f"/system/clouds/north/people/{NORA.user}"
    await ada.get(last)
    refused = await ada.post(last, {"role": "accountant"})
    assert refused.status_code == 422
    assert "last administrator" in refused.text
    own = (await nora.get(f"/cloud/people/{NORA.user}")).text
    assert "another administrator changes your role" in own
    assert "reset-password" not in own
    blocked = await nora.post(f"/cloud/people/{NORA.user}/deactivate")
    assert blocked.status_code == 409


async def test_a_manager_is_given_clouds(site: Site) -> None:
    ada, max_ = await site.as_(ADA), await site.as_(MAX)
    path = f"/system/people/{MAX.user}"
    await ada.get(path)
    assert (await ada.post(path, {"role": "manager", "clouds": "nowhere"})).status_code == 422
    both = {"role": "manager", "clouds": "north\r\nsouth"}
    assert (await ada.post(path, both)).status_code == 303
    assert "South" in (await max_.get("/system")).text
    assert (await ada.post(path, {"role": "manager", "clouds": ""})).status_code == 303
    assert await site.rows("select 1 from cloud where manager is not null") == []


async def test_a_key_is_made_shown_once_and_revoked(site: Site) -> None:
    nora = await site.as_(NORA)
    await nora.get("/cloud/keys/new")
    past = {"name": "CRM", "role": "accountant", "expires_at": "2020-01-01"}
    assert (await nora.post("/cloud/keys/new", past)).status_code == 422
    form = {
        "name": "CRM",
        "role": "accountant",
        "expires_at": "2027-01-01",
        "scopes": "invoices.read",
    }
    (key,) = KEY.findall((await nora.post("/cloud/keys/new", form)).text)
    bearer = {"Authorization": f"Bearer {key}"}
    api = (await site.visitor()).client
    assert (await api.get("/api/v1/clouds/north/invoices", headers=bearer)).status_code == 200
    assert (await api.get("/api/v1/clouds/north/margins", headers=bearer)).status_code == 403
    listed = (await nora.get("/cloud/keys")).text
    assert key not in listed
    public_id = key.split("_")[1]
    assert public_id in listed
    await asked(nora, f"/cloud/keys/{public_id}/revoke")
    assert (await api.get("/api/v1/clouds/north/invoices", headers=bearer)).status_code == 401
    assert "Revoked" in (await nora.get("/cloud/keys")).text
    ada = await site.as_(ADA)
    assert public_id in (await ada.get("/system/clouds/north/keys")).text
    assert public_id not in (await ada.get("/system/keys")).text


@pytest.mark.parametrize("who", [PAUL, MAX, CARL, ANN])
async def test_nobody_else_finds_these_pages(site: Site, who) -> None:
    visitor = await site.as_(who)
    prefix = "/system" if who.cloud is None else "/cloud"
    for path in (
        "people",
        "people/new",
        "keys",
        "keys/new",
        f"people/{SUE.user}",
        "people/1/deactivate",
    ):
        assert (await visitor.get(f"{prefix}/{path}")).status_code == 403, path
    assert f'href="{prefix}/people"' not in (await visitor.get(prefix)).text


async def test_another_clouds_people_are_not_there(site: Site) -> None:
    nora = await site.as_(NORA)
    for path in (
        f"people/{SAM.user}",
        f"people/{ADA.user}/deactivate",
        "people/999",
        "people/4/explode",
    ):
        assert (await nora.get(f"/cloud/{path}")).status_code == 404, path
    ada = await site.as_(ADA)
    assert (await ada.get(f"/system/clouds/north/people/{SAM.user}")).status_code == 404
    assert (await ada.get("/system/clouds/nowhere/people")).status_code == 404


async def test_people_are_listed_with_what_is_theirs(site: Site) -> None:
    ada, nora = await site.as_(ADA), await site.as_(NORA)
    platform = (await ada.get("/system/people")).text
    for heading in ("Name", "E-mail address", "Role", "Clouds", "Second factor", "Last sign-in"):
        assert heading in platform
    assert '<a href="/system/clouds/north">north</a>' in platform, "whom Max looks after"
    cloud = (await nora.get("/cloud/people?sort=email")).text
    assert "Subscribers" in cloud
    assert f'href="/cloud/subscribers?manager={ANN.name.replace("@", "%40")}">1</a>' in cloud
    form = {"email": "new@north.test", "role": "accountant"}
    nameless = await nora.post("/cloud/people/new", form)
    assert nameless.status_code == 422
    assert 'href="#field-name"' in nameless.text
    await nora.post("/cloud/people/new", {**form, "name": "Newton"})
    invited = (await nora.get("/cloud/people?state=invited&q=new@")).text
    assert "Invited" in invited
    assert re.search(r"until \d+ \w+ 2026, |until \w+ \d+, 2026, ", invited)
    file = (await nora.get("/cloud/people?format=csv")).text
    assert "Invited until" in file.splitlines()[0]
