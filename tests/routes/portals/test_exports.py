"""Every table of rows on any page of the four portals is a file of exactly its rows.

The pages are found by walking the portals link by link, so that a page that is added is among them.
"""

from __future__ import annotations

import csv
import re
from collections.abc import AsyncIterator
from decimal import Decimal
from html import unescape
from io import BytesIO, StringIO
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit
from zipfile import ZipFile

import pytest

from tests.cast import ADA, NORA, REX, SUE
from tests.routes.conftest import Site, Visitor
from tests.routes.worked_example import worked
from tests.services import TestServices

HOMES = {ADA: "/system", NORA: "/cloud", SUE: "/my", REX: "/referral"}
PREVIEWS = re.compile(r"^/(cloud|my|referral|system|system/clouds/\w+)/?$")
"""First pages show the first rows of lists that have a page of their own, to which they lead."""
SINGLE = re.compile(
    r"^/(account|my/profile|referral/profile|system/settings/system|system/audit/\d+"
    r"|(cloud|system/clouds/\w+)/(audit/\d+|subscribers/\d+$|tariffs/[\w-]+$|periods/[\d-]+(/draft/\d+(/lines/\d+)?)?$))"
)
"""One's own sessions and people, how an installation is, what one entry of the log changed, and the
parts of one customer, tariff, month or draft, whose documents and cameras have pages of their own, are no
lists of the books."""
LEFT_OUT = ("/static/", "/admin", "/api", "/logout")
PAGES = 120


@pytest.fixture(scope="module")
async def site(
    services: TestServices, template: str, worker_id: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Site]:
    directory: Path = tmp_path_factory.mktemp("exports")
    async with worked(services, template, f"{template}_{worker_id}_exports", directory) as it:
        yield it


def shape(path: str) -> tuple[str, tuple[str, ...]]:
    """Pages of one kind: numbers and months of an address stand for all others."""
    parts = urlsplit(path)
    words = tuple(sorted({name for name, _ in parse_qsl(parts.query)} - {"sort", "page"}))
    return re.sub(r"[0-9]+", "0", parts.path), words


async def pages(visitor: Visitor, home: str) -> dict[str, str]:
    """Address → HTML, one page of each kind that the portal leads to."""
    found: dict[str, str] = {}
    seen, waiting = {shape(home)}, [home]
    while waiting and len(found) < PAGES:
        path = waiting.pop(0)
        answer = await visitor.get(path)
        if not answer.headers["content-type"].startswith("text/html") or answer.status_code != 200:
            continue
        found[path] = answer.text
        for link in map(unescape, re.findall(r'<a [^>]*href="([^"#]+)"', answer.text)):
            is_page = link.startswith("/") and not link.startswith(LEFT_OUT)
            if is_page and "format=" not in link and shape(link) not in seen:
                seen.add(shape(link))
                waiting.append(link)
    return found


def tables(html: str) -> list[str]:
    """The tables of rows: those of a chart are its own figures, told twice."""
    parts = re.split(r'<figure class="chart|<div class="chart-data', html)
    whole = parts[0] + "".join(part.partition("</table>")[2] for part in parts[1:])
    return re.findall(r"<table class=\"table table-hover.*?</table>", whole, re.DOTALL)


def files(html: str) -> list[str]:
    return [unescape(one) for one in re.findall(r'href="([^"]*format=csv[^"]*)"', html)]


async def lines(visitor: Visitor, path: str) -> list[dict[str, str]]:
    answer = await visitor.get(path)
    assert answer.status_code == 200, (path, answer.text)
    head, *rows = csv.reader(StringIO(answer.text.removeprefix("\ufeff")))
    return [dict(zip(head, row, strict=True)) for row in rows]


@pytest.mark.parametrize("who", HOMES, ids=lambda who: who.name)
async def test_every_table_of_a_portal_is_a_file_of_its_rows(site: Site, who) -> None:
    """As many files as tables; each opens, and the workbook has the rows of the CSV."""
    visitor = await site.as_(who)
    checked = 0
    for path, html in (await pages(visitor, HOMES[who])).items():
        if PREVIEWS.match(path) or SINGLE.match(path):
            continue
        of_page, shown = files(html), tables(html)
        assert len(of_page) >= (1 if "/gaps" in path else len(shown)), (path, of_page)
        for one, table in zip(of_page, shown, strict=False):
            rows = await lines(visitor, one)
            body = table.partition("<tbody>")[2].partition("</tbody>")[0]
            assert len(rows) >= body.count("<tr>") or "/gaps" in path, (one, len(rows))
            if (total := re.search(r'of <span class="num">([\d,.]+)', html)) and len(shown) == 1:
                assert len(rows) == int(re.sub(r"\D", "", total[1])), one
            checked += 1
            if path.startswith("/system/clouds/north/"):
                continue  # the route and the list of its own people, whose workbook is looked at
            book = await visitor.get(one.replace("format=csv", "format=xlsx"))
            with ZipFile(BytesIO(book.content)) as parts:
                sheet = parts.read("xl/worksheets/sheet1.xml").decode()
            assert sheet.count("<row ") == len(rows) + 1, one
            assert "<f>" not in sheet
    assert checked >= {ADA: 10, NORA: 12, SUE: 4, REX: 3}[who]


