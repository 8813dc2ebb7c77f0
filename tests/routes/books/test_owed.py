"""What subscribers owe, on pages: by age as of a day, and line by line of one; and the ledger."""

from __future__ import annotations

import csv
from collections.abc import AsyncIterator
from decimal import Decimal
from io import StringIO
from pathlib import Path

import pytest
from beancount import loader

from portal.kit.queries import pages
from tests.cast import ADA, ANN, CARL, NORA, SAM
from tests.routes.conftest import Site, Visitor
from tests.routes.worked_example import named, read, worked
from tests.services import TestServices

AGED, ACCOUNT = "/cloud/payments/receivables", "/cloud/subscribers/1/account"
LEDGER = "/cloud/payments/ledger"
PAID = {
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
    """North, where Sue has paid 10.00 on her invoice."""
    directory: Path = tmp_path_factory.mktemp("owed")
    async with worked(services, template, f"{template}_{worker_id}_owed", directory) as site:
        carl = await site.as_(CARL)
        await carl.get("/cloud/payments")
        assert (await carl.post("/cloud/payments", PAID)).status_code == 303
        yield site


async def lines(visitor: Visitor, path: str) -> list[dict[str, str]]:
    answer = await visitor.get(path)
    assert answer.status_code == 200, answer.text
    return list(csv.DictReader(StringIO(answer.text.removeprefix("\ufeff"))))


def figures(cells: list[str]) -> list[str]:
    return [cell.replace("€", "").replace("−", "-") for cell in cells]


async def test_receivables_stand_by_age_and_the_file_is_the_page(site: Site) -> None:
    carl = await site.as_(CARL)
    html = (await carl.get(AGED)).text
    assert 'href="/cloud/subscribers/1"' in html
    assert 'href="/cloud/payments/receivables"' in (await carl.get("/cloud/payments")).text
    _head, *body, foot = named(html, "Receivables by age")
    assert body
    ages = ("Not due", "1–30 days", "31–60 days", "61–90 days", "Over 90 days", "Credit", "Total")
    rows = await lines(carl, f"{AGED}?format=csv")
    assert [[row["Subscriber"], *(row[age] for age in ages)] for row in rows] == [
        figures(row) for row in body
    ]
    assert foot[0] == "Total on 5 Nov 2026"
    assert figures(foot)[1:] == [f"{sum(float(row[age]) for row in rows):.2f}" for age in ages]
    summed = await lines(carl, f"{AGED}?sort=-total&format=csv")
    assert sorted(summed, key=lambda row: int(row["Number"])) == rows, "kept, as the ledger has it"
    later = await lines(carl, f"{AGED}?as_of=2027-06-01&format=csv")
    assert [(row["Not due"], row["Over 90 days"]) for row in later] == [
        ("0.00", row["Not due"]) for row in rows
    ]
    assert "Nothing matches these filters" in await read(carl, f"{AGED}?as_of=2026-01-01")
    assert (await carl.get(f"{AGED}?as_of=2026-02-30")).status_code == 422


async def test_a_statement_runs_from_its_opening_to_its_closing_balance(site: Site) -> None:
    carl = await site.as_(CARL)
    assert f'href="{ACCOUNT}"' in (await carl.get("/cloud/subscribers/1")).text
    html = (await carl.get(ACCOUNT)).text
    assert 'href="/cloud/invoices/NORTH-2026-000001"' in html
    _head, invoice, payment, foot = named(html, "Statement of account")
    rows = await lines(carl, f"{ACCOUNT}?format=csv")
    assert [row["Kind"] for row in rows] == ["invoice", "payment"]
    assert [row["Document"] for row in rows] == ["NORTH-2026-000001", "BOX-1"]
    assert [figures(one)[-2:] for one in (invoice, payment)] == [
        [row["Amount"], row["Balance"]] for row in rows
    ]
    assert payment[2:] == ["Payment", "−€10.00", foot[-1]]
    (aged,) = (row for row in await lines(carl, f"{AGED}?format=csv") if row["Number"] == "1")
    assert aged["Total"] == rows[-1]["Balance"]
    assert {row["Day"] for row in rows} == {"2026-11-05"}
    assert await lines(carl, f"{ACCOUNT}?to=2026-11-04&format=csv") == []
    assert "Opening balance €0.00 Before 1 Nov 2025" in await read(carl, ACCOUNT)
    after = await read(carl, f"{ACCOUNT}?from=2026-11-06&to=2026-11-30")
    for told in ("Opening balance", "Closing balance"):
        assert f"{told} {foot[-1]}" in after
    assert "Nothing matches these filters" in after
    assert (await carl.get(f"{ACCOUNT}?from=2026-11-05&to=2026-11-01")).status_code == 422


async def test_each_sees_what_is_of_their_own_subscribers(site: Site) -> None:
    """Ann has Sue alone, whose figures are also the sums; South has none of North's."""
    ann, sam, ada, nora = [await site.as_(who) for who in (ANN, SAM, ADA, NORA)]
    own = await lines(ann, f"{AGED}?format=csv")
    whole = await lines(nora, f"{AGED}?format=csv")
    assert [row["Subscriber"] for row in own] == ["Sue"]
    foot = named((await ann.get(AGED)).text, "Receivables by age")[-1]
    assert figures(foot)[-1] == own[0]["Total"]
    assert await lines(ann, f"{ACCOUNT}?format=csv")
    others = [row["Number"] for row in whole if row["Number"] != "1"]
    for number in ("2", *others, "77"):
        assert (await ann.get(f"/cloud/subscribers/{number}/account")).status_code == 404
    assert "NORTH-2026-000001" not in (await sam.get(ACCOUNT)).text
    assert "Nobody owes anything" in await read(sam, AGED)
    assert (await sam.get("/system/clouds/north/payments/receivables")).status_code in {403, 404}
    assert await lines(ada, "/system/clouds/north/payments/receivables?format=csv") == whole
    assert await lines(ada, "/system/clouds/north/subscribers/1/account?format=csv")


async def test_the_ledger_stands_by_account_and_entry_and_as_beancount(site: Site) -> None:
    """The accounts sum to nothing; the text says what the pages say; others find none of it."""
    carl = await site.as_(CARL)
    _head, *body, foot = named((await carl.get(LEDGER)).text, "Ledger")
    sums = {row[0]: figures(row[-2:]) for row in body}
    assert sums["Bank"] == ["10.00", "–"]
    assert sums["Revenue"] == ["–", "13.51"]
    assert figures(foot[-2:-1]) == figures(foot[-1:])
    html = (await carl.get(f"{LEDGER}/entries?account=receivable&to=2026-11-30")).text
    _head, *entries = named(html, "Entries")
    assert [figures(row[-2:]) for row in entries] == [["–", "10.00"], ["16.48", "–"]]
    assert 'href="/cloud/invoices/NORTH-2026-000001"' in html
    rows = await lines(carl, f"{LEDGER}/entries?party=1&format=csv")
    assert {row["Party"] for row in rows} == {"1"}
    text = (await carl.get(f"{LEDGER}/beancount?from=2026-11-05")).text
    read, errors, _options = loader.load_string(text)
    assert not errors, errors
    left = {
        leg.account: leg.units.number
        for one in read
        for leg in getattr(one, "postings", ())
        if leg.account == "Income:Sales"
    }
    assert left == {"Income:Sales": Decimal("-13.51")}, "what was before stands as a balance"
    wrong = await carl.get(f"{LEDGER}/entries?account=wealth")
    assert wrong.status_code == 422
    sams = (await (await site.as_(SAM)).get(f"{LEDGER}/beancount")).text
    assert "NORTH" not in sams
    assert "Sue" not in sams
    assert (await (await site.as_(ANN)).get(LEDGER)).status_code == 403
    ada = await site.as_(ADA)
    assert (
        "Assets:Receivable:Code-north" in (await ada.get("/system/payments/ledger/beancount")).text
    )


async def test_receivables_are_sorted_by_any_column_and_stay_the_same_rows(site: Site) -> None:
    carl = await site.as_(CARL)
    rows = await lines(carl, f"{AGED}?format=csv")
    for sort, column in (("name", "Subscriber"), ("not_due", "Not due"), ("total", "Total"),
                         ("credit", "Credit"), ("over_90", "Over 90 days")):  # fmt: skip
        up = await lines(carl, f"{AGED}?sort={sort}&format=csv")
        down = await lines(carl, f"{AGED}?sort=-{sort}&format=csv")
        assert sorted(map(str, up)) == sorted(map(str, rows)) == sorted(map(str, down))
        values = [row[column].lower() if sort == "name" else float(row[column]) for row in up]
        assert values == sorted(values)
        backwards = [row[column].lower() if sort == "name" else float(row[column]) for row in down]
        assert backwards == sorted(values, reverse=True)


async def test_a_file_has_all_rows_however_few_a_page_counts(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A page that counts to one says that there is more; its file has each entry."""
    carl = await site.as_(CARL)
    whole = await lines(carl, f"{LEDGER}/entries?format=csv")
    assert len(whole) > 2
    monkeypatch.setattr(pages, "COUNTED_MAX", 1)
    assert "more than 1" in await read(carl, f"{LEDGER}/entries")
    assert await lines(carl, f"{LEDGER}/entries?format=csv") == whole
