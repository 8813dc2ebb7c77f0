"""Files of lists over HTTP: the rows of the page's filters, with the page's guard and policies."""

from __future__ import annotations

import csv
from collections.abc import AsyncIterator
from io import BytesIO, StringIO
from pathlib import Path
from zipfile import ZipFile

import pytest

from tests.cast import ANN, NORA, REX, SAM, SUE
from tests.routes.conftest import Site
from tests.routes.worked_example import worked
from tests.services import TestServices


@pytest.fixture(scope="module")
async def site(
    services: TestServices, template: str, worker_id: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Site]:
    directory: Path = tmp_path_factory.mktemp("files")
    async with worked(services, template, f"{template}_{worker_id}_files", directory) as it:
        yield it


LISTS = (
    (NORA, "/cloud/invoices?side=retail"),
    (NORA, "/cloud/reports?month=2026-10"),
    (NORA, "/cloud/reports?by=camera&subscriber=1&month=2026-10&show=quantities"),
    (NORA, "/cloud/commissions?month=2026-10"),
    (NORA, "/cloud/periods"),
    (NORA, "/cloud/people"),
    (NORA, "/cloud/keys"),
    (SUE, "/my/invoices"),
    (SUE, "/my/cameras?month=2026-10"),
    (REX, "/referral/commissions"),
    (REX, "/referral/subscribers"),
)


@pytest.mark.parametrize(("who", "path"), LISTS, ids=str)
async def test_a_list_is_a_csv_and_a_workbook_of_its_rows(site: Site, who, path):
    visitor = await site.as_(who)
    joint = "&" if "?" in path else "?"
    answer = await visitor.get(f"{path}{joint}format=csv")
    assert answer.status_code == 200
    assert ".csv" in answer.headers["content-disposition"]
    head, *rows = csv.reader(StringIO(answer.text.removeprefix("\ufeff")))
    assert {len(row) for row in rows} <= {len(head)}
    book = await visitor.get(f"{path}{joint}format=xlsx")
    with ZipFile(BytesIO(book.content)) as parts:
        sheet = parts.read("xl/worksheets/sheet1.xml").decode()
    assert sheet.count("<row ") == len(rows) + 1
    assert "<f>" not in sheet


async def test_a_file_has_the_amounts_of_the_page_and_no_others(site: Site):
    answer = await (await site.as_(SUE)).get("/my/invoices?format=csv")
    head, *rows = csv.reader(StringIO(answer.text.removeprefix("\ufeff")))
    assert [dict(zip(head, row, strict=True))["Total"] for row in rows] == ["16.48"]
    south = await (await site.as_(SAM)).get("/cloud/invoices?side=retail&format=csv")
    assert "NORTH" not in south.text


async def test_who_may_not_see_the_page_gets_no_file(site: Site):
    ann = await site.as_(ANN)
    assert (await ann.get("/cloud/people?format=csv")).status_code == 403
    assert "Cost" not in (await ann.get("/cloud/reports?month=2026-10&format=csv")).text
