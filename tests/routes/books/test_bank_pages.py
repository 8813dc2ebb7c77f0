"""Bank files on pages: sent and seen first, taken in with one click, and what waits is matched."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from httpx import Response

from tests.bank_files import camt, entry, transaction
from tests.cast import ADA, ANN, CARL, SAM
from tests.routes.conftest import Site, Visitor
from tests.routes.worked_example import read, words, worked
from tests.services import TestServices

SUES = "NORTH-2026-000001"
BANK, WAITING = "/cloud/payments/bank", "/cloud/payments/unmatched"
CSV = (
    "Buchungstag;Name;Zweck;Betrag;Konto;Saldo\n"
    "03.11.2026;Sue Bianchi;Rate;5,00;;100,00\n"
    "03.11.2026;Nobody;?;1,00;;101,00\n"
)


@pytest.fixture(scope="module")
async def site(
    services: TestServices, template: str, worker_id: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Site]:
    """One for the file: North, whose Sue owes 16.48."""
    directory: Path = tmp_path_factory.mktemp("bank_pages")
    async with worked(services, template, f"{template}_{worker_id}_bank", directory) as site:
        yield site


async def send(visitor: Visitor, path: str, content: bytes, **boxes: str) -> Response:
    """A file, as the form sends it."""
    return await visitor.post(path, boxes, files={"file": ("bank.xml", content)})


async def sent(visitor: Visitor, content: bytes, path: str = BANK, **boxes: str) -> str:
    """Where a file leads."""
    await visitor.get(path)
    answer = await send(visitor, path, content, **boxes)
    assert answer.status_code == 303, words(answer.text)
    return answer.headers["location"]


async def test_a_file_is_seen_line_by_line_and_taken_in_with_one_click(site: Site) -> None:
    carl = await site.as_(CARL)
    assert "No bank files yet" in await read(carl, BANK)
    content = camt(
        entry("6.48", transaction("", f"{SUES} rest", name="Sue Bianchi"), reference="A-1"),
        entry("10.00", transaction("", "camera", name="Sue"), reference="A-2"),
        entry("3.00", transaction("", "coffee"), sign="DBIT", reference="A-3"),
        entry("2.00", transaction("", "soon"), status="<Cd>PDNG</Cd>", reference="A-4"),
    )
    at = await sent(carl, content)
    page = await read(carl, at)
    assert "Nothing is stored yet" in page
    assert f"Matched {SUES} €6.48 Number in the text" in page
    assert "Import 3 lines" in page
    assert "No bank files yet" in await read(carl, BANK)
    only = await read(carl, f"{at}?state=open")
    assert "coffee" not in only
    assert "camera" in only
    assert (await carl.get(f"{at}?format=csv")).text.count("\n") == 5
    assert await sent(carl, content) == at  # the same file is looked at once
    taken = await carl.post(at, {})
    assert taken.status_code == 303
    assert (await carl.post(at, {})).headers["location"] == taken.headers["location"]
    done = await read(carl, taken.headers["location"])
    assert "Lines 4 New 3" in done
    assert "Unmatched 1" in done
    assert (await carl.get(at)).headers["location"] == taken.headers["location"]
    history = await read(carl, BANK)
    assert "bank.xml" in history
    assert "Carl" in history
    again = await sent(carl, content + b"<!-- again -->")
    assert "There is nothing new in this file" in await read(carl, again)


async def test_what_waits_is_matched_with_one_click_or_in_its_form(site: Site) -> None:
    carl = await site.as_(CARL)
    await sent_in(carl, camt(
        entry("10.00", transaction("", "hello", name="Unknown"), reference="B-1"),
        entry("1.25", transaction("", "who", name="Rita"), reference="B-2"),
        entry("0.75", transaction("", "odd", name="Odd"), reference="B-3"),
    ))  # fmt: skip
    html = (await carl.get(WAITING)).text
    assert "Nothing in it names an open invoice." in words(html)
    assert "The amount is that of an open invoice." in words(html)
    (at,) = re.findall(r'action="(/cloud/payments/lines/\d+/match)"', html)[:1]
    one = {"allocations-0-invoice": SUES, "allocations-0-amount": "10.00"}
    for _ in range(2):
        answer = await carl.post(at, {**one, "idempotency_key": "c" * 32})
        assert answer.status_code == 303, words(answer.text)
    assert "Paid" in await read(carl, f"/cloud/invoices/{SUES}")

    rita = next(path for path in lines_in(html) if "Rita" in words(html.partition(path)[2][:200]))
    page = await read(carl, rita)
    assert "Remember this account" in page
    seen = await carl.post(f"{rita}/match", {"subscriber": "1", "intent": "recalculate"})
    assert "Credit then €1.25" in words(seen.text)
    for boxes, told in (
        ({"subscriber": "77"}, "No subscriber fits 77."),
        ({"subscriber": ""}, "say whose it is"),
        ({"allocations-0-invoice": "X", "allocations-0-amount": "1"}, "not an invoice"),
    ):
        answer = await carl.post(f"{rita}/match", {**boxes, "intent": "save"})
        assert answer.status_code == 422, boxes
        assert told in words(answer.text), boxes
    done = await carl.post(f"{rita}/match", {"subscriber": "1", "remember": "on", "intent": "save"})
    assert done.status_code == 303
    assert "€1.25" not in await read(carl, WAITING)
    late = await carl.post(f"{rita}/match", {"subscriber": "1", "intent": "save"})
    assert late.status_code == 303  # somebody else was quicker: the list says so
    assert "not open any more" in await read(carl, WAITING)

    odd = next(path for path in lines_in(html) if "Odd" in words(html.partition(path)[2][:200]))
    for _ in range(2):
        assert (await carl.post(f"{odd}/ignore", {"reason": "Mine"})).status_code == 303
    assert "€0.75" not in await read(carl, WAITING)
    assert "Not ours: Mine" in await read(carl, odd)
    assert "Unknown" not in (await carl.get(f"{WAITING}?format=csv")).text


def lines_in(html: str) -> list[str]:
    return re.findall(r'href="(/cloud/payments/lines/\d+)"', html)


async def sent_in(visitor: Visitor, content: bytes) -> None:
    at = await sent(visitor, content)
    assert (await visitor.post(at, {})).status_code == 303


async def test_a_csv_is_told_of_once_and_read_from_then_on(site: Site) -> None:
    carl = await site.as_(CARL)
    at = await sent(carl, CSV.encode())
    assert at.endswith("/columns")
    html = (await carl.get(at)).text
    boxes = {
        f"column-{place}": found
        for place, found in enumerate(("booked_on", "payer", "text", "amount", "iban", ""))
    }
    for place, found in enumerate(boxes.values()):
        part = html.partition(f'id="field-column-{place}"')[2].partition("</select>")[0]
        assert f'value="{found}" selected' in part or not found, place
    form = {**boxes, "decimal": ",", "date_format": "%d.%m.%Y", "name": "giro"}
    for wrong, box in (
        ({"column-3": ""}, "column-0"),
        ({"column-5": "amount"}, "column-5"),
        ({"name": "GIRO!"}, "name"),
        ({"date_format": "%Y-%m-%d"}, "date_format"),
        ({"decimal": "x"}, "decimal"),
    ):
        answer = await carl.post(at, {**form, **wrong})
        assert answer.status_code == 422, wrong
        assert f'id="error-{box}"' in answer.text, wrong
    answer = await carl.post(at, form)
    assert answer.status_code == 303
    assert "Nobody" in await read(carl, answer.headers["location"])
    other = await sent(carl, CSV.replace("1,00", "2,00").encode())
    assert not other.endswith("/columns")


async def test_what_is_no_bank_file_is_told_with_its_line(site: Site) -> None:
    carl, ada = await site.as_(CARL), await site.as_(ADA)
    await carl.get(BANK)
    for content, told in (
        (b"", "Choose a file."),
        (b"<html></html>", "camt"),
        (b"{1:}:20:x\n:25:y\n:61:z", "line"),
        (b"\0\1\2", "is not a text"),
        (camt(entry("1.00", transaction("", "x"), day="2026-12-24")), "must not be after today"),
    ):
        answer = await send(carl, BANK, content)
        assert answer.status_code == 422, content
        assert told in words(answer.text), (content, words(answer.text)[-900:])
    await ada.get("/system/payments/bank")
    answer = await send(ada, "/system/payments/bank", CSV.encode(), currency="")
    assert answer.status_code == 422
    assert 'id="error-currency"' in answer.text


async def test_files_and_lines_are_of_their_book_and_a_look_is_of_whoever_sent_it(
    site: Site,
) -> None:
    carl, sam, ann, ada = [await site.as_(who) for who in (CARL, SAM, ANN, ADA)]
    content = camt(entry("4.44", transaction("", "ours", name="Ours"), reference="C-1"))
    at = await sent(carl, content)
    for other in (sam, ada):
        assert (await other.get(at)).status_code in {403, 404}
    assert (await ada.get(at.replace("/cloud", "/system/clouds/north"))).status_code == 404
    taken = (await carl.post(at, {})).headers["location"]
    number = re.findall(r"/cloud/payments/lines/\d+", (await carl.get(taken)).text)[0]
    for path in (taken, number):
        assert (await sam.get(path)).status_code == 404
        assert (await ann.get(path)).status_code == 403
    assert (await sam.post(f"{number}/ignore", {"reason": ""})).status_code == 404
    assert (await ann.get(WAITING)).status_code == 403
    assert "Ours" in await read(ada, "/system/clouds/north/payments/unmatched")
    own = await sent(ada, camt(entry("9.99", transaction("", "NORTH"), reference="D-1")),
                     "/system/payments/bank", currency="")  # fmt: skip
    assert own.startswith("/system/payments/bank/files/")
    assert (await ada.post(own, {})).status_code == 303
    assert "9.99" in await read(ada, "/system/payments/unmatched")
    assert "9.99" not in await read(carl, WAITING)
