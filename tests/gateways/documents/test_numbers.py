"""A number of a document never breaks and never runs into its neighbour, whatever its currency."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portal.billing.money import CURRENCIES
from portal.gateways.documents.format import Formats
from portal.gateways.documents.usage import usage_rows
from portal.values.document import DocumentValue
from tests.gateways.documents.laid_out import boxes, laid_out, words
from tests.gateways.documents.specimens import (
    GATE,
    SUE,
    YARD,
    need_printing,
    totalling,
    wholesale_of,
)

LOCALES = (
    "en",
    "en_US",
    "it_IT",
    "id_ID",
    "en_IN",
    "hi_IN",
    "ar_EG",
    "ar_KW",
    "he_IL",
    "fr_FR",
    "de_CH",
    "sv_SE",
    "es_CL",
    "ja_JP",
)
GROUPED = ("en_IN", "hi_IN", "ar_EG")
"""Where a rupee's lakhs, or its digits, are written in a way of their own."""
HUGE = 10**17


@pytest.fixture(autouse=True, scope="module")
def _printing():
    need_printing()


def priced(currency: str, locale: str, amount: int, cameras: int = 3) -> DocumentValue:
    rows = (
        ("Motion archive", "7.6129032258", "day"),
        ("Licence plates, 1 channel", "0.516129", "channel"),
        ("Archive stored", "1234567.891", "GB"),
    )
    usage = tuple(
        replace(
            GATE, external_id=f"camera-of-the-yard-{n}", name=f"Yard {n}", amount=amount, rows=rows
        )
        for n in range(cameras)
    )
    line = replace(
        SUE.lines[0], amount=amount, quantity="1234567.123456", unit_price="123456789012.123456"
    )
    lines = (line, replace(line, kind="service", unit="day", quantity="-112.25"))
    value = totalling(
        replace(SUE, currency=currency, locale=locale, lines=lines, usage=usage), amount * cameras
    )
    return replace(value, discount_percent="12.345678")


def check_numbers(value: DocumentValue) -> int:
    """Each figure stands in one line, inside its cell and the page, and what it says is whole; on
    how many pages."""
    pages = laid_out(value)
    seen = " ".join(words(page._page_box) for page in pages)
    formats = Formats(value.currency, value.locale)
    figures = {formats.money(value.total), formats.amount(value.subtotal)}
    figures |= {formats.amount(line.amount) for line in value.lines}
    figures |= {formats.amount(row.amount) for row in usage_rows(value)}
    for figure in figures:
        assert " ".join(figure.split()) in seen
    for page in pages:
        for cell in boxes(page, "TableCellBox"):
            kind = cell.element.get("class") or ""
            texts = [box for box in cell.descendants() if type(box).__name__ == "TextBox"]
            if "number" not in kind.split() or cell.element.tag != "td" or not texts:
                continue
            assert len({round(box.position_y) for box in texts}) == 1, words(cell)
            left = cell.content_box_x()
            for box in texts:
                assert box.position_x >= left - 0.5, words(cell)
                assert box.position_x + box.width <= left + cell.width + 0.5, words(cell)
        for box in boxes(page, "TextBox"):
            assert box.position_x + box.width <= page.width - 18 / 25.4 * 96 + 1, box.text
    return len(pages)


@pytest.mark.parametrize(
    ("locale", "currency", "amount"),
    [*((one, "KWD", HUGE) for one in LOCALES), *((one, "INR", 123456789) for one in GROUPED)],
)
def test_no_number_breaks_in_any_locale(locale, currency, amount):
    """With its sign a figure is longest."""
    check_numbers(priced(currency, locale, -amount))


@settings(max_examples=15)
@given(
    currency=st.sampled_from(sorted(CURRENCIES)),
    locale=st.sampled_from(LOCALES),
    amount=st.integers(-HUGE, HUGE),
)
def test_no_number_breaks_in_any_currency(currency, locale, amount):
    check_numbers(priced(currency, locale, amount, cameras=1))


def test_a_hundred_cameras_at_150_000_rupiah():
    value = priced("IDR", "id_ID", 15_000_000, cameras=100)
    assert check_numbers(value) < 6


def test_no_number_breaks_beside_long_names():
    names = ("W" * 300, "الشمال " * 40, "Überwachungskamera-Nordwest " * 10)
    usage = tuple(
        replace(YARD, external_id=name[:200], name=name, tariff=name[:64], amount=HUGE)
        for name in names
    )
    value = totalling(replace(SUE, usage=usage), HUGE * 3)
    check_numbers(value)


def test_no_number_breaks_among_hundreds_of_lines_and_in_sums():
    line = replace(SUE.lines[0], amount=123456789)
    check_numbers(totalling(replace(SUE, lines=(line,) * 300, usage=()), 123456789 * 300))
    check_numbers(totalling(wholesale_of(300, 40), HUGE))


def test_rupees_are_grouped_by_lakh():
    formats = Formats("INR", "en_IN")
    assert formats.amount(123456789) == "12,34,567.89"
    assert formats.quantity("12345678.5") == "1,23,45,678.5"


def test_minus_is_a_minus_and_stands_before_its_number():
    for locale in LOCALES:
        for currency in ("EUR", "KWD", "ILS", "AED", "INR"):
            formats = Formats(currency, locale)
            figures = (
                formats.money(-123456),
                formats.amount(-123456),
                formats.quantity("-1.5"),
                formats.price("-0.000125"),
                formats.percent("-2.5"),
            )
            for figure in figures:
                assert "-" not in figure
                assert figure.index("\u2212") < next(
                    place for place, sign in enumerate(figure) if sign.isdigit()
                )
                assert not set(figure) & {"\u200e", "\u200f", "\u061c"}


def test_archive_days_and_gigabytes_have_two_decimals():
    formats = Formats("EUR", "it_IT")
    assert formats.quantity("3.6129032258", "day") == "3,61"
    assert formats.quantity("7", "days of archive") == "7,00"
    assert formats.quantity("100578.895", "GB") == "100.578,90"
    assert formats.quantity("3.6129032258", "channel") == "3,6129"
    assert formats.quantity("-0.001", "GB") == "0,00"
    assert formats.quantity("1" * 32 + ".123456", "hour").endswith("111,1235")


def test_a_line_has_four_decimals_only_where_its_price_needs_them():
    formats = Formats("EUR", "en")
    line = replace(SUE.lines[0], unit="GB")
    assert (
        formats.line_quantity(replace(line, quantity="0.004", unit_price="1000", amount=400))
        == "0.004"
    )
    assert (
        formats.line_quantity(replace(line, quantity="3.612903", unit_price="0.50", amount=181))
        == "3.61"
    )
    assert (
        formats.line_quantity(replace(line, quantity="3.612903", unit_price=None, amount=181))
        == "3.61"
    )
