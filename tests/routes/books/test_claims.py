"""An invoice is credited, given up and disputed on its page: looked at before, once, and by whom."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from secrets import token_hex

import pytest

from tests.cast import ADA, ANN, CARL, SAM
from tests.routes.conftest import Site
from tests.routes.worked_example import HTMX, read, words, worked
from tests.services import TestServices

INVOICE = "/cloud/invoices/NORTH-2026-000001"
NOTES = "select total, tax, reason from invoice where credits is not null and cloud = 1 order by id"


@pytest.fixture(scope="module")
async def site(
    services: TestServices, template: str, worker_id: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Site]:
    """One for the file: its stories follow each other, what is left grows less."""
    directory: Path = tmp_path_factory.mktemp("claims")
    async with worked(services, template, f"{template}_{worker_id}_claims", directory) as site:
        yield site


async def test_a_note_is_seen_before_it_is_made_once_and_never_above_what_is_left(
    site: Site,
) -> None:
    carl = await site.as_(CARL)
    assert "Credit" in await read(carl, INVOICE)
    assert "The credit note" in await read(carl, f"{INVOICE}/credit")
    five = {"what": "amount", "amount": "5,00", "reason": "Outage"}
    seen = await carl.post(f"{INVOICE}/credit", {**five, "intent": "recalculate"}, headers=HTMX)
    assert seen.status_code == 200
    assert "The note comes to €5.00 with tax." in words(seen.text)
    assert not await site.rows(NOTES), "a look makes nothing"
    sent = {**five, "idempotency_key": token_hex(16)}
    for _ in range(2):
        assert (await carl.post(f"{INVOICE}/credit", sent)).status_code == 303
    (note,) = await site.rows(NOTES)
    assert (note["total"], note["tax"], note["reason"]) == (-500, -90, "Outage")
    above = await carl.post(f"{INVOICE}/credit", {**five, "amount": "900"})
    assert above.status_code == 409
    assert "That is more than is left of the invoice." in words(above.text)
    assert 'value="900"' in above.text


async def test_what_is_wrong_with_a_credit_is_told_at_its_field(site: Site) -> None:
    carl = await site.as_(CARL)
    for boxes, field, told in (
        ({"what": "all"}, "reason", "is required"),
        ({"what": "lines", "reason": "x"}, "lines", "must name at least one line"),
        ({"what": "lines", "line-99": "99", "reason": "x"}, "lines", "there is no line 99"),
        ({"what": "amount", "reason": "x"}, "amount", "is required"),
        ({"what": "amount", "amount": "0", "reason": "x"}, "amount", "must be above 0"),
        ({"what": "all", "line-0": "0", "reason": "x"}, "what", "lines are ticked"),
        ({"what": "all", "amount": "5", "reason": "x"}, "what", "an amount is typed"),
    ):
        answer = await carl.post(f"{INVOICE}/credit", boxes)
        assert answer.status_code == 422, boxes
        assert told in words(answer.text), boxes
        assert f'href="#field-{field}"' in answer.text, boxes
        assert f'id="error-{field}"' in answer.text, boxes


async def test_an_invoice_is_disputed_until_it_is_ended_and_given_up_once(site: Site) -> None:
    carl = await site.as_(CARL)
    assert (await carl.post(f"{INVOICE}/dispute", {"reason": ""})).status_code == 422
    for boxes, there in (({"reason": "Not mine"}, True), ({"ends": "on"}, False)):
        for _ in range(2):
            assert (await carl.post(f"{INVOICE}/dispute", boxes)).status_code == 303
        assert ("End dispute" in words((await carl.get(INVOICE)).text)) is there
    assert (await carl.post(f"{INVOICE}/write-off", {"reason": ""})).status_code == 422
    above = await carl.post(f"{INVOICE}/write-off", {"amount": "900", "reason": "Gone"})
    assert above.status_code == 409
    sent = {"amount": "1,00", "reason": "Gone", "idempotency_key": token_hex(16)}
    for _ in range(2):
        assert (await carl.post(f"{INVOICE}/write-off", sent)).status_code == 303
    assert [row["amount"] for row in await site.rows("select amount from write_off")] == [100]


async def test_lines_that_are_credited_are_not_to_be_ticked_again(site: Site) -> None:
    ada = await site.as_(ADA)
    (bought,) = await site.rows("select number from invoice where cloud = 1 and issuer = 0")
    path = f"/system/clouds/north/invoices/{bought['number']}"
    assert f"{path}/credit" in (await ada.get(f"/system/invoices/{bought['number']}")).text
    carl = await site.as_(CARL)
    assert (await carl.get(f"/cloud/invoices/{bought['number']}/credit")).status_code == 403
    ticked = {"what": "lines", "line-0": "0", "reason": "Too much"}
    assert (await ada.post(f"{path}/credit", ticked)).status_code == 303
    again = await ada.post(f"{path}/credit", ticked)
    assert again.status_code == 409
    assert "credited once" in words(again.text) or "nothing left" in words(again.text)
    assert "credited already" in words(again.text)


async def test_account_managers_and_other_clouds_change_nothing(site: Site) -> None:
    ann, sam = await site.as_(ANN), await site.as_(SAM)
    assert f"{INVOICE}/credit" not in (await ann.get(INVOICE)).text
    before = await site.rows(NOTES)
    for deed in ("credit", "write-off", "dispute"):
        boxes = {"what": "all", "reason": "Mine"}
        for visitor, status in ((ann, 403), (sam, 404)):
            assert (await visitor.get(f"{INVOICE}/{deed}")).status_code == status
            assert (await visitor.post(f"{INVOICE}/{deed}", boxes)).status_code == status
    assert await site.rows(NOTES) == before


async def test_an_outage_is_looked_at_and_credited_once_for_everyone_concerned(site: Site) -> None:
    """Carl gives Sue 3 days of gate; Ada sees what the platform gives North for them, beside it."""
    carl = await site.as_(CARL)
    assert "Credit an outage" in await read(carl, "/cloud/invoices")
    page = "/cloud/invoices/outage"
    assert "Who gets it" not in await read(carl, page)
    days = {"first_day": "2026-10-10", "last_day": "2026-10-12", "cameras": "gate\n"}
    before = len(await site.rows(NOTES))
    seen = await carl.post(page, {**days, "intent": "recalculate"}, headers=HTMX)
    assert "Camera-days 3" in words(seen.text)
    assert "With tax €1.05" in words(seen.text)
    assert "Commissions −€0.13" in words(seen.text)
    assert len(await site.rows(NOTES)) == before, "a look makes nothing"
    for boxes, field, told in (
        ({**days, "cameras": "nowhere", "reason": "x"}, "cameras[0]", "is not a camera"),
        ({**days, "reason": ""}, "reason", "is required"),
        ({**days, "last_day": "2027-01-10", "reason": "x"}, "last_day", "is more than 92 days"),
        ({**days, "last_day": "2026-10-01", "reason": "x"}, "last_day", "is before the first day"),
        ({**days, "subscriber": "99", "reason": "x"}, "subscriber", "is not a subscriber"),
    ):
        answer = await carl.post(page, boxes)
        assert answer.status_code == 422, boxes
        assert told in words(answer.text), boxes
        assert f'href="#field-{field.partition("[")[0]}"' in answer.text, boxes
    half = await carl.post(page, {**days, "share": "50", "intent": "recalculate"}, headers=HTMX)
    assert "With tax €0.53" in words(half.text)
    named = {name: text for name, text in days.items() if name != "cameras"}
    for content, told in (
        (b"Name;External id\nGate;gate\n;\n", "Camera-days 3"),
        (b"gate\n", "Camera-days 3"),
    ):
        read_file = await carl.post(page, {**named, "intent": "read"}, files={"file": content})
        assert told in words(read_file.text)
        assert ">gate</textarea>" in read_file.text.replace("\n", ""), "the file's ids are seen"
    for content, told in ((b"External id\n", "has no camera"), (b"\xff", "not in UTF-8")):
        refused = await carl.post(page, {**named, "reason": "x"}, files={"file": content})
        assert refused.status_code == 422
        assert told in words(refused.text)
    border = await carl.post(page, {**days, "last_day": "2026-11-01", "reason": "x"})
    assert border.status_code == 409
    assert "2026-11 is not closed" in words(border.text)
    sent = {**days, "reason": "Disk failed", "idempotency_key": token_hex(16)}
    for _ in range(2):
        assert (await carl.post(page, sent)).status_code == 303
    notes = (await site.rows(NOTES))[before:]
    assert [(note["total"], note["reason"]) for note in notes] == [(-105, "Disk failed")]
    again = await carl.post(page, {**days, "reason": "Once more"})
    assert again.status_code == 409
    assert "Nothing was charged for these days" in words(again.text)


async def test_an_outage_of_another_clouds_camera_or_side_is_nobodys_to_credit(site: Site) -> None:
    ann, sam, ada = await site.as_(ANN), await site.as_(SAM), await site.as_(ADA)
    carl, page = await site.as_(CARL), "/cloud/invoices/outage"
    days = {"first_day": "2026-10-01", "last_day": "2026-10-31", "reason": "Mine"}
    before = await site.rows(NOTES)
    assert (await ann.get(page)).status_code == 403
    assert (await ann.post(page, days)).status_code == 403
    assert (await sam.post(page, days)).status_code == 409, "South's October is not closed"
    assert (await sam.post("/system/clouds/north/invoices/outage", days)).status_code == 403
    assert (await carl.post(page, {**days, "side": "both"})).status_code == 403
    looked = await read(
        ada, "/system/clouds/north/invoices/outage?first_day=2026-10-20&last_day=2026-10-21"
    )
    assert "Who gets it" in looked
    assert await site.rows(NOTES) == before
