"""An operator reads one of its subscribers and changes it, in boxes that the form declares."""

from __future__ import annotations

import html
import re

from portal.customers.forms.subscriber import SubscriberChange
from portal.kit.forms.boxes import boxes_of
from tests.cast import ANN, CARL, NORA, SUE
from tests.routes.conftest import Site

PATH = "/cloud/subscribers/1/edit"
PAGE = "/cloud/subscribers/1"


def sent_back(text: str) -> dict[str, str]:
    """What a browser sends of the page when nobody touches it."""
    sent = dict(re.findall(r'<input id="field-(\w+)"[^>]*?value="([^"]*)"', text, re.DOTALL))
    lines = re.findall(r'<textarea id="field-(\w+)"[^>]*>\n(.*?)</textarea>', text, re.DOTALL)
    chosen = re.findall(
        r'<select id="field-(\w+)"(?:(?!</select>).)*?<option value="([^"]*)" selected',
        text,
        re.DOTALL,
    )
    ticks = re.findall(r'type="checkbox" name="(\w+)" checked', text)
    sent |= {**dict(lines), **dict(chosen), **dict.fromkeys(ticks, "on")}
    return {name: html.unescape(value) for name, value in sent.items()}


async def test_the_page_has_a_box_for_each_field_of_the_form(site: Site) -> None:
    nora = await site.as_(NORA)
    page = (await nora.get(PATH)).text
    for box in boxes_of(SubscriberChange):
        assert f'id="field-{box.name}"' in page, box.name
        assert box.label in page


async def test_what_nobody_touches_stays_and_what_is_changed_is_stored(site: Site) -> None:
    nora = await site.as_(NORA)
    sent = sent_back((await nora.get(PATH)).text)
    assert (await nora.post(PATH, sent)).status_code == 303
    assert await site.rows("select 1 from audit where action = 'subscriber.change'") == []

    changed = {"address": "Via Roma 1\r\nTorino", "tax_exempt": "on", "tax_number": "IT1"}
    assert (await nora.post(PATH, {**sent, **changed})).headers["location"] == PAGE
    assert "Via Roma 1\nTorino" in (await nora.get(PATH)).text
    (row,) = await site.rows(
        "select address, tax_exempt, tax_number from subscriber where cloud = 1 and number = 1"
    )
    assert tuple(row) == (["Via Roma 1", "Torino"], True, "IT1")

    emptied = {**sent_back((await nora.get(PATH)).text), "address": " ", "tax_number": ""}
    del emptied["tax_exempt"]
    await nora.post(PATH, emptied)
    (row,) = await site.rows(
        "select address, tax_exempt, tax_number from subscriber where cloud = 1 and number = 1"
    )
    assert tuple(row) == ([], False, "")


async def test_what_is_wrong_is_said_at_its_box_and_nothing_is_stored(site: Site) -> None:
    nora = await site.as_(NORA)
    sent = sent_back((await nora.get(PATH)).text)
    wrong = {**sent, "name": "", "discount_percent": "101", "referral": "nobody"}
    answer = await nora.post(PATH, wrong)
    assert answer.status_code == 422
    assert 'id="error-name"' in answer.text
    assert 'id="error-discount_percent"' in answer.text
    answer = await nora.post(PATH, {**sent, "name": "Other", "referral": "nobody"})
    assert answer.status_code == 422
    assert 'id="error-referral"' in answer.text
    assert 'value="Other"' in answer.text
    (row,) = await site.rows("select name from subscriber where cloud = 1 and number = 1")
    assert row["name"] == sent["name"]


async def test_who_may_only_read_is_shown_no_boxes_and_others_no_page(site: Site) -> None:
    carl, ann, sue = await site.as_(CARL), await site.as_(ANN), await site.as_(SUE)
    page = await carl.get(PAGE)
    assert (page.status_code, "field-name" in page.text) == (200, False)
    assert "Tax number" in page.text
    assert (await carl.post(PATH, {"name": "Carl's"})).status_code == 403
    assert (await carl.get(PATH)).status_code == 403
    assert (await ann.get(PATH)).status_code == 200, "her own"
    assert (await ann.get("/cloud/subscribers/2")).status_code == 404, "another's"
    assert (await sue.get(PAGE)).status_code in {403, 404}
    for odd in ("0", "99999999999", "one", "1%2F2"):
        assert (await carl.get(f"/cloud/subscribers/{odd}")).status_code == 404, odd


def marked(text: str) -> dict[str, str]:
    """What a browser sends with the boxes: what stood in them."""
    return dict(re.findall(r'name="(was-\w+)" value="(\w+)"', text))


async def test_an_open_page_takes_back_nothing_that_somebody_else_has_changed(site: Site) -> None:
    """Nora has the page in two tabs: what she types in the older one is all that it changes."""
    nora = await site.as_(NORA)
    old = (await nora.get(PATH)).text
    newer = {**sent_back(old), **marked(old), "address": "Via Nuova 2", "tax_exempt": "on"}
    assert (await nora.post(PATH, newer)).status_code == 303

    older = {**sent_back(old), **marked(old), "tax_number": "IT9"}
    wrong = await nora.post(PATH, {**older, "discount_percent": "101"})
    assert wrong.status_code == 422
    again = {**sent_back(wrong.text), **marked(wrong.text), "discount_percent": "10"}
    assert (await nora.post(PATH, again)).status_code == 303
    (row,) = await site.rows(
        "select address, tax_exempt, tax_number from subscriber where cloud = 1 and number = 1"
    )
    assert tuple(row) == (["Via Nuova 2"], True, "IT9")


async def test_what_is_not_sent_at_all_stays(site: Site) -> None:
    nora = await site.as_(NORA)
    page = (await nora.get(PATH)).text
    await nora.post(PATH, {**sent_back(page), "tax_number": "IT1", "email": "sue@home.test"})
    assert (await nora.post(PATH, {"name": "Sue Bianchi"})).status_code == 303
    (row,) = await site.rows(
        "select name, tax_number, discount_percent from subscriber where cloud = 1 and number = 1"
    )
    assert (row["name"], row["tax_number"], int(row["discount_percent"])) == (
        "Sue Bianchi",
        "IT1",
        10,
    )
