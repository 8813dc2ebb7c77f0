"""Money comes in: the figures of the trade through the API, and what nobody else may see or do."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from decimal import Decimal

import asyncpg
import pytest

from tests.books.issued import broken_laws, issue
from tests.cast import NORTH, SOUTH
from tests.routes.api.books.desk import TODAY, Desk
from tests.routes.api.conftest import House


@pytest.fixture
async def desk(house: House) -> AsyncIterator[Desk]:
    """A new customer of North; after the story, the books keep every law."""
    made = await house.post("nora", "/clouds/north/subscribers", {"name": "Somebody"})
    row = await house.sql(
        "select id from subscriber where cloud = 1 and number = $1", made["number"]
    )
    yield Desk(house, made["number"], row)
    assert await broken_laws(house.database.owner_url) == []


async def test_an_overpaid_invoice_that_is_credited_gives_money_to_the_credit_balance(desk: Desk):
    number = await desk.issue(1351, tax=297)
    paid = await desk.pay("16.48", invoice=number)
    assert (paid["allocated"], paid["unallocated"], paid["state"]) == ("16.48", "0.00", "received")
    assert paid["allocations"] == [{"invoice": number, "amount": "16.48"}]
    note = await desk.ask(
        f"/invoices/{number}/credit", {"amount": "5.00", "reason": "a cold camera"}, 201
    )
    assert (note["type"], note["taxable"], note["tax"], note["total"]) == (
        "credit_note", "-4.10", "-0.90", "-5.00",
    )  # fmt: skip
    assert (note["credits"], note["status"]) == (number, "issued")
    assert await desk.said(number) == ("5.00", "11.48", "0.00", "0.00", "paid")
    assert await desk.credit() == "5.00"
    lines = (await desk.account())["lines"]
    assert [(line["kind"], line["amount"], line["balance"]) for line in lines] == [
        ("invoice", "16.48", "16.48"),
        ("payment", "-16.48", "0.00"),
        ("credit_note", "-5.00", "-5.00"),
    ]
    above = await desk.ask(f"/invoices/{number}/credit", {"amount": "11.49", "reason": "x"}, 409)
    assert above["status"] == 409


async def test_lines_are_credited_once_and_their_notes_sum_to_the_invoice(desk: Desk):
    number = await desk.issue(1351, tax=297, lines=(1000, 351))
    first = await desk.ask(f"/invoices/{number}/credit", {"lines": [1], "reason": "x"}, 201)
    assert first["lines"][0]["amount"] == "-3.51"
    await desk.ask(f"/invoices/{number}/credit", {"lines": [1], "reason": "x"}, 409)
    for body in (
        {"lines": [2], "reason": "x"},
        {"reason": "x"},
        {"lines": [0], "amount": "1.00", "reason": "x"},
        {"amount": "0.00", "reason": "x"},
        {"amount": "1.001", "reason": "x"},
        {"lines": [0], "reason": ""},
    ):
        await desk.ask(f"/invoices/{number}/credit", body, 422)
    left = (await desk.invoice(number))["left"]
    await desk.ask(f"/invoices/{number}/credit", {"amount": left, "reason": "x"}, 201)
    assert (await desk.said(number))[4] == "credited"


async def test_money_of_a_customer_goes_on_the_oldest_and_comes_off_when_it_is_returned(desk: Desk):
    later, sooner = (
        await desk.issue(5000, due="2026-11-02"),
        await desk.issue(10000, due="2026-11-01"),
    )
    payment = await desk.pay("120.00")
    assert [one["invoice"] for one in payment["allocations"]] == [sooner, later]
    assert ((await desk.said(sooner))[3], (await desk.said(later))[3]) == ("0.00", "30.00")
    done = await desk.back(payment, fee="3.50")
    assert (done["state"], done["unallocated"], done["fee"]) == ("returned", "0.00", "3.50")
    again = await desk.ask(f"/payments/{payment['id']}/return", {"returned_on": TODAY}, 200)
    assert again == done
    assert ((await desk.said(sooner))[3], (await desk.said(later))[3]) == ("100.00", "50.00")
    assert await desk.credit() == "0.00"
    await desk.ask(f"/payments/{payment['id']}/allocate", {"subscriber": desk.number}, 409)


async def test_what_was_refunded_of_a_returned_payment_is_filled_by_the_next_money(desk: Desk):
    number = await desk.issue(2000)
    payment = await desk.pay("30.00", allocations=[{"invoice": number, "amount": "20.00"}])
    assert payment["unallocated"] == "10.00"
    await desk.refund("10.01", 409)
    given = await desk.refund("10.00", payment=payment["id"])
    same = {"reference": given["reference"], "payment": payment["id"]}
    assert await desk.refund("10.00", 200, **same) == given
    await desk.refund("9.00", 409, **same)
    await desk.back(payment)
    assert await desk.credit() == "-10.00"
    assert await desk.overdrawn() == [(1, 1000, str(desk.number))], "a person is told who owes it"
    await desk.pay("25.00")
    assert ((await desk.said(number))[3], await desk.credit()) == ("5.00", "0.00")
    assert await desk.overdrawn() == []


async def test_what_is_written_off_is_recovered_by_money_and_by_notes(desk: Desk):
    paid, credited = await desk.issue(6000), await desk.issue(6000)
    for number in (paid, credited):
        await desk.ask(f"/invoices/{number}/write-off", {"reason": "gone away"}, 201)
        assert (await desk.said(number))[2:] == ("60.00", "0.00", "written_off")
        await desk.ask(f"/invoices/{number}/write-off", {"reason": "again"}, 409)
    await desk.pay("60.01", 422, invoice=paid)
    await desk.pay("25.00", invoice=paid)
    assert await desk.said(paid) == ("0.00", "25.00", "35.00", "0.00", "written_off")
    await desk.ask(f"/invoices/{credited}/credit", {"amount": "20.00", "reason": "x"}, 201)
    assert (await desk.said(credited))[2:4] == ("40.00", "0.00")
    assert await desk.credit() == "0.00"


async def test_a_write_off_with_a_key_happens_once_also_after_it_was_recovered(desk: Desk):
    number = await desk.issue(1000)
    headers = {"Idempotency-Key": f"lost {number}"}
    path = f"/clouds/north/invoices/{number}/write-off"
    for _ in range(2):
        answer = await desk.house.ask("carl", "POST", path, {"reason": "gone"}, headers=headers)
        assert (answer.status_code, answer.json()["written_off"]) == (201, "10.00")
        if not (await desk.said(number))[1] > "0.00":
            await desk.pay("4.00", invoice=number)
    assert (await desk.said(number))[1:4] == ("4.00", "6.00", "0.00")


async def test_a_reference_is_one_payment_and_amounts_are_refused_at_their_fields(desk: Desk):
    number = await desk.issue(1000)
    body = {"invoice": number, "amount": "4.00", "paid_on": TODAY, "reference": "once"}
    first = await desk.ask("/payments", body, 201)
    assert await desk.ask("/payments", body, 200) == first
    await desk.ask("/payments", {**body, "amount": "4.01"}, 409)
    await desk.ask("/payments", {**body, "invoice": None, "subscriber": desk.number}, 409)
    assert (await desk.said(number))[1] == "4.00"
    for wrong, field in (
        ({"amount": "6.01"}, "amount"),
        ({"amount": "0.00"}, "amount"),
        ({"amount": "-1.00"}, "amount"),
        ({"amount": "1.001"}, "amount"),
        ({"paid_on": "2026-11-06"}, "paid_on"),
        ({"invoice": "NORTH-1999-000001"}, "invoice"),
        ({"invoice": None, "subscriber": 999_999}, "subscriber"),
        ({"method": "shells"}, "method"),
        ({"reference": ""}, "reference"),
        ({"invoice": None, "allocations": [{"invoice": number, "amount": "4.01"}]}, "allocations"),
        (
            {
                "invoice": None,
                "amount": "9.00",
                "allocations": [{"invoice": number, "amount": "6.01"}],
            },
            "allocations[0].amount",
        ),
    ):
        answer = await desk.ask("/payments", {**body, "reference": "another", **wrong}, 422)
        assert [error["field"] for error in answer["errors"]] == [field], wrong
    assert (await desk.said(number))[1] == "4.00"


async def test_money_of_nobody_waits_until_somebody_says_whose_it_is(desk: Desk):
    number = await desk.issue(1000)
    one = await desk.pay("12.00", allocations=[])
    assert (one["subscriber"], one["allocated"]) == (None, "0.00")
    listed = await desk.house.get("carl", "/clouds/north/payments", unidentified="true")
    assert one["id"] in [row["id"] for row in listed["items"]]
    done = await desk.ask(
        f"/payments/{one['id']}/allocate", {"allocations": [{"invoice": number, "amount": "9.00"}]}
    )
    assert (done["subscriber"], done["allocated"], done["unallocated"]) == (
        desk.number,
        "9.00",
        "3.00",
    )
    off = await desk.ask(
        f"/payments/{one['id']}/unallocate", {"invoice": number, "amount": "4.00", "reason": "x"}
    )
    assert (off["allocated"], off["unallocated"]) == ("5.00", "7.00")
    above = {"allocations": [{"invoice": number, "amount": "7.01"}]}
    await desk.ask(f"/payments/{one['id']}/allocate", above, 409)
    await desk.ask(f"/subscribers/{desk.number}/apply-credit", {"allocations": []}, 422)
    applied = await desk.ask(f"/subscribers/{desk.number}/apply-credit", {})
    assert (applied["allocated"], applied["credit"]) == ("5.00", "2.00")
    await desk.back(await desk.pay("1.00", allocations=[]))
    await desk.ask(f"/payments/{one['id']}/allocate", {"subscriber": 1}, 409)


async def test_a_dispute_is_opened_and_ended(desk: Desk):
    number = await desk.issue(1000)
    path = f"/invoices/{number}/dispute"
    assert (await desk.ask(path, {"reason": "not my camera"}, 201))["disputed"] is True
    assert (await desk.ask(path, {"reason": "not my camera"}, 200))["disputed"] is True
    ended = await desk.house.ask("carl", "DELETE", f"/clouds/north{path}", {"reason": "it is"})
    assert (ended.status_code, ended.json()["disputed"]) == (200, False)
    assert (await desk.invoice(number))["payment_reference"].startswith("RF")


async def test_receivables_stand_by_age_as_of_any_day(desk: Desk):
    number = await desk.issue(7000)
    await desk.pay("70.00", allocations=[{"invoice": number, "amount": "10.00"}])
    await desk.refund("50.00")
    for day, ages in (("2026-11-30", ("0.00", "60.00")), ("2026-11-17", ("60.00", "0.00"))):
        found = await desk.house.get("carl", "/clouds/north/receivables", as_of=day)
        (row,) = [one for one in found["items"] if one["subscriber"] == desk.number]
        assert (row["not_due"], row["d30"], row["credit"], row["total"]) == (
            *ages,
            "10.00",
            "50.00",
        )
    before = await desk.house.get("carl", "/clouds/north/receivables", as_of="2026-11-01")
    assert desk.number not in [one["subscriber"] for one in before["items"]]


async def test_the_ledger_tells_of_everything_and_sums_to_nothing(desk: Desk):
    number = await desk.issue(1351, tax=297)
    await desk.pay("20.00", allocations=[{"invoice": number, "amount": "16.48"}], method="cash")
    party = str(desk.number)
    found = await desk.house.get("carl", "/clouds/north/ledger/postings", party=party)
    assert [
        (one["kind"], [(e["account"], e["amount"]) for e in one["entries"]])
        for one in found["items"]
    ] == [
        ("invoice", [("receivable", "16.48"), ("revenue", "-13.51"), ("tax", "-2.97")]),
        ("payment", [("cash", "20.00"), ("credit", "-20.00")]),
        ("allocation", [("credit", "16.48"), ("receivable", "-16.48")]),
    ]
    balances = await desk.house.get("carl", "/clouds/north/ledger/balances", limit=1000)
    own = {row["account"]: row["balance"] for row in balances["items"] if row["party"] == party}
    assert own == {"credit": "-3.52", "receivable": "0.00"}
    assert sum(Decimal(row["balance"]) for row in balances["items"]) == 0
    early = await desk.house.get("carl", "/clouds/north/ledger/balances", as_of="2026-11-03")
    assert {
        "account": "receivable",
        "party": party,
        "currency": "EUR",
        "balance": "16.48",
    } in early["items"]


async def test_the_platform_keeps_the_same_books_of_its_clouds(house: House):
    connection = await asyncpg.connect(house.database.owner_url)
    first = await issue(connection, NORTH, None, 1080, tax=238)
    other = await issue(connection, SOUTH, None, 500)
    await connection.close()
    body = {"amount": "20.00", "paid_on": TODAY, "reference": "bank-1"}
    assert (await house.ask("carl", "POST", "/platform/payments", body)).status_code == 403
    paid = await house.post("paul", "/platform/payments", {**body, "cloud": "north"})
    assert (paid["cloud"], paid["allocated"], paid["unallocated"]) == ("north", "13.18", "6.82")
    note = await house.post(
        "paul", f"/platform/invoices/{first}/credit", {"amount": "3.18", "reason": "an outage"}
    )
    assert (note["side"], note["total"]) == ("wholesale", "-3.18")
    refused = {"amount": "1.00", "reason": "we would like it"}
    for path in ("credit", "write-off"):
        answer = await house.ask("carl", "POST", f"/clouds/north/invoices/{first}/{path}", refused)
        assert answer.status_code == 403
    theirs = await house.get("carl", "/clouds/north/ledger/balances", limit=1000)
    own = {row["account"]: row["balance"] for row in theirs["items"]}
    assert (own["cost"], own["input_tax"], own["payable"]) == ("8.19", "1.81", "0.00")
    seen = await house.get("carl", f"/clouds/north/invoices/{first}")
    assert (seen["paid"], seen["credited"], seen["left"]) == ("10.00", "3.18", "0.00")
    account = await house.get("paul", "/platform/clouds/north/account")
    assert (account["closing"], account["credit"]) == ("-10.00", "10.00")
    nobody = {**body, "reference": "bank-2", "currency": "USD"}
    waiting = await house.post("paul", "/platform/payments", nobody)
    await house.post("paul", "/platform/payments", {**body, "reference": "bank-3"}, 422)
    done = await house.post(
        "paul", f"/platform/payments/{waiting['id']}/allocate", {"cloud": "south"}, 200
    )
    assert [one["invoice"] for one in done["allocations"]] == [other]
    aged = await house.get("paul", "/platform/receivables", as_of=TODAY)
    assert {row["cloud"]: row["total"] for row in aged["items"]} == {
        "north": "-10.00",
        "south": "-15.00",
    }
    assert await broken_laws(house.database.owner_url) == []


async def test_nobody_else_sees_or_moves_the_money(desk: Desk):
    number = await desk.issue(1000)
    paid = await desk.pay("4.00", invoice=number)
    ask = desk.house.ask
    for who, status in (("sam", 404), ("tina", 404), ("ann", 403), ("max", 403)):
        for path, body in (
            ("payments", {"amount": "1.00", "paid_on": TODAY, "reference": f"of {who}"}),
            (f"payments/{paid['id']}/return", {"returned_on": TODAY}),
            (f"payments/{paid['id']}/unallocate", {"invoice": number, "reason": ""}),
            (
                "refunds",
                {
                    "subscriber": desk.number,
                    "amount": "1.00",
                    "refunded_on": TODAY,
                    "reference": "r",
                },
            ),
            (f"invoices/{number}/write-off", {"reason": "x"}),
            (f"invoices/{number}/dispute", {"reason": "x"}),
            (f"invoices/{number}/credit", {"amount": "1.00", "reason": "x"}),
            (f"subscribers/{desk.number}/apply-credit", {}),
        ):
            answer = await ask(who, "POST", f"/clouds/north/{path}", body)
            assert answer.status_code == status, (who, path)
    assert (await ask("ann", "GET", "/clouds/north/ledger/balances")).status_code == 403
    assert (await ask("ann", "GET", f"/clouds/north/payments/{paid['id']}")).status_code == 404
    own = await desk.house.get("ann", "/clouds/north/payments")
    assert {row["subscriber"] for row in own["items"]} <= {1}
    elsewhere = await ask(
        "tina", "POST", f"/clouds/south/payments/{paid['id']}/return", {"returned_on": TODAY}
    )
    assert elsewhere.status_code == 404
    foreign = {"invoice": number, "amount": "1.00", "paid_on": TODAY, "reference": "foreign"}
    assert (await ask("tina", "POST", "/clouds/south/payments", foreign)).status_code == 422
    assert (await desk.said(number))[1] == "4.00"


async def test_two_people_pay_credit_and_refund_one_invoice_at_once(desk: Desk):
    """Each waits for the other; whatever was refused, the books agree."""
    number = await desk.issue(10000)
    base = f"/clouds/north/invoices/{number}"
    pay = {"paid_on": TODAY, "subscriber": desk.number, "amount": "30.00"}
    back = {"subscriber": desk.number, "refunded_on": TODAY, "amount": "5.00"}
    asked = []
    for turn in range(4):
        asked += [
            ("/clouds/north/payments", {**pay, "reference": f"both {turn}"}),
            ("/clouds/north/payments", {**pay, "reference": f"both {turn}"}),
            (f"{base}/credit", {"amount": "15.00", "reason": "x"}),
            ("/clouds/north/refunds", {**back, "reference": f"back {turn}"}),
            (f"{base}/write-off", {"amount": "1.00", "reason": "x"}),
        ]
    answers = await asyncio.gather(
        *(
            desk.house.ask(who, "POST", path, body)
            for place, (path, body) in enumerate(asked)
            for who in [("carl", "nora")[place % 2]]
        )
    )
    assert {answer.status_code for answer in answers} <= {200, 201, 409}
    paid = [
        answer.status_code
        for answer, (path, _b) in zip(answers, asked, strict=True)
        if path.endswith("payments")
    ]
    assert sorted(paid) == [200] * 4 + [201] * 4
    found, left = await desk.account(), (await desk.said(number))[3]
    assert Decimal(found["closing"]) == Decimal(left) - Decimal(found["credit"])
