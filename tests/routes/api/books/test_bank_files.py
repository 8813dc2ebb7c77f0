"""Bank files come in over the API: what they name is paid, once, and a person says the rest."""

from __future__ import annotations

from collections.abc import AsyncIterator
from itertools import count
from typing import Any

import asyncpg
import pytest

from portal.access import SYSTEM
from portal.billing.numbering import payment_reference
from portal.db import atomic
from tests.bank_files import SUES_ACCOUNT, camt, entry, transaction
from tests.books.issued import broken_laws, issue
from tests.cast import NORTH, SOUTH
from tests.earnings import earn
from tests.routes.api.conftest import House

IMPORTS = "/clouds/north/bank-imports"
LINES = "/clouds/north/bank-lines"
XML = {"Content-Type": "application/xml"}
_reference = count(1)


def ref() -> str:
    """A reference of the bank's that no other line has."""
    return f"B{next(_reference)}"


class Desk:
    """Carl's desk in North, with two customers that are nobody else's."""

    def __init__(self, house: House, customers: list[tuple[int, int]]) -> None:
        self.house = house
        (self.number, self.row), (self.other, self.other_row) = customers

    async def issue(self, taxable: int, customer: int | None = None, **more: Any) -> str:
        async with self.house.database.as_owner() as owner:
            return await issue(owner, NORTH, customer or self.row, taxable, **more)

    async def send(self, *entries: str, status: int = 201, query: str = "", **more: Any) -> Any:
        content = camt(*entries, **more)
        answer = await self.house.ask("carl", "POST", IMPORTS + query, content, headers=XML)
        assert answer.status_code == status, answer.text
        return answer.json()

    async def line(self, *entries: str, **more: Any) -> Any:
        """The only line of a file."""
        (line,) = (await self.send(*entries, **more))["lines"]
        return line

    async def ask(self, path: str, body: Any, status: int = 200) -> Any:
        return await self.house.post("carl", f"/clouds/north{path}", body, status)

    async def left(self, number: str) -> str:
        found = await self.house.get("carl", f"/clouds/north/invoices/{number}")
        return str(found["left"])

    async def account(self, name: str, party: str = "") -> str:
        found = await self.house.get("carl", "/clouds/north/ledger/balances", limit=500)
        return next(
            (
                one["balance"]
                for one in found["items"]
                if (one["account"], one["party"]) == (name, party)
            ),
            "0.00",
        )


@pytest.fixture
async def desk(house: House) -> AsyncIterator[Desk]:
    """Two new customers of North; after the story, the books keep every law."""
    customers = []
    for name in ("Jörg Müller", "Somebody else"):
        made = await house.post("nora", "/clouds/north/subscribers", {"name": name})
        row = await house.sql(
            "select id from subscriber where cloud = 1 and number = $1", made["number"]
        )
        customers.append((made["number"], row))
    yield Desk(house, customers)
    assert await broken_laws(house.database.owner_url) == []


async def test_every_rule_pays_the_invoice_that_it_names(desk: Desk):
    numbers = [await desk.issue(1648) for _ in range(3)]
    told = [
        transaction(end_to_end=numbers[0]),
        transaction(rf=payment_reference(numbers[1])),
        transaction("", f"thanks {numbers[2].lower().replace('-', ' ')}"),
    ]
    done = await desk.send(*(entry("16.48", one, reference=ref()) for one in told))
    assert [(one["state"], one["rule"]) for one in done["lines"]] == [
        *(("matched", "end_to_end"), ("matched", "reference"), ("matched", "number"))
    ]
    assert [one["allocations"] for one in done["lines"]] == [
        [{"invoice": number, "amount": "16.48"}] for number in numbers
    ]
    assert done["counts"] == {"matched": 3}
    assert [await desk.left(number) for number in numbers] == ["0.00"] * 3


async def test_a_file_that_comes_twice_is_once_and_a_rehearsal_stores_nothing(desk: Desk):
    number = await desk.issue(1000)
    one = entry("10.00", transaction("", number), reference=ref())
    another = entry("4.00", transaction("", "who knows"), day="2026-11-04")
    tried = await desk.send(one, one, another, query="?dry_run=true")
    assert [line["state"] for line in tried["lines"]] == ["matched", "known", "open"]
    assert (tried["id"], tried["lines"][2]["id"]) == (None, None)
    assert await desk.left(number) == "10.00"
    first = await desk.send(one, message="054")
    assert first["counts"] == {"matched": 1}
    both = await desk.send(one, another, another)
    assert [line["state"] for line in both["lines"]] == ["known", "open", "open"]
    again = await desk.send(one, another, another)
    assert again["counts"] == {"known": 3}
    assert await desk.left(number) == "0.00"


