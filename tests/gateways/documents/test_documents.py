"""A document's value becomes a PDF that says what the value says, and is fit for an archive."""

import io
import re
import subprocess
import sys
from dataclasses import replace
from itertools import pairwise

import pytest
from PIL import Image

from portal.demo.sample_document import sample_document
from portal.errors import Invalid
from portal.gateways.documents import render as documents
from portal.gateways.documents.format import Formats, direction, plain
from portal.values.document import DocumentValue, LineValue
from portal.values.look import logo_of
from portal.values.rendering import DocumentFailed, RendererMissing
from tests.gateways.documents.specimens import (
    CREDIT,
    SUE,
    in_currency,
    need_printing,
    read,
    text_of,
)


@pytest.fixture(autouse=True, scope="module")
def _printing():
    need_printing()


def test_it_says_what_the_invoice_says():
    text = text_of(documents.render(SUE).pdf)
    for words in (
        "Invoice NORTH-2026-000001",
        "North Video",
        "Sue Bianchi",
        "Corso Vercelli 9",
        "Tax number IT 04172930968",
        "Customer number 1007",
        "Date of issue 4 November 2026",
        "Due date 18 November 2026",
        "Period 1 Oct 2026 – 31 Oct 2026",
        "1.5161 camera-months 9.90 15.01",
        "Subtotal 15.01",
        "Discount 10% −1.50",
        "Taxable amount 13.51",
        "Tax 22% 2.97",
        "Total due €16.48",
        "Payable within 14 days.",
        "IBAN IT60 X054 2811 1010 0000 0123 456",
        "Payment reference NORTH-2026-000001",
        "Structured reference",
        "RF65 NORT H202 6000 001",
        "NORTH-2026-000001 · Page 1 of 2",
        "NORTH-2026-000001 · Page 2 of 2",
        "Usage this invoice is based on",
        "Back yard yard home-7 16 7.00 1 5.11",
        "All cameras, as in the subtotal 15.01",
    ):
        assert words in text


def test_it_is_an_archive_file_with_title_language_and_bookmarks():
    made = documents.render(SUE)
    pdf = read(made.pdf)
    root = pdf.trailer["/Root"]
    metadata = root["/Metadata"].get_object().get_data().decode()
    assert 'pdfaid:part="3"' in metadata
    assert 'pdfaid:conformance="B"' in metadata
    assert made.pages == len(pdf.pages) == 2
    assert [intent["/S"] for intent in root["/OutputIntents"]] == ["/GTS_PDFA1"]
    profile = root["/OutputIntents"][0]["/DestOutputProfile"].get_object().get_data()
    assert profile[36:40] == b"acsp"  # an ICC profile says so at byte 36
    assert root["/Lang"] == "en"
    assert pdf.metadata.title == "Invoice NORTH-2026-000001"
    assert pdf.metadata.author == "North Video"
    assert str(pdf.metadata.creation_date).startswith("2026-11-04")
    assert [mark["/Title"] for mark in pdf.outline] == [
        "Invoice NORTH-2026-000001",
        "Usage this invoice is based on",
    ]
    assert root["/MarkInfo"]["/Marked"]
    tags = str(structure(root["/StructTreeRoot"]))
    assert all(f"'/{tag}'" in tags for tag in ("H1", "H2", "P", "Table", "TR", "TH", "TD"))
    assert not pdf.is_encrypted
    assert "/Names" not in root  # nothing attached, no script


def test_the_sellers_logo_and_colour_are_printed_and_it_stays_an_archive_file():
    logo = logo_of(picture_of((600, 200), "#b3261e"))
    worn = replace(SUE, colour="#b3261e", logo=logo)
    html = documents.html_of(worn)
    assert ".strip { background: #b3261e }" in html
    assert 'alt="North Video"' in html
    pdf = read(documents.render(worn).pdf)
    (picture,) = pdf.pages[0].images
    assert picture.image.size == (288, 96)
    for one in pdf.pages[0]["/Resources"]["/XObject"].values():
        parts = [one.get_object(), one.get_object()["/SMask"]]
        assert not any(part["/Interpolate"].value for part in parts), "PDF/A allows none"
    root = pdf.trailer["/Root"]
    assert 'pdfaid:conformance="B"' in root["/Metadata"].get_object().get_data().decode()
    assert [intent["/S"] for intent in root["/OutputIntents"]] == ["/GTS_PDFA1"]
    assert "'/Figure'" in str(structure(root["/StructTreeRoot"]))
    assert "North Video" in text_of(documents.render(worn).pdf)
    again = DocumentValue.from_json(worn.to_json())
    assert again == worn
    assert documents.render(again).sha256 == documents.render(worn).sha256
    plain = documents.html_of(replace(SUE, colour="red}*{"))
    assert "red}" not in plain, "a colour is a colour, wherever the value comes from"
    assert plain.count("<img") == 1, "the code to pay is no logo"