FILTERED = (
    (NORA, "/cloud/invoices?side=retail&state=open&format=csv", "Total", "Open"),
    (NORA, "/cloud/reports?month=2026-10&format=csv", "Revenue", "Margin"),
    (NORA, "/cloud/reports?by=camera&month=2026-10&format=csv", "Charges", "Cost"),
    (NORA, "/cloud/reports?by=tariff&month=2026-10&format=csv", "Charges", "Commissions"),
    (NORA, "/cloud/reports?by=referral&month=2026-10&format=csv", "Discount", "Margin"),
    (NORA, "/cloud/reports?by=service&month=2026-10&format=csv", "Cost", "Cost"),
    (NORA, "/cloud/reports?by=camera&subscriber=1&month=2026-10&format=csv", "Revenue", "Margin"),
    (ADA, "/system/reports?month=2026-10&format=csv", "Cameras", "Cameras"),
    (NORA, "/cloud/commissions?month=2026-10&format=csv", "Commission", "Direct"),
    (ADA, "/system/invoices?month=2026-10&format=csv", "Total", "Open"),
    (SUE, "/my/cameras?month=2026-10&q=gate&format=csv", "Amount", "Amount"),
    (REX, "/referral/commissions?month=2026-10&format=csv", "Commission", "Commission"),
)


@pytest.mark.parametrize(("who", "path", "first", "second"), FILTERED, ids=str)
async def test_a_file_sums_to_the_totals_of_the_page(site: Site, who, path, first, second) -> None:
    """Under a filter, too: the rows are those that the totals row adds up."""
    visitor = await site.as_(who)
    rows = await lines(visitor, path)
    html = (await visitor.get(path.replace("&format=csv", ""))).text
    foot = re.findall(r"<tfoot>.*?</tfoot>", html, re.DOTALL)[-1]
    said = [Decimal(one) for one in re.findall(r"[\d]+(?:\.\d\d)?", foot.replace(",", ""))]
    assert rows
    for column in (first, second):
        assert sum(Decimal(row[column] or 0) for row in rows) in said, (column, foot)


async def test_what_a_month_left_of_its_revenue_can_be_added_up(site: Site) -> None:
    """Revenue less cost less commissions is the margin, in each row: nothing is left unsaid."""
    nora = await site.as_(NORA)
    for path in (
        "/cloud/reports?month=2026-10",
        "/cloud/reports?by=camera&month=2026-10&subscriber=1",
    ):
        rows = await lines(nora, f"{path}&format=csv")
        assert rows
        for row in rows:
            figures = (row[name] for name in ("Revenue", "Cost", "Commissions", "Margin"))
            revenue, cost, commissions, margin = map(Decimal, figures)
            assert revenue - cost - commissions == margin
        assert any(Decimal(row["Commissions"]) for row in rows)


async def test_names_say_whose_list_it_is_and_of_which_month(site: Site) -> None:
    async def name(who, path: str) -> str:
        answer = await (await site.as_(who)).get(path)
        assert answer.status_code == 200, answer.text
        return (
            answer.headers["content-disposition"].removeprefix("attachment; filename=").strip('"')
        )

    assert (
        await name(SUE, "/my/invoices?month=2026-10&format=xlsx") == "north-invoices-2026-10.xlsx"
    )
    path = "/cloud/reports?month=2026-10&format=csv"
    assert await name(NORA, path) == "north-report-subscribers-money-2026-10.csv"
    assert await name(ADA, "/system/people?format=csv") == "platform-people.csv"
    assert await name(ADA, "/system/clouds/north/people?format=csv") == "north-people.csv"
    assert await name(ADA, "/system/audit?cloud=south&format=csv") == "south-audit.csv"
    assert await name(ADA, "/system/clouds?format=xlsx") == "platform-clouds.xlsx"


async def test_a_csv_has_codes_and_a_workbook_the_words_of_its_reader(site: Site) -> None:
    """Programs compare "credit_note" and "true"; Nora reads "Credit note" and "Yes"."""
    nora = await site.as_(NORA)
    people = await lines(nora, "/cloud/people?format=csv")
    assert {row["State"] for row in people} <= {"active", "blocked", "invited"}
    assert {row["Second factor"] for row in people} <= {"true", "false"}
    book = await nora.get("/cloud/people?format=xlsx")
    with ZipFile(BytesIO(book.content)) as parts:
        sheet = parts.read("xl/worksheets/sheet1.xml").decode()
    assert "<t>Active</t>" in sheet
    assert "<t>No</t>" in sheet
    assert "<t>active</t>" not in sheet


async def test_totals_by_state_lead_to_their_rows(site: Site) -> None:
    """What a state's link says is what the list behind it adds up to."""
    nora = await site.as_(NORA)
    html = (await nora.get("/cloud/invoices?side=retail")).text
    nav = html.partition('aria-label="Totals by state"')[2].partition("</nav>")[0]
    links = re.findall(
        r'href="([^"]+)"[^>]*>(\w[\w ]*?) <span class="num ms-1">(\d+) · (.*?)</span>', nav
    )
    assert [label for _, label, *_rest in links][:1] == ["Open"]
    for href, _label, count, amount in links:
        behind = await lines(nora, f"{unescape(href)}&format=csv")
        assert len(behind) == int(count)
        figures = [sum(Decimal(row[of]) for row in behind) for of in ("Open", "Total")]
        assert Decimal(re.sub(r"[^\d.]", "", amount)) in figures


async def test_a_file_reads_on_page_after_page(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """A list longer than one read has every row once, in the order of the page."""
    nora = await site.as_(NORA)
    ada = await site.as_(ADA)
    paths = [(nora, "/cloud/audit?format=csv"), (nora, "/cloud/reports?by=camera&subscriber=1&month=2026-10&format=csv"),
             (ada, "/system/clouds/north/people?format=csv")]  # fmt: skip
    whole = [await lines(visitor, path) for visitor, path in paths]
    monkeypatch.setattr("portal.routes.listing.FILE_PAGE", 1)
    for (visitor, path), rows in zip(paths, whole, strict=True):
        assert len(rows) > 1, path
        assert await lines(visitor, path) == rows