async def test_a_statement_tells_in_one_line_what_a_notification_told_in_two(desk: Desk):
    numbers = [await desk.issue(1000), await desk.issue(2000)]
    told = [transaction("10.00", numbers[0]), transaction("20.00", numbers[1])]
    where = ref()
    done = await desk.send(entry("30.00", *told, reference=where), message="054")
    assert done["counts"] == {"matched": 2}
    later = await desk.send(entry("30.00", reference=where), message="053")
    assert later["counts"] == {"known": 1}


async def test_money_goes_by_due_day_and_the_rest_is_credit(desk: Desk):
    later = await desk.issue(5000, due="2026-11-20")
    sooner = await desk.issue(10000, due="2026-11-19")
    line = await desk.line(entry("120.00", transaction("", f"{later} {sooner}"), reference=ref()))
    assert line["allocations"] == [
        {"invoice": sooner, "amount": "100.00"},
        {"invoice": later, "amount": "20.00"},
    ]
    more = await desk.line(entry("35.00", transaction("", later), reference=ref()))
    assert (more["allocations"], more["credit"]) == (
        [{"invoice": later, "amount": "30.00"}],
        "5.00",
    )
    paid = await desk.line(entry("1.00", transaction("", later), reference=ref()))
    assert (paid["state"], paid["allocations"], paid["credit"]) == ("matched", [], "1.00")


async def test_money_for_two_customers_becomes_two_payments_or_waits(desk: Desk):
    mine, other = await desk.issue(1000), await desk.issue(2000, desk.other_row)
    told = transaction("", f"{mine} {other}")
    unsure = await desk.line(entry("29.99", told, reference=ref()))
    assert (unsure["state"], sorted(unsure["suggestions"])) == ("open", sorted([mine, other]))
    reference = ref()
    line = await desk.line(entry("30.00", told, reference=reference))
    assert line["state"] == "matched"
    payments = await desk.house.get("carl", "/clouds/north/payments", limit=500)
    found = {one["reference"]: one["subscriber"] for one in payments["items"]}
    assert {name: whose for name, whose in found.items() if name.startswith(f"{reference}/")} == {
        f"{reference}/1": desk.number,
        f"{reference}/2": desk.other,
    }


async def test_what_nothing_names_waits_for_a_person_and_the_account_is_remembered(desk: Desk):
    number = await desk.issue(4321)
    told = transaction("", "rent", name="MULLER, jorg", iban=SUES_ACCOUNT)
    before = await desk.account("suspense")
    line = await desk.line(entry("43.21", told, reference=ref()))
    assert (line["state"], line["rule"], line["suggestions"][0]) == ("open", None, number)
    assert "name" in line["reason"]
    assert float(await desk.account("suspense")) == float(before) - 43.21
    listed = await desk.house.get("carl", LINES, state="open", limit=500)
    assert line["id"] in {one["id"] for one in listed["items"]}
    body = {"allocations": [{"invoice": number, "amount": "43.21"}], "remember": True}
    done = await desk.ask(f"/bank-lines/{line['id']}/match", body)
    assert (done["state"], done["allocations"]) == ("matched", body["allocations"])
    assert (done["reason"], done["suggestions"]) == (None, [])
    assert await desk.account("suspense") == before
    await desk.ask(f"/bank-lines/{line['id']}/match", body, 409)
    next_one = await desk.issue(999)
    known = await desk.line(entry("9.99", transaction("", iban=SUES_ACCOUNT), reference=ref()))
    assert (known["rule"], known["allocations"][0]["invoice"]) == ("iban", next_one)
    columns = await desk.house.sql("select string_agg(l::text, ' ') from bank_line l")
    assert SUES_ACCOUNT not in columns


async def test_an_ignored_line_leaves_the_list_and_stays_money_of_nobody(desk: Desk):
    line = await desk.line(entry("77.77", reference=ref()))
    done = await desk.ask(f"/bank-lines/{line['id']}/ignore", {})
    assert done["state"] == "ignored"
    assert await desk.ask(f"/bank-lines/{line['id']}/ignore", {}) == done
    (payment,) = done["payments"]
    found = await desk.house.get("carl", f"/clouds/north/payments/{payment}")
    assert (found["subscriber"], found["unallocated"]) == (None, "77.77")