def picture_of(size, colour) -> bytes:
    made = io.BytesIO()
    Image.new("RGB", size, colour).save(made, "PNG")
    return made.getvalue()


def structure(element) -> list:
    """The names of the tags below one, in order."""
    kids = element.get("/K", [])
    kids = [kid.get_object() for kid in (kids if isinstance(kids, list) else [kids])]
    below = [structure(kid) for kid in kids if hasattr(kid, "get")]
    return [element.get("/S"), *below]


def test_every_font_is_embedded():
    fonts = [
        font.get_object()["/DescendantFonts"][0].get_object()["/FontDescriptor"].get_object()
        for page in read(documents.render(SUE).pdf).pages
        for font in page["/Resources"]["/Font"].values()
    ]
    assert fonts
    for descriptor in fonts:
        assert {"/FontFile2", "/FontFile3"} & set(descriptor)


def test_equal_values_give_equal_bytes_whatever_was_printed_before():
    first = documents.render(SUE)
    documents.render(in_currency("JPY", "ja_JP", 1648))
    again = documents.render(DocumentValue.from_json(SUE.to_json()))
    assert again == first
    assert documents.render(replace(SUE, number="NORTH-2026-000003")).sha256 != first.sha256


def test_the_value_survives_json_and_a_broken_one_is_named():
    full = replace(sample_document(3), note="שלום", exempt=True)
    assert DocumentValue.from_json(full.to_json()) == full
    assert CREDIT.to_json() == DocumentValue.from_json(CREDIT.to_json().encode()).to_json()
    with pytest.raises(Invalid, match="total"):
        DocumentValue.from_json(SUE.to_json().replace('"total":1648', '"total":16.48'))


def test_totals_that_do_not_add_up_are_not_printed():
    with pytest.raises(DocumentFailed, match="NORTH-2026-000001"):
        documents.render(replace(SUE, total=1649))


def test_a_credit_note_is_negative_and_asks_for_no_payment():
    text = text_of(documents.render(CREDIT).pdf)
    assert "Credit note NORTH-2026-000002" in text
    assert "It reduces invoice NORTH-2026-000001. Reason: the yard was under water." in text
    assert "Total credited −€16.48" in text
    assert "Discount 10% 1.50" in text
    assert "How to pay" not in text
    assert "Due date" not in text


def test_exemption_is_said():
    exempt = replace(SUE, exempt=True, tax=0, total=SUE.taxable)
    text = text_of(documents.render(exempt).pdf)
    assert "Tax (exempt) 0.00" in text
    assert "No tax is charged: the customer is tax exempt." in text


def test_lines_are_grouped_and_corrections_name_their_month():
    plan = SUE.lines[0]
    lines = (
        plan,
        replace(plan, kind="setup", description="Set-up", amount=3500),
        replace(plan, original_period="2026-09", amount=-100),
        replace(plan, original_period="2026-10", amount=100),
    )
    groups = documents.line_groups(replace(SUE, lines=lines), Formats("EUR", "en"))
    assert [(group.title, group.amount) for group in groups] == [
        ("Monthly plans", "15.01"),
        ("One-time charges", "35.00"),
        ("Corrections for September 2026", "−1.00"),
        ("Monthly plans", "1.00"),
    ]


@pytest.mark.parametrize(
    ("currency", "locale", "minor", "money"),
    [
        ("EUR", "en", 123456789, "€1,234,567.89"),
        ("EUR", "it_IT", 123456789, "1.234.567,89 €"),
        ("EUR", "it-IT", -5, "−0,05 €"),
        ("USD", "en_US", 100, "$1.00"),
        ("JPY", "ja_JP", 1234567, "¥1,234,567"),
        ("JPY", "it_IT", 1234567, "1.234.567 JPY"),
        ("KWD", "en", 1234567, "KWD 1,234.567"),
        ("KWD", "de_DE", 1500, "1,500 KWD"),
        ("IQD", "en", 1500, "IQD 1.500"),  # three digits by ISO 4217, none in locale data
        ("EUR", "tlh_XX", 100, "€1.00"),  # a locale nobody knows still prints
        ("EUR", "", 100, "€1.00"),
    ],
)
def test_money_by_locale_and_iso_digits(currency, locale, minor, money):
    assert Formats(currency, locale).money(minor).replace("\u00a0", " ") == money


