"""What came in, told and recorded on a page: by whom, with what is wrong, and once."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.cast import ADA, ANN, CARL, SAM
from tests.routes.conftest import Site
from tests.routes.worked_example import read, words, worked
from tests.services import TestServices

FORM = {
    "invoice": "NORTH-2026-000001",
    "subscriber": "",
    "amount": "10,00",
    "paid_on": "2026-11-05",
    "method": "cash",
    "reference": "BOX-1",
}


@pytest.fixture(scope="module")
async def site(
    services: TestServices, template: str, worker_id: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Site]:
    """One for the file: each story has references of its own."""
    directory: Path = tmp_path_factory.mktemp("payments")
    async with worked(services, template, f"{template}_{worker_id}_payments", directory) as site:
        yield site


async def test_a_payment_is_recorded_once_and_told_with_what_is_left_of_it(site: Site) -> None:
    carl = await site.as_(CARL)
    assert "No payments yet" in await read(carl, "/cloud/payments")
    for _ in range(2):
        sent = await carl.post("/cloud/payments", FORM)
        assert sent.status_code == 303
    nobody = {**FORM, "invoice": "", "amount": "7.00", "reference": "BOX-2", "method": "bank"}
    assert (await carl.post("/cloud/payments", nobody)).status_code == 303
    page = await read(carl, "/cloud/payments")
    assert "Sue Cash Received €0.00 €10.00" in page
    assert "nobody yet Bank transfer Of nobody yet €7.00 €7.00" in page
    narrowed = await read(carl, "/cloud/payments?state=unidentified")
    assert "BOX-2" in narrowed
    assert "BOX-1" not in narrowed
    file = (await carl.get("/cloud/payments?format=csv")).text
    assert "BOX-1,2026-11-05,Sue,1" in file
    assert "Paid −€10.00" in await read(carl, "/cloud/invoices/NORTH-2026-000001")


async def test_what_is_wrong_is_told_at_its_field_and_what_was_typed_stays(site: Site) -> None:
    carl = await site.as_(CARL)
    await carl.get("/cloud/payments")
    for wrong, told in (
        ({"amount": "ten"}, "decimal number"),
        ({"amount": "900,00"}, "is more than is left of the invoice"),
        ({"invoice": "NORTH-1999-000001"}, "is not an invoice of this book"),
        ({"invoice": "", "subscriber": "77"}, "No subscriber fits 77."),
        ({"paid_on": "2026-11-06"}, "must not be after today"),
        ({"reference": ""}, "Reference"),
    ):
        answer = await carl.post("/cloud/payments", {**FORM, "reference": "BOX-9", **wrong})
        assert answer.status_code == 422, wrong
        assert told in words(answer.text), wrong
        assert 'value="2026-11-0' in answer.text
    other = {**FORM, "amount": "1,00"}
    answer = await carl.post("/cloud/payments", other)
    assert answer.status_code == 303
    assert "Another payment has this reference." in await read(carl, answer.headers["location"])


async def test_who_may_not_write_has_no_form_and_other_clouds_have_none_of_it(site: Site) -> None:
    ann, sam, ada = await site.as_(ANN), await site.as_(SAM), await site.as_(ADA)
    assert "Record a payment" not in await read(ann, "/cloud/payments")
    assert (await ann.post("/cloud/payments", {**FORM, "reference": "ANN-1"})).status_code == 403
    assert "BOX-1" not in await read(sam, "/cloud/payments")
    foreign = await sam.post("/cloud/payments", {**FORM, "reference": "SAM-1"})
    assert foreign.status_code == 422
    assert "BOX-1" in await read(ada, "/system/clouds/north/payments")