async def test_a_return_takes_the_payment_back_and_the_rest_is_a_fee(desk: Desk):
    number = await desk.issue(1648)
    await desk.send(entry("16.48", transaction(end_to_end=number), reference=ref()))
    fees = float(await desk.account("fees"))
    back = transaction(end_to_end=number, more="<RtrInf><Rsn><Cd>AC04</Cd></Rsn></RtrInf>")
    returned = entry("19.98", back, sign="DBIT", day="2026-11-05", reference=ref())
    line = await desk.line(returned)
    assert (line["state"], line["fee"], line["reason"]) == ("returned", "3.50", "AC04")
    assert line["amount"] == "-19.98"
    assert await desk.left(number) == "16.48"
    assert float(await desk.account("fees")) == fees + 3.5
    assert (await desk.line(returned))["state"] == "known"
    paid = await desk.line(entry("16.48", transaction("", number), reference=ref()))
    assert paid["state"] == "matched"
    small = entry("16.00", back, sign="DBIT", day="2026-11-05", reference=ref())
    short = await desk.line(small)
    assert (short["state"], short["allocations"]) == ("open", [])
    await desk.ask(f"/bank-lines/{short['id']}/match", {"subscriber": desk.number}, 409)


async def test_a_payment_that_no_file_brought_comes_back_by_its_invoice(desk: Desk):
    number = await desk.issue(500)
    body = {"invoice": number, "amount": "5.00", "paid_on": "2026-11-03", "reference": ref()}
    await desk.ask("/payments", body, 201)
    back = transaction("", f"storno {number}", more="<RtrInf/>")
    line = await desk.line(entry("5.00", back, sign="DBIT", reference=ref()))
    assert (line["state"], line["fee"]) == ("returned", "0.00")
    assert await desk.left(number) == "5.00"


async def test_a_reversal_takes_its_line_back_and_other_debits_are_listed(desk: Desk):
    number, where = await desk.issue(800), ref()
    await desk.send(entry("8.00", transaction("", number), reference=where))
    reverse = "<RvslInd>true</RvslInd>"
    line = await desk.line(entry("8.00", sign="DBIT", more=reverse, reference=where))
    assert line["state"] == "reversal"
    assert await desk.left(number) == "8.00"
    opened = await desk.line(entry("6.66", transaction("", "odd"), day="2026-11-04"))
    gone = entry("6.66", transaction("", "odd"), sign="DBIT", more=reverse, day="2026-11-05")
    assert (await desk.line(gone))["state"] == "reversal"
    await desk.ask(f"/bank-lines/{opened['id']}/match", {"subscriber": desk.number}, 409)
    assert (await desk.line(entry("2.00", sign="DBIT", reference=ref())))["state"] == "ignored"


async def test_what_is_not_booked_or_in_another_currency_is_told_and_not_stored(desk: Desk):
    number = await desk.issue(100)
    done = await desk.send(
        entry("1.00", transaction("", number), status="<Cd>PDNG</Cd>"),
        entry("1.00", transaction("", number), currency="USD"),
        entry("1.5", transaction("", number), currency="XYZ"),
    )
    assert [one["state"] for one in done["lines"]] == ["pending", "refused", "refused"]
    assert await desk.left(number) == "1.00"


async def test_without_automatic_matching_all_is_a_suggestion(desk: Desk):
    number = await desk.issue(100)
    changed = await desk.house.ask("nora", "PATCH", "/clouds/north", {"auto_match": False})
    assert changed.json()["auto_match"] is False
    line = await desk.line(entry("1.00", transaction("", number), reference=ref()))
    await desk.house.ask("nora", "PATCH", "/clouds/north", {"auto_match": True})
    assert (line["state"], line["rule"], line["suggestions"]) == ("open", "number", [number])


@pytest.mark.parametrize(
    ("content", "media_type", "status"),
    [
        (b"<a/>", "application/xml", 422),
        (b"", "application/xml", 422),
        (camt(entry("1.00", day="2099-01-01")), "application/xml", 422),
        (camt(entry("x")), "text/xml", 422),
        (b"no statement", "text/plain", 422),
        (b"a,b\n1,2\n", "text/csv", 422),
        (b"{}", "application/json", 415),
        (b"{}", "application/octet-stream", 415),
    ],
)
async def test_what_cannot_be_read_is_refused_and_stores_nothing(
    house: House, content, media_type, status
):
    before = await house.sql("select count(*) from bank_import")
    answer = await house.ask("carl", "POST", IMPORTS, content, headers={"Content-Type": media_type})
    assert answer.status_code == status, answer.text
    assert await house.sql("select count(*) from bank_import") == before


