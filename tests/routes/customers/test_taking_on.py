"""Taking on a customer, giving it cameras and inviting its people: whole, or not at all."""

from __future__ import annotations

import re

import pytest

from tests.cast import ADA, ANN, CARL, NORA, SAM
from tests.routes.conftest import Site
from tests.routes.worked_example import HTMX, words

LIST = "/cloud/subscribers"
NEW = f"{LIST}/new"
WHOLE = {
    "name": "Bar Sole", "email": "bar@sole.test", "discount_percent": "10", "tariff": "home-7",
    "starts_on": "2026-11-01", "cameras": "bar-1; Counter\n\nbar-2", "intent": "save",
}  # fmt: skip


async def counts(site: Site) -> tuple[int, int, int, int]:
    (row,) = await site.rows(
        "select (select count(*) from subscriber) as s, (select count(*) from camera) as c,"
        " (select count(*) from subscription) as x, (select count(*) from portal_user) as u"
    )
    return tuple(row)


async def test_a_customer_comes_with_cameras_tariff_and_invitation(site: Site):
    nora = await site.as_(NORA)
    form = await nora.get(NEW)
    (key,) = re.findall(r'name="idempotency_key" value="(\w+)"', form.text)
    sent = {
        **WHOLE,
        "invite": "on",
        "idempotency_key": key,
        "referral": "rex",
        "account_manager": "ann@north.test",
    }
    answer = await nora.post(NEW, sent)
    assert answer.status_code == 200, answer.text
    assert "/invite" in answer.text, "without a mail server the link is shown"
    page = words((await nora.get(f"{LIST}/3")).text)
    for said in ("Bar Sole", "Counter", "bar-2", "Home 7", "bar@sole.test", "Invited", "rex"):
        assert said in page, said
    made = await site.rows(
        "select c.name, x.starts_on::text from subscription x join camera c on c.id = x.camera order by 1"
    )
    assert [tuple(one) for one in made] == [("Counter", "2026-11-01"), ("bar-2", "2026-11-01")]
    (kept,) = await site.rows("select apply_credit from subscriber where number = 3")
    assert tuple(kept) == (True,), "a box that the page has not keeps what is usual"
    before = await counts(site)
    again = await nora.post(NEW, sent)
    assert (again.status_code, again.headers["location"]) == (303, f"{LIST}/3")
    assert await counts(site) == before, "the same form twice is one customer"


@pytest.mark.parametrize(
    ("wrong", "field", "said"),
    [
        ({"name": " "}, "name", ""),
        ({"email": "nobody"}, "email", "e-mail"),
        ({"discount_percent": "101"}, "discount_percent", ""),
        ({"discount_percent": "1.234,5"}, "discount_percent", ""),
        ({"referral": "nobody"}, "referral", "No referral fits"),
        ({"account_manager": "sam@south.test"}, "account_manager", "No account manager fits"),
        ({"cameras": "bar-1\nbar-1"}, "cameras", "line 2"),
        ({"cameras": "bar-1\n..\n"}, "cameras", "line 2"),
        ({"cameras": "bar-1; " + "x" * 301}, "cameras", "line 1"),
        ({"tariff": ""}, "tariff", "required"),
        ({"tariff": "south-7"}, "tariff", "no tariff"),
        ({"starts_on": "2025-12-31"}, "starts_on", "first version"),
        ({"starts_on": "soon"}, "starts_on", ""),
        ({"number": "1"}, "number", "taken"),
        ({"invite": "on", "email": ""}, "email", "required for an invitation"),
        ({"invite": "on", "email": "sue@home.test"}, "email", "taken"),
        ({"organization": "9-9"}, "organization", ""),
    ],
)  # fmt: skip
async def test_what_is_wrong_is_at_its_field_and_nothing_is_made(site: Site, wrong, field, said):
    nora = await site.as_(NORA)
    await nora.get(NEW)
    before = await counts(site)
    answer = await nora.post(NEW, {**WHOLE, **wrong})
    assert answer.status_code == 422, answer.text
    assert f'href="#field-{field}"' in answer.text, words(answer.text)
    assert said in words(answer.text)
    assert 'value="Bar Sole"' in answer.text or "name" in wrong, "what was typed is kept"
    assert await counts(site) == before


async def test_what_is_typed_is_reckoned_while_one_types(site: Site):
    """Two cameras at 9.90 less 10 % are 17.82; included cost 7.50 less 5 % is 7.13 each."""
    nora, ann = await site.as_(NORA), await site.as_(ANN)
    await nora.get(NEW)
    live = await nora.post(NEW, {**WHOLE, "intent": "recalculate"}, headers=HTMX)
    said = words(live.text)
    for figure in ("2 cameras × €9.90", "€19.80", "€17.82", "€14.26", "€3.56"):
        assert figure in said, said
    cheap = await nora.post(
        NEW, {**WHOLE, "discount_percent": "50", "intent": "recalculate"}, headers=HTMX
    )
    assert "This is sold below cost" in cheap.text
    half = await nora.post(
        NEW, {**WHOLE, "discount_percent": "5,", "intent": "recalculate"}, headers=HTMX
    )
    assert half.status_code == 200
    await ann.get(NEW)
    own = await ann.post(NEW, {**WHOLE, "intent": "recalculate"}, headers=HTMX)
    assert "€17.82" in own.text
    assert "Cost" not in own.text


