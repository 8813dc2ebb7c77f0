"""Lists sorted by one of their columns."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.errors import NAME_SHOWN, no_such
from portal.kit.queries.pages import Sorts, last_page

SORTS = Sorts(
    {"name": "lower(k.name)", "used": "k.used_at"}, tie="k.id desc", optional=frozenset({"used"})
)


@pytest.mark.parametrize(
    ("sort", "clause"),
    [
        ("name", " order by lower(k.name), k.id desc"),
        ("-name", " order by lower(k.name) desc, k.id desc"),
        ("used", " order by k.used_at nulls last, k.id desc"),
        ("-used", " order by k.used_at desc nulls last, k.id desc"),
    ],
)
def test_a_list_is_sorted_both_ways_and_what_has_no_value_comes_last(sort, clause):
    assert SORTS.order_by(sort) == clause


@given(st.text())
def test_nothing_of_an_address_gets_into_sql(sort):
    if sort.removeprefix("-") in SORTS.columns:
        return
    with pytest.raises(KeyError):
        SORTS.order_by(sort)


@given(st.integers(0, 10**6), st.integers(1, 200), st.integers(0, 10**6))
def test_a_page_beyond_the_last_is_the_last(page, limit, total):
    offset = last_page(page * limit, limit, total)
    assert offset % limit == 0
    assert offset <= page * limit
    assert offset < total or total == offset == 0


def test_what_is_not_there_is_called_by_its_name_or_number():
    assert no_such("camera", "gate").message == "There is no camera 'gate'."
    assert no_such("subscriber", 17).message == "There is no subscriber 17."
    assert no_such("tariff", "a\u202eb\x00").message == r"There is no tariff 'a\u202eb\x00'."
    assert len(no_such("cloud", "x" * 5000).message) == len("There is no cloud ''.") + NAME_SHOWN