@pytest.mark.parametrize(
    ("currency", "locale", "minor", "total"),
    [("JPY", "ja_JP", 1648, "Total due ¥1,648"), ("KWD", "en", 16480, "Total due KWD 16.480")],
)
def test_yen_have_no_decimals_and_dinars_three(currency, locale, minor, total):
    text = text_of(documents.render(in_currency(currency, locale, minor)).pdf)
    assert total in text
    assert f"Amount, {currency}" in text
    assert "varies" in text


def test_quantities_prices_percents_and_days():
    us, italian = Formats("USD", "en_US"), Formats("EUR", "it_IT")
    assert us.quantity("3.6129032258") == "3.6129"
    assert us.quantity("1240") == "1,240"
    assert us.quantity("a few") == "a few"
    assert italian.price("0.000125") == "0,000125"
    assert italian.price("9.9") == "9,90"
    assert us.percent("8.875") == "8.875%"
    assert us.day(SUE.issued_on) == "November 4, 2026"
    assert italian.day(SUE.issued_on) == "4 novembre 2026"
    assert (us.paper, italian.paper) == ("letter", "A4")


@pytest.mark.parametrize(
    "url",
    ["file:///etc/passwd", "http://127.0.0.1/", "https://example.com/", "ftp://example.com/a"],
)
def test_the_fetcher_opens_no_file_and_no_address(url):
    with pytest.raises(ValueError, match="disallowed"):
        documents._fetcher()(url)
    assert documents._fetcher()("data:text/plain,hello").read() == b"hello"


def test_markup_in_a_name_is_text():
    evil = (
        '<link rel="attachment" href="file:///etc/passwd"><img src="file:///etc/passwd">{{ 7 * 7 }}'
    )
    made = documents.render(replace(SUE, buyer=replace(SUE.buyer, name=evil), note=evil))
    assert "/Names" not in read(made.pdf).trailer["/Root"]
    assert "{{ 7 * 7 }}" in text_of(made.pdf)
    assert b"root:" not in made.pdf


def test_control_characters_and_direction_overrides_are_not_printed():
    name = "Sue\x00\x07\x1b Bianchi \u202e21.00\u202c\u2066x\u2069\ud800"
    assert plain(name) == "Sue    Bianchi 21.00x"
    assert "Bianchi 21.00x" in text_of(
        documents.render(replace(SUE, buyer=replace(SUE.buyer, name=name))).pdf
    )


def test_direction_is_that_of_the_first_letter():
    assert direction("12 שלום Ltd") == "rtl"
    assert direction("North שלום") == "ltr"
    assert direction("42") == "ltr"


def test_without_pango_the_error_names_the_command(monkeypatch):
    monkeypatch.setitem(sys.modules, "weasyprint", None)
    with pytest.raises(RendererMissing, match=r"apt-get install .*libpango-1\.0-0"):
        documents.render(SUE)


def test_importing_loads_neither_weasyprint_nor_the_portal():
    code = "import sys, portal.gateways.documents.child; print(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    heavy = {"weasyprint", "litestar", "piccolo", "asyncpg", "arq", "httpx", "structlog"}
    assert not heavy & set(run.stdout.split())


def test_the_sample_adds_up_at_any_size():
    for cameras in (0, 1, 2, 9, 300):
        value = sample_document(cameras)
        assert value.subtotal == sum(line.amount for line in value.lines)
        assert value.subtotal == sum(camera.amount for camera in value.usage)
    assert all(isinstance(line, LineValue) for line in sample_document(300).lines)
    ids = [camera.external_id for camera in sample_document(300).usage]
    assert all(a < b for a, b in pairwise(ids))


ENGLISH_LEFT = re.compile(
    r"\b(Invoice|Credit|Date|Due|Period|Customer|Amount|Payable|Total|Tax|Subtotal|Discount"
    r"|Quantity|Unit|Description|Page|of|Usage|October|November)\b"
)


@pytest.mark.parametrize(("value", "title", "total"), [
    (SUE, "Fattura", "Totale da pagare"), (CREDIT, "Nota di credito", "Totale accreditato"),
])  # fmt: skip
def test_an_italian_document_is_italian_from_top_to_bottom(value, title, total):
    """Its words, months and numbers; only names and the units of services are as they are."""
    lines = tuple(
        replace(line, description="Casa 7", detail=None, unit="mese") for line in value.lines
    )
    italian = replace(value, locale="it_IT", payment_terms="", note=None, lines=lines)
    text = " ".join(text_of(documents.render(italian).pdf).split())
    assert f"{title} {value.number}" in text
    for said in ("Data di emissione", "Periodo", "Imponibile", "IVA", "Quantità", "Pagina 1 di"):
        assert said in text
    assert total in text
    assert "ottobre 2026" in text
    assert not ENGLISH_LEFT.findall(text)
