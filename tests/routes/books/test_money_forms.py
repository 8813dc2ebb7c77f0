"""Money is put on invoices, taken off, returned and given back on pages: seen first, done once."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.cast import ADA, ANN, CARL, SAM
from tests.routes.conftest import Site, Visitor
from tests.routes.worked_example import read, words, worked
from tests.services import TestServices

SUES = "NORTH-2026-000001"
PAID = {"paid_on": "2026-11-05", "method": "bank", "subscriber": "", "invoice": ""}


@pytest.fixture(scope="module")
async def site(
    services: TestServices, template: str, worker_id: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Site]:
    """One for the file: each story has payments of its own."""
    directory: Path = tmp_path_factory.mktemp("money_forms")
    async with worked(services, template, f"{template}_{worker_id}_forms", directory) as site:
        yield site


async def paid(visitor: Visitor, reference: str, **form: str) -> str:
    """The page of a payment that is recorded now."""
    base = form.pop("base", "/cloud")
    await visitor.get(f"{base}/payments")
    sent = await visitor.post(f"{base}/payments", {**PAID, "reference": reference, **form})
    assert sent.status_code == 303, words(sent.text)
    page = (await visitor.get(f"{base}/payments?q={reference}")).text
    found = re.search(rf'href="{base}/payments/(\d+)"', page)
    assert found is not None
    return found.group(1)


async def test_money_comes_off_an_invoice_goes_on_again_and_back_to_the_bank(site: Site) -> None:
    carl = await site.as_(CARL)
    number = await paid(carl, "WAY-1", invoice=SUES, amount="10,00")
    at = f"/cloud/payments/{number}"
    page = await read(carl, at)
    assert "Payment WAY-1" in page
    assert f"{SUES} €10.00 Take off" in page
    asked = await read(carl, f"{at}/take-off/{SUES}")
    assert "On the invoice €10.00" in asked
    assert "Credit then €10.00" in asked
    wrong = await carl.post(f"{at}/take-off/{SUES}", {"amount": "11,00", "reason": ""})
    assert wrong.status_code == 422
    assert "is more than this payment has on the invoice" in words(wrong.text)
    form = {"amount": "4,00", "reason": "", "idempotency_key": "a" * 32}
    for _ in range(2):  # a double click takes off four once
        assert (await carl.post(f"{at}/take-off/{SUES}", form)).status_code == 303
    assert f"{SUES} €6.00" in await read(carl, at)

    rows = {
        "allocations-0-invoice": SUES,
        "allocations-0-offered": "on",
        "allocations-0-amount": "3,00",
    }
    assert f"{SUES} €10.48 open" in await read(carl, f"{at}/place")
    seen = await carl.post(f"{at}/place", {**rows, "intent": "recalculate"})
    assert seen.status_code == 200
    assert f"{SUES} €3.00 €7.48" in words(seen.text)
    assert "Credit then €1.00" in words(seen.text)
    much = {**rows, "allocations-0-amount": "99,00", "intent": "save"}
    refused = await carl.post(f"{at}/place", much)
    assert refused.status_code == 409
    assert "more than there is in the credit balance" in words(refused.text)
    odd = await carl.post(f"{at}/place", {**rows, "allocations-0-amount": "x", "intent": "save"})
    assert odd.status_code == 422
    assert 'id="error-allocations-0-amount"' in odd.text
    assert (await carl.post(f"{at}/place", {**rows, "intent": "save"})).status_code == 303
    assert f"{SUES} €9.00" in await read(carl, at)

    back = await read(carl, f"{at}/return")
    assert f"{SUES} −€9.00 €16.48" in back
    assert "Credit then €0.00" in back
    for wrong_box, told in (
        ({"returned_on": "2026-11-04"}, "must not be before the payment"),
        ({"returned_on": "2026-11-06"}, "must not be after today"),
        ({"fee": "x"}, "decimal number"),
    ):
        boxes = {"returned_on": "2026-11-05", "fee": "3,50", "reason": "AC04", **wrong_box}
        answer = await carl.post(f"{at}/return", boxes)
        assert answer.status_code == 422
        assert told in words(answer.text)
    boxes = {"returned_on": "2026-11-05", "fee": "3,50", "reason": "AC04"}
    for _ in range(2):
        assert (await carl.post(f"{at}/return", boxes)).status_code == 303
    page = await read(carl, at)
    assert "Returned by the bank" in page
    assert "Reason AC04 Fee €3.50" in page
    assert (await carl.get(f"{at}/return")).status_code == 303
    assert (await carl.get(f"{at}/place")).status_code == 303


async def test_what_nobody_knew_gets_a_customer_and_the_rest_is_given_back(site: Site) -> None:
    carl = await site.as_(CARL)
    number = await paid(carl, "LOST-1", amount="20,00")
    at = f"/cloud/payments/{number}"
    assert "Say whose it is" in await read(carl, at)
    nobody = await carl.post(f"{at}/place", {"subscriber": "77", "intent": "save"})
    assert nobody.status_code == 422
    assert 'id="error-subscriber"' in nobody.text
    empty = await carl.post(f"{at}/place", {"subscriber": "", "intent": "save"})
    assert empty.status_code == 422
    seen = await carl.post(f"{at}/place", {"subscriber": "1", "intent": "recalculate"})
    assert f"{SUES} €16.48 €0.00" in words(seen.text)
    assert "Credit then €3.52" in words(seen.text)
    more = await carl.post(f"{at}/place", {"subscriber": "1", "intent": "add-allocations"})
    assert 'name="allocations-0-invoice"' in more.text
    assert (
        await carl.post(f"{at}/place", {"subscriber": "1", "intent": "save"})
    ).status_code == 303
    account = await read(carl, "/cloud/subscribers/1/account")
    assert "Refund" in account
    assert "Put credit on invoices" in account

    form = {
        "amount": "3,52",
        "refunded_on": "2026-11-05",
        "method": "bank",
        "reference": "BACK-1",
        "reason": "Paid too much",
        "intent": "save",
    }
    path = f"/cloud/payments/refund?payment={number}"
    assert 'value="3.52"' in (await carl.get(path)).text
    seen = await carl.post(path, {**form, "amount": "1,00", "intent": "recalculate"})
    assert "Credit then €2.52" in words(seen.text)
    above = await carl.post(path, {**form, "amount": "3,53"})
    assert above.status_code == 409
    assert "more than there is in the credit balance" in words(above.text)
    for wrong, box in (({"amount": ""}, "amount"), ({"refunded_on": "2026-11-06"}, "refunded_on"),
                       ({"reference": ""}, "reference"), ({"method": "gold"}, "method")):  # fmt: skip
        answer = await carl.post(path, {**form, **wrong})
        assert answer.status_code == 422, wrong
        assert f'id="error-{box}"' in answer.text
    for _ in range(2):
        assert (await carl.post(path, {**form, "idempotency_key": "b" * 32})).status_code == 303
    listed = await read(carl, "/cloud/payments/refunds")
    assert listed.count("Paid too much") == 1
    assert (
        "BACK-1,2026-11-05,Sue,1,bank,Paid too much"
        in (await carl.get("/cloud/payments/refunds?format=csv")).text
    )
    assert (await carl.get(path)).status_code == 303  # nothing is left to give back


async def test_the_platform_keeps_its_own_book_on_the_same_pages(site: Site) -> None:
    ada, carl = await site.as_(ADA), await site.as_(CARL)
    whole = {"base": "/system", "cloud": "north", "currency": ""}
    number = await paid(ada, "CLOUD-1", amount="20,00", **whole)
    page = await read(ada, f"/system/payments/{number}")
    assert "North Telecom" in page
    listed = await read(ada, "/system/payments")
    assert "CLOUD-1" in listed
    assert "North Telecom" in await read(ada, "/system/payments/receivables")
    assert "CLOUD-1" in await read(ada, "/system/payments/accounts/north")
    nobody = await ada.post(
        "/system/payments",
        {**PAID, "cloud": "", "amount": "5", "currency": "", "reference": "X", "invoice": ""},
    )
    assert nobody.status_code == 422
    assert 'id="error-currency"' in nobody.text
    assert "CLOUD-1" not in await read(carl, "/cloud/payments")
    assert (await carl.get(f"/cloud/payments/{number}")).status_code == 404
    assert (await carl.get("/system/payments")).status_code == 403


async def test_a_payment_is_found_by_reference_customer_and_amount(site: Site) -> None:
    carl = await site.as_(CARL)
    await paid(carl, "FIND-42", subscriber="sue", amount="12,34")  # by name, too
    for text in ("find-4", "12,34", "12.34", "sue"):
        assert "FIND-42" in await read(carl, f"/cloud/payments?q={text}"), text
    for text in ("42", "12,35", "bob"):
        assert "FIND-42" not in await read(carl, f"/cloud/payments?q={text}"), text
    assert "FIND-42" in await read(carl, "/cloud/payments?month=2026-11&customer=1")
    assert "FIND-42" not in await read(carl, "/cloud/payments?month=2026-10")
    assert (await carl.get("/cloud/payments?month=2026-13")).status_code == 422


async def test_who_may_not_write_reads_and_other_clouds_have_none_of_it(site: Site) -> None:
    carl, ann, sam = await site.as_(CARL), await site.as_(ANN), await site.as_(SAM)
    number = await paid(carl, "OURS-1", subscriber="1", amount="1,00")
    at = f"/cloud/payments/{number}"
    page = await read(ann, at)
    assert "OURS-1" in page
    assert "Return" not in page.partition("Statement")[0].partition("OURS-1")[2][:200]
    for path in (f"{at}/return", f"{at}/place", f"{at}/take-off/{SUES}",
                 f"/cloud/payments/refund?payment={number}", "/cloud/payments/credit?customer=1"):  # fmt: skip
        assert (await ann.get(path)).status_code == 403, path
        assert (await sam.get(path)).status_code in {303, 404}, path
        assert (await ann.post(path, {})).status_code == 403, path
    assert (await sam.get(at)).status_code == 404
