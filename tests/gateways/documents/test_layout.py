"""Whatever a document has to hold, it stays readable and within its paper."""

from dataclasses import replace

import pytest

from portal.demo.sample_document import sample_document
from portal.gateways.documents import render as documents
from portal.gateways.documents.format import Formats
from portal.gateways.documents.layout import Appendix, appendix
from tests.gateways.documents.laid_out import LONG, boxes, camera_rows, laid_out, words
from tests.gateways.documents.specimens import (
    GATE,
    SUE,
    in_currency,
    need_printing,
    read,
    text_of,
    totalling,
)


@pytest.fixture(autouse=True, scope="module")
def _printing():
    need_printing()


def test_paper_follows_the_locale():
    for locale, size in (("en_US", (612, 792)), ("en_IT", (595, 842))):
        first = read(documents.render(replace(SUE, locale=locale)).pdf).pages[0]
        assert (round(first.mediabox.width), round(first.mediabox.height)) == size


def test_199_cameras_stay_readable():
    value = sample_document(199)
    pages = laid_out(value)
    assert len(pages) < 12
    rows = [row for page in pages for row in camera_rows(page)]
    for row, camera in zip(rows, value.usage, strict=False):
        assert words(row).startswith(f"{camera.name} {camera.external_id} {camera.tariff} ")
    assert len(rows) == 200
    assert words(rows[-1]).startswith("All cameras, as in the subtotal")
    for number, page in enumerate(pages[1:], start=2):
        heads = [row for row in boxes(page, "TableRowGroupBox") if row.is_header]
        assert [words(head)[:18] for head in heads] == ["Camera Tariff Days"]
        assert f"{value.number} · Page {number} of {len(pages)}" in words(page._page_box)


@pytest.mark.parametrize("name", [LONG, "שלום" * 75, "名前" * 150, "الشمال " * 43])
def test_names_of_300_letters_do_not_break_the_layout(name):
    camera = replace(GATE, external_id=name, name=name, tariff=name[:64])
    line = replace(SUE.lines[0], description=name, detail=name, unit=name[:64])
    value = replace(
        SUE,
        number="N" * 40,
        seller=replace(SUE.seller, name=name, address=(name,)),
        buyer=replace(SUE.buyer, name=name, address=(name,)),
        lines=(line,),
        note=name,
        usage=(camera, *SUE.usage),
    )
    pages = laid_out(value)
    for page in pages:
        edge = page.width - 18 / 25.4 * 96 + 1  # the right margin, and a pixel for rounding
        for box in boxes(page, "TextBox"):
            assert box.position_x + box.width <= edge, box.text
    # No camera is split: each row, and the one with the sum, is on one page.
    assert sum(len(camera_rows(page)) for page in pages) == len(value.usage) + 1
    # The first page holds the letter's head, the address and the sum.
    assert any("Payable by" in box.text for box in boxes(pages[0], "TextBox"))


def test_a_row_of_many_pages_ends():
    value = replace(SUE, lines=(replace(SUE.lines[0], description="W" * 1_000),))
    assert documents.render(value).pages < 30


def test_no_lines_and_no_usage_is_one_page():
    made = documents.render(totalling(replace(SUE, lines=(), usage=()), 0))
    assert made.pages == 1
    assert "No lines." in text_of(made.pdf)


def test_services_become_columns_while_they_fit():
    def made(services: int, quantity: str = "1.5") -> Appendix:
        rows = tuple((f"Service {n}", quantity, "hours") for n in range(services))
        value = replace(SUE, usage=(replace(GATE, rows=rows),))
        usage = appendix(value, Formats("EUR", "en"))
        assert usage is not None
        return usage

    assert [heading.label for heading in made(5).headings[1:]] == [f"Service {n}" for n in range(5)]
    assert not made(5).has_services
    assert made(8).has_services
    assert made(5, "12345678901234.5678").has_services
    rows = tuple((f"Service {n}", f"{n}.50", "days") for n in range(8))
    text = text_of(documents.render(replace(SUE, usage=(replace(GATE, rows=rows),))).pdf)
    assert "Service 6 6.50 days" in text.replace("\n", " ")


def test_an_accounts_number_never_breaks():
    """Also where long sums leave little room beside them."""
    factor = 10**9
    value = replace(
        in_currency("IDR", "id_ID", 1648 * factor),
        seller=replace(SUE.seller, bank=("IBAN MT84 MALT 0110 0001 2345 MTLC AST0 01S",)),
    )
    (line,) = [one for one in text_of(documents.render(value).pdf).splitlines() if "MT84" in one]
    assert line.strip() == "IBAN MT84 MALT 0110 0001 2345 MTLC AST0 01S"
