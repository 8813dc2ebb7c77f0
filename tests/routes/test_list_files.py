"""A list as a file: exactly its rows, typed, and nothing that a spreadsheet would run."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from types import SimpleNamespace

import pytest

from portal.routes.cells import kept, shown, written
from portal.routes.listing import FILE_PAGE, Column, in_currency, read_listing

ROW = SimpleNamespace(
    name="=cmd|' /C calc'!A0",
    total=-1234,
    left=None,
    currency="EUR",
    month=date(2026, 10, 1),
    on=date(2026, 10, 16),
    at=datetime(2026, 10, 31, 23, 30, tzinfo=UTC),
    share=Decimal("7.50"),
)


@pytest.mark.parametrize(
    ("column", "on_screen", "in_file"),
    [
        (Column("Name", of="name"), ROW.name, "'=cmd|' /C calc'!A0"),
        (Column("Total", of="total", kind="money"), "−€12.34", "-12.34"),
        (Column("Open", of="left", kind="money"), "–", ""),
        (Column("Month", of="month", kind="month"), "October 2026", "2026-10"),
        (Column("Day", of="on", kind="day"), "16 Oct 2026", "2026-10-16"),
        (Column("Time", of="at", kind="moment"), "1 Nov 2026, 00:30", "2026-11-01 00:30:00"),
        (Column("Share", of="share", kind="percent"), "7.5%", "7.50"),
    ],
    ids=lambda value: value.label if isinstance(value, Column) else "",
)
def test_a_column_is_written_for_people_and_for_programs(column, on_screen, in_file):
    assert shown(column, ROW, "en_GB", "Europe/Rome") == on_screen
    assert written(kept(column, ROW, "Europe/Rome")) == in_file


@pytest.mark.parametrize("text", ["=1+1", "+1", "-x", "@sum", "\t=1", "\r=1", "  =1+1"])
def test_no_text_of_a_file_is_taken_for_a_formula(text):
    assert written(text) == f"'{text}"


@pytest.mark.parametrize("text", ["-1.50", "Sue & Co", "a=1", ""])
def test_other_texts_stay_as_they_are(text):
    assert written(text) == text


def test_a_file_is_all_rows_of_the_list_from_the_first():
    listing = read_listing("/cloud/invoices", {"format": "csv", "page": "7"}, [], filters=["q"])
    assert (listing.file, listing.page, listing.size) == ("csv", 1, FILE_PAGE)
    assert read_listing("/cloud/invoices", {"format": "exe", "page": "7"}, []).file == ""


def test_a_list_of_one_currency_need_not_say_it_in_each_row():
    (column,) = in_currency([Column("Total", of="total", kind="money")], "JPY")
    assert written(kept(column, ROW, "UTC")) == "-1234"


def test_archive_in_a_table_has_two_decimals_and_other_quantities_three() -> None:
    """The heading has the unit; the figure is written as exactly as its unit asks."""

    def cell(unit: str, value: str) -> str:
        column = Column("Used", of=lambda row: row, kind="quantity", unit=unit)
        return shown(column, Decimal(value), "en_US", "UTC")

    assert cell("GB", "358.667") == "358.67"
    assert cell("day", "6.666667") == "6.67"
    assert cell("hour", "3.8666") == "3.867"
    assert cell("GB", "0.004") == "0.004"
