"""The state of a list in its URL."""

from __future__ import annotations

import pytest

from portal.routes.listing import Column, Listing, read_listing

COLUMNS = [Column("Number", "number"), Column("Total", "total", kind="money"), Column("State")]


def read(query):
    return read_listing(
        "/cloud/invoices", query, COLUMNS, filters=["q", "state"], default_sort="-number", size=10
    )


def test_an_address_without_words_is_the_first_page_in_the_usual_order():
    listing = read({})
    assert (listing.sort, listing.page, listing.filtered) == ("-number", 1, False)
    assert listing.url() == "/cloud/invoices"


@pytest.mark.parametrize("page", ["0", "-1", "x", "", "1e3", "²", "9" * 30, "1 "])
def test_a_page_that_is_no_number_is_the_first(page):
    assert read({"page": page}).page == 1


def test_an_order_that_is_not_offered_is_the_usual_one():
    assert read({"sort": "password"}).sort == "-number"
    assert read({"sort": "--total"}).sort == "-number"
    assert read({"sort": "-total"}).sort == "-total"


def test_words_that_are_not_filters_are_left_out():
    listing = read({"q": " Sue & Co ", "tenant": "south", "state": "a\0b"})
    assert listing.filters == {"q": "Sue & Co", "state": "ab"}
    assert listing.url() == "/cloud/invoices?q=Sue+%26+Co&state=ab"


def test_a_heading_sorts_and_turns_round_and_starts_at_the_first_page():
    listing = read({"q": "Sue", "page": "3", "sort": "total"})
    assert listing.sort_url("total") == "/cloud/invoices?q=Sue&sort=-total"
    assert listing.sort_url("number") == "/cloud/invoices?q=Sue&sort=number"
    assert listing.page_url(4) == "/cloud/invoices?q=Sue&sort=total&page=4"
    assert listing.url(format="csv") == "/cloud/invoices?q=Sue&sort=total&format=csv"


def test_a_page_beyond_the_last_is_the_last():
    listing = read({"page": "99"}).found(25)
    assert (listing.page, listing.pages, listing.first, listing.last) == (3, 3, 21, 25)
    assert listing.offset == 20


def test_an_empty_list_has_no_first_row():
    listing = read({}).found(0)
    assert (listing.pages, listing.first, listing.last) == (1, 0, 0)


@pytest.mark.parametrize(
    ("page", "pages", "near"),
    [
        (1, 1, (1,)),
        (1, 3, (1, 2, 3)),
        (5, 26, (1, None, 4, 5, 6, None, 26)),
        (3, 5, (1, 2, 3, 4, 5)),
        (4, 7, (1, 2, 3, 4, 5, 6, 7)),
    ],
)
def test_the_pager_shows_the_ends_and_the_neighbours(page, pages, near):
    assert Listing("/x", page=page, size=1, total=pages).near() == near