async def test_one_like_another_is_asked_about_and_may_go_on(site: Site):
    nora = await site.as_(NORA)
    await nora.get(NEW)
    assert (await nora.post(NEW, WHOLE)).status_code == 303
    twin = {**WHOLE, "cameras": ""}
    asked = await nora.post(NEW, twin)
    assert asked.status_code == 422
    assert f'href="{LIST}/3"' in asked.text
    assert (await nora.post(NEW, {**twin, "anyway": "on"})).status_code == 303


async def test_an_account_manager_takes_on_its_own_and_others_may_not(site: Site):
    ann, carl, ada, sam = [await site.as_(who) for who in (ANN, CARL, ADA, SAM)]
    await ann.get(NEW)
    assert (await ann.post(NEW, WHOLE)).status_code == 303
    (row,) = await site.rows("select account_manager from subscriber where number = 3")
    assert row["account_manager"] == ANN.user
    assert (await carl.get(NEW)).status_code == 403
    in_system = "/system/clouds/south/subscribers"
    await ada.get(f"{in_system}/new")
    answer = await ada.post(f"{in_system}/new", {"name": "Zoe", "intent": "save"})
    assert answer.headers["location"] == f"{in_system}/2"
    assert (await sam.get("/system/clouds/north/subscribers/new")).status_code == 403


async def test_cameras_are_added_all_or_none(site: Site):
    nora, sam = await site.as_(NORA), await site.as_(SAM)
    path = f"{LIST}/2/cameras/new"
    await nora.get(path)
    sent = {"cameras": "shop-1\nshop-2; Door", "tariff": "home-7", "starts_on": "2026-11-05"}
    assert (await nora.post(path, {**sent, "intent": "save"})).status_code == 303
    before = await counts(site)
    again = await nora.post(path, {**sent, "cameras": "shop-3\nshop-1", "intent": "save"})
    assert again.status_code == 422
    assert "line 2: shop-1 is on tariff home-7 already" in words(again.text)
    await nora.get(f"{LIST}/1/cameras/new")
    other = await nora.post(f"{LIST}/1/cameras/new", {**sent, "intent": "save"})
    assert "line 1: shop-1 belongs to customer 2" in words(other.text)
    assert await counts(site) == before
    assert (await sam.post(path, sent)).status_code in {403, 404}
    for field in ("cameras", "tariff", "starts_on"):
        wrong = await nora.post(path, {**sent, field: "", "intent": "save"})
        assert (wrong.status_code, f'href="#field-{field}"' in wrong.text) == (422, True), field


async def test_a_person_of_a_customer_is_invited_once(site: Site):
    nora, ann = await site.as_(NORA), await site.as_(ANN)
    path = f"{LIST}/2/people/new"
    await nora.get(path)
    answer = await nora.post(path, {"email": "zoe@shop.test", "name": "Zoe"})
    assert "/invite" in answer.text
    assert "zoe@shop.test" in (await nora.get(f"{LIST}/2")).text
    for email in ("zoe@shop.test", "sue@home.test", "", "x"):
        assert (await nora.post(path, {"email": email})).status_code == 422, email
    assert (await ann.get(f"{LIST}/1/people/new")).status_code == 403


async def test_several_cameras_get_another_tariff_or_end_all_or_none(site: Site):
    nora = await site.as_(NORA)
    path = f"{LIST}/2/cameras/new"
    await nora.get(path)
    sent = {"cameras": "shop-1\nshop/2", "tariff": "home-7", "starts_on": "2026-11-05"}
    await nora.post(path, {**sent, "intent": "save"})
    selected = f"{LIST}/2/cameras/selected"
    page = await nora.get(f"{LIST}/2")
    assert 'name="pick-shop/2"' in page.text
    asked = await nora.post(selected, {"pick-shop/2": "on", "intent": "end"})
    assert "1 camera is selected" in words(asked.text)
    ending = {"intent": "end-save", "ends_on": "2026-11-20"}
    for wrong in ({"ends_on": ""}, {"ends_on": "2026-11-01"}):
        answer = await nora.post(selected, {"everything": "on", **ending, **wrong})
        assert answer.status_code == 422, wrong
    assert await site.rows("select 1 from subscription where ends_on is not null") == []
    assert (await nora.post(selected, {"everything": "on", **ending})).status_code == 303
    ended = await site.rows("select 1 from subscription where ends_on = '2026-11-20'")
    assert len(ended) == 2
    tariff = {"intent": "tariff-save", "tariff": "home-7", "starts_on": "2026-11-20"}
    assert (await nora.post(selected, {"pick-shop-1": "on", **tariff})).status_code == 303
    nothing = await nora.post(selected, {"pick-dock": "on", **tariff})
    assert nothing.headers["location"] == f"{LIST}/2", "another's camera is none of these"
    assert (await nora.post(selected, {"pick-shop-1": "on", "intent": "x"})).status_code == 404
