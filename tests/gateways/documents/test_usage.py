"""From 200 cameras on the appendix has sums, and the cameras are a CSV beside and inside the PDF."""

import csv
import hashlib
import io
import re
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.demo.sample_document import sample_document
from portal.gateways.documents import render as documents
from portal.gateways.documents.pool import DocumentPool
from portal.gateways.documents.usage import GROUPS_MAX, usage_csv, usage_rows
from tests.gateways.documents.specimens import GATE, SUE, need_printing, read, text_of, wholesale_of


@pytest.fixture(scope="module")
def _printing():
    need_printing()


def cells(value) -> list[dict[str, str]]:
    """The CSV as a reader of one sees it."""
    content = usage_csv(value)
    assert content is not None
    return list(csv.DictReader(io.StringIO(content.decode("utf-8"))))


def test_200_cameras_are_summed_and_199_are_not():
    assert usage_csv(sample_document(199)) is None
    assert len(usage_rows(sample_document(199))) == 199
    assert len(cells(sample_document(200))) == 200
    assert [row.name for row in usage_rows(sample_document(200))] == ["home-7", "office-30"]


@pytest.mark.parametrize("value", [sample_document(250), wholesale_of(250, 7)])
def test_the_csv_adds_up_to_the_appendix_and_the_subtotal(value):
    rows, groups = cells(value), usage_rows(value)
    minor = sum(Decimal(row["amount"]) for row in rows) * 100
    assert minor == sum(group.amount for group in groups) == value.subtotal
    assert sum(int(row["days"]) for row in rows) == sum(group.days for group in groups)
    assert sum(group.cameras for group in groups) == len(rows) == 250
    for label, unit in {service for group in groups for service in group.quantities}:
        column = f"{label} ({unit})"
        assert sum(Decimal(row[column] or 0) for row in rows) == sum(
            Decimal(group.quantities.get((label, unit), "0")) for group in groups
        )


def test_wholesale_is_summed_by_customer_in_order_of_their_numbers():
    value = wholesale_of(220, 12)
    nobodys = tuple(
        replace(camera, customer="", customer_number=None) for camera in value.usage[:10]
    )
    groups = usage_rows(replace(value, usage=(*nobodys, *value.usage[10:])))
    assert [group.name for group in groups] == [
        *(f"Customer No {n} Ltd" for n in range(1, 13)),
        "No customer",
    ]
    assert groups[-1].cameras == 10


def test_cells_that_a_spreadsheet_would_run_are_text():
    names = [
        "=1+1",
        "+39 02",
        "-5",
        "-5%",
        "@sum",
        "\tx",
        "plain",
        "a,b",
        'say "hi"',
        "two\nlines",
        "名",
    ]
    usage = tuple(replace(GATE, name=name, external_id=name) for name in names) + (GATE,) * 200
    content = usage_csv(replace(SUE, usage=usage))
    assert content is not None
    rows = list(csv.reader(io.StringIO(content.decode())))
    assert [row[1] for row in rows[1:12]] == [
        "'=1+1", "'+39 02", "-5", "'-5%", "'@sum", "'\tx", "plain", "a,b", 'say "hi"', "two\nlines", "名",
    ]  # fmt: skip
    assert not content.startswith(b"\xef\xbb\xbf")


@given(st.lists(st.text(), min_size=200, max_size=200))
def test_any_name_is_one_cell_of_one_row_and_starts_no_formula(names):
    usage = tuple(replace(GATE, name=name) for name in names)
    rows = list(csv.reader(io.StringIO((usage_csv(replace(SUE, usage=usage)) or b"").decode())))
    assert len(rows) == 201
    for row in rows[1:]:
        assert len(row) == len(rows[0])
        is_formula = row[1].startswith(("=", "+", "-", "@", "\t"))
        assert not is_formula or re.fullmatch(r"-[0-9]+(\.[0-9]+)?", row[1])


def test_more_customers_than_anybody_reads_are_one_row():
    value = wholesale_of(2_000, 2_000)
    groups = usage_rows(value)
    assert len(groups) == GROUPS_MAX
    assert groups[-1].name == f"{2_000 - GROUPS_MAX + 1} further customers"
    assert sum(group.amount for group in groups) == value.subtotal
    assert sum(group.cameras for group in groups) == 2_000


@pytest.mark.usefixtures("_printing")
def test_the_csv_is_inside_the_pdf_as_its_data():
    value = wholesale_of(200, 3)
    made = documents.render(value)
    assert made.usage == usage_csv(value)
    pdf = read(made.pdf)
    assert pdf.attachments == {"NORTH-2026-000001.csv": [made.usage]}
    root = pdf.trailer["/Root"]
    file = root["/AF"][0].get_object()
    assert file["/AFRelationship"] == "/Data"
    embedded = file["/EF"]["/F"].get_object()
    assert embedded["/Subtype"] == "/text/csv"
    assert embedded["/Params"]["/ModDate"].startswith("D:20261104")
    assert 'pdfaid:part="3"' in root["/Metadata"].get_object().get_data().decode()
    text = text_of(made.pdf)
    assert "every camera is in NORTH-2026-000001.csv" in text.replace("\n", " ")
    assert "Customer No 1 Ltd" in text
    assert documents.render(value) == made
    assert made.sha256 == hashlib.sha256(made.pdf).hexdigest()


@pytest.mark.usefixtures("_printing")
async def test_thousands_of_cameras_are_few_pages():
    """A customer is a row, its cameras are in the file."""
    value = wholesale_of(3_000, 300)
    async with DocumentPool(1) as pool:
        made = await pool.render(value)
    assert made.pages < 12
    assert made.usage is not None
    assert made.usage.count(b"\r\n") == 3_001
