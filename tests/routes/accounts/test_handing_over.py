"""An account manager leaves: their subscribers go to another, all or none; who may do what."""

from __future__ import annotations

import html
from urllib.parse import quote_plus

from tests.cast import ADA, ANN, CARL, NORA, SAM
from tests.routes.conftest import Site

PATH = f"/cloud/people/{ANN.user}/hand-over"


async def _two(site: Site) -> tuple[int, str]:
    """Another account manager of North and one of South, beside Ann with her subscribers."""
    await site.rows(
        "insert into portal_user (email, name, role, cloud) values"
        " ('olga@north.test', 'Olga', 'account-manager', (select id from cloud where slug='north')),"
        " ('oleg@south.test', 'Oleg', 'account-manager', (select id from cloud where slug='south'))"
        " returning id"
    )
    (row,) = await site.rows(
        f"update subscriber set account_manager = {ANN.user} where number = 1"
        " and cloud = (select id from cloud where slug = 'north') returning number"
    )
    return row["number"], "olga@north.test"


async def test_all_subscribers_go_to_one_person_and_the_log_says_each(site: Site) -> None:
    number, olga = await _two(site)
    nora = await site.as_(NORA)
    asked = html.unescape((await nora.get(PATH)).text)
    assert olga in asked
    assert "oleg@south.test" not in asked
    for wrong in ("", "oleg@south.test", ANN.name, "nobody@north.test"):
        refused = await nora.post(PATH, {"account_manager": wrong})
        assert refused.status_code == 422, wrong
    listed = (await nora.get("/cloud/people?q=ann")).text
    assert f'href="/cloud/subscribers?manager={quote_plus(ANN.name)}">1</a>' in listed
    question = await nora.post(PATH, {"account_manager": olga})
    assert question.status_code == 200
    assert f"Hand over all subscribers of Ann to {olga}?" in html.unescape(question.text)
    assert not await site.rows("select from audit where action = 'subscriber.change'"), "only asked"
    for _ in range(2):
        done = await nora.post(PATH, {"account_manager": olga, "confirmed": "on"})
        assert done.status_code == 303
    (told,) = await site.rows("select object, after from audit where action = 'subscriber.change'")
    assert told["object"] == f"subscriber {number}"
    assert olga in str(told["after"])
    assert "There are none" in (await nora.get(PATH)).text


async def test_deactivating_an_account_manager_says_whom_they_leave_behind(site: Site) -> None:
    _number, olga = await _two(site)
    nora = await site.as_(NORA)
    asked = (await nora.get(f"/cloud/people/{ANN.user}/deactivate")).text
    assert "1 subscriber would be left without an account manager who can sign in." in asked
    assert f'<a class="btn btn-sm" href="{PATH}">Hand over subscribers</a>' in asked
    others = [(CARL.user, "deactivate"), (ANN.user, "end-sessions")]
    for user, deed in others:
        page = (await nora.get(f"/cloud/people/{user}/{deed}")).text
        assert "Hand over" not in page, deed
    await nora.post(PATH, {"account_manager": olga, "confirmed": "on"})
    page = (await nora.get(f"/cloud/people/{ANN.user}/deactivate")).text
    assert "without an account manager" not in page
    assert "Deactivate Ann?" in page


async def test_who_may_not_hand_over_changes_nothing(site: Site) -> None:
    _number, olga = await _two(site)
    carl, sam = await site.as_(CARL), await site.as_(SAM)
    assert (await carl.get(PATH)).status_code == 403
    assert (await sam.get(PATH)).status_code == 404
    assert (await sam.post(PATH, {"account_manager": olga})).status_code in {403, 404}
    ada = await site.as_(ADA)
    path = f"/system/clouds/south/people/{ANN.user}/hand-over"
    assert (await ada.get(path)).status_code == 404
    assert (await ada.get(f"/system/people/{ADA.user}/hand-over")).status_code == 404


async def test_an_invitation_says_what_each_role_may_and_may_not(site: Site) -> None:
    nora, ada = await site.as_(NORA), await site.as_(ADA)
    page = html.unescape((await nora.get("/cloud/people/new")).text)
    assert page.count('type="radio" name="role"') >= 3
    assert "May not: " in page
    matrix = (await ada.get("/system/people/roles")).text
    assert "Account manager" in matrix
    assert "Manager</th>" in matrix
    own = (await nora.get("/cloud/people/roles")).text
    assert ">Manager</th>" not in own
    assert (await (await site.as_(CARL)).get("/cloud/people/roles")).status_code == 403