async def test_only_those_who_keep_the_books_may_and_each_sees_its_own(house: House, desk: Desk):
    content = camt(entry("55.55", reference=ref()))
    for who, status in (("ann", 403), ("max", 403), ("sam", 404)):
        assert (await house.ask(who, "POST", IMPORTS, content, headers=XML)).status_code == status
    line = await desk.line(entry("55.55", reference=ref()))
    assert (await house.ask("sam", "POST", f"{LINES}/{line['id']}/ignore")).status_code == 404
    south = f"/clouds/south/bank-lines/{line['id']}/ignore"
    assert (await house.ask("sam", "POST", south)).status_code == 404
    assert (await house.get("sam", "/clouds/south/bank-lines"))["items"] == []


async def test_the_platforms_bank_pays_the_invoices_of_clouds(house: House):
    connection = await asyncpg.connect(house.database.owner_url)
    mine = await issue(connection, NORTH, None, 1000)
    theirs = await issue(connection, SOUTH, None, 2000)
    await connection.close()
    content = camt(
        entry("10.00", transaction("", mine), reference=ref()),
        entry("20.00", transaction("", theirs), reference=ref(), currency="USD"),
        entry("3.00", reference=ref()),
    )
    path = "/platform/bank-imports"
    answer = await house.ask("paul", "POST", path, content, headers=XML)
    assert answer.status_code == 201, answer.text
    assert [one["state"] for one in answer.json()["lines"]] == ["matched", "matched", "open"]
    line = answer.json()["lines"][2]["id"]
    done = await house.post("paul", f"/platform/bank-lines/{line}/match", {"cloud": "north"}, 200)
    assert done["state"] == "matched"
    assert (await house.ask("nora", "POST", path, content, headers=XML)).status_code == 403
    assert (await house.ask("nora", "GET", "/platform/bank-lines")).status_code in {403, 404}
    assert await broken_laws(house.database.owner_url) == []


async def test_a_debit_with_a_statements_number_pays_it(desk: Desk):
    house = desk.house
    async with house.database.as_worker(), atomic(SYSTEM) as tx:
        await earn(tx, 4200, "2026-08", "2026-09-02")
    drafts = await house.post("carl", "/clouds/north/statements", {"period": "2026-10"})
    draft = drafts["items"][0]["id"]
    made = await house.post("carl", f"/clouds/north/statements/{draft}/approve", None, 200)
    told = transaction(end_to_end=made["number"])
    wrong = await desk.line(entry("42.01", told, sign="DBIT", reference=ref()))
    assert (wrong["state"], wrong["rule"]) == ("open", "end_to_end")
    where = ref()
    line = await desk.line(entry(made["amount"], told, sign="DBIT", reference=where))
    assert (line["state"], line["allocations"]) == ("matched", [])
    paid = await house.get("carl", f"/clouds/north/statements/{made['number']}")
    assert (paid["state"], paid["paid_on"], paid["reference"]) == ("paid", "2026-11-03", where)


async def test_a_csv_is_taken_in_by_its_mapping_and_the_platforms_says_its_currency(house: House):
    mapping = {
        "delimiter": ",",
        "decimal": ".",
        "date_format": "%Y-%m-%d",
        "columns": {"booked_on": "Day", "amount": "Amount", "reference": "Ref"},
    }
    content = b"Day,Amount,Ref\n2026-11-03,-3.00,\n2026-11-03,0.33,=1+1\n"
    headers = {"Content-Type": "text/csv"}
    for where, query in (("/clouds/north", ""), ("/platform", "?currency=EUR")):
        made = await house.ask("paul", "PUT", f"{where}/csv-mappings/ours", mapping)
        assert made.status_code == 200, made.text
        path = f"{where}/bank-imports"
        answer = await house.ask("paul", "POST", path + query, content, headers=headers)
        assert answer.status_code == 201, answer.text
        lines = answer.json()["lines"]
        assert [(one["amount"], one["state"]) for one in lines] == [
            ("-3.00", "ignored"),
            ("0.33", "open"),
        ]
    unsaid = await house.ask("paul", "POST", "/platform/bank-imports", content, headers=headers)
    assert unsaid.json()["errors"][0]["field"] == "currency"
